"""Accounts: sign-up, log-in, refresh, log-out, sessions, passwords."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import IntegrityError
from uuid_utils.compat import uuid7

from assay.adapters.addresses import network_of
from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, Row, constraint_of
from assay.adapters.redis import Cache
from assay.errors import Conflict, Forbidden, Unauthenticated, not_found
from assay.identity import audit_repository, repository
from assay.identity.audit import MAX_ADDRESS, Action, record
from assay.identity.authentication import session_cache_key
from assay.identity.lock_out import LockOut
from assay.identity.models import Actor, ActorKind, Caller, Client, Role
from assay.identity.passwords import Passwords
from assay.identity.schemas import (
    Limits,
    LoginRequest,
    MeResponse,
    PasswordRequest,
    Session,
    SignupRequest,
    Tenant,
    TokenResponse,
    User,
)
from assay.identity.tokens import AccessToken, TokenRing, digest, new_refresh_token
from assay.scope import TenantScope
from assay.settings import Settings, Signup

MAX_USER_AGENT = 300


def email_taken() -> Conflict:
    """Return the answer to an address that has an account."""
    return Conflict(
        "There is an account with this e-mail address already. Log in, or use another address.",
        code="email_taken",
    )


class Accounts:
    """What a person does about their own account."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        tokens: TokenRing,
        passwords: Passwords,
        settings: Settings,
    ) -> None:
        self._database, self._cache = database, cache
        self._tokens, self._passwords, self._settings = tokens, passwords, settings
        self._lock_out = LockOut(cache)
        self.refresh_token_seconds = settings.refresh_token_seconds

    async def sign_up(self, request: SignupRequest, client: Client) -> TokenResponse:
        """Make a workspace with its owner, and log the owner in.

        :raises Forbidden: sign-up is closed here.
        :raises Conflict: the address has an account.
        :raises TooMany: this client asked for too many addresses that have one.
        """
        if self._settings.signup is Signup.CLOSED:
            raise Forbidden(
                "Sign-up is closed here. Ask the operator for a workspace.", code="signup_closed"
            )
        attempt = await self._lock_out.probe(network_of(client.address))
        encoded = await self._passwords.hash(request.password)
        scope, user_id = TenantScope(uuid7()), uuid7()
        owner = Actor(ActorKind.MEMBER, user_id, client.address)
        try:
            async with self._database.transaction(scope) as tx:
                await repository.insert_tenant(
                    tx, tenant_id=scope.tenant_id, name=request.workspace
                )
                await repository.insert_user(
                    tx,
                    user_id=user_id,
                    email=request.email,
                    password_hash=encoded,
                    role=Role.OWNER,
                )
                await record(tx, owner, Action.WORKSPACE_MADE, scope.tenant_id)
        except IntegrityError as error:
            if constraint_of(error) == "users_email":
                raise email_taken() from error
            raise
        await self._lock_out.succeeded(attempt)
        return await self._open_session(scope, user_id, client)

    async def log_in(self, request: LoginRequest, client: Client) -> TokenResponse:
        """Open a session for an address and its password.

        :raises Unauthenticated: they do not belong together; which is wrong is not told.
        :raises TooMany: too many attempts failed.
        :raises Forbidden: the workspace is suspended.
        """
        network = network_of(client.address)
        async with self._database.gate() as gate:
            account = await repository.account(gate, request.email, network)
        known = account is not None and account["known_network"]
        attempt = await self._lock_out.attempt(request.email, network, known=known)
        encoded = account["password_hash"] if account else None
        if not await self._passwords.verify(encoded, request.password) or account is None:
            await self._keep_failure(account, client)
            raise Unauthenticated(
                "E-mail address and password do not fit.", code="invalid_credentials"
            )
        await self._lock_out.succeeded(attempt)
        if account["suspended"]:
            raise Forbidden(
                "This workspace is suspended. Ask the operator.", code="tenant_suspended"
            )
        return await self._open_session(
            TenantScope(account["tenant_id"]), account["user_id"], client
        )

    async def _keep_failure(self, account: Row | None, client: Client) -> None:
        """Record a failed log-in by the same statements whether or not there is an account."""
        scope = TenantScope(account["tenant_id"] if account else uuid7())
        user_id = account["user_id"] if account else uuid7()
        async with self._database.transaction(scope) as tx:
            await audit_repository.insert_failed_login(
                tx, event_id=uuid7(), user_id=user_id, address=client.address[:MAX_ADDRESS]
            )

    async def refresh(self, refresh_token: str, client: Client) -> TokenResponse:
        """Exchange a refresh token for a new pair of tokens.

        :raises Unauthenticated: unknown, expired, or spent before; the last ends the session.
        """
        successor = new_refresh_token()
        async with self._database.gate() as gate:
            row = await repository.rotate(gate, old=digest(refresh_token), new=digest(successor))
        if row["outcome"] == "reused":
            await self._end_reused(row, client)
            raise Unauthenticated(
                "This refresh token was used before, so its session was ended. Log in again.",
                code="refresh_token_reused",
            )
        if row["outcome"] != "rotated":
            raise Unauthenticated(
                "The refresh token is not valid. Log in again.", code="invalid_refresh_token"
            )
        scope = TenantScope(row["tenant_id"])
        return await self._tokens_for(scope, row["user_id"], row["session_id"], successor)

    async def _end_reused(self, row: Row, client: Client) -> None:
        """Record that a refresh token is in two hands; nobody knows whose this one is.

        Once a session: whoever holds a spent token could fill the log otherwise.
        """
        await self._forget(row["tenant_id"], [row["session_id"]])
        somebody = Actor(ActorKind.SYSTEM, None, client.address)
        details = {"user_id": row["user_id"]}
        async with self._database.transaction(TenantScope(row["tenant_id"])) as tx:
            if not await audit_repository.reuse_was_told(tx, row["session_id"]):
                await record(tx, somebody, Action.REFRESH_REUSED, row["session_id"], details)

    async def log_out(self, caller: Caller) -> None:
        """End the caller's session.

        :raises Conflict: the caller is an API key, which has none.
        """
        if caller.session_id is None:
            raise Conflict(
                "An API key has no session. Delete the key at /v1/api-keys instead.",
                code="no_session",
            )
        await self._end_session(caller, caller.session_id, Action.LOGGED_OUT)

    async def sessions(
        self, caller: Caller, cursor: Cursor | None, limit: int
    ) -> ItemList[Session]:
        """List the caller's own sessions."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.sessions(tx, caller.user_id, cursor, limit + 1)
        return item_list(
            rows, limit, lambda row: Session(**row, current=row["id"] == caller.session_id)
        )

    async def end_session(self, caller: Caller, session_id: UUID) -> None:
        """End one of the caller's own sessions.

        :raises Forbidden: an API key asks; a viewer's key would log an owner out.
        :raises NotFound: it is not theirs, or has ended.
        """
        if caller.session_id is None:
            raise _no_key_ends_sessions()
        await self._end_session(caller, session_id, Action.SESSION_ENDED)

    async def end_other_sessions(self, caller: Caller) -> None:
        """End all of the caller's own sessions but the one that asks.

        :raises Forbidden: an API key asks; a viewer's key would log an owner out.
        """
        if caller.session_id is None:
            raise _no_key_ends_sessions()
        async with self._database.transaction(caller.scope) as tx:
            ended = await repository.revoke_others(tx, caller.user_id, caller.session_id)
            if ended:
                details = {"sessions": len(ended)}
                await record(
                    tx, caller.actor, Action.OTHER_SESSIONS_ENDED, caller.session_id, details
                )
        await self._forget(caller.scope.tenant_id, ended)

    async def _end_session(self, caller: Caller, session_id: UUID, action: Action) -> None:
        async with self._database.transaction(caller.scope) as tx:
            if not await repository.revoke_session(tx, session_id, caller.user_id):
                raise not_found("session")
            await record(tx, caller.actor, action, session_id)
        await self._forget(caller.scope.tenant_id, [session_id])

    async def me(self, caller: Caller) -> MeResponse:
        """Tell the caller who they are."""
        row = await self._me(caller)
        return MeResponse(
            user=_user(row, caller.role),
            tenant=_tenant(row),
            limits=Limits(
                max_file_bytes=self._settings.max_file_bytes,
                max_files_per_upload=self._settings.max_files_per_upload,
            ),
        )

    async def change_password(self, caller: Caller, request: PasswordRequest) -> None:
        """Change the caller's password and end their other sessions.

        :raises Forbidden: the present password is wrong, or an API key asks.
        :raises TooMany: too many attempts failed.
        """
        if caller.session_id is None:
            raise Forbidden("An API key cannot change a password. Log in for that.")
        row = await self._me(caller)
        network = network_of(caller.address)
        attempt = await self._lock_out.attempt(row["email"], network, known=True)
        if not await self._passwords.verify(row["password_hash"], request.current_password):
            async with self._database.transaction(caller.scope) as tx:
                await record(tx, caller.actor, Action.PASSWORD_REFUSED, caller.user_id)
            raise Forbidden("The current password is wrong.", code="wrong_password")
        await self._lock_out.succeeded(attempt)
        encoded = await self._passwords.hash(request.new_password)
        async with self._database.transaction(caller.scope) as tx:
            await repository.set_password(tx, caller.user_id, encoded)
            others = await repository.revoke_others(tx, caller.user_id, caller.session_id)
            await record(tx, caller.actor, Action.PASSWORD_CHANGED, caller.user_id)
        await self._forget(caller.scope.tenant_id, others)

    async def _me(self, caller: Caller) -> Row:
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.me(tx, caller.user_id)
        if row is None:
            raise Unauthenticated("This account no longer exists.", code="session_ended")
        return row

    async def _open_session(
        self, scope: TenantScope, user_id: UUID, client: Client
    ) -> TokenResponse:
        session_id, refresh_token = uuid7(), new_refresh_token()
        lifetime = timedelta(seconds=self._settings.refresh_token_seconds)
        async with self._database.transaction(scope) as tx:
            await repository.insert_session(
                tx,
                session_id=session_id,
                user_id=user_id,
                user_agent=_printable(client.user_agent),
                expires_at=datetime.now(UTC) + lifetime,
                refresh_digest=digest(refresh_token),
            )
            member = Actor(ActorKind.MEMBER, user_id, client.address)
            details = {"network": network_of(client.address)}
            await record(tx, member, Action.LOGIN_SUCCEEDED, session_id, details)
        return await self._tokens_for(scope, user_id, session_id, refresh_token)

    async def _tokens_for(
        self, scope: TenantScope, user_id: UUID, session_id: UUID, refresh_token: str
    ) -> TokenResponse:
        caller = Caller(scope, user_id, Role.VIEWER, session_id)
        row = await self._me(caller)
        return TokenResponse(
            tenant=_tenant(row),
            user=_user(row, Role(row["role"])),
            access_token=self._tokens.issue(AccessToken(scope.tenant_id, user_id, session_id)),
            refresh_token=refresh_token,
            expires_in=self._tokens.seconds,
        )

    async def _forget(self, tenant_id: UUID, session_ids: list[UUID]) -> None:
        await self._cache.drop(*[session_cache_key(tenant_id, each) for each in session_ids])


def _no_key_ends_sessions() -> Forbidden:
    return Forbidden("An API key cannot end sessions. Log in for that.")


def _tenant(row: Row) -> Tenant:
    return Tenant(id=row["tenant_id"], name=row["tenant_name"], created_at=row["tenant_created_at"])


def _user(row: Row, role: Role) -> User:
    return User(id=row["id"], email=row["email"], role=role, created_at=row["created_at"])


def _printable(user_agent: str) -> str:
    return "".join(filter(str.isprintable, user_agent))[:MAX_USER_AGENT]
