"""Tables as files to download: read page by page, with no transaction open in between."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from assay.adapters.postgres import Database, Row
from assay.analyses import exports, repository, table
from assay.analyses.exports import Column, Format
from assay.analyses.models import FieldType, Kind
from assay.analyses.schemas import TableRow
from assay.errors import not_found
from assay.identity.models import Caller

PAGE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is being written."""

    media_type: str
    headers: dict[str, str]
    pieces: AsyncIterator[bytes]


class Downloads:
    """Writes analyses' tables.

    :param folder: where workbooks lie while they are written.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder

    async def open(
        self, caller: Caller, analysis_id: UUID, form: Format, *, evidence: bool
    ) -> Download:
        """Return a table's file.

        :param evidence: of CSV: beside each value its page, quote and confidence.
        :raises NotFound: the analysis is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            analysis = await repository.analysis(tx, analysis_id)
            if analysis is None:
                raise not_found("analysis")
            first = await table.table(tx, analysis, table.BEFORE_ALL, 1)
        columns = _columns(analysis, first.columns)
        pages = self._pages(caller, analysis_id)
        if form is Format.CSV:
            pieces = exports.csv_pieces(columns, pages, evidence=evidence, byte_order_mark=True)
        else:
            pieces = self._workbook(columns, pages, _about(analysis))
        headers = exports.headers(analysis["name"], form)
        return Download(exports.MEDIA_TYPES[form], headers, pieces)

    async def _pages(self, caller: Caller, analysis_id: UUID) -> AsyncIterator[Sequence[TableRow]]:
        after: table.Place | None = table.BEFORE_ALL
        while after is not None:
            async with self._database.transaction(caller.scope) as tx:
                analysis = await repository.analysis(tx, analysis_id)
                if analysis is None:  # deleted meanwhile
                    return
                page = await table.table(tx, analysis, after, PAGE_ROWS)
            yield page.rows
            after = table.decode(page.next_cursor) if page.next_cursor else None

    async def _workbook(
        self, columns: Sequence[Column], pages: exports.Pages, about: dict[str, str]
    ) -> AsyncIterator[bytes]:
        async with exports.xlsx_file(self._folder, columns, pages, about) as path:
            async for piece in exports.pieces_of(path):
                yield piece


def _columns(analysis: Row, names: Sequence[str]) -> list[Column]:
    types: dict[str, FieldType] = {}
    if analysis["kind"] == Kind.EXTRACT:
        types = {each["name"]: FieldType(each["type"]) for each in analysis["spec"]["fields"]}
    return [Column(name, types.get(name, FieldType.TEXT)) for name in names]


def _about(analysis: Row) -> dict[str, str]:
    through = f"{analysis['done']} of {analysis['total']}"
    return {
        "Analysis": analysis["name"],
        "Kind": analysis["kind"],
        "Status": analysis["status"],
        "Documents": f"{through}, {analysis['failed']} failed, {analysis['skipped']} skipped",
        "Engine": analysis["engine"],
        "Asked": analysis["created_at"].isoformat(timespec="seconds"),
    }
