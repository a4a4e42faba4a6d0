"""Reports of what a tenant used and what it cost."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from assay.adapters.postgres import Database, Row
from assay.adapters.vector_size import bytes_per_passage
from assay.admission.tiers import Tier, effective
from assay.errors import Invalid
from assay.scope import TenantScope
from assay.settings import Settings
from assay.usage import repository
from assay.usage.costs import METERS, Bill, share
from assay.usage.ledger import month_start
from assay.usage.schemas import Allowance, Budget, Costs, Granularity, UsagePeriod, UsageReport

DEFAULT_DAYS = 30
LONGEST = {"hour": timedelta(days=31), "day": timedelta(days=366)}
_SUMMED = (
    "api_calls",
    "database_queries",
    "vector_searches",
    "compute_us",
    "byte_hours",
    "input_tokens",
    "output_tokens",
    "model_usd",
)


class Usage:
    """What was used, by whom it is asked."""

    def __init__(self, database: Database, settings: Settings, dimensions: int) -> None:
        self._database, self._each = database, bytes_per_passage(dimensions)
        self.bill = Bill(
            settings.monthly_compute_usd, settings.monthly_storage_usd, settings.monthly_api_usd
        )

    async def report(
        self,
        scope: TenantScope,
        since: datetime | None,
        until: datetime | None,
        granularity: Granularity,
    ) -> UsageReport:
        """Return the tenant's usage and costs between two moments.

        :raises Invalid: the span is empty or too long.
        """
        since, until = span(since, until, granularity)
        async with self._database.transaction(scope) as tx:
            rows = await repository.periods(tx, since, until, granularity)
            by_all = await repository.totals(tx, since, until)
            budget = await repository.budget(tx, month_start())
            held = await repository.held(tx)
        bill = self.bill.between(since, until)
        return UsageReport.model_validate(
            {
                "from": since,
                "to": until,
                "granularity": granularity,
                "items": [_period(row, _costs(row, bill, by_all)) for row in rows],
                "total": _total(since, rows, bill, by_all),
                "budget": _budget(budget),
                "limits": self._allowance(budget, held),
            }
        )

    def _allowance(self, tenant: Row | None, held: Row) -> Allowance:
        tier = Tier(tenant["tier"]) if tenant else Tier.STANDARD
        limits = effective(tier, tenant["limits"] if tenant else {})
        return Allowance(
            tier=tier,
            requests_per_minute=limits.requests_per_minute,
            concurrent_requests=limits.concurrent_requests,
            progress_streams=limits.progress_streams,
            query_cache_bytes=limits.query_cache_bytes,
            vector_bytes=limits.vector_bytes,
            vector_bytes_held=int(held["passages"]) * self._each,
            documents=held["documents"],
        )


def span(
    since: datetime | None, until: datetime | None, granularity: Granularity
) -> tuple[datetime, datetime]:
    """Return whole hours from a request: the last thirty days by default.

    :raises Invalid: the span is empty or too long.
    """
    until = _utc(until or datetime.now(UTC) + timedelta(hours=1))
    since = _utc(since or until - timedelta(days=DEFAULT_DAYS))
    since, until = _hour(since), _hour(until)
    if since >= until:
        raise Invalid("`from` has to lie before `to`, by an hour or more.", code="empty_span")
    if until - since > LONGEST[granularity]:
        days = LONGEST[granularity].days
        raise Invalid(f"By {granularity}, {days} days can be asked for at once.", code="long_span")
    return since, until


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _costs(used: Mapping[str, Any], bill: Bill, by_all: Mapping[str, Any]) -> Costs:
    parts = {
        part: share(amount, used[METERS[part]], by_all[METERS[part]])
        for part, amount in bill.parts.items()
    }
    return costs(parts, used["model_usd"])


def costs(parts: Mapping[str, Decimal], model: Decimal) -> Costs:
    """Return the costs of a tenant with their sum."""
    total = sum(parts.values(), Decimal(model))
    return Costs(
        **{part: float(amount) for part, amount in parts.items()},
        model=float(model),
        total=float(total),
    )


def _period(row: Mapping[str, Any], paid: Costs) -> UsagePeriod:
    return UsagePeriod(
        start=row["start"],
        api_calls=row["api_calls"],
        database_queries=row["database_queries"],
        vector_searches=row["vector_searches"],
        storage_bytes=row["storage_bytes"],
        compute_seconds=float(row["compute_us"]) / 1e6,
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        costs=paid,
    )


def _total(
    since: datetime, rows: Sequence[Row], bill: Bill, by_all: Mapping[str, Any]
) -> UsagePeriod:
    used = {name: sum((row[name] for row in rows), Decimal(0)) for name in _SUMMED}
    last = next((row["storage_bytes"] for row in reversed(rows) if row["storage_bytes"]), 0)
    whole = used | {"start": since, "storage_bytes": last}
    return _period(whole, _costs(whole, bill, by_all))


def _budget(row: Row | None) -> Budget:
    limit = effective(Tier(row["tier"]), row["limits"]).model_budget_usd if row else Decimal(0)
    spent = row["spent_usd"] if row else Decimal(0)
    start = month_start()
    return Budget(
        limit_usd=float(limit),
        spent_usd=float(spent),
        reserved_usd=float(row["reserved_usd"]) if row else 0,
        left_usd=float(max(Decimal(0), limit - spent)),
        resets_at=(start + timedelta(days=32)).replace(day=1),
    )
