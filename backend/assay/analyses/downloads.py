"""Tables as files to download: read page by page, with no transaction open in between."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from assay.adapters.postgres import Database, Row, Transaction
from assay.analyses import exports, repository, table
from assay.analyses.exports import Format
from assay.analyses.models import FieldType, Kind
from assay.analyses.writer import Order
from assay.analyses.writing import Pages, Writers
from assay.documents.names import attachment, clean
from assay.errors import not_found
from assay.identity.models import Caller

PAGE_CELLS = 5000
"""Read at once: what the server handles between two other calls."""
MAX_TOPIC_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is being written."""

    media_type: str
    headers: dict[str, str]
    pieces: AsyncIterator[bytes]


class Downloads:
    """Writes analyses' tables.

    :param folder: where a part of a workbook lies while it is written.
    """

    def __init__(self, database: Database, folder: Path, writers: Writers) -> None:
        self._database, self._folder, self._writers = database, folder, writers

    async def open(
        self, caller: Caller, analysis_id: UUID, form: Format, *, evidence: bool
    ) -> Download:
        """Return a table's file.

        :param evidence: of CSV: beside each value its page, quote and confidence.
        :raises NotFound: the analysis is unknown here.
        :raises TooMany: the workspace has another file written.
        :raises Unavailable: too many are written at present.
        """
        async with self._database.transaction(caller.scope) as tx:
            analysis = await repository.analysis(tx, analysis_id)
            if analysis is None:
                raise not_found("analysis")
            names = await _names(tx, analysis)
        columns = _columns(analysis, names)
        order = Order(form, columns, _about(analysis), evidence, str(self._folder))
        if analysis["kind"] == Kind.COMPARE:
            pages = self._topics(caller, analysis_id)
        else:
            pages = self._rows(caller, analysis_id, max(1, PAGE_CELLS // len(columns)))
        pieces = await self._writers.open(caller.scope.tenant_id, order, pages)
        return Download(exports.MEDIA_TYPES[form], headers(analysis["name"], form), pieces)

    async def _rows(self, caller: Caller, analysis_id: UUID, limit: int) -> Pages:
        after: table.Place | None = table.BEFORE_ALL
        while after is not None:
            async with self._database.transaction(caller.scope) as tx:
                found = await repository.rows(tx, analysis_id, after=after, limit=limit)
            yield [table.raw_row(each) for each in found]
            last = found[-1] if len(found) == limit else None
            after = (last["ordinal"], last["item"]) if last else None
        async with self._database.transaction(caller.scope) as tx:
            if await repository.analysis(tx, analysis_id) is None:  # so its rows went meanwhile
                raise not_found("analysis")

    async def _topics(self, caller: Caller, analysis_id: UUID) -> Pages:
        """Yield the rows of a comparison, of which there are few."""
        async with self._database.transaction(caller.scope) as tx:
            analysis = await repository.analysis(tx, analysis_id)
            if analysis is None:
                raise not_found("analysis")
            page = await table.comparison(tx, analysis, -1, MAX_TOPIC_ROWS)
        yield [row.model_dump(mode="json") for row in page.rows]


def headers(name: str, form: Format) -> dict[str, str]:
    """Return the headers of a file that is downloaded under a name, made safe."""
    return {
        "Content-Disposition": attachment(clean(f"{clean(name)}.{form}")),
        "X-Content-Type-Options": "nosniff",
    }


async def _names(tx: Transaction, analysis: Row) -> Sequence[str]:
    if analysis["kind"] == Kind.COMPARE:
        return (await table.comparison(tx, analysis, -1, 0)).columns
    return table.columns(analysis)


def _columns(analysis: Row, names: Sequence[str]) -> list[tuple[str, FieldType]]:
    types: dict[str, FieldType] = {}
    if analysis["kind"] == Kind.EXTRACT:
        types = {each["name"]: FieldType(each["type"]) for each in analysis["spec"]["fields"]}
    return [(name, types.get(name, FieldType.TEXT)) for name in names]


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
