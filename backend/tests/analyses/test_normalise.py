import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.analyses.extractive import normalise
from assay.analyses.extractive.normalise import Habits
from assay.analyses.models import FieldType


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("November 2, 2016", FieldType.DATE, "2016-11-02"),
        ("2 Nov. 2016", FieldType.DATE, "2016-11-02"),
        ("2016-11-02T10:00Z", FieldType.DATE, "2016-11-02"),
        ("11/02/2016", FieldType.DATE, "2016-11-02"),
        ("November 2016", FieldType.DATE, "2016-11"),
        ("in 2016", FieldType.DATE, "2016"),
        ("soon", FieldType.DATE, None),
        ("US$ 1,234.50", FieldType.MONEY, {"amount": "1234.50", "currency": "USD"}),
        ("1.234,50 €", FieldType.MONEY, {"amount": "1234.50", "currency": "EUR"}),
        ("$4.1 million", FieldType.MONEY, {"amount": "4100000", "currency": "USD"}),
        ("12", FieldType.MONEY, {"amount": "12", "currency": None}),
        ("free", FieldType.MONEY, None),
        ("4,127 million", FieldType.NUMBER, 4_127_000_000),
        ("(12)", FieldType.NUMBER, -12),
        ("3.5", FieldType.NUMBER, 3.5),
        ("three", FieldType.NUMBER, 3),
        ("many", FieldType.NUMBER, None),
        ("Yes", FieldType.BOOLEAN, True),
        ("No", FieldType.BOOLEAN, False),
        ("perhaps", FieldType.BOOLEAN, None),
        ("damage: SUBSTANTIAL", FieldType.CHOICE, "Substantial"),
        ("destroyed", FieldType.CHOICE, None),
        ("Ann, Bob and Cid", FieldType.LIST, ["Ann", "Bob", "Cid"]),
        ("  Boise,\n Idaho ", FieldType.TEXT, "Boise, Idaho"),
        ("", FieldType.TEXT, None),
    ],
)
def test_a_value_as_written_is_read_by_its_type(written: str, kind: FieldType, value: object):
    options = ["Minor", "Substantial"] if kind is FieldType.CHOICE else []
    assert normalise.value(written, kind, options) == value


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("12/08/2007, 1730 EST", "2007-12-08"),
        ("25/12/2023", "2023-12-25"),
        ("June 25, 2022", "2022-06-25"),
        ("25 June 2022", "2022-06-25"),
        ("15-Nov-2024", "2024-11-15"),
        ("15.11.2024", "2024-11-15"),
        ("2024-11-15T08:23:00Z", "2024-11-15"),
        ("20241115", "2024-11-15"),
        ("12/20/24", "2024-12-20"),
        ("17th day of December, 2007", "2007-12-17"),
        ("1. März 2021", "2021-03-01"),
        ("le 3 janvier 2020", "2020-01-03"),
        ("2024年11月5日", "2024-11-05"),
        ("December 2024", "2024-12"),
        ("2021", "2021"),
    ],
)
def test_dates(written, iso):
    assert normalise.date(written) == iso


@pytest.mark.parametrize(
    "written", ["", "soon", "31/31/2020", "February 30, 2021", "$1,999", "12:30"]
)
def test_what_is_no_date(written):
    assert normalise.date(written) is None


def test_a_date_is_read_as_the_document_writes_dates():
    habits = normalise.habits("Issued 25/12/2023. Paid 3/4/2024.")
    assert normalise.date("3/4/2024", habits) == "2024-04-03"
    assert normalise.date("3/4/2024") == "2024-03-04"


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("$1,234.50", "1234.50", "USD"),
        ("$ (3,844)", "-3844", "USD"),
        ("-$25.00", "-25.00", "USD"),
        ("$-50.00", "-50.00", "USD"),
        ("EUR 1.234,56", "1234.56", "EUR"),
        ("1 234,56 €", "1234.56", "EUR"),
        ("2.000 €", "2000", "EUR"),
        ("4.2 million dollars", "4200000", "USD"),
        ("US$ 3.5bn", "3500000000", "USD"),
        ("CHF 12'000.00", "12000.00", "CHF"),
        ("£309.20", "309.20", "GBP"),
        ("$0.001 par value", "0.001", "USD"),
        ("1,234", "1234", None),
        ("(2,768)", "-2768", None),
        ("10.20% 278.46", "278.46", None),
    ],
)
def test_money(written, amount, currency):
    assert normalise.money(written) == {"amount": amount, "currency": currency}


def test_an_amount_without_a_currency_is_in_the_documents_only_one():
    assert normalise.money("1,234", normalise.habits("Paid £3 and £4")) == {
        "amount": "1234",
        "currency": "GBP",
    }
    assert normalise.habits("Paid £3 and $4").currency is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("7 Hours", 7),
        ("2.46 billion", 2_460_000_000),
        ("16,070,752,000 shares", 16_070_752_000),
        ("twelve (12) months", 12),
        ("85%", 85),
        ("-5°C", -5),
        ("1,5", 1.5),
        ("1.5", 1.5),
    ],
)
def test_numbers(written, number):
    assert normalise.number(written) == number


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Yes", True),
        ("no, never", False),
        ("Yes ☒ No ☐", True),
        ("☐ Yes ☒ No", False),
        ("None", False),
        ("☒", True),
        ("perhaps", None),
        ("", None),
    ],
)
def test_yes_and_no(written, said):
    assert normalise.boolean(written) is said


def test_choices():
    options = ("Minor", "Substantial damage", "Destroyed", "Not destroyed")
    assert normalise.choice("substantial", options) == "Substantial damage"
    assert normalise.choice("State: not destroyed", options) == "Not destroyed"
    assert normalise.choice("unknown", options) is None


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("• one thing\n• another, too", ["one thing", "another, too"]),
        ("a, b and c", ["a", "b", "c"]),
        ("a; b, c; d", ["a", "b, c", "d"]),
        ("only one", ["only one"]),
    ],
)
def test_lists(written, parts):
    assert normalise.items(written) == parts


@given(st.dates(dt.date(1500, 1, 1), dt.date(2199, 12, 31)))
def test_dates_come_back(day):
    for written in (day.isoformat(), f"{day:%B} {day.day}, {day.year}", f"{day.day} {day:%b %Y}"):
        assert normalise.date(written) == day.isoformat()


@given(st.decimals(Decimal("0.01"), Decimal("999999999.99"), places=2), st.sampled_from("$€£"))
def test_amounts_come_back(amount, sign):
    value = normalise.money(f"{sign}{amount:,.2f}", Habits())
    assert value is not None
    assert Decimal(value["amount"]) == amount


@given(st.integers(-(10**15), 10**15))
def test_numbers_come_back(number):
    assert normalise.number(f"{number:,}") == number
    assert normalise.number(str(number)) == number


@given(st.text(max_size=200), st.sampled_from(FieldType))
def test_any_text_is_read_without_an_error(text, kind):
    normalise.value(text, kind, ("Yes", "Maybe not"))
    for each in normalise.find(text, kind):
        assert 0 <= each.start < each.end <= len(text)


@given(st.text(alphabet="0123456789.,'-()$€% \nkKmM", max_size=300), st.sampled_from(FieldType))
def test_any_figures_are_read_without_an_error(text, kind):
    normalise.value(text, kind)
    normalise.find(text, kind, Habits(day_first=True, decimal_comma=True))
