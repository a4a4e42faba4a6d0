"""FastAPI dependencies that turn credentials into a `Caller`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assay.errors import Forbidden, Unauthenticated
from assay.identity.authentication import Authenticator
from assay.identity.models import Caller, Role

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An access token of `/v1/auth/login`, or an API key.",
)


async def authenticate(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return who calls.

    :raises Unauthenticated: no credentials, or none that hold.
    """
    if credentials is None:
        raise Unauthenticated("Send `Authorization: Bearer <access token or API key>`.")
    authenticator: Authenticator = request.app.state.authenticator
    return await authenticator.caller(credentials.credentials)


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
