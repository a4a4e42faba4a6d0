"""Members: who belongs to a workspace, and as what."""

import secrets
from uuid import UUID

from psycopg import IntegrityError
from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, Transaction, constraint_of
from assay.adapters.redis import Cache
from assay.errors import Conflict, Forbidden, not_found
from assay.identity import repository
from assay.identity.audit import Action, record
from assay.identity.authentication import api_key_cache_key, session_cache_key
from assay.identity.models import Caller, Role
from assay.identity.passwords import Passwords
from assay.identity.schemas import MemberCreate, MemberCreated, User
from assay.identity.service import email_taken


class Members:
    """What owners and admins do about the members of their workspace."""

    def __init__(self, database: Database, cache: Cache, passwords: Passwords) -> None:
        self._database, self._cache, self._passwords = database, cache, passwords

    async def add(self, caller: Caller, request: MemberCreate) -> MemberCreated:
        """Add a member.

        :raises Forbidden: the role is above the caller's.
        :raises Conflict: the address has an account.
        """
        _may_give(caller, request.role)
        temporary = None if request.password else secrets.token_urlsafe(12)
        encoded = await self._passwords.hash(request.password or temporary or "")
        user_id = uuid7()
        try:
            async with self._database.transaction(caller.scope) as tx:
                await repository.insert_user(
                    tx,
                    user_id=user_id,
                    email=request.email,
                    password_hash=encoded,
                    role=request.role,
                )
                row = await repository.user(tx, user_id)
                details = {"email": request.email, "role": request.role}
                await record(tx, caller.actor, Action.MEMBER_ADDED, user_id, details)
        except IntegrityError as error:
            if constraint_of(error) == "users_email":
                raise email_taken() from error
            raise
        return MemberCreated(**(row or {}), temporary_password=temporary)

    async def list(self, caller: Caller, cursor: Cursor | None, limit: int) -> ItemList[User]:
        """List the members, oldest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.users(tx, cursor, limit + 1)
        return item_list(rows, limit, lambda row: User(**row))

    async def get(self, caller: Caller, user_id: UUID) -> User:
        """Return one member.

        :raises NotFound: nobody of this workspace.
        """
        async with self._database.transaction(caller.scope) as tx:
            return await _member(tx, user_id)

    async def change_role(self, caller: Caller, user_id: UUID, role: Role) -> User:
        """Give a member another role; it holds from their next request on.

        :raises Forbidden: either role is above the caller's.
        :raises Conflict: nobody would be left as owner.
        """
        _may_give(caller, role)
        async with self._database.transaction(caller.scope) as tx:
            owners = await repository.lock_owners(tx)
            before = (await _member(tx, user_id)).role
            _may_give(caller, before)
            if role is not Role.OWNER:
                _keeps_an_owner(owners, user_id)
            row = await repository.set_role(tx, user_id, role)
            details = {"before": before, "after": role}
            await record(tx, caller.actor, Action.MEMBER_ROLE_CHANGED, user_id, details)
            cached = await _cached(tx, caller, user_id)
        await self._cache.drop(*cached)
        return User(**(row or {}))

    async def remove(self, caller: Caller, user_id: UUID) -> None:
        """Remove a member with their sessions, API keys and conversations.

        :raises Forbidden: the member's role is above the caller's.
        :raises Conflict: the last owner.
        """
        async with self._database.transaction(caller.scope) as tx:
            owners = await repository.lock_owners(tx)
            _may_give(caller, (await _member(tx, user_id)).role)
            _keeps_an_owner(owners, user_id)
            cached = await _cached(tx, caller, user_id)
            removed = await repository.delete_user(tx, user_id)
            await record(tx, caller.actor, Action.MEMBER_REMOVED, user_id, removed)
        await self._cache.drop(*cached)


async def _member(tx: Transaction, user_id: UUID) -> User:
    row = await repository.user(tx, user_id)
    if row is None:
        raise not_found("member")
    return User(**row)


async def _cached(tx: Transaction, caller: Caller, user_id: UUID) -> list[str]:
    """Return the cache keys that hold a member's role."""
    tenant_id = caller.scope.tenant_id
    sessions = await repository.session_ids(tx, user_id)
    digests = await repository.api_key_digests(tx, user_id)
    return [
        *(session_cache_key(tenant_id, each) for each in sessions),
        *map(api_key_cache_key, digests),
    ]


def _may_give(caller: Caller, role: Role) -> None:
    if not caller.role.includes(role):
        raise Forbidden(f"Only an {Role.OWNER} may do this with the role {role}.")


def _keeps_an_owner(owners: list[UUID], leaving: UUID) -> None:
    if owners == [leaving]:
        raise Conflict(
            "This is the only owner. Make somebody else an owner first.", code="last_owner"
        )
