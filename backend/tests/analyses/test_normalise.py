"""Values as written, by type."""

import pytest

from assay.analyses.extractive import normalise
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


def test_a_documents_own_habit_decides_what_can_be_read_both_ways():
    european = normalise.habits("Signed 25/12/2023, due 3/4/2024.")
    assert normalise.value("3/4/2024", FieldType.DATE, (), european) == "2024-04-03"
    assert normalise.value("3/4/2024", FieldType.DATE) == "2024-03-04"
