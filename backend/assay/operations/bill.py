"""Usage of all tenants and the bill divided among them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import text

from assay.adapters.postgres import Database, Row
from assay.admission.tiers import Tier
from assay.operations.bill_schemas import BillReport, TenantUsage
from assay.operations.tenants_service import status_of
from assay.settings import Settings
from assay.usage.costs import CENTS, Bill, allocate, months_between
from assay.usage.schemas import Costs
from assay.usage.service import costs, span

_USAGE = text("select * from gate_operator_usage(:key, :since, :until)")
NOTHING = Decimal(0)

Prices = Mapping[Tier, Decimal | None]
"""What a tenant pays in a month, by tier."""


class BillReports:
    """The operator's view of usage; the database itself compares the operator's key."""

    def __init__(self, database: Database, bill: Bill, prices: Prices) -> None:
        self._database, self.bill, self.prices = database, bill, prices

    async def report(
        self, key: bytes, since: datetime | None, until: datetime | None
    ) -> BillReport:
        """Return every tenant's usage and share of the bill, by the hour.

        :raises Forbidden: no operator has this key.
        :raises Invalid: the span is empty or too long.
        """
        since, until = span(since, until, "day")
        async with self._database.gate() as gate:
            rows = await gate.all(_USAGE, key=key, since=since, until=until)
        bill = self.bill.between(since, until)
        shares = allocate(bill, rows)
        paid = costs(bill.parts, sum((row["model_usd"] for row in rows), NOTHING))
        revenues = [self._revenue(row, since, until) for row in rows]
        revenue = None if None in revenues else float(sum(filter(None, revenues), NOTHING))
        return BillReport.model_validate(
            {
                "from": since,
                "to": until,
                "items": [_tenant(*each) for each in zip(rows, shares, revenues, strict=True)],
                "bill": paid,
                "unallocated": _unallocated(bill, shares),
                "revenue": revenue,
                "margin": None if revenue is None else revenue - paid.total,
            }
        )

    def _revenue(self, row: Row, since: datetime, until: datetime) -> Decimal | None:
        """Return what a tenant owes for a span: a suspended one owes on, a deleted one no more."""
        price = self.prices[Tier(row["tier"])]
        if price is None:
            return None
        until = min(until, row["deleted_at"] or until)
        months = months_between(max(since, row["created_at"]), until)
        return Decimal(round(Fraction(price) * months / Fraction(CENTS))) * CENTS


def prices_of(settings: Settings) -> Prices:
    """Return what tenants pay in a month by tier, where it is known."""
    return {
        Tier.STANDARD: settings.price_standard_usd,
        Tier.PREMIUM: settings.price_premium_usd,
    }


def _tenant(row: Row, parts: Mapping[str, Decimal], revenue: Decimal | None) -> TenantUsage:
    paid = costs(parts, row["model_usd"])
    counted = ("api_calls", "database_queries", "vector_searches", "input_tokens", "output_tokens")
    return TenantUsage(
        tenant_id=row["tenant_id"],
        name=row["name"],
        tier=row["tier"],
        storage_bytes=row["storage_bytes"],
        compute_seconds=float(row["compute_us"]) / 1e6,
        costs=paid,
        status=status_of(row["suspended_at"], row["deleted_at"]),
        revenue=None if revenue is None else float(revenue),
        margin=None if revenue is None else float(revenue) - paid.total,
        **{name: int(row[name]) for name in counted},
    )


def _unallocated(bill: Bill, shares: Sequence[Mapping[str, Any]]) -> Costs:
    left = {
        part: amount - sum((each[part] for each in shares), NOTHING)
        for part, amount in bill.parts.items()
    }
    return costs(left, NOTHING)
