"""API keys: credentials for programs, never above their maker's role."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database
from assay.adapters.redis import Cache
from assay.errors import Forbidden, not_found
from assay.identity import repository
from assay.identity.audit import Action, record
from assay.identity.authentication import api_key_cache_key
from assay.identity.models import Caller, Role
from assay.identity.schemas import ApiKey, ApiKeyCreate, ApiKeyCreated
from assay.identity.tokens import API_KEY_PREFIX, digest, new_api_key

SHOWN_CHARACTERS = len(API_KEY_PREFIX) + 4


class ApiKeys:
    """A member's own keys; admins and owners reach every key of the workspace."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database, self._cache = database, cache

    async def create(self, caller: Caller, request: ApiKeyCreate) -> ApiKeyCreated:
        """Make a key and show it for the only time.

        :raises Forbidden: the role is above the caller's, or an API key asks.
        """
        _logged_in(caller)
        if not caller.role.includes(request.role):
            raise Forbidden(f"Your role is {caller.role}; a key of yours cannot be {request.role}.")
        key, key_id = new_api_key(), uuid7()
        lifetime = timedelta(days=request.expires_in_days) if request.expires_in_days else None
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.insert_api_key(
                tx,
                id=key_id,
                user_id=caller.user_id,
                name=request.name,
                prefix=key[:SHOWN_CHARACTERS],
                digest=digest(key),
                role=request.role,
                expires_at=datetime.now(UTC) + lifetime if lifetime else None,
            )
            details = {"name": request.name, "role": request.role}
            await record(tx, caller.actor, Action.API_KEY_CREATED, key_id, details)
        return ApiKeyCreated(**(row or {}), key=key)

    async def list(self, caller: Caller, cursor: Cursor | None, limit: int) -> ItemList[ApiKey]:
        """List the keys that the caller may see, oldest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.api_keys(tx, _reach(caller), cursor, limit + 1)
        return item_list(rows, limit, lambda row: ApiKey(**row))

    async def get(self, caller: Caller, key_id: UUID) -> ApiKey:
        """Return one key without its secret."""
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.api_key(tx, key_id, _reach(caller))
        if row is None:
            raise not_found("API key")
        return ApiKey(**row)

    async def rename(self, caller: Caller, key_id: UUID, name: str) -> ApiKey:
        """Change a key's name.

        :raises Forbidden: an API key asks.
        """
        _logged_in(caller)
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.rename_api_key(tx, key_id, _reach(caller), name)
            if row is None:
                raise not_found("API key")
            await record(tx, caller.actor, Action.API_KEY_RENAMED, key_id, {"name": name})
        return ApiKey(**row)

    async def delete(self, caller: Caller, key_id: UUID) -> None:
        """Delete a key; it stops working at once.

        :raises Forbidden: an API key asks.
        """
        _logged_in(caller)
        async with self._database.transaction(caller.scope) as tx:
            deleted = await repository.delete_api_key(tx, key_id, _reach(caller))
            if deleted is None:
                raise not_found("API key")
            details = {"name": deleted["name"]}
            await record(tx, caller.actor, Action.API_KEY_DELETED, key_id, details)
        await self._cache.drop(api_key_cache_key(deleted["digest"]))


def _reach(caller: Caller) -> UUID | None:
    """Return whose keys the caller reaches: None for everybody's."""
    return None if caller.role.includes(Role.ADMIN) else caller.user_id


def _logged_in(caller: Caller) -> None:
    """Refuse API keys: one that leaked would outlive its end in the keys that it made."""
    if caller.api_key_id is not None:
        raise Forbidden("An API key cannot manage API keys. Log in for that.")
