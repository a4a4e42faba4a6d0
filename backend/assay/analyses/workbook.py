"""A table as an XLSX workbook: typed cells, a sheet of evidence, a sheet about the whole.

Rows go to disk as they are written, so memory does not grow with the table. Every text is written
as a text: never through a method that guesses, which would make formulas and links of what
documents say.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from assay.analyses.models import FieldType, Json

TABLE, EVIDENCE, ABOUT = "Table", "Evidence", "About"
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
"""Rows of a sheet and characters of a cell, as Excel has them."""
MAX_LINKS = 20_000
"""Cells of the evidence that lead back to the table; each is kept in memory to the end."""
_EXACT_DIGITS = 15
"""A spreadsheet's numbers are doubles; what has more digits is written as text."""
_FIRST_DATE = date(1900, 3, 1)
"""Before it spreadsheets disagree, since one of them had a 29 February 1900."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CODE = re.compile(r"[A-Z]{3}")
_CURRENCIES = {
    "USD": "[$$-409]#,##0.00",
    "EUR": "[$€-2] #,##0.00",
    "GBP": "[$£-809]#,##0.00",
    "JPY": "[$¥-411]#,##0",
}
_WIDTHS = {
    FieldType.TEXT: 32,
    FieldType.LIST: 40,
    FieldType.CHOICE: 20,
    FieldType.DATE: 13,
    FieldType.NUMBER: 14,
    FieldType.MONEY: 18,
    FieldType.BOOLEAN: 10,
}
_MAX_WIDTH = 60
_EVIDENCE_COLUMNS = (
    ("Document", 36),
    ("Column", 24),
    ("Cell", 10),
    ("Value", 32),
    ("As written", 32),
    ("Page", 7),
    ("Quote", 80),
    ("Confidence", 12),
    ("Start", 9),
    ("End", 9),
    ("Document id", 38),
)


class Workbook:
    """Takes the rows of a table in their order; complete once closed."""

    def __init__(self, path: Path, scratch: Path, columns: Sequence[tuple[str, FieldType]]) -> None:
        """Begin a workbook.

        :param path: where it will lie, from `close` on.
        :param scratch: folder for what is written until then.
        :param columns: name and type of each column after the document's.
        """
        self._columns = columns
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(scratch),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._formats: dict[str, Format] = {}
        self._table = self._sheet(TABLE, [("Document", 36), *map(_width, columns)])
        self._evidence = self._sheet(EVIDENCE, _EVIDENCE_COLUMNS)
        self._rows = self._places = 0
        self._left_out = 0

    def write(self, rows: Sequence[Any]) -> None:
        """Add rows as `exports.Row` has them."""
        for row in rows:
            if self._rows + 1 >= MAX_ROWS:
                self._left_out += 1
                continue
            self._rows += 1
            _text(self._table, self._rows, 0, row.document_name or "")
            for index, (name, kind) in enumerate(self._columns, 1):
                cell = row.cells.get(name)
                if cell is not None:
                    self._value(self._rows, index, cell.value, kind)
                    if cell.quote:
                        self._place(row, name, index, cell)

    def close(self, about: Mapping[str, str]) -> None:
        """Add the sheet about the whole and write the file."""
        sheet = self._sheet(ABOUT, [("About", 24), ("", 80)])
        lines = {
            **about,
            "Rows": str(self._rows),
            "Empty cells": "Not found in the document.",
            "Confidence": "Estimated probability that the value is right, 0 to 1.",
        }
        if self._left_out:
            lines["Left out"] = f"{self._left_out} rows that a sheet has no room for."
        for row, (name, value) in enumerate(lines.items(), 1):
            _text(sheet, row, 0, name)
            _text(sheet, row, 1, value)
        self._table.autofilter(0, 0, self._rows, len(self._columns))
        self._evidence.autofilter(0, 0, self._places, len(_EVIDENCE_COLUMNS) - 1)
        self._book.close()

    def _sheet(self, name: str, columns: Sequence[tuple[str, int]]) -> Worksheet:
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        header = self._format("", bold=True)
        for index, (title, width) in enumerate(columns):
            sheet.set_column(index, index, width)
            sheet.write_string(0, index, _cut(title), header)
        return sheet

    def _format(self, number: str, *, bold: bool = False) -> Format:
        key = f"{bold}{number}"
        if key not in self._formats:
            properties: dict[str, Any] = {"bold": True} if bold else {}
            if number:
                properties["num_format"] = number
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]

    def _value(self, row: int, column: int, value: Json, kind: FieldType) -> None:
        if isinstance(value, bool):
            self._table.write_boolean(row, column, value)
        elif isinstance(value, int | float):
            self._number(row, column, str(value), "")
        elif isinstance(value, dict):
            amount, currency = value.get("amount") or "", value.get("currency") or ""
            self._number(row, column, amount, _money_format(currency), currency)
        elif kind is FieldType.DATE and (day := _day(str(value))):
            self._table.write_datetime(row, column, day, self._format("yyyy-mm-dd"))
        else:
            _text(self._table, row, column, "; ".join(value) if isinstance(value, list) else value)

    def _number(self, row: int, column: int, number: str, form: str, behind: str = "") -> None:
        exact = _exact(number)
        if exact is None:
            _text(self._table, row, column, f"{number} {behind}".strip())
        else:
            self._table.write_number(row, column, exact, self._format(form) if form else None)

    def _place(self, row: Any, name: str, index: int, cell: Any) -> None:
        if self._places + 1 >= MAX_ROWS:
            return
        self._places += 1
        sheet, line = self._evidence, self._places
        for column, text in enumerate((row.document_name or "", name)):
            _text(sheet, line, column, text)
        place = xl_rowcol_to_cell(self._rows, index)
        if line <= MAX_LINKS:
            sheet.write_url(line, 2, f"internal:'{TABLE}'!{place}", string=place)
        else:
            _text(sheet, line, 2, place)
        _text(sheet, line, 3, as_text(cell.value))
        _text(sheet, line, 4, cell.text or "")
        _number(sheet, line, 5, cell.page)
        _text(sheet, line, 6, cell.quote)
        _number(sheet, line, 7, cell.confidence)
        _number(sheet, line, 8, cell.start)
        _number(sheet, line, 9, cell.end)
        _text(sheet, line, 10, str(cell.document_id or ""))


def as_text(value: Json) -> str:
    """Return a value as one text: lists with semicolons, money with its currency behind."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, dict):
        return " ".join(filter(None, (value.get("amount"), value.get("currency"))))
    return str(value)


def _text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    if text:
        sheet.write_string(row, column, _cut(text))


def _number(sheet: Worksheet, row: int, column: int, number: float | None) -> None:
    if number is not None:
        sheet.write_number(row, column, number)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _width(column: tuple[str, FieldType]) -> tuple[str, int]:
    name, kind = column
    return name, min(_MAX_WIDTH, max(_WIDTHS[kind], len(name) + 4))


def _money_format(currency: str) -> str:
    if currency in _CURRENCIES:
        return _CURRENCIES[currency]
    return f"#,##0.00 [${currency}]" if _CODE.fullmatch(currency) else "#,##0.00"


def _day(value: str) -> date | None:
    """Return a whole day that a spreadsheet can hold; `2007-12` and earlier days stay texts."""
    if not _DAY.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day >= _FIRST_DATE else None


def _exact(number: str) -> float | None:
    """Return a number that a double holds with all its digits, else None."""
    try:
        decimal = Decimal(number)
    except InvalidOperation:
        return None
    digits = len(decimal.normalize().as_tuple().digits)
    return float(decimal) if decimal.is_finite() and digits <= _EXACT_DIGITS else None
