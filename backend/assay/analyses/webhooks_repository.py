"""Queries over webhooks and their deliveries."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

# ruff: noqa: S608 - the statements are made of constants
_DELIVERY = (
    "id, event, status, attempts, response_status, error, next_attempt_at, created_at, updated_at"
)
_WEBHOOK = (
    "w.id, w.url, w.events, w.description, w.active, w.disabled_reason, w.created_by, w.created_at,"
    f" (select to_jsonb(d) from (select {_DELIVERY} from webhook_deliveries d"
    "  where d.webhook_id = w.id order by created_at desc, id desc limit 1) d) as last_delivery"
)
_INSERT = text(
    "insert into webhooks"
    " (id, tenant_id, url, description, events, key_id, salt, created_by)"
    " values (:id, current_tenant(), :url, :description, :events, :key_id, :salt, :created_by)"
)
_GET = text(f"select {_WEBHOOK} from webhooks w where id = :id")
_LIST = text(
    f"select {_WEBHOOK} from webhooks w"
    " where (cast(:at as timestamptz) is null or (created_at, id) > (:at, :id))"
    " order by created_at, id limit :limit"
)
_UPDATE = text(
    "update webhooks set url = coalesce(:url, url), events = coalesce(:events, events),"
    " description = coalesce(:description, description), active = coalesce(:active, active),"
    " disabled_reason = case when :active then null else disabled_reason end,"
    " failing_since = case when :active then null else failing_since end,"
    " updated_at = now() where id = :id"
)
_RENEW = text(
    "update webhooks set key_id = :key_id, salt = :salt, updated_at = now() where id = :id"
)
_DELETE = text("delete from webhooks where id = :id returning url")
_COUNT = text("select count(*) as n from webhooks")
_TOLD = text("select id from webhooks where active and :event = any (events) order by id")
_ADD = text(
    "insert into webhook_deliveries (id, tenant_id, webhook_id, event, body, next_attempt_at)"
    " values (:id, current_tenant(), :webhook_id, :event, :body, now())"
)
_FORGET = text(
    "delete from webhook_deliveries where webhook_id = :webhook_id"
    " and created_at < now() - cast(:age as interval)"
)
_DELIVERIES = text(
    f"select {_DELIVERY} from webhook_deliveries where webhook_id = :webhook_id"
    " and (cast(:at as timestamptz) is null or (created_at, id) < (:at, :id))"
    " order by created_at desc, id desc limit :limit"
)
_TO_DELIVER = text(
    "select d.id, d.webhook_id, d.event, d.body, d.attempts, w.url, w.key_id, w.salt, w.active,"
    " exists (select from tenants where id = current_tenant() and suspended_at is not null)"
    " as suspended"
    " from webhook_deliveries d"
    " join webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id"
    " where d.id = :id and d.status = 'pending'"
)
_HOLD = text("select id from webhooks where id = :id for no key update")
_OUTCOME = text(
    "update webhook_deliveries set status = :status, attempts = attempts + 1,"
    " response_status = :response_status, error = :error,"
    " next_attempt_at = now() + make_interval(secs => cast(:wait as double precision)),"
    " updated_at = now() where id = :id and status = 'pending'"
)
_WORKS = text("update webhooks set failing_since = null where id = :id")
_FAILS = text(
    "update webhooks set failing_since = coalesce(failing_since, now()) where id = :id"
    " returning now() - failing_since as failing, active"
)
_DISABLE = text(
    "update webhooks set active = false, disabled_reason = :reason, updated_at = now()"
    " where id = :id and active returning url"
)


async def insert(tx: Transaction, **values: Any) -> None:
    """Add a webhook."""
    await tx.run(_INSERT, **values)


async def webhook(tx: Transaction, webhook_id: UUID) -> Row | None:
    """Return a webhook with its last delivery."""
    return await tx.first(_GET, id=webhook_id)


async def webhooks(tx: Transaction, cursor: Cursor | None, limit: int) -> Sequence[Row]:
    """Return the workspace's webhooks, oldest first."""
    return await tx.all(
        _LIST, at=cursor.at if cursor else None, id=cursor.id if cursor else None, limit=limit
    )


async def update(tx: Transaction, webhook_id: UUID, **values: Any) -> None:
    """Change what is given."""
    await tx.run(_UPDATE, id=webhook_id, **values)


async def renew(tx: Transaction, webhook_id: UUID, key_id: str, salt: bytes) -> None:
    """Let a webhook have another secret."""
    await tx.run(_RENEW, id=webhook_id, key_id=key_id, salt=salt)


async def delete(tx: Transaction, webhook_id: UUID) -> Row | None:
    """Delete a webhook with its deliveries, and return its URL."""
    return await tx.first(_DELETE, id=webhook_id)


async def count(tx: Transaction) -> int:
    """Return how many webhooks the workspace has."""
    row = await tx.first(_COUNT)
    return int(row["n"]) if row else 0


async def told(tx: Transaction, event: str) -> Sequence[UUID]:
    """Return the webhooks that want to be told of an event."""
    return [row["id"] for row in await tx.all(_TOLD, event=event)]


async def add_delivery(
    tx: Transaction, delivery_id: UUID, webhook_id: UUID, event: str, body: str, kept: timedelta
) -> None:
    """Add a delivery, and forget those that are older than is kept."""
    # Added first: that holds the webhook, so that no deletion comes between. See `hold`.
    await tx.run(_ADD, id=delivery_id, webhook_id=webhook_id, event=event, body=body)
    await tx.run(_FORGET, webhook_id=webhook_id, age=kept)


async def deliveries(
    tx: Transaction, webhook_id: UUID, cursor: Cursor | None, limit: int
) -> Sequence[Row]:
    """Return a webhook's deliveries, newest first."""
    return await tx.all(
        _DELIVERIES,
        webhook_id=webhook_id,
        at=cursor.at if cursor else None,
        id=cursor.id if cursor else None,
        limit=limit,
    )


async def to_deliver(tx: Transaction, delivery_id: UUID) -> Row | None:
    """Return a delivery that is still to be made, with where and how."""
    return await tx.first(_TO_DELIVER, id=delivery_id)


async def hold(tx: Transaction, webhook_id: UUID) -> bool:
    """Keep others from changing a webhook or deleting it; False if it is gone.

    To be called before its deliveries are changed: a deletion locks the webhook, then the
    deliveries, and whoever did so the other way round would deadlock with it.
    """
    return await tx.first(_HOLD, id=webhook_id) is not None


async def outcome(
    tx: Transaction,
    delivery_id: UUID,
    status: str,
    *,
    response_status: int | None,
    error: str | None,
    wait: float | None,
) -> None:
    """Keep what became of an attempt.

    :param wait: seconds to the next attempt; None when there will be none.
    """
    await tx.run(
        _OUTCOME,
        id=delivery_id,
        status=status,
        response_status=response_status,
        error=error,
        wait=wait,
    )


async def works(tx: Transaction, webhook_id: UUID) -> None:
    """Note that something was delivered."""
    await tx.run(_WORKS, id=webhook_id)


async def fails(tx: Transaction, webhook_id: UUID) -> timedelta:
    """Note that an attempt failed, and return for how long all have."""
    row = await tx.first(_FAILS, id=webhook_id)
    return row["failing"] if row else timedelta(0)


async def disable(tx: Transaction, webhook_id: UUID, reason: str) -> Row | None:
    """Switch a webhook off, and return its URL unless it was off."""
    return await tx.first(_DISABLE, id=webhook_id, reason=reason)
