"""Tables as files: CSV and JSON here, XLSX in `workbook.py`; written row by row, in little memory.

What documents and people wrote may be a formula to a spreadsheet (`=cmd|...`), and whoever opens
the file would run it. In XLSX every text is stored as text, and nothing refers to the outside. In
CSV, which has no types, a text that a spreadsheet would take for a formula gets an apostrophe in
front, as OWASP recommends.

The process that writes imports this: nothing of the server belongs here.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import orjson

from assay.analyses.models import FieldType, Json

PIECE_BYTES = 64 * 1024
UNSURE_BELOW = 0.6
"""Confidence below which a value is worth a second look; the web application's `LOW` too."""
UNSURE = "Unsure cells"
"""Heading of a CSV's last column, which names the columns whose values are unsure."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""By it, spreadsheets read a CSV as UTF-8."""

_NUMBER = re.compile(r"[-+]?\d{1,20}(?:[.,]\d{1,20})*%?")
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""First characters that make a formula, also in full width, or that hide one behind them."""


class Format(StrEnum):
    """What a table is written as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, by the name that the rows' cells have."""

    name: str
    type: FieldType = FieldType.TEXT


Cell = Mapping[str, Any]
Row = Mapping[str, Any]
"""A row as the API gives it: `document_id`, `document_name`, and `cells` by their columns."""


class Out(Protocol):
    """Where a file's bytes go."""

    def write(self, piece: bytes, /) -> object: ...  # noqa: D102


class File(Protocol):
    """A file that is being written."""

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows, in their order."""

    def close(self, about: Mapping[str, str]) -> None:
        """Write what comes last."""


class JsonFile:
    """`{"columns": [name], "rows": [...]}` with rows as the API gives them."""

    def __init__(self, out: Out, columns: Sequence[Column]) -> None:
        self._out, self._comma = out, b""
        names = orjson.dumps([column.name for column in columns])
        out.write(b'{"columns":' + names + b',"rows":[')

    def write(self, rows: Sequence[Row]) -> None:
        """See `File`."""
        for row in rows:
            cells = {
                name: cell and {key: cell[key] for key in _CELL_KEYS}
                for name, cell in row["cells"].items()
            }
            self._out.write(self._comma + orjson.dumps({**row, "cells": cells}))
            self._comma = b","

    def close(self, _about: Mapping[str, str]) -> None:
        """See `File`."""
        self._out.write(b"]}")


_CELL_KEYS = ("value", "text", "document_id", "page", "start", "end", "quote", "confidence")
"""In the order in which the API gives them; a database keeps none."""


class CsvFile:
    """A CSV by RFC 4180, in UTF-8: the values, and money's currency in a column of its own.

    Which values are unsure stands in the last column, so that the others keep their places.
    """

    def __init__(
        self,
        out: Out,
        columns: Sequence[Column],
        *,
        evidence: bool = False,
        byte_order_mark: bool = False,
    ) -> None:
        """Write the header.

        :param evidence: beside each value its page, quote and confidence.
        :param byte_order_mark: begin with one; spreadsheets need it, programs mostly do not.
        """
        self._out, self._columns, self._evidence = out, columns, evidence
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        if byte_order_mark:
            out.write(BYTE_ORDER_MARK)
        self._writer.writerow([inert(each) for each in _csv_header(columns, evidence=evidence)])

    def write(self, rows: Sequence[Row]) -> None:
        """See `File`."""
        for row in rows:
            self._writer.writerow(_csv_row(row, self._columns, evidence=self._evidence))
            if self._text.tell() >= PIECE_BYTES:
                self._flush()

    def close(self, _about: Mapping[str, str]) -> None:
        """See `File`."""
        self._flush()

    def _flush(self) -> None:
        self._out.write(self._text.getvalue().encode())
        self._text.seek(0)
        self._text.truncate()


def _is_unsure(cell: Cell) -> bool:
    """Whether a value is worth a second look; what has no confidence is not."""
    return cell["confidence"] is not None and cell["confidence"] < UNSURE_BELOW


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay as they are."""
    bare = text.lstrip(" \u00a0\u200b\ufeff\x00")
    if bare[:1] and bare[0] in _FORMULA and not _NUMBER.fullmatch(bare):
        return f"'{text}"
    return text


def as_text(value: Json) -> str:
    """Return a value as one text: lists with semicolons, money with its currency behind."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, dict):
        return " ".join(filter(None, (value.get("amount"), value.get("currency"))))
    return str(value)


def _csv_header(columns: Sequence[Column], *, evidence: bool) -> Iterator[str]:
    yield "Document"
    for column in columns:
        yield column.name
        if column.type is FieldType.MONEY:
            yield f"{column.name} (currency)"
        if evidence:
            yield f"{column.name} (page)"
            yield f"{column.name} (quote)"
            yield f"{column.name} (confidence)"
    yield UNSURE


def _csv_row(
    row: Row, columns: Sequence[Column], *, evidence: bool
) -> list[str | int | float | None]:
    values: list[str | int | float | None] = [inert(row["document_name"] or "")]
    for column in columns:
        cell: Cell | None = row["cells"].get(column.name)
        values += _csv_values(cell, column)
        if evidence and cell:
            values += [cell["page"], inert(cell["quote"] or ""), cell["confidence"]]
        elif evidence:
            values += [None, None, None]
    return [*values, inert("; ".join(_unsure(row, columns))) or None]


def _unsure(row: Row, columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        cell: Cell | None = row["cells"].get(column.name)
        if cell and _is_unsure(cell):
            yield column.name


def _csv_values(cell: Cell | None, column: Column) -> list[str | int | float | None]:
    value = cell["value"] if cell else None
    if column.type is FieldType.MONEY:
        if isinstance(value, dict):
            return [inert(value.get("amount") or ""), inert(value.get("currency") or "")]
        return [_plain(value), None]
    return [_plain(value)]


def _plain(value: Json | None) -> str | int | float | None:
    """Return a value as a CSV writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return value
    return inert(as_text(value))
