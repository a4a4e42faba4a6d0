"""Tables as files: CSV, XLSX and JSON, written page by page in bounded memory.

What documents and people wrote may be a formula to a spreadsheet (`=cmd|...`), and whoever opens
the file would run it. In XLSX every text is stored as text, and nothing refers to the outside. In
CSV, which has no types, a text that a spreadsheet would take for a formula gets an apostrophe in
front, as OWASP recommends.
"""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import orjson

from assay.adapters.metering import in_thread
from assay.analyses.models import FieldType, Json
from assay.analyses.workbook import Workbook, as_text
from assay.documents.names import attachment, clean
from assay.documents.scratch import scratch_directory

CHUNK_BYTES = 64 * 1024
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


class Cell(Protocol):
    """A value and what it rests on, if anything."""

    @property
    def value(self) -> Json: ...  # noqa: D102
    @property
    def document_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def page(self) -> int | None: ...  # noqa: D102
    @property
    def start(self) -> int | None: ...  # noqa: D102
    @property
    def end(self) -> int | None: ...  # noqa: D102
    @property
    def text(self) -> str | None: ...  # noqa: D102
    @property
    def quote(self) -> str | None: ...  # noqa: D102
    @property
    def confidence(self) -> float | None: ...  # noqa: D102


class Row(Protocol):
    """The cells of a document, or of a topic that is no single document's."""

    @property
    def document_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def document_name(self) -> str | None: ...  # noqa: D102
    @property
    def cells(self) -> Mapping[str, Any]: ...  # noqa: D102


Pages = AsyncIterator[Sequence[Row]]


def headers(name: str, form: Format) -> dict[str, str]:
    """Return the headers of a file that is downloaded under a name, made safe."""
    return {
        "Content-Disposition": attachment(clean(f"{clean(name)}.{form}")),
        "X-Content-Type-Options": "nosniff",
    }


async def json_pieces(columns: Sequence[Column], pages: Pages) -> AsyncIterator[bytes]:
    """Yield `{"columns": [name], "rows": [...]}` with rows as the API gives them."""
    names = orjson.dumps([column.name for column in columns])
    yield b'{"columns":' + names + b',"rows":['
    comma = b""
    async for page in pages:
        piece = io.BytesIO()
        for row in page:
            piece.write(comma + orjson.dumps(_row_json(row)))
            comma = b","
        yield piece.getvalue()
    yield b"]}"


async def csv_pieces(
    columns: Sequence[Column],
    pages: Pages,
    *,
    evidence: bool = False,
    byte_order_mark: bool = False,
) -> AsyncIterator[bytes]:
    """Yield a CSV by RFC 4180, in UTF-8: the values, and money's currency in a column of its own.

    :param evidence: beside each value its page, quote and confidence.
    :param byte_order_mark: begin with one; spreadsheets need it, programs mostly do not.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if byte_order_mark:
        yield BYTE_ORDER_MARK
    writer.writerow([inert(each) for each in _csv_header(columns, evidence=evidence)])
    async for page in pages:
        for row in page:
            writer.writerow(_csv_row(row, columns, evidence=evidence))
            if text.tell() >= CHUNK_BYTES:
                yield _taken(text)
        yield _taken(text)
    yield _taken(text)


@asynccontextmanager
async def xlsx_file(
    folder: Path, columns: Sequence[Column], pages: Pages, about: Mapping[str, str]
) -> AsyncIterator[Path]:
    """Give the path of a workbook with the table, its evidence and what it is about.

    :param folder: where it lies until left; a few bytes for each of its characters.
    :param about: what the first lines of the sheet `About` say.
    """
    with scratch_directory(folder) as own:
        path = own / "table.xlsx"
        book = Workbook(path, own, [(each.name, each.type) for each in columns])
        async for page in pages:
            await _in_thread(book.write, page)
        await _in_thread(book.close, about)
        yield path


async def pieces_of(path: Path) -> AsyncIterator[bytes]:
    """Yield a file's bytes."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay as they are."""
    bare = text.lstrip(" \u00a0\u200b\ufeff\x00")
    if bare[:1] and bare[0] in _FORMULA and not _NUMBER.fullmatch(bare):
        return f"'{text}"
    return text


async def _in_thread(function: Any, *args: Any) -> None:
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, in_thread(function), *args)


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "document_id": row.document_id,
        "document_name": row.document_name,
        "cells": {
            name: None if cell is None else {key: getattr(cell, key) for key in _CELL_KEYS}
            for name, cell in row.cells.items()
        },
    }


_CELL_KEYS = ("value", "text", "document_id", "page", "start", "end", "quote", "confidence")


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


def _csv_row(
    row: Row, columns: Sequence[Column], *, evidence: bool
) -> list[str | int | float | None]:
    values: list[str | int | float | None] = [inert(row.document_name or "")]
    for column in columns:
        cell: Cell | None = row.cells.get(column.name)
        values += _csv_values(cell, column)
        if evidence and cell:
            values += [cell.page, inert(cell.quote or ""), cell.confidence]
        elif evidence:
            values += [None, None, None]
    return values


def _csv_values(cell: Cell | None, column: Column) -> list[str | int | float | None]:
    value = cell.value if cell else None
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
