"""Credentials to `Caller`: token or key, cached session, else the database."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
from sqlalchemy import text

from assay.adapters.postgres import Database
from assay.adapters.redis import Cache
from assay.errors import Unauthenticated
from assay.identity.models import Caller, Role
from assay.identity.tokens import API_KEY_PREFIX, TokenRing, digest
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


class Authenticator:
    """Finds out who calls."""

    def __init__(
        self, database: Database, cache: Cache, tokens: TokenRing, session_seconds: int
    ) -> None:
        self._database, self._cache, self._tokens = database, cache, tokens
        self._session_seconds = session_seconds

    async def caller(self, credentials: str) -> Caller:
        """Return the caller of an access token or an API key.

        :raises Unauthenticated: the credentials do not hold, or no longer.
        """
        if credentials.startswith(API_KEY_PREFIX):
            return await self._by_api_key(credentials)
        return await self._by_token(credentials)

    async def _by_token(self, credentials: str) -> Caller:
        token = self._tokens.verify(credentials)
        cache_key = session_cache_key(token.tenant_id, token.session_id)
        role = await self._cache.get(cache_key)
        if role is None:
            role = (await self._live_role(token.session_id)).encode()
            await self._cache.put(cache_key, role, self._session_seconds)
        return Caller(
            scope=TenantScope(token.tenant_id),
            user_id=token.user_id,
            role=Role(role.decode()),
            session_id=token.session_id,
        )

    async def _live_role(self, session_id: UUID) -> str:
        async with self._database.gate() as tx:
            row = await tx.first(_SESSION, session=session_id)
        if row is None:
            raise Unauthenticated("This session has ended. Log in again.", code="session_ended")
        return str(row["role"])

    async def _by_api_key(self, credentials: str) -> Caller:
        key_digest = digest(credentials)
        cache_key = api_key_cache_key(key_digest)
        cached = await self._cache.get(cache_key)
        fields = orjson.loads(cached) if cached else await self._look_up(key_digest, cache_key)
        return Caller(
            scope=TenantScope(UUID(fields["tenant_id"])),
            user_id=UUID(fields["user_id"]),
            role=Role(fields["role"]),
            api_key_id=UUID(fields["key_id"]),
        )

    async def _look_up(self, key_digest: bytes, cache_key: str) -> dict[str, str]:
        async with self._database.gate() as tx:
            row = await tx.first(_API_KEY, digest=key_digest)
        if row is None:
            raise Unauthenticated("This API key is not valid. It may have expired or been deleted.")
        # A key never does more than its maker may do by now.
        roles = [Role(row["role"]), Role(row["user_role"])]
        fields = {name: str(row[name]) for name in ("tenant_id", "user_id", "key_id")}
        fields["role"] = str(max(roles, key=list(Role).index))
        seconds = _until(row["expires_at"])
        if seconds > 0:
            await self._cache.put(cache_key, orjson.dumps(fields), seconds)
        return fields


def _until(expires_at: datetime | None) -> int:
    if expires_at is None:
        return API_KEY_CACHE_SECONDS
    left = int((expires_at - datetime.now(UTC)).total_seconds())
    return min(API_KEY_CACHE_SECONDS, left)
