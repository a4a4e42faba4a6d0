"""Queries over usage, under row-level security; totals over all tenants name none of them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.postgres import Row, Transaction

_PERIODS = text(
    "with hours as ("
    "  select date_trunc(:granularity, hour, 'UTC') as start, sum(api_calls) as api_calls,"
    "    sum(database_queries) as database_queries, sum(vector_searches) as vector_searches,"
    "    sum(compute_us) as compute_us, coalesce(sum(storage_bytes), 0) as byte_hours,"
    "    (array_agg(storage_bytes order by hour desc)"
    "      filter (where storage_bytes is not null))[1] as storage_bytes"
    "  from usage_hours where hour >= :since and hour < :until group by 1),"
    " money as ("
    "  select date_trunc(:granularity, created_at, 'UTC') as start,"
    "    sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,"
    "    sum(cost_usd) as model_usd"
    "  from model_calls where created_at >= :since and created_at < :until group by 1)"
    " select start, coalesce(api_calls, 0) as api_calls,"
    "   coalesce(database_queries, 0) as database_queries,"
    "   coalesce(vector_searches, 0) as vector_searches, coalesce(compute_us, 0) as compute_us,"
    "   coalesce(byte_hours, 0) as byte_hours, coalesce(storage_bytes, 0) as storage_bytes,"
    "   coalesce(input_tokens, 0) as input_tokens, coalesce(output_tokens, 0) as output_tokens,"
    "   coalesce(model_usd, 0) as model_usd"
    " from hours full join money using (start) order by start"
)
_TOTALS = text("select * from gate_usage_totals(:since, :until)")
_BUDGET = text(
    "select tier, limits,"
    " (select coalesce(sum(cost_usd), 0) from model_calls where created_at >= :since) as spent_usd,"
    " (select coalesce(sum(cost_usd), 0) from model_calls"
    "   where created_at >= :since and status = 'reserved') as reserved_usd"
    " from tenants where id = current_tenant()"
)
_HELD = text("select count(*) as documents, coalesce(sum(passages), 0) as passages from documents")
# Reservations of one tenant come one after another, or two could both see the last dollar.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(current_tenant()::text, 4742))")
_RESERVE = text(
    "insert into model_calls (id, tenant_id, purpose, model, user_id, input_tokens, cost_usd)"
    " values (:id, current_tenant(), :purpose, :model, :user_id, :input_tokens, :cost_usd)"
)
_SETTLE = text(
    "update model_calls set status = 'settled', settled_at = now(), input_tokens = :input_tokens,"
    " output_tokens = :output_tokens, cost_usd = :cost_usd where id = :id"
)


async def periods(
    tx: Transaction, since: datetime, until: datetime, granularity: str
) -> Sequence[Row]:
    """Return the tenant's usage by hour or day; periods without any are left out."""
    return await tx.all(_PERIODS, since=since, until=until, granularity=granularity)


async def totals(tx: Transaction, since: datetime, until: datetime) -> Row:
    """Return what all tenants used together."""
    row = await tx.first(_TOTALS, since=since, until=until)
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return row


async def budget(tx: Transaction, since: datetime) -> Row | None:
    """Return tier, limits and money spent and reserved since a moment."""
    return await tx.first(_BUDGET, since=since)


async def held(tx: Transaction) -> Row:
    """Return how many documents and passages the tenant holds."""
    row = await tx.first(_HELD)
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return row


async def lock_budget(tx: Transaction) -> None:
    """Let no other reservation of the tenant come between, until the transaction ends."""
    await tx.first(_LOCK)


async def reserve(tx: Transaction, **values: Any) -> None:
    """Add a call to the ledger at the most that it can cost."""
    await tx.run(_RESERVE, **values)


async def settle(
    tx: Transaction, call_id: UUID, input_tokens: int, output_tokens: int, cost_usd: Decimal
) -> None:
    """Set what a call truly cost."""
    await tx.run(
        _SETTLE,
        id=call_id,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_usd=cost_usd,
    )
