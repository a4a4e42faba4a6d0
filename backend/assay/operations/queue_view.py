"""The queue and what failed, for the operator."""

from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import text

from assay.adapters.jobs import DOCUMENTS_QUEUE
from assay.adapters.postgres import Database
from assay.adapters.redis import Cache
from assay.operations.bill_schemas import Failures, Queue, QueueReport
from assay.operations.queue import LANES_KEY

_FAILURES = text("select * from gate_operator_failures(:key, :since)")


class QueueView:
    """What waits and what failed; the database itself compares the operator's key."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database, self._cache = database, cache

    async def view(self, key: bytes, days: int) -> QueueReport:
        """Return what a worker told of the queue, and the failures of the last days.

        :raises Forbidden: no operator has this key.
        """
        since = datetime.now(UTC) - timedelta(days=days)
        async with self._database.gate() as gate:
            rows = await gate.all(_FAILURES, key=key, since=since)
        return QueueReport(
            since=since,
            queues=await self._queues(),
            failures=[Failures(count=row.pop("failures"), **row) for row in map(dict, rows)],
        )

    async def _queues(self) -> list[Queue] | None:
        told = await self._cache.get_stale(LANES_KEY)
        return None if told is None else [_queue(**lane) for lane in orjson.loads(told)]


def _queue(name: str, **figures: float) -> Queue:
    return Queue.model_validate(
        {"name": "documents" if name == DOCUMENTS_QUEUE else name, **figures}
    )
