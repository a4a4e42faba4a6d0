"""Queries over the audit log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_INSERT = text(
    "insert into audit_events"
    " (id, tenant_id, actor_kind, actor_id, action, target, address, details)"
    " values (:id, current_tenant(), :actor_kind, :actor_id, :action, :target, :address,"
    " cast(:details as jsonb))"
)
_INSERT_FAILED_LOGIN = text(
    "insert into audit_events"
    " (id, tenant_id, actor_kind, actor_id, action, target, address, details)"
    " select :id, tenant_id, 'member', id, 'login.failed', email, :address, '{}' from users"
    " where id = :user_id"
)
_EVENTS = text(
    "select e.id, e.created_at, e.action, e.actor_kind, e.actor_id,"
    " coalesce(u.email, k.name) as actor, e.target, e.address, e.details"
    " from audit_events e"
    " left join users u on e.actor_kind = 'member' and u.id = e.actor_id"
    " left join api_keys k on e.actor_kind = 'api_key' and k.id = e.actor_id"
    " where (cast(:at as timestamptz) is null or (e.created_at, e.id) < (:at, :id))"
    " and (cast(:action as text) is null or e.action = :action)"
    " and (cast(:actor_id as uuid) is null or e.actor_id = :actor_id)"
    " and (cast(:since as timestamptz) is null or e.created_at >= :since)"
    " and (cast(:until as timestamptz) is null or e.created_at < :until)"
    " order by e.created_at desc, e.id desc limit :limit"
)
_KEY_USED = text(
    "select 1 from audit_events where action = 'api_key.used' and actor_id = :key_id"
    " and details ->> 'network' = :network and created_at >= date_trunc('day', now(), 'UTC')"
    " limit 1"
)
_REUSE_TOLD = text(
    "select 1 from audit_events e join sessions s on s.id = :session_id"
    " where e.action = 'session.refresh_token_reused' and e.target = :target"
    " and e.created_at >= s.revoked_at limit 1"
)
_LOSE_AT_A_CRASH = text("set local synchronous_commit = off")


async def insert(tx: Transaction, **values: Any) -> None:
    """Add an event."""
    await tx.run(_INSERT, **values)


async def insert_failed_login(
    tx: Transaction, *, event_id: UUID, user_id: UUID, address: str
) -> None:
    """Add a failed log-in, if there is such a user.

    Without waiting for the disk: the time of the answer must not tell whether there is one.
    """
    await tx.run(_LOSE_AT_A_CRASH)
    await tx.run(_INSERT_FAILED_LOGIN, id=event_id, user_id=user_id, address=address)


async def key_was_used(tx: Transaction, key_id: UUID, network: str) -> bool:
    """Whether the use of an API key from a network was recorded today (UTC)."""
    return await tx.first(_KEY_USED, key_id=key_id, network=network) is not None


async def reuse_was_told(tx: Transaction, session_id: UUID) -> bool:
    """Whether it was recorded that a refresh token of a session that ended was used twice."""
    row = await tx.first(_REUSE_TOLD, session_id=session_id, target=str(session_id))
    return row is not None


async def events(tx: Transaction, after: Cursor | None, limit: int, **chosen: Any) -> Sequence[Row]:
    """Return events, newest first."""
    return await tx.all(
        _EVENTS,
        at=after.at if after else None,
        id=after.id if after else None,
        limit=limit,
        **chosen,
    )
