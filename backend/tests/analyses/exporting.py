"""Tables to export, made of plain values."""

import contextlib
from dataclasses import dataclass, field
from uuid import UUID

import openpyxl

from assay.analyses.exports import csv_pieces, json_pieces, xlsx_file

DOCUMENT = UUID(int=7)


@dataclass
class Cell:
    value: object
    text: str | None = "as written"
    document_id: UUID | None = DOCUMENT
    page: int | None = 2
    start: int | None = 10
    end: int | None = 20
    quote: str | None = "the quote"
    confidence: float | None = 0.75


@dataclass
class Row:
    cells: dict = field(default_factory=dict)
    document_name: str | None = "report.pdf"
    document_id: UUID | None = DOCUMENT


async def paged(*pages):
    for page in pages:
        yield page


async def as_csv(columns, rows, **options) -> bytes:
    return b"".join([each async for each in csv_pieces(columns, paged(rows), **options)])


async def as_json(columns, rows) -> bytes:
    return b"".join([each async for each in json_pieces(columns, paged(rows))])


@contextlib.asynccontextmanager
async def as_workbook(folder, columns, rows, about=None):
    """Give the path of a workbook and the workbook as another library reads it."""
    async with xlsx_file(folder, columns, paged(rows), about or {}) as path:
        yield path, openpyxl.load_workbook(path)
