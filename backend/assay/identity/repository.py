"""Queries over tenants, users, sessions, refresh tokens and API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_INSERT_TENANT = text(
    "insert into tenants (id, name, limits) values (:id, :name, cast(:limits as jsonb))"
)
_INSERT_USER = text(
    "insert into users (id, tenant_id, email, password_hash, role)"
    " values (:id, current_tenant(), :email, :password_hash, :role)"
)
_INSERT_SESSION = text(
    "insert into sessions (id, tenant_id, user_id, user_agent, expires_at)"
    " values (:id, current_tenant(), :user_id, :user_agent, :expires_at)"
)
_INSERT_REFRESH = text(
    "insert into refresh_tokens (digest, tenant_id, session_id)"
    " values (:digest, current_tenant(), :session_id)"
)
_ACCOUNT = text("select * from gate_account(:email, :network)")
_ROTATE = text("select * from gate_rotate(:old, :new)")
_ME = text(
    "select u.id, u.email, u.role, u.created_at, u.password_hash,"
    " t.id as tenant_id, t.name as tenant_name, t.created_at as tenant_created_at"
    " from users u, tenants t where u.id = :user_id"
)
_USERS = text(
    "select id, email, role, created_at from users"
    " where cast(:at as timestamptz) is null or (created_at, id) > (:at, :id)"
    " order by created_at, id limit :limit"
)
_USER = text("select id, email, role, created_at from users where id = :id")
_LOCK_OWNERS = text("select id from users where role = 'owner' order by id for update")
_SET_ROLE = text(
    "update users set role = :role where id = :id returning id, email, role, created_at"
)
_SET_PASSWORD = text("update users set password_hash = :password_hash where id = :id")
_DELETE_USER = text("delete from users where id = :id returning email, role")
_SESSIONS = text(
    "select id, user_agent, created_at, expires_at from sessions"
    " where user_id = :user_id and revoked_at is null and expires_at > now()"
    " and (cast(:at as timestamptz) is null or (created_at, id) > (:at, :id))"
    " order by created_at, id limit :limit"
)
_SESSION_IDS = text(
    "select id from sessions where user_id = :user_id and revoked_at is null and expires_at > now()"
)
_REVOKE_SESSION = text(
    "update sessions set revoked_at = now()"
    " where id = :id and user_id = :user_id and revoked_at is null"
)
_REVOKE_OTHERS = text(
    "update sessions set revoked_at = now() where user_id = :user_id and revoked_at is null"
    " and expires_at > now() and id <> :keep returning id"
)
_INSERT_KEY = text(
    "insert into api_keys (id, tenant_id, user_id, name, prefix, digest, role, expires_at)"
    " values (:id, current_tenant(), :user_id, :name, :prefix, :digest, :role, :expires_at)"
    " returning id, name, prefix, role, user_id, created_at, expires_at, last_used_at"
)
_KEY_COLUMNS = "id, name, prefix, role, user_id, created_at, expires_at, last_used_at"
_KEYS = text(
    f"select {_KEY_COLUMNS} from api_keys"  # noqa: S608 - a constant
    " where (cast(:owner as uuid) is null or user_id = :owner)"
    " and (cast(:at as timestamptz) is null or (created_at, id) > (:at, :id))"
    " order by created_at, id limit :limit"
)
_KEY = text(
    f"select {_KEY_COLUMNS} from api_keys"  # noqa: S608 - a constant
    " where id = :id and (cast(:owner as uuid) is null or user_id = :owner)"
)
_RENAME_KEY = text(
    "update api_keys set name = :name"  # noqa: S608 - a constant
    " where id = :id and (cast(:owner as uuid) is null or user_id = :owner)"
    f" returning {_KEY_COLUMNS}"
)
_DELETE_KEY = text(
    "delete from api_keys where id = :id and (cast(:owner as uuid) is null or user_id = :owner)"
    " returning digest, name"
)
_KEY_DIGESTS = text("select digest from api_keys where user_id = :user_id")


async def insert_tenant(
    tx: Transaction, *, tenant_id: UUID, name: str, limits: Mapping[str, int] = MappingProxyType({})
) -> None:
    """Add the tenant whose scope the transaction carries.

    :param limits: what it has beyond its tier.
    """
    given = orjson.dumps(dict(limits)).decode()
    await tx.run(_INSERT_TENANT, id=tenant_id, name=name, limits=given)


async def insert_user(
    tx: Transaction, *, user_id: UUID, email: str, password_hash: str, role: str
) -> None:
    """Add a member."""
    await tx.run(_INSERT_USER, id=user_id, email=email, password_hash=password_hash, role=role)


async def insert_session(
    tx: Transaction,
    *,
    session_id: UUID,
    user_id: UUID,
    user_agent: str,
    expires_at: datetime,
    refresh_digest: bytes,
) -> None:
    """Add a session and the first refresh token of its family."""
    await tx.run(
        _INSERT_SESSION,
        id=session_id,
        user_id=user_id,
        user_agent=user_agent,
        expires_at=expires_at,
    )
    await tx.run(_INSERT_REFRESH, digest=refresh_digest, session_id=session_id)


async def account(gate: Transaction, email: str, network: str = "") -> Row | None:
    """Find the account of an e-mail address in any tenant, for a log-in from a network."""
    return await gate.first(_ACCOUNT, email=email, network=network)


async def rotate(gate: Transaction, *, old: bytes, new: bytes) -> Row:
    """Spend a refresh token for its successor; `outcome` tells how it went."""
    row = await gate.first(_ROTATE, old=old, new=new)
    if row is None:
        msg = "gate_rotate answers with one row"
        raise LookupError(msg)
    return row


async def me(tx: Transaction, user_id: UUID) -> Row | None:
    """Return a user with the tenant."""
    return await tx.first(_ME, user_id=user_id)


async def users(tx: Transaction, after: Cursor | None, limit: int) -> Sequence[Row]:
    """List members, oldest first."""
    return await tx.all(_USERS, limit=limit, **_after(after))


async def user(tx: Transaction, user_id: UUID) -> Row | None:
    """Return one member."""
    return await tx.first(_USER, id=user_id)


async def lock_owners(tx: Transaction) -> list[UUID]:
    """Lock the owners' rows, so that two requests cannot each remove the other's last owner."""
    return [row["id"] for row in await tx.all(_LOCK_OWNERS)]


async def set_role(tx: Transaction, user_id: UUID, role: str) -> Row | None:
    """Change a member's role."""
    return await tx.first(_SET_ROLE, id=user_id, role=role)


