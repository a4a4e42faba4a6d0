"""Calls about accounts, sessions, members and API keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.identity.api_keys import ApiKeys
from assay.identity.browser import TheBrowser
from assay.identity.dependencies import AdminCaller, AnyClient, MemberCaller, ViewerCaller
from assay.identity.members import Members
from assay.identity.schemas import (
    ApiKey,
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyUpdate,
    LoginRequest,
    MemberCreate,
    MemberCreated,
    MemberUpdate,
    MeResponse,
    PasswordRequest,
    RefreshRequest,
    Session,
    SignupRequest,
    TokenResponse,
    User,
)
from assay.identity.service import Accounts

router = APIRouter(prefix="/v1")


async def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


async def _members(request: Request) -> Members:
    members: Members = request.app.state.members
    return members


async def _api_keys(request: Request) -> ApiKeys:
    api_keys: ApiKeys = request.app.state.api_keys
    return api_keys


AccountsService = Annotated[Accounts, Depends(_accounts)]
MembersService = Annotated[Members, Depends(_members)]
ApiKeysService = Annotated[ApiKeys, Depends(_api_keys)]


@router.post(
    "/signup",
    status_code=201,
    tags=["account"],
    summary="Make a workspace",
    responses=problems(400, 403, 409, 413, 422, 429, 503),
)
async def sign_up(
    body: SignupRequest, accounts: AccountsService, client: AnyClient, browser: TheBrowser
) -> TokenResponse:
    """Make a workspace with its owner, and log the owner in."""
    return browser.given(await accounts.sign_up(body, client))


@router.post(
    "/auth/login",
    tags=["account"],
    summary="Log in",
    responses=problems(400, 401, 403, 413, 422, 429, 503),
)
async def log_in(
    body: LoginRequest, accounts: AccountsService, client: AnyClient, browser: TheBrowser
) -> TokenResponse:
    """Open a session.

    After too many failures the right password is refused too (`too_many_attempts`).
    """
    return browser.given(await accounts.log_in(body, client))


@router.post(
    "/auth/refresh",
    tags=["account"],
    summary="Refresh the tokens",
    responses=problems(400, 401, 403, 413, 422, 429, 503),
)
async def refresh(
    accounts: AccountsService,
    client: AnyClient,
    browser: TheBrowser,
    body: RefreshRequest | None = None,
) -> TokenResponse:
    """Exchange a refresh token for a new pair. Using one twice ends its session.

    The web application sends no body: its token is in the cookie.
    """
    return browser.given(await accounts.refresh(browser.taken(body), client))


@router.post(
    "/auth/logout",
    status_code=204,
    tags=["account"],
    summary="Log out",
    responses=problems(*ALWAYS, 404, 409),
)
async def log_out(caller: ViewerCaller, accounts: AccountsService, browser: TheBrowser) -> None:
    """End the session that the access token belongs to."""
    await accounts.log_out(caller)
    browser.forget()


@router.get("/me", tags=["account"], summary="Who am I", responses=problems(*ALWAYS))
async def me(caller: ViewerCaller, accounts: AccountsService) -> MeResponse:
    """Tell who calls, for which workspace, and what they may send."""
    return await accounts.me(caller)


@router.put(
    "/me/password",
    status_code=204,
    tags=["account"],
    summary="Change my password",
    responses=problems(*ALWAYS, 403, 413),
)
async def change_password(
    body: PasswordRequest, caller: ViewerCaller, accounts: AccountsService
) -> None:
    """Change one's own password; every other session of the account ends."""
    await accounts.change_password(caller, body)


@router.get("/sessions", tags=["account"], summary="My sessions", responses=problems(*ALWAYS))
async def list_sessions(
    caller: ViewerCaller, accounts: AccountsService, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[Session]:
    """List one's own living sessions, oldest first."""
    return await accounts.sessions(caller, Cursor.decode(cursor), limit)


@router.delete(
    "/sessions",
    status_code=204,
    tags=["account"],
    summary="End my other sessions",
    responses=problems(*ALWAYS, 403),
)
async def end_other_sessions(caller: ViewerCaller, accounts: AccountsService) -> None:
    """End all of one's own sessions but the one that asks."""
    await accounts.end_other_sessions(caller)


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    tags=["account"],
    summary="End a session of mine",
    responses=problems(*ALWAYS, 403, 404),
)
async def end_session(session_id: UUID, caller: ViewerCaller, accounts: AccountsService) -> None:
    """End one of one's own sessions."""
    await accounts.end_session(caller, session_id)


