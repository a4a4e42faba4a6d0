"""Queries of the jobs: which document is next, what became of it, when all are through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from assay.adapters.postgres import Row, Transaction

_BEGIN = text(
    "update analyses set status = 'running', started_at = coalesce(started_at, now()),"
    " engine = :engine, updated_at = now()"
    " where id = :id and status in ('queued', 'running') and turn = :turn"
    " and exists (select from tenants where id = current_tenant() and suspended_at is null)"
    " returning id, kind, spec, turn, stalls, created_by"
)
# A lane's jobs run one after another: what an earlier one holds was left by a crash.
_CLAIM = text(
    "with next as ("
    "  select d.document_id from analysis_documents d"
    "  join analyses a on a.tenant_id = d.tenant_id and a.id = d.analysis_id"
    "  where d.analysis_id = :id and a.turn = :turn and a.status = 'running'"
    "    and (d.status = 'pending' and (d.retry_at is null or d.retry_at <= now())"
    "      or d.status = 'running' and d.lane = :lane and d.run <> :run)"
    "  order by d.ordinal limit 1 for update of d skip locked)"
    " update analysis_documents d set status = 'running', run = :run, lane = :lane,"
    " updated_at = now() from next where d.analysis_id = :id and d.document_id = next.document_id"
    " returning d.document_id, d.document_name, d.ordinal, d.attempts"
)
_HOLDS = text(
    "update analysis_documents set updated_at = now() where analysis_id = :id"
    " and document_id = :document_id and run = :run and status = 'running'"
)
_STATE = text("select status from documents where id = :id")
_PAGES = text("select number, text from pages where document_id = :id order by number")
# The analysis is locked before the document, as a deletion does: otherwise the two would deadlock.
_END = text(
    "with held as (select id from analyses where id = :id for key share)"
    " update analysis_documents set status = :status, error_code = :code, error_message = :message,"
    " result = cast(:result as jsonb), run = null, updated_at = now() from held"
    " where analysis_id = held.id and document_id = :document_id and run = :run"
    " and status = 'running' returning ordinal"
)
_COUNT = text(
    "update analyses set done = done + :done, failed = failed + :failed,"
    " skipped = skipped + :skipped, rows = rows + :rows, filled = filled + :filled,"
    " not_found = not_found + :not_found, busy_ms = busy_ms + :busy_ms, stalls = 0,"
    " error_code = null, error_message = null, updated_at = now() where id = :id"
)
_INSERT_ROW = text(
    "insert into analysis_rows (tenant_id, analysis_id, ordinal, item, document_id, cells)"
    " values (current_tenant(), :id, :ordinal, :item, :document_id, cast(:cells as jsonb))"
)
_FORGET_CALLS = text(
    "delete from analysis_calls where analysis_id = :id"
    " and document_id is not distinct from cast(:document_id as uuid)"
)
_PUT_BACK = text(
    "update analysis_documents set status = 'pending', run = null, attempts = attempts + :attempts,"
    " retry_at = now() + make_interval(secs => :seconds), updated_at = now()"
    " where analysis_id = :id and document_id = :document_id and run = :run"
    " and status = 'running'"
)
_FREE_LOST = text(
    "update analysis_documents set status = 'pending', run = null, updated_at = now()"
    " where analysis_id = :id and status = 'running'"
    " and updated_at < now() - cast(:idle as interval)"
)
_LEFT = text(
    "select count(*) as open,"
    " count(*) filter (where status = 'pending' and (retry_at is null or retry_at <= now())) as due"
    " from analysis_documents where analysis_id = :id and status in ('pending', 'running')"
)
_COUNTS = text(
    "select a.total, a.failed, a.skipped, a.overall is not null as concluded,"
    " (select error_code from analysis_documents d where d.analysis_id = a.id"
    "   and d.status in ('failed', 'skipped') group by 1 order by count(*) desc, 1 limit 1) as code"
    " from analyses a where a.id = :id and a.turn = :turn and a.status = 'running' for update"
)
_MESSAGE = text(
    "select error_message from analysis_documents where analysis_id = :id and error_code = :code"
    " limit 1"
)
_CONCLUDE = text(
    "update analyses set overall = cast(:overall as jsonb), updated_at = now()"
    " where id = :id and turn = :turn and status = 'running'"
)
_FINISH = text(
    "update analyses set status = :status, error_code = :code, error_message = :message,"
    " finished_at = now(), updated_at = now() where id = :id"
)
_STALL = text(
    "update analyses set stalls = stalls + 1, error_code = :code, error_message = :message,"
    " status = case when :pause or stalls + 1 >= :most then 'paused' else status end,"
    " updated_at = now() where id = :id and turn = :turn and status = 'running'"
    " returning status, stalls"
)
_READINGS = text(
    "select document_id, document_name, result from analysis_documents"
    " where analysis_id = :id and status = 'done' order by ordinal"
)
_CALL = text("select output from analysis_calls where analysis_id = :id and key = :key")
_KEEP_CALL = text(
    "insert into analysis_calls (tenant_id, analysis_id, key, document_id, output)"
    " select current_tenant(), id, :key, cast(:document_id as uuid), :output"
    " from analyses where id = :id on conflict do nothing"
)
_SPEND = text(
    "update analyses set characters = characters + :characters,"
    " input_tokens = input_tokens + :input_tokens, output_tokens = output_tokens + :output_tokens,"
    " cost_usd = cost_usd + :cost_usd where id = :id"
)
_UNFINISHED = text("select * from gate_unfinished_analyses(:idle)")
_TURN = text("select turn from analyses where id = :id and status in ('queued', 'running')")


@dataclass(frozen=True, slots=True)
class Held:
    """A document that a job holds; another that takes it over ends its claim."""

    analysis_id: UUID
    document_id: UUID
    run: UUID

    @property
    def values(self) -> dict[str, UUID]:
        """What its statements are asked with."""
        return {"id": self.analysis_id, "document_id": self.document_id, "run": self.run}


async def begin(tx: Transaction, analysis_id: UUID, turn: int, engine: str) -> Row | None:
    """Return an analysis that is to go on in this turn; None when it is not."""
    return await tx.first(_BEGIN, id=analysis_id, turn=turn, engine=engine)


async def claim(
    tx: Transaction, analysis_id: UUID, *, turn: int, lane: int, run: UUID
) -> Row | None:
    """Take the next document; None when there is none at the moment."""
    return await tx.first(_CLAIM, id=analysis_id, turn=turn, lane=lane, run=run)


async def holds(tx: Transaction, held: Held) -> bool:
    """Whether a document is still this job's to work on."""
    return bool(await tx.run(_HOLDS, **held.values))


