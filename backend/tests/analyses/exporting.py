"""Tables to export, made of plain values."""

import contextlib
import io
from dataclasses import asdict, dataclass, field
from uuid import UUID

import openpyxl
import orjson

from assay.analyses.exports import CsvFile, JsonFile
from assay.analyses.workbook import Workbook

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


def plain(rows) -> list:
    """Return rows as they reach the process that writes."""
    return orjson.loads(orjson.dumps([asdict(row) for row in rows]))


def _written(file, out, rows, about=None) -> bytes:
    file.write(plain(rows))
    file.close(about or {})
    return out.getvalue()


def as_csv(columns, rows, **options) -> bytes:
    out = io.BytesIO()
    return _written(CsvFile(out, columns, **options), out, rows)


def as_json(columns, rows) -> bytes:
    out = io.BytesIO()
    return _written(JsonFile(out, columns), out, rows)


@contextlib.contextmanager
def as_workbook(folder, columns, rows, about=None):
    """Give the path of a workbook and the workbook as another library reads it."""
    out, path = io.BytesIO(), folder / "table.xlsx"
    path.write_bytes(_written(Workbook(out, columns, folder), out, rows, about))
    yield path, openpyxl.load_workbook(path)
