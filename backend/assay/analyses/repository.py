"""Queries over analyses as their callers see them; what the jobs ask is in `runs.py`."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_COLUMNS = (
    "id, kind, name, status, engine, error_code, error_message, collection_id, total, done,"
    " failed, skipped, rows, filled, not_found, overall, spec, input_tokens, output_tokens,"
    " cost_usd, created_at, started_at, finished_at"
)
_INSERT = text(
    "insert into analyses (id, tenant_id, name, kind, spec, collection_id, engine, created_by,"  # noqa: S608 - a constant
    " idempotency_key, fingerprint, turn, total)"
    " values (:id, current_tenant(), :name, :kind, cast(:spec as jsonb), :collection_id, :engine,"
    " :created_by, :key, :fingerprint, 1, :total)"
    " on conflict (tenant_id, idempotency_key) do nothing"
    f" returning {_COLUMNS}"
)
_BY_KEY = text(
    f"select {_COLUMNS}, fingerprint from analyses where idempotency_key = :key"  # noqa: S608 - a constant
)
_GET = text(f"select {_COLUMNS} from analyses where id = :id")  # noqa: S608 - a constant
_LOCK = text(
    f"select {_COLUMNS}, turn from analyses where id = :id for update"  # noqa: S608 - a constant
)
_LIST = text(
    f"select {_COLUMNS} from analyses"  # noqa: S608 - a constant
    " where (cast(:at as timestamptz) is null or (created_at, id) < (:at, :id))"
    " and (cast(:kind as text) is null or kind = :kind)"
    " and (cast(:status as text) is null or status = :status)"
    " order by created_at desc, id desc limit :limit"
)
_CHANGED = text(
    f"select {_COLUMNS}, updated_at from analyses"  # noqa: S608 - a constant
    " where updated_at > :since - make_interval(secs => :overlap)"
    " order by updated_at limit :limit"
)
_DELETE = text("delete from analyses where id = :id")
_STAND = text(
    "update analyses set status = :status, error_code = null, error_message = null, stalls = 0,"  # noqa: S608 - a constant
    " turn = turn + :turns, updated_at = now(),"
    " finished_at = case when :status = 'cancelled' then now() end where id = :id"
    f" returning {_COLUMNS}, turn"
)
_COUNT = text(
    "update analyses set total = total + :total, done = done + :done, failed = failed + :failed,"
    " skipped = skipped + :skipped, updated_at = now() where id = :id"
)
_FORGET_OVERALL = text("update analyses set overall = null where id = :id")
_SKIP_REST = text(
    "update analysis_documents set status = 'skipped', error_code = 'cancelled',"
    " error_message = 'The analysis was cancelled before this document.', updated_at = now()"
    " where analysis_id = :id and status = 'pending'"
)
_AGAIN = text(
    "with again as (select document_id, status as earlier from analysis_documents"
    "   where analysis_id = :id and status in ('failed', 'skipped', 'running') for update)"
    " update analysis_documents d set status = 'pending', attempts = 0, retry_at = null,"
    " run = null, error_code = null, error_message = null, updated_at = now()"
    " from again where d.analysis_id = :id and d.document_id = again.document_id"
    " returning again.earlier"
)

_CHOSEN = text(
    "select id from documents where (cast(:collection_id as uuid) is null or"
    " collection_id = :collection_id) and (cast(:ids as uuid[]) is null or id = any(:ids))"
    " and not exists (select from analysis_documents a"
    "   where a.analysis_id = :analysis_id and a.document_id = documents.id)"
    " order by created_at, id limit :limit"
)
_KNOWN_COLLECTION = text("select id from collections where id = :id")
_ADD = text(
    "insert into analysis_documents"
    " (tenant_id, analysis_id, document_id, document_name, ordinal)"
    " select current_tenant(), :analysis_id, d.id, d.name, :first + given.place - 1"
    " from unnest(cast(:ids as uuid[])) with ordinality as given (id, place)"
    " join documents d on d.id = given.id"
)
_NEXT_ORDINAL = text(
    "select coalesce(max(ordinal) + 1, 0) as first from analysis_documents where analysis_id = :id"
)
_DOCUMENTS = text(
    "select document_id, document_name, ordinal, status, error_code, error_message, attempts"
    " from analysis_documents where analysis_id = :id and ordinal > :after"
    " and (cast(:status as text) is null or status = :status) order by ordinal limit :limit"
)
_NAMES = text(
    "select document_id, document_name from analysis_documents where analysis_id = :id"
    " order by ordinal limit :limit"
)
_NAMES_OF = text(
    "select document_id, document_name from analysis_documents"
    " where analysis_id = :id and document_id = any(cast(:ids as uuid[]))"
)
_RESULTS = text(
    "select document_id, document_name, ordinal, result from analysis_documents"
    " where analysis_id = :id and ordinal > :after and status = 'done' and result is not null"
    " order by ordinal limit :limit"
)
_RAW_ROWS = text(
    "select r.ordinal, r.item, r.document_id, d.document_name, cast(r.cells as text) as cells"
    " from analysis_rows r join analysis_documents d on d.tenant_id = r.tenant_id"
    "   and d.analysis_id = r.analysis_id and d.document_id = r.document_id"
    " where r.analysis_id = :id and (r.ordinal, r.item) > (:ordinal, :item)"
    " order by r.ordinal, r.item limit :limit"
)
_OPEN = text("select count(*) as n from analyses where status in ('queued', 'running', 'paused')")
_SIZES = text(
    "select count(*) as documents, count(*) filter (where d.status <> 'ready') as unready,"
    " coalesce(sum(p.characters), 0) as characters, coalesce(max(p.characters), 0) as longest,"
    " coalesce(sum(least(p.characters, :bound)), 0) as bounded,"
    " coalesce(sum(ceil(p.characters / cast(:bound as float))), 0) as parts"
    " from documents d left join lateral"
    "   (select sum(char_length(text)) as characters from pages where document_id = d.id) p on true"
    " where d.id = any(:ids)"
)
_MEASURED = text(
    "select coalesce(sum(characters), 0) as characters, coalesce(sum(input_tokens), 0) as tokens,"
    " coalesce(sum(output_tokens), 0) as output_tokens, coalesce(sum(busy_ms), 0) as busy_ms,"
    " coalesce(sum(done - skipped), 0) as documents"
    " from (select * from analyses where kind = :kind and engine = :engine and done > skipped"
    "   order by created_at desc limit 20) latest"
)
_BUDGET = text(
    "select tier, limits,"
    " (select coalesce(sum(cost_usd), 0) from model_calls where created_at >= :since) as spent_usd"
    " from tenants where id = current_tenant()"
)


async def insert(tx: Transaction, **values: Any) -> Row | None:
    """Write a queued analysis; None when its idempotency key is taken."""
    return await tx.first(_INSERT, **values)


async def by_key(tx: Transaction, key: str) -> Row | None:
    """Return the analysis that an idempotency key made, with its fingerprint."""
    return await tx.first(_BY_KEY, key=key)


async def analysis(tx: Transaction, analysis_id: UUID) -> Row | None:
    """Return an analysis."""
    return await tx.first(_GET, id=analysis_id)


async def lock(tx: Transaction, analysis_id: UUID) -> Row | None:
    """Return an analysis and hold it for a change."""
    return await tx.first(_LOCK, id=analysis_id)


async def analyses(
    tx: Transaction, *, kind: str | None, status: str | None, cursor: Cursor | None, limit: int
) -> Sequence[Row]:
    """Return analyses, newest first."""
    return await tx.all(
        _LIST,
        at=cursor.at if cursor else None,
        id=cursor.id if cursor else None,
        kind=kind,
        status=status,
        limit=limit,
    )


async def changed(tx: Transaction, since: datetime, overlap: int, limit: int) -> Sequence[Row]:
    """Return analyses that changed since some seconds before a moment, oldest change first."""
    return await tx.all(_CHANGED, since=since, overlap=overlap, limit=limit)


async def delete(tx: Transaction, analysis_id: UUID) -> bool:
    """Delete an analysis with all that was found; False when there is none."""
    return bool(await tx.run(_DELETE, id=analysis_id))


async def stand(tx: Transaction, analysis_id: UUID, status: str, *, turns: int) -> Row:
    """Set where a run stands.

    :param turns: 1 where it gets new jobs, which end those of the turn before; else 0.
    """
    row = await tx.first(_STAND, id=analysis_id, status=status, turns=turns)
    assert row is not None  # noqa: S101 - it is locked
    return row


async def count(
    tx: Transaction,
    analysis_id: UUID,
    *,
    total: int = 0,
    done: int = 0,
    failed: int = 0,
    skipped: int = 0,
) -> None:
    """Add to the counts of documents."""
    await tx.run(_COUNT, id=analysis_id, total=total, done=done, failed=failed, skipped=skipped)


async def forget_overall(tx: Transaction, analysis_id: UUID) -> None:
    """Drop what was said over all documents; it is made anew from more of them."""
    await tx.run(_FORGET_OVERALL, id=analysis_id)


async def skip_rest(tx: Transaction, analysis_id: UUID) -> int:
    """Leave out the documents that nobody began, and return how many they are."""
    return await tx.run(_SKIP_REST, id=analysis_id)


async def again(tx: Transaction, analysis_id: UUID) -> list[str]:
    """Make documents pending that are not done; return what each was before.

    After a cancellation, one may still be worked on: it is not that job's any more.
    """
    return [row["earlier"] for row in await tx.all(_AGAIN, id=analysis_id)]


async def chosen(
    tx: Transaction,
    *,
    analysis_id: UUID,
    collection_id: UUID | None,
    ids: Sequence[UUID] | None,
    limit: int,
) -> list[UUID]:
    """Return the documents of a collection or of some ids, without those it has, oldest first."""
    rows = await tx.all(
        _CHOSEN,
        analysis_id=analysis_id,
        collection_id=collection_id,
        ids=None if ids is None else list(ids),
        limit=limit,
    )
    return [row["id"] for row in rows]


async def knows_collection(tx: Transaction, collection_id: UUID) -> bool:
    """Whether it is a collection of this tenant."""
    return await tx.first(_KNOWN_COLLECTION, id=collection_id) is not None


async def add_documents(tx: Transaction, analysis_id: UUID, ids: Sequence[UUID]) -> int:
    """Append documents to an analysis and return how many there were to append."""
    row = await tx.first(_NEXT_ORDINAL, id=analysis_id)
    first = row["first"] if row else 0
    return await tx.run(_ADD, analysis_id=analysis_id, ids=list(ids), first=first)


async def documents(
    tx: Transaction, analysis_id: UUID, *, status: str | None, after: int, limit: int
) -> Sequence[Row]:
    """Return the states of an analysis's documents, in its order."""
    return await tx.all(_DOCUMENTS, id=analysis_id, status=status, after=after, limit=limit)