async def state(tx: Transaction, document_id: UUID) -> str | None:
    """Return a document's own status; None when it was deleted."""
    row = await tx.first(_STATE, id=document_id)
    return None if row is None else str(row["status"])


async def pages(tx: Transaction, document_id: UUID) -> Sequence[Row]:
    """Return a document's text."""
    return await tx.all(_PAGES, id=document_id)


async def end(
    tx: Transaction,
    held: Held,
    status: str,
    *,
    code: str | None = None,
    message: str | None = None,
    result: Any = None,
) -> Row | None:
    """Set what became of a document; None when this job holds it no longer."""
    kept = None if result is None else orjson.dumps(result).decode()
    return await tx.first(
        _END, **held.values, status=status, code=code, message=message, result=kept
    )


async def count(tx: Transaction, analysis_id: UUID, **counts: int) -> None:
    """Add to an analysis's counts; progress ends what it waited for."""
    names = ("done", "failed", "skipped", "rows", "filled", "not_found", "busy_ms")
    await tx.run(_COUNT, id=analysis_id, **{name: counts.get(name, 0) for name in names})


async def insert_rows(
    tx: Transaction, held: Held, ordinal: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write a document's rows of the table."""
    values = [
        {
            "id": held.analysis_id,
            "ordinal": ordinal,
            "item": item,
            "document_id": held.document_id,
            "cells": orjson.dumps(cells).decode(),
        }
        for item, cells in enumerate(rows)
    ]
    await tx.run_many(_INSERT_ROW, values)


async def put_back(tx: Transaction, held: Held, *, seconds: float, attempts: int) -> None:
    """Leave a document for later."""
    await tx.run(_PUT_BACK, **held.values, seconds=seconds, attempts=attempts)


async def free_lost(tx: Transaction, analysis_id: UUID, idle: str) -> None:
    """Take back documents whose job is gone for good."""
    await tx.run(_FREE_LOST, id=analysis_id, idle=idle)


async def left(tx: Transaction, analysis_id: UUID) -> tuple[int, int]:
    """Return how many documents are not through, and how many of them could be taken now."""
    row = await tx.first(_LEFT, id=analysis_id)
    return (row["open"], row["due"]) if row else (0, 0)


async def counts(tx: Transaction, analysis_id: UUID, turn: int) -> Row | None:
    """Hold an analysis and return what its documents came to; None when it is not running."""
    return await tx.first(_COUNTS, id=analysis_id, turn=turn)


async def message(tx: Transaction, analysis_id: UUID, code: str) -> str:
    """Return what is said of documents that failed with a code."""
    row = await tx.first(_MESSAGE, id=analysis_id, code=code)
    return str(row["error_message"]) if row else ""


async def conclude(tx: Transaction, analysis_id: UUID, turn: int, overall: Any) -> bool:
    """Keep what is said over all documents; False when the run ended meanwhile."""
    kept = orjson.dumps(overall).decode()
    return bool(await tx.run(_CONCLUDE, id=analysis_id, turn=turn, overall=kept))


async def finish(
    tx: Transaction,
    analysis_id: UUID,
    status: str,
    *,
    code: str | None = None,
    message: str | None = None,
) -> None:
    """End an analysis that is held."""
    await tx.run(_FINISH, id=analysis_id, status=status, code=code, message=message)


async def stall(
    tx: Transaction,
    analysis_id: UUID,
    turn: int,
    *,
    code: str,
    message: str,
    pause: bool,
    most: int,
) -> Row | None:
    """Note that a run cannot go on now; it is paused at once, or after so many times in a row."""
    return await tx.first(
        _STALL, id=analysis_id, turn=turn, code=code, message=message, pause=pause, most=most
    )


async def readings(tx: Transaction, analysis_id: UUID) -> Sequence[Row]:
    """Return what was made of each document."""
    return await tx.all(_READINGS, id=analysis_id)


async def call(tx: Transaction, analysis_id: UUID, key: str) -> str | None:
    """Return what an equal call gave before."""
    row = await tx.first(_CALL, id=analysis_id, key=key)
    return None if row is None else str(row["output"])


async def keep_call(
    tx: Transaction, analysis_id: UUID, key: str, document_id: UUID | None, output: str
) -> None:
    """Keep what a call gave, unless its analysis was deleted."""
    await tx.run(_KEEP_CALL, id=analysis_id, key=key, document_id=document_id, output=output)


async def forget_calls(tx: Transaction, analysis_id: UUID, document_id: UUID | None) -> None:
    """Drop what calls gave whose result is kept now."""
    await tx.run(_FORGET_CALLS, id=analysis_id, document_id=document_id)


async def spend(
    tx: Transaction,
    analysis_id: UUID,
    *,
    characters: int,
    input_tokens: int,
    output_tokens: int,
    cost_usd: Decimal,
) -> None:
    """Add what a call used."""
    await tx.run(
        _SPEND,
        id=analysis_id,
        characters=characters,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cost_usd=cost_usd,
    )


async def unfinished(gate: Transaction, idle: object) -> Sequence[Row]:
    """Return analyses of all tenants, by id, that should run and have no job."""
    return await gate.all(_UNFINISHED, idle=idle)


async def turn_of(tx: Transaction, analysis_id: UUID) -> int | None:
    """Return the turn of an analysis that is to go on; None when it is not."""
    row = await tx.first(_TURN, id=analysis_id)
    return None if row is None else int(row["turn"])
