"""FastAPI dependencies that turn credentials into a `Caller`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assay.errors import Forbidden, Unauthenticated
from assay.identity.models import Caller, Role

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token of `/v1/auth/login`, or an API key.",
)


async def authenticate(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return who calls, as admission found out before the request came here.

    :raises Unauthenticated: there were no credentials.
    """
    caller: Caller | None = request.scope["state"].get("caller")
    if caller is None:
        raise Unauthenticated("Send `Authorization: Bearer <access token or API key>`.")
    return caller


def _require(role: Role) -> Callable[[Caller], Awaitable[Caller]]:
    async def check(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
        if not caller.role.includes(role):
            raise Forbidden(
                f"This needs the role {role} or more; yours is {caller.role}."
                " Ask an owner or admin of your workspace."
            )
        return caller

    return check


ViewerCaller = Annotated[Caller, Depends(_require(Role.VIEWER))]
MemberCaller = Annotated[Caller, Depends(_require(Role.MEMBER))]
AdminCaller = Annotated[Caller, Depends(_require(Role.ADMIN))]
OwnerCaller = Annotated[Caller, Depends(_require(Role.OWNER))]
