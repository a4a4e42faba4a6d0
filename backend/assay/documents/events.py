"""Tells open pages how documents get on: one look at the database a second for each tenant.

However many pages of a tenant are open in a process, they share one look; without any there is
none. No session is held between looks.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from assay.adapters.postgres import Database, Row
from assay.documents import repository
from assay.documents.schemas import Document
from assay.documents.service import document_of
from assay.errors import AssayError
from assay.scope import TenantScope

log = structlog.get_logger()

LOOK_SECONDS = 1.0
OVERLAP_SECONDS = 10
"""Changes carry the time at which their transaction began; a long one commits later."""
STREAM_SECONDS = 600
"""A stream ends then and its page opens another, so that an ended session sees no more."""
MOST = 500
"""Changes told at once; the rest follows with the next look."""

Change = list[Document]


@dataclass(slots=True)
class _Watch:
    """What a process knows of one tenant's changes."""

    since: datetime
    told: dict[UUID, datetime] = field(default_factory=dict)
    overlap: int = OVERLAP_SECONDS
    queues: set[asyncio.Queue[Change]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None

    def fresh(self, rows: list[Row]) -> list[Row]:
        """Return what was not told yet, and remember it."""
        new = [row for row in rows if self.told.get(row["id"]) != row["updated_at"]]
        self.told = {row["id"]: row["updated_at"] for row in rows}
        if rows:
            self.since = max(self.since, rows[-1]["updated_at"])
        # A full look says that there is more: the next one goes on from there.
        self.overlap = 0 if len(rows) == MOST else OVERLAP_SECONDS
        return new


class DocumentEvents:
    """Changes of documents, as they come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: dict[UUID, _Watch] = {}

    async def stream(self, scope: TenantScope) -> AsyncIterator[Change]:
        """Yield changed documents until `STREAM_SECONDS` are over; at first an empty list."""
        async with self._watching(scope) as queue:
            yield []
            try:
                async with asyncio.timeout(STREAM_SECONDS):
                    while True:
                        yield await queue.get()
            except TimeoutError:
                return

    @asynccontextmanager
    async def _watching(self, scope: TenantScope) -> AsyncIterator[asyncio.Queue[Change]]:
        watch = self._watches.get(scope.tenant_id)
        if watch is None:
            async with self._database.transaction(scope) as tx:
                since = await repository.now(tx)
            watch = self._watches.setdefault(scope.tenant_id, _Watch(since))
        queue: asyncio.Queue[Change] = asyncio.Queue()
        watch.queues.add(queue)
        if watch.task is None:
            watch.task = asyncio.create_task(self._look(scope, watch))
        try:
            yield queue
        finally:
            watch.queues.discard(queue)
            if not watch.queues and watch.task is not None:
                watch.task.cancel()
                self._watches.pop(scope.tenant_id, None)

    async def _look(self, scope: TenantScope, watch: _Watch) -> None:
        while True:
            try:
                async with self._database.transaction(scope) as tx:
                    rows = await repository.changed(tx, watch.since, watch.overlap, MOST)
                if changes := [_document(row) for row in watch.fresh(list(rows))]:
                    for queue in watch.queues:
                        queue.put_nowait(changes)
            except AssayError as error:
                log.warning("documents.look_failed", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)


def _document(row: Row) -> Document:
    return document_of({name: value for name, value in row.items() if name != "updated_at"})
