"""FastAPI dependencies that turn credentials into a `Caller`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from assay.errors import Forbidden, Unauthenticated
from assay.identity.models import Caller, Client, Role
from assay.identity.tokens import OPERATOR_KEY_PREFIX, digest

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
    return replace(caller, address=_address(request))


async def operator(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> bytes:
    """Return the digest of an operator's key.

    Only the `gate_operator_*` functions can tell whether there is such an operator.

    :raises Unauthenticated: there were no credentials.
    :raises Forbidden: they are a tenant's.
    """
    if credentials is None:
        raise Unauthenticated("Send `Authorization: Bearer <operator's key>`.")
    if not credentials.credentials.startswith(OPERATOR_KEY_PREFIX):
        raise Forbidden("Only an operator may do this.", code="operator_only")
    return digest(credentials.credentials)


async def client(
    request: Request, user_agent: Annotated[str, Header(include_in_schema=False)] = ""
) -> Client:
    """Return where a request comes from."""
    return Client(_address(request), user_agent)


def _address(request: Request) -> str:
    return str(request.scope["state"]["address"])


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
OperatorKey = Annotated[bytes, Depends(operator)]
AnyClient = Annotated[Client, Depends(client)]
