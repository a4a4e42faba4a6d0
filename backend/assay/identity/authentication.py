"""Credentials to `Caller`: token or key, cached session, else the database.

A cached session is one line, `tenant role user [key]`: the script that admits a request reads
the tenant from it. Whoever changes what a session may do drops it after the commit; a look-up
that began before is not kept then (`assay.admission.limiter`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.postgres import Database, Row
from assay.adapters.telemetry_metrics import token_checked
from assay.errors import Unauthenticated
from assay.identity.models import Caller, Role
from assay.identity.tokens import API_KEY_PREFIX, AccessToken, TokenRing, digest
from assay.scope import TenantScope

API_KEY_CACHE_SECONDS = 60

_SESSION = text("select * from gate_session(:session)")
_API_KEY = text("select * from gate_api_key(:digest)")


def session_cache_key(tenant_id: UUID, session_id: UUID) -> str:
    """Return where a session is cached."""
    return f"{tenant_id}:session:{session_id}"


def api_key_cache_key(key_digest: bytes) -> str:
    """Return where an API key is cached; its tenant is not known before the look-up."""
    return f"api-key:{key_digest.hex()}"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller presented: a verified access token, or an API key's digest."""

    cache_key: str
    token: AccessToken | None = None
    key_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """What the database knows of a credential that holds."""

    session: bytes
    """As it is cached."""
    tier: str
    limits: dict[str, Any]
    seconds: int
    """How long it may be cached."""


class Authenticator:
    """Finds out who calls."""

    def __init__(self, database: Database, tokens: TokenRing, session_seconds: int) -> None:
        self._database, self._tokens = database, tokens
        self._session_seconds = session_seconds

    def read(self, credentials: str) -> Credential:
        """Read an access token or an API key, without asking anybody.

        :raises Unauthenticated: a token that is forged or expired.
        """
        if credentials.startswith(API_KEY_PREFIX):
            key_digest = digest(credentials)
            return Credential(api_key_cache_key(key_digest), key_digest=key_digest)
        token = self._verified(credentials)
        return Credential(session_cache_key(token.tenant_id, token.session_id), token=token)

    def _verified(self, credentials: str) -> AccessToken:
        try:
            token = self._tokens.verify(credentials)
        except Unauthenticated as error:
            token_checked("expired" if error.code == "token_expired" else "invalid")
            raise
        token_checked("valid")
        return token

    def caller(self, credential: Credential, session: bytes) -> Caller:
        """Return who calls, by a session as it is cached.

        :raises Unauthenticated: the token names another tenant or user than its session.
        """
        tenant_id, role, user_id, *key_id = session.decode().split()
        token = credential.token
        # Whatever the signature says, a session opens its own tenant only.
        if token and (str(token.tenant_id), str(token.user_id)) != (tenant_id, user_id):
            raise _session_ended()
        return Caller(
            scope=TenantScope(UUID(tenant_id)),
            user_id=UUID(user_id),
            role=Role(role),
            session_id=token.session_id if token else None,
            api_key_id=UUID(key_id[0]) if key_id else None,
        )

    async def look_up(self, credential: Credential) -> LiveSession:
        """Ask the database for a credential.

        :raises Unauthenticated: it does not hold, or no longer.
        """
        if credential.token is not None:
            row = await self._row(_SESSION, session=credential.token.session_id)
            if row is None:
                raise _session_ended()
            session = f"{row['tenant_id']} {row['role']} {row['user_id']}"
            seconds = self._session_seconds
        else:
            row = await self._row(_API_KEY, digest=credential.key_digest)
            if row is None:
                raise Unauthenticated(
                    "This API key is not valid. It may have expired or been deleted."
                )
            # A key never does more than its maker may do by now.
            role = max(Role(row["role"]), Role(row["user_role"]), key=list(Role).index)
            session = f"{row['tenant_id']} {role} {row['user_id']} {row['key_id']}"
            seconds = _until(row["expires_at"])
        return LiveSession(session.encode(), row["tier"], row["limits"], seconds)

    async def _row(self, statement: Any, **values: Any) -> Row | None:
        async with self._database.gate() as tx:
            return await tx.first(statement, **values)


def _session_ended() -> Unauthenticated:
    return Unauthenticated("This session has ended. Log in again.", code="session_ended")


def _until(expires_at: datetime | None) -> int:
    if expires_at is None:
        return API_KEY_CACHE_SECONDS
    left = int((expires_at - datetime.now(UTC)).total_seconds())
    return min(API_KEY_CACHE_SECONDS, left)
