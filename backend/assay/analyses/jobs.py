"""Works on analyses: a document at a time, its result kept at once, in jobs of a few seconds.

Whatever ends a job - a crash, a pause, the end of its time - the documents that are through stay
so, and what a paid call gave is found again (`paid.py`). No transaction is open while a
document is worked on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog

from assay.adapters.jobs import Jobs, swept
from assay.adapters.postgres import Database, Row, Transaction
from assay.analyses import runs
from assay.analyses.encoding import (
    cells_json,
    evidence_json,
    evidence_of,
    findings_json,
    point_cells,
    points_json,
    points_of,
)
from assay.analyses.engine import DocumentFailed, Engine, Lost, Read, Reading, Statement, Task
from assay.analyses.evidence import is_verbatim
from assay.analyses.models import Cell, DocumentStatus, Kind, Page, Source, Status
from assay.analyses.queueing import queue_lane, queue_lanes
from assay.analyses.runs import Held
from assay.analyses.schemas import AnalysisSpec
from assay.documents.models import Status as DocumentState
from assay.errors import AssayError, PaymentRequired, Unavailable
from assay.scope import TenantScope

log = structlog.get_logger()

SLICE_SECONDS = 4.0
"""How long a job takes new documents; then its successor queues behind what others wait for."""
MAX_ATTEMPTS = 3
"""Faults of one document before it is given up."""
MOST_STALLS = 20
"""Times in a row that a run finds a part away before it is paused: some ten minutes."""
MAX_WAIT_SECONDS = 60.0
UNREADY_SECONDS = 3.0
"""How long a document that is still being read is left alone."""
POLL_SECONDS = 1.0
"""How soon a job looks again for what the run's other jobs, or later times, have left to it."""
LOST_AFTER = "15 minutes"
"""No document is worked on for so long without a sign; its job is gone."""
IDLE = timedelta(minutes=1)
"""How long an analysis may be without a job before it gets new ones."""

_OF_THE_DOCUMENT = {"model_timeout", "model_broken", "model_context_too_long", "model_refused"}
"""Failures that may lie in one document; others are waited out, and no document is blamed."""
_NEEDS_A_PERSON = {"model_misconfigured"}
_DELETED = "The document was deleted before it was its turn."
_UNREADABLE = "The document could not be read. See its own error, try it again, then retry here."
_FAULT = "Something went wrong on our side. Retry, or tell the operator."

Finished = Callable[[Transaction, TenantScope, UUID, Status], Awaitable[None]]
"""Is told, in the transaction that ends it, how an analysis ended."""