async def set_password(tx: Transaction, user_id: UUID, password_hash: str) -> None:
    """Change a member's password."""
    await tx.run(_SET_PASSWORD, id=user_id, password_hash=password_hash)


async def delete_user(tx: Transaction, user_id: UUID) -> Row | None:
    """Remove a member with their sessions, keys and conversations; return who it was."""
    return await tx.first(_DELETE_USER, id=user_id)


async def sessions(
    tx: Transaction, user_id: UUID, after: Cursor | None, limit: int
) -> Sequence[Row]:
    """List a user's living sessions, oldest first."""
    return await tx.all(_SESSIONS, user_id=user_id, limit=limit, **_after(after))


async def session_ids(tx: Transaction, user_id: UUID) -> list[UUID]:
    """Return the ids of a user's living sessions."""
    return [row["id"] for row in await tx.all(_SESSION_IDS, user_id=user_id)]


async def revoke_session(tx: Transaction, session_id: UUID, user_id: UUID) -> bool:
    """End a session."""
    return await tx.run(_REVOKE_SESSION, id=session_id, user_id=user_id) > 0


async def revoke_others(tx: Transaction, user_id: UUID, keep: UUID) -> list[UUID]:
    """End every living session of a user but one; return which ended."""
    return [row["id"] for row in await tx.all(_REVOKE_OTHERS, user_id=user_id, keep=keep)]


async def insert_api_key(tx: Transaction, **values: Any) -> Row | None:
    """Add an API key."""
    return await tx.first(_INSERT_KEY, **values)


async def api_keys(
    tx: Transaction, owner: UUID | None, after: Cursor | None, limit: int
) -> Sequence[Row]:
    """List keys, oldest first; of one owner, or all."""
    return await tx.all(_KEYS, owner=owner, limit=limit, **_after(after))


async def api_key(tx: Transaction, key_id: UUID, owner: UUID | None) -> Row | None:
    """Return one key."""
    return await tx.first(_KEY, id=key_id, owner=owner)


async def rename_api_key(
    tx: Transaction, key_id: UUID, owner: UUID | None, name: str
) -> Row | None:
    """Change a key's name."""
    return await tx.first(_RENAME_KEY, id=key_id, owner=owner, name=name)


async def delete_api_key(tx: Transaction, key_id: UUID, owner: UUID | None) -> Row | None:
    """Delete a key; return its name, and its digest for the cache."""
    return await tx.first(_DELETE_KEY, id=key_id, owner=owner)


async def api_key_digests(tx: Transaction, user_id: UUID) -> list[bytes]:
    """Return the digests of a user's keys, for the cache."""
    return [bytes(row["digest"]) for row in await tx.all(_KEY_DIGESTS, user_id=user_id)]


def _after(cursor: Cursor | None) -> dict[str, Any]:
    return {"at": cursor.at if cursor else None, "id": cursor.id if cursor else None}
