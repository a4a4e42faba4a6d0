"""Usage of all tenants and the bill divided among them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from assay.adapters.postgres import Database, Row
from assay.operations.bill_schemas import BillReport, TenantUsage
from assay.usage.costs import Bill, allocate
from assay.usage.schemas import Costs
from assay.usage.service import costs, span

_USAGE = text("select * from gate_operator_usage(:key, :since, :until)")
NOTHING = Decimal(0)


class BillReports:
    """The operator's view of usage; the database itself compares the operator's key."""

    def __init__(self, database: Database, bill: Bill) -> None:
        self._database, self.bill = database, bill

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
        return BillReport.model_validate(
            {
                "from": since,
                "to": until,
                "items": [_tenant(row, parts) for row, parts in zip(rows, shares, strict=True)],
                "bill": costs(bill.parts, sum((row["model_usd"] for row in rows), NOTHING)),
                "unallocated": _unallocated(bill, shares),
            }
        )


def _tenant(row: Row, parts: Mapping[str, Decimal]) -> TenantUsage:
    counted = ("api_calls", "database_queries", "vector_searches", "input_tokens", "output_tokens")
    return TenantUsage(
        tenant_id=row["tenant_id"],
        name=row["name"],
        tier=row["tier"],
        storage_bytes=row["storage_bytes"],
        compute_seconds=float(row["compute_us"]) / 1e6,
        costs=costs(parts, row["model_usd"]),
        **{name: int(row[name]) for name in counted},
    )


def _unallocated(bill: Bill, shares: Sequence[Mapping[str, Any]]) -> Costs:
    left = {
        part: amount - sum((each[part] for each in shares), NOTHING)
        for part, amount in bill.parts.items()
    }
    return costs(left, NOTHING)