class _Skipped(Exception):
    """The document is not there, or not to be read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class _NotReady(Exception):
    """The document is still being read."""


@dataclass(slots=True)
class _Slice:
    """One job: a lane of an analysis for a few seconds."""

    task: Task
    turn: int
    lane: int
    stalls: int
    run: UUID = field(default_factory=uuid4)
    until: float = field(default_factory=lambda: time.monotonic() + SLICE_SECONDS)
    stopped: AssayError | None = None
    """Why it cannot go on now."""

    @property
    def analysis_id(self) -> UUID:
        return self.task.analysis_id

    @property
    def going(self) -> bool:
        return self.stopped is None and time.monotonic() < self.until


class AnalysisJobs:
    """The job `analyses.run`, and the sweep that queues what lost its job."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: Jobs,
        engine: Engine,
        lanes: int,
        finished: Sequence[Finished] = (),
    ) -> None:
        """Keep the parts.

        :param lanes: jobs of one tenant at once.
        :param finished: who is told when an analysis ends.
        """
        self._database, self._jobs, self._engine = database, jobs, engine
        self._lanes, self._finished = lanes, finished

    async def run(self, scope: TenantScope, analysis_id: str, turn: int, lane: int) -> None:
        """Work on an analysis for a few seconds, and queue what comes after.

        :raises Unavailable: the database is away; the job is to be run again later.
        """
        identifier = UUID(analysis_id)
        async with self._database.transaction(scope) as tx:
            row = await runs.begin(tx, identifier, turn, self._engine.name)
        if row is None:  # paused, over, deleted, or a later turn's
            return
        task = Task(scope, identifier, AnalysisSpec(**row["spec"]), row["created_by"])
        part = _Slice(task, turn, lane, row["stalls"])
        await self._work_at_once(part)
        await self._hand_on(part)

    async def sweep(self, idle: timedelta = IDLE) -> None:
        """Queue analyses that should run and have no job."""
        async with self._database.gate() as gate:
            rows = await runs.unfinished(gate, idle)
        for row in rows:
            scope, analysis_id = swept(row["tenant_id"]), row["analysis_id"]
            async with self._database.transaction(scope) as tx:
                turn = await runs.turn_of(tx, analysis_id)
                if turn is not None:
                    await queue_lanes(tx, self._jobs, scope, analysis_id, turn, self._lanes)
            log.warning("analysis.requeued", analysis_id=str(analysis_id))

    async def _work_at_once(self, part: _Slice) -> None:
        """Take as many documents at once as the engine can; the first error of ours ends all."""
        tasks = [asyncio.create_task(self._work(part)) for _ in range(self._engine.parallel)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, part: _Slice) -> None:
        """Take one document after another, until there is none or the time is over."""
        while part.going:
            async with self._database.transaction(part.task.scope) as tx:
                row = await runs.claim(
                    tx, part.analysis_id, turn=part.turn, lane=part.lane, run=part.run
                )
            if row is None:
                return
            held = Held(part.analysis_id, row["document_id"], part.run)
            began = time.monotonic()
            try:
                reading = await self._read(part, held, row)
                await self._keep(part, held, reading, began)
            except Lost:
                continue
            except _NotReady:
                await self._put_back(part, held, UNREADY_SECONDS)
            except _Skipped as error:
                await self._end(part, held, DocumentStatus.SKIPPED, error.code, error.message)
            except DocumentFailed as error:
                await self._end(part, held, DocumentStatus.FAILED, error.code, error.message)
            except (PaymentRequired, Unavailable) as error:
                await self._away(part, held, row["attempts"], error)
            except Exception:
                log.exception("analysis.fault", document_id=str(held.document_id))
                await self._fault(part, held, row["attempts"], "internal_error", _FAULT)

    async def _read(self, part: _Slice, held: Held, row: Row) -> Reading:
        scope = part.task.scope
        async with self._database.transaction(scope) as tx:
            state = await runs.state(tx, held.document_id)
            if state is None:
                raise _Skipped("document_deleted", _DELETED)
            if state == DocumentState.FAILED:
                raise _Skipped("document_unreadable", _UNREADABLE)
            if state != DocumentState.READY:
                raise _NotReady
            source = await _source(tx, held.document_id, row["document_name"])
        return _verbatim(await self._engine.read(part.task, source, held), source)

    async def _keep(self, part: _Slice, held: Held, reading: Reading, began: float) -> None:
        """Write what was made of a document, all at once."""
        kind = part.task.spec.kind
        cells: list[dict[str, Any]] = [cells_json(row) for row in reading.rows]
        result: list[dict[str, Any]] | None = None
        if kind is Kind.SUMMARY:
            cells = [point_cells(point) for point in reading.points]
            result = points_json(reading.points)
        elif kind is Kind.COMPARE:
            result = [_statement_json(each) for each in reading.statements]
        filled = sum(cell is not None for row in cells for cell in row.values())
        async with self._database.transaction(part.task.scope) as tx:
            ended = await runs.end(tx, held, DocumentStatus.DONE, result=result)
            if ended is None:
                return
            await runs.insert_rows(tx, held, ended["ordinal"], cells)
            await runs.forget_calls(tx, held.analysis_id, held.document_id)
            await runs.count(
                tx,
                held.analysis_id,
                done=1,
                rows=len(cells),
                filled=filled,
                not_found=sum(map(len, cells)) - filled,
                busy_ms=int(1000 * (time.monotonic() - began)),
            )

    async def _end(
        self, part: _Slice, held: Held, status: DocumentStatus, code: str, message: str
    ) -> None:
        async with self._database.transaction(part.task.scope) as tx:
            if await runs.end(tx, held, status, code=code, message=message) is not None:
                await runs.count(tx, held.analysis_id, done=1, **{str(status): 1})
        log.info("analysis.document_ended", status=status, code=code)

    async def _put_back(
        self, part: _Slice, held: Held, seconds: float, *, attempts: int = 0
    ) -> None:
        async with self._database.transaction(part.task.scope) as tx:
            await runs.put_back(tx, held, seconds=seconds, attempts=attempts)

    async def _away(self, part: _Slice, held: Held, attempts: int, error: AssayError) -> None:
        """Wait for a part that is away; only what may lie in the document counts against it."""
        if error.code == "database_unavailable":
            raise error
        if error.code in _OF_THE_DOCUMENT:
            await self._fault(part, held, attempts, error.code, error.detail)
            return
        part.stopped = error
        await self._put_back(part, held, 0)

    async def _fault(
        self, part: _Slice, held: Held, attempts: int, code: str, message: str
    ) -> None:
        """Count a failure; after the last attempt, the document has failed."""
        if attempts + 1 >= MAX_ATTEMPTS:
            await self._end(part, held, DocumentStatus.FAILED, code, message)
        else:
            await self._put_back(part, held, 2.0 ** (attempts + 1), attempts=1)

    async def _hand_on(self, part: _Slice) -> None:
        """Queue the lane's next job, end the run, or leave it to the run's first lane."""
        async with self._database.transaction(part.task.scope) as tx:
            if part.stopped is not None:
                await self._stall(tx, part, part.stopped)
                return
            unfinished, due = await runs.left(tx, part.analysis_id)
            if due:
                await self._queue(tx, part)
                return
            if part.lane:
                return
            if unfinished:
                await runs.free_lost(tx, part.analysis_id, LOST_AFTER)
                await self._queue(tx, part, POLL_SECONDS)
                return
        await self._finish(part)

    async def _queue(self, tx: Transaction, part: _Slice, wait_seconds: float = 0) -> None:
        await queue_lane(
            tx,
            self._jobs,
            part.task.scope,
            part.analysis_id,
            turn=part.turn,
            lane=part.lane,
            wait_seconds=wait_seconds,
        )

    async def _stall(self, tx: Transaction, part: _Slice, error: AssayError) -> None:
        """Say why a run cannot go on; pause it where only a person can mend that."""
        stalled = await runs.stall(
            tx,
            part.analysis_id,
            part.turn,
            code=error.code,
            message=error.detail,
            pause=isinstance(error, PaymentRequired) or error.code in _NEEDS_A_PERSON,
            most=MOST_STALLS,
        )
        log.info("analysis.stalled", analysis_id=str(part.analysis_id), code=error.code)
        if stalled is not None and stalled["status"] == Status.RUNNING:
            patience = min(MAX_WAIT_SECONDS, 2.0 ** stalled["stalls"])
            await self._queue(tx, part, max(patience, error.retry_after or 0))

    async def _finish(self, part: _Slice) -> None:
        """Say what is to be said over all documents, and end the run."""
        failure: DocumentFailed | None = None
        try:
            await self._conclude(part)
        except DocumentFailed as error:
            failure = error
        except (PaymentRequired, Unavailable) as error:
            async with self._database.transaction(part.task.scope) as tx:
                await self._stall(tx, part, error)
            return
        async with self._database.transaction(part.task.scope) as tx:
            row = await runs.counts(tx, part.analysis_id, part.turn)
            if row is None:
                return
            status, code, message = Status.COMPLETED, None, None
            if failure is not None:
                status, code, message = Status.FAILED, failure.code, failure.message
            elif row["failed"] + row["skipped"] == row["total"] and row["total"]:
                status, code = Status.FAILED, row["code"]
                message = await runs.message(tx, part.analysis_id, row["code"])
            await runs.finish(tx, part.analysis_id, status, code=code, message=message)
            await runs.forget_calls(tx, part.analysis_id, None)
            for told in self._finished:
                await told(tx, part.task.scope, part.analysis_id, status)
        log.info("analysis.ended", analysis_id=str(part.analysis_id), status=status)

    async def _conclude(self, part: _Slice) -> None:
        task = part.task
        if task.spec.kind not in (Kind.SUMMARY, Kind.COMPARE):
            return
        async with self._database.transaction(task.scope) as tx:
            rows = await runs.readings(tx, part.analysis_id)
        read = [_read_of(task.spec.kind, row) for row in rows]
        if not read:
            return
        overall = await self._overall(task, read)
        async with self._database.transaction(task.scope) as tx:
            await runs.conclude(tx, part.analysis_id, part.turn, overall)

    async def _overall(self, task: Task, read: Sequence[Read]) -> list[dict[str, Any]]:
        if task.spec.kind is Kind.SUMMARY:
            return points_json(await self._engine.summarise(task, read))
        names = {each.document_id: each.name for each in read}

        async def load(document_id: UUID) -> Source | None:
            async with self._database.transaction(task.scope) as tx:
                if await runs.state(tx, document_id) != DocumentState.READY:
                    return None
                return await _source(tx, document_id, names[document_id])

        return findings_json(await self._engine.compare(task, read, load))