async def names(tx: Transaction, analysis_id: UUID, limit: int) -> Sequence[Row]:
    """Return the first documents' ids and names, in the analysis's order."""
    return await tx.all(_NAMES, id=analysis_id, limit=limit)


async def names_of(tx: Transaction, analysis_id: UUID, ids: Sequence[str]) -> Sequence[Row]:
    """Return some of an analysis's documents by id, with their names."""
    return await tx.all(_NAMES_OF, id=analysis_id, ids=list(ids))


async def results(tx: Transaction, analysis_id: UUID, *, after: int, limit: int) -> Sequence[Row]:
    """Return what was made of documents, where that is no row of the table."""
    return await tx.all(_RESULTS, id=analysis_id, after=after, limit=limit)


async def rows(
    tx: Transaction, analysis_id: UUID, *, after: tuple[int, int], limit: int
) -> Sequence[Row]:
    """Return rows of the table after an ordinal and item, their cells as the text of their JSON."""
    ordinal, item = after
    return await tx.all(_RAW_ROWS, id=analysis_id, ordinal=ordinal, item=item, limit=limit)


async def open_analyses(tx: Transaction) -> int:
    """Return how many analyses are not over."""
    row = await tx.first(_OPEN)
    return int(row["n"]) if row else 0


async def sizes(tx: Transaction, ids: Sequence[UUID], bound: int) -> Row:
    """Return how much text documents have: in all, and up to `bound` characters of each."""
    row = await tx.first(_SIZES, ids=list(ids), bound=bound)
    assert row is not None  # noqa: S101 - an aggregate always has one
    return row


async def measured(tx: Transaction, kind: str, engine: str) -> Row:
    """Return what the latest analyses of a kind took."""
    row = await tx.first(_MEASURED, kind=kind, engine=engine)
    assert row is not None  # noqa: S101 - an aggregate always has one
    return row


async def budget(tx: Transaction, since: datetime) -> tuple[str, Any, Decimal]:
    """Return the tenant's tier, its own limits, and what it spent since a moment."""
    row = await tx.first(_BUDGET, since=since)
    assert row is not None  # noqa: S101 - the caller's tenant is there
    return row["tier"], row["limits"], row["spent_usd"]
