"""Divides the bill: compute by processor time, storage by byte-hours, API by requests.

A share of a part is what a tenant used over what all used, in the same time; so the shares add
up to the bill, idle hours included. Money paid for models is each tenant's own.
"""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

CENTS = Decimal("0.00000001")
"""Money is told to eight decimals of a dollar."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What the infrastructure costs in a month, in USD."""

    compute: Decimal
    """Everything that is paid by the hour: tasks, database, cache, vector servers."""
    storage: Decimal
    """What is paid by the byte: volumes, buckets, snapshots."""
    api: Decimal
    """What is paid by the request: load balancer, CDN, transfer, logs."""

    def between(self, since: datetime, until: datetime) -> "Bill":
        """Return the part of the bill that falls on a span: each month is paid evenly."""
        months = months_between(since, until)
        return Bill(*(_money(months * Fraction(part)) for part in self.parts.values()))

    @property
    def parts(self) -> dict[str, Decimal]:
        """The parts by name."""
        return {"compute": self.compute, "storage": self.storage, "api": self.api}

    @property
    def total(self) -> Decimal:
        """The sum of the parts."""
        return self.compute + self.storage + self.api


def months_between(since: datetime, until: datetime) -> Fraction:
    """Return how many months lie between two moments, each month counted by its own length."""
    months, moment = Fraction(0), since.astimezone(UTC)
    while moment < until:
        days = calendar.monthrange(moment.year, moment.month)[1]
        first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        end = min(first + timedelta(days=days), until)
        months += Fraction((end - moment) / timedelta(microseconds=1)) / (days * 86_400_000_000)
        moment = end
    return months


def divide(amount: Decimal, weights: Sequence[int | Decimal]) -> list[Decimal]:
    """Divide money by weights, to the last of the eight decimals (largest remainders).

    :returns: one share for each weight; they add up to the amount, or are zero when nobody used
        anything.
    """
    whole = sum(map(Fraction, weights), Fraction(0))
    if not whole:
        return [Decimal(0)] * len(weights)
    units = int(amount / CENTS)
    exact = [units * Fraction(weight) / whole for weight in weights]
    shares = [int(each) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: shares[n] - exact[n])
    for n in by_remainder[: units - sum(shares)]:
        shares[n] += 1
    return [each * CENTS for each in shares]


def share(amount: Decimal, used: int | Decimal, by_all: int | Decimal) -> Decimal:
    """Return one share of money, rounded; zero when nobody used anything."""
    return _money(Fraction(amount) * Fraction(used) / Fraction(by_all)) if by_all else Decimal(0)


def allocate(bill: Bill, usage: Sequence[Mapping[str, int | Decimal]]) -> list[dict[str, Decimal]]:
    """Return each tenant's costs by part, of tenants' usage by meter.

    :param usage: with `compute_us`, `byte_hours` and `api_calls` of each tenant.
    """
    columns = {
        part: divide(amount, [row[METERS[part]] for row in usage])
        for part, amount in bill.parts.items()
    }
    return [{part: column[n] for part, column in columns.items()} for n in range(len(usage))]


METERS = {"compute": "compute_us", "storage": "byte_hours", "api": "api_calls"}
"""What each part of the bill is divided by."""


def _money(value: Fraction) -> Decimal:
    return (Decimal(round(value / Fraction(CENTS))) * CENTS).quantize(CENTS)