async def _source(tx: Transaction, document_id: UUID, name: str) -> Source:
    rows = await runs.pages(tx, document_id)
    return Source(document_id, name, tuple(Page(row["number"], row["text"]) for row in rows))


def _verbatim(reading: Reading, source: Source) -> Reading:
    """Return a reading without anything whose quote is not on its page, word for word."""

    def sound(cell: Cell | None) -> Cell | None:
        if cell is None or is_verbatim(source, cell.evidence):
            return cell
        log.error("analysis.quote_refused", document_id=str(source.document_id))
        return None

    points = [
        point
        for point in reading.points
        if point.evidence and all(is_verbatim(source, each) for each in point.evidence)
    ]
    return Reading(
        rows=[{name: sound(cell) for name, cell in row.items()} for row in reading.rows],
        points=points,
        statements=[each for each in reading.statements if is_verbatim(source, each.evidence)],
    )


def _statement_json(statement: Statement) -> dict[str, Any]:
    return {
        "topic": statement.topic,
        "text": statement.text,
        "evidence": evidence_json(statement.evidence),
    }


def _read_of(kind: Kind, row: Row) -> Read:
    values = row["result"] or []
    if kind is Kind.SUMMARY:
        reading = Reading(points=points_of(values))
    else:
        reading = Reading(
            statements=[
                Statement(each["topic"], each["text"], evidence_of(each["evidence"]))
                for each in values
            ]
        )
    return Read(row["document_id"], row["document_name"], reading)
