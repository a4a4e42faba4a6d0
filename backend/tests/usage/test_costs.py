"""Shares of the bill add up to the bill."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from assay.usage.costs import Bill, allocate, divide, months_between, share

MONEY = st.decimals(0, 100_000, places=8)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(amount=MONEY, weights=st.lists(st.integers(0, 10**15), min_size=1, max_size=50))
def test_shares_add_up_to_the_amount_to_the_last_decimal(amount: Decimal, weights: list[int]):
    shares = divide(amount, weights)
    assert sum(shares) == (amount if any(weights) else 0)
    assert all(each >= 0 for each in shares)
    exact = [Fraction(amount) * weight / max(1, sum(weights)) for weight in weights]
    assert all(
        abs(Fraction(each) - whole) <= Fraction(1, 10**8)
        for each, whole in zip(shares, exact, strict=True)
    )


def test_a_tenant_pays_for_what_it_used():
    bill = Bill(Decimal(300), Decimal(20), Decimal(80))
    heavy = {"compute_us": 3_000_000, "byte_hours": 10, "api_calls": 1}
    light = {"compute_us": 1_000_000, "byte_hours": 30, "api_calls": 7}
    assert allocate(bill, [heavy, light]) == [
        {"compute": Decimal(225), "storage": Decimal(5), "api": Decimal(10)},
        {"compute": Decimal(75), "storage": Decimal(15), "api": Decimal(70)},
    ]


@given(start=MOMENTS, first=st.integers(0, 400 * 24), second=st.integers(0, 400 * 24))
def test_a_span_costs_as_much_as_its_parts(start: datetime, first: int, second: int):
    middle, end = start + timedelta(hours=first), start + timedelta(hours=first + second)
    assert months_between(start, end) == months_between(start, middle) + months_between(middle, end)


def test_a_month_is_a_month_whatever_its_length():
    for month in range(1, 12):
        since, until = (
            datetime(2026, month, 1, tzinfo=UTC),
            datetime(2026, month + 1, 1, tzinfo=UTC),
        )
        assert months_between(since, until) == 1
    bill = Bill(Decimal(300), Decimal(20), Decimal(80))
    february = bill.between(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert february == bill


def test_nobody_pays_when_nobody_used_anything():
    assert share(Decimal(100), 0, 0) == 0
    assert divide(Decimal(100), [0, 0]) == [0, 0]
