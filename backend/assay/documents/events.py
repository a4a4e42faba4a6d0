"""Tells open pages what changes: one look at the database a second for each tenant.

However many pages of a tenant are open in a process, they share one look; without any there is
none. No session is held between looks.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from assay.adapters.http import Schema
from assay.adapters.postgres import Database, Row, Transaction
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

Look = Callable[[Transaction, datetime, int, int], Awaitable[Sequence[Row]]]
"""Returns rows that changed since some seconds before a moment, at most so many; see `changed`."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A kind of thing whose changes are told; its rows have an `id` and an `updated_at`."""

    name: str
    """Of the event, and of the list in it."""
    look: Look
    shown: Callable[[Row], Schema]


@dataclass(frozen=True, slots=True)
class Change:
    """Things of one kind that changed."""

    name: str
    items: Sequence[Schema]


@dataclass(slots=True)
class _Told:
    """What a process knows of one tenant's changes of a kind."""

    since: datetime
    told: dict[UUID, datetime] = field(default_factory=dict)
    overlap: int = OVERLAP_SECONDS

    def fresh(self, rows: Sequence[Row]) -> list[Row]:
        """Return what was not told yet, and remember it."""
        new = [row for row in rows if self.told.get(row["id"]) != row["updated_at"]]
        self.told = {row["id"]: row["updated_at"] for row in rows}
        if rows:
            self.since = max(self.since, rows[-1]["updated_at"])
        # A full look says that there is more: the next one goes on from there.
        self.overlap = 0 if len(rows) == MOST else OVERLAP_SECONDS
        return new


@dataclass(slots=True)
class _Watch:
    """The pages of one tenant that are open in this process."""

    told: list[_Told]
    queues: set[asyncio.Queue[Change]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


class Events:
    """Changes of documents, and of whatever else there are feeds of, as they come."""

    def __init__(self, database: Database, feeds: Sequence[Feed] = ()) -> None:
        """Keep the parts.

        :param feeds: what is told beside documents.
        """
        self._database, self._feeds = database, (DOCUMENTS, *feeds)
        self._watches: dict[UUID, _Watch] = {}

    async def stream(self, scope: TenantScope) -> AsyncIterator[Change]:
        """Yield changes until `STREAM_SECONDS` are over; at first an empty one of documents."""
        async with self._watching(scope) as queue:
            yield Change(DOCUMENTS.name, [])
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
            fresh = _Watch([_Told(since) for _ in self._feeds])
            watch = self._watches.setdefault(scope.tenant_id, fresh)
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
                for change in await self._changes(scope, watch):
                    for queue in watch.queues:
                        queue.put_nowait(change)
            except AssayError as error:
                log.warning("events.look_failed", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def _changes(self, scope: TenantScope, watch: _Watch) -> list[Change]:
        changes = []
        async with self._database.transaction(scope) as tx:
            for feed, told in zip(self._feeds, watch.told, strict=True):
                rows = told.fresh(await feed.look(tx, told.since, told.overlap, MOST))
                if rows:
                    changes.append(Change(feed.name, [feed.shown(row) for row in rows]))
        return changes


def _document(row: Row) -> Document:
    return document_of({name: value for name, value in row.items() if name != "updated_at"})


DOCUMENTS = Feed("documents", repository.changed, _document)