@router.get("/members", tags=["members"], summary="List members", responses=problems(*ALWAYS))
async def list_members(
    caller: ViewerCaller, members: MembersService, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[User]:
    """List the members of the workspace, oldest first."""
    return await members.list(caller, Cursor.decode(cursor), limit)


@router.post(
    "/members",
    status_code=201,
    tags=["members"],
    summary="Add a member",
    responses=problems(*ALWAYS, 403, 409, 413),
)
async def add_member(
    body: MemberCreate, caller: AdminCaller, members: MembersService
) -> MemberCreated:
    """Add a member; without a password in the request, a temporary one is shown once."""
    return await members.add(caller, body)


@router.get(
    "/members/{member_id}",
    tags=["members"],
    summary="Read a member",
    responses=problems(*ALWAYS, 404),
)
async def read_member(member_id: UUID, caller: ViewerCaller, members: MembersService) -> User:
    """Read one member."""
    return await members.get(caller, member_id)


@router.patch(
    "/members/{member_id}",
    tags=["members"],
    summary="Change a member's role",
    responses=problems(*ALWAYS, 403, 404, 409, 413),
)
async def change_member(
    member_id: UUID, body: MemberUpdate, caller: AdminCaller, members: MembersService
) -> User:
    """Give a member another role; it holds from their next request on."""
    return await members.change_role(caller, member_id, body.role)


@router.delete(
    "/members/{member_id}",
    status_code=204,
    tags=["members"],
    summary="Remove a member",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def remove_member(member_id: UUID, caller: AdminCaller, members: MembersService) -> None:
    """Remove a member with their sessions, API keys and conversations. Documents stay."""
    await members.remove(caller, member_id)


@router.get(
    "/api-keys", tags=["API keys"], summary="List API keys", responses=problems(*ALWAYS, 403)
)
async def list_api_keys(
    caller: MemberCaller, api_keys: ApiKeysService, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[ApiKey]:
    """List one's own keys; admins and owners see everybody's."""
    return await api_keys.list(caller, Cursor.decode(cursor), limit)


@router.post(
    "/api-keys",
    status_code=201,
    tags=["API keys"],
    summary="Make an API key",
    responses=problems(*ALWAYS, 403, 413),
)
async def create_api_key(
    body: ApiKeyCreate, caller: MemberCaller, api_keys: ApiKeysService
) -> ApiKeyCreated:
    """Make a key. Its secret is in this answer and nowhere else."""
    return await api_keys.create(caller, body)


@router.get(
    "/api-keys/{key_id}",
    tags=["API keys"],
    summary="Read an API key",
    responses=problems(*ALWAYS, 403, 404),
)
async def read_api_key(key_id: UUID, caller: MemberCaller, api_keys: ApiKeysService) -> ApiKey:
    """Read one key, without its secret."""
    return await api_keys.get(caller, key_id)


@router.patch(
    "/api-keys/{key_id}",
    tags=["API keys"],
    summary="Rename an API key",
    responses=problems(*ALWAYS, 403, 404, 413),
)
async def rename_api_key(
    key_id: UUID, body: ApiKeyUpdate, caller: MemberCaller, api_keys: ApiKeysService
) -> ApiKey:
    """Change a key's name."""
    return await api_keys.rename(caller, key_id, body.name)


@router.delete(
    "/api-keys/{key_id}",
    status_code=204,
    tags=["API keys"],
    summary="Delete an API key",
    responses=problems(*ALWAYS, 403, 404),
)
async def delete_api_key(key_id: UUID, caller: MemberCaller, api_keys: ApiKeysService) -> None:
    """Delete a key; it stops working at once."""
    await api_keys.delete(caller, key_id)
