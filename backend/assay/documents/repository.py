"""Queries over documents, their pages and passages, removals and idempotency keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction
from assay.documents.models import ReceivedFile, Run
from assay.documents.passages import Page

_COLUMNS = (
    "id, name, mime_type, size_bytes, sha256, collection_id, status, stage, progress,"
    " error_code, error_message, pages, passages, created_at"
)
_INSERT = text(
    "insert into documents (id, tenant_id, collection_id, name, folded_name, mime_type,"  # noqa: S608 - a constant
    " size_bytes, sha256, storage_key, created_by)"
    " values (:id, current_tenant(), :collection_id, :name, :folded_name, :mime_type,"
    " :size_bytes, :sha256, :storage_key, :created_by)"
    " on conflict (tenant_id, collection_id, sha256) do nothing"
    f" returning {_COLUMNS}"
)
_BY_CONTENT = text(
    f"select {_COLUMNS} from documents"  # noqa: S608 - a constant
    " where collection_id is not distinct from :collection_id and sha256 = :sha256"
)
_LIST = text(
    f"select {_COLUMNS} from documents"  # noqa: S608 - a constant
    " where (cast(:at as timestamptz) is null or (created_at, id) < (:at, :id))"
    " and (cast(:status as text) is null or status = :status)"
    " and (cast(:collection_id as uuid) is null or collection_id = :collection_id)"
    " and (cast(:folded as text) is null or strpos(folded_name, :folded) > 0)"
    " order by created_at desc, id desc limit :limit"
)
_GET = text(f"select {_COLUMNS} from documents where id = :id")  # noqa: S608 - a constant
_SOME = text(f"select {_COLUMNS} from documents where id = any(:ids)")  # noqa: S608 - a constant
_CHANGED = text(
    f"select {_COLUMNS}, updated_at from documents"  # noqa: S608 - a constant
    " where updated_at > :since - make_interval(secs => :overlap)"
    " order by updated_at limit :limit"
)
_NOW = text("select now() as now")
_FILE = text(
    "select name, mime_type, size_bytes, sha256, storage_key, pages from documents where id = :id"
)
_PAGE = text("select text from pages where document_id = :id and number = :number")
_RESTART = text(
    "update documents set status = 'queued', stage = 'queued', progress = 0, error_code = null,"  # noqa: S608 - a constant
    " error_message = null, pages = null, passages = null, indexed = 0, attempts = 0,"
    " updated_at = now() where id = :id and status = 'failed'"
    f" returning {_COLUMNS}"
)
_DELETE = text("delete from documents where id = :id returning storage_key")
_INSERT_REMOVAL = text(
    "insert into removals (id, tenant_id, document_id, storage_key)"
    " values (:id, current_tenant(), :document_id, :storage_key)"
)
_REMOVAL = text("select document_id from removals where id = :id")
_DELETE_REMOVAL = text("delete from removals where id = :id")

_CLAIM_KEY = text(
    "insert into idempotency_keys (tenant_id, key, fingerprint, document_ids)"
    " values (current_tenant(), :key, :fingerprint, '{}') on conflict do nothing"
)
_KEY = text("select fingerprint, document_ids, created_at from idempotency_keys where key = :key")
_COMPLETE_KEY = text("update idempotency_keys set document_ids = :ids where key = :key")
_FORGET_KEYS = text("delete from idempotency_keys where created_at < now() - interval '7 days'")

_BEGIN = text(
    "update documents set status = 'processing', run = :run, updated_at = now(),"
    " stage = case when stage = 'queued' then 'reading' else stage end"
    " where id = :id and status in ('queued', 'processing')"
    " returning id, name, mime_type, collection_id, storage_key, stage, passages, indexed"
)
_PROGRESS = text(
    "update documents set progress = greatest(progress, :progress), updated_at = now()"
    " where id = :id and status = 'processing' and run = :run"
)
_LOCK = text(
    "select id from documents where id = :id and status = 'processing' and run = :run for update"
)
_DELETE_PAGES = text("delete from pages where document_id = :id")
_DELETE_PASSAGES = text("delete from passages where document_id = :id")
_INSERT_PAGE = text(
    "insert into pages (tenant_id, document_id, number, text)"
    " values (current_tenant(), :document_id, :number, :text)"
)
_INSERT_PASSAGE = text(
    "insert into passages"
    " (id, tenant_id, document_id, ordinal, page, start_offset, end_offset, text, context)"
    " values (:id, current_tenant(), :document_id, :ordinal, :page, :start, :end, :text, :context)"
)
_READ = text(
    "update documents set stage = 'indexing', progress = :progress, pages = :pages,"
    " passages = :passages, indexed = 0, updated_at = now() where id = :id"
)
_PASSAGES_FROM = text(
    "select id, ordinal, text, context from passages"
    " where document_id = :id and ordinal >= :ordinal order by ordinal limit :limit"
)
_INDEXED = text(
    "update documents set indexed = :indexed, progress = :progress, updated_at = now()"
    " where id = :id and status = 'processing' and stage = 'indexing' and run = :run"
)
_READY = text(
    "update documents set status = 'ready', stage = 'done', progress = 1, updated_at = now()"
    " where id = :id and status = 'processing' and run = :run"
)
_FAIL = text(
    "update documents set status = 'failed', stage = 'done', error_code = :code,"
    " error_message = :message, updated_at = now()"
    " where id = :id and status = 'processing' and run = :run"
)
_COUNT_ATTEMPT = text(
    "update documents set attempts = attempts + 1, updated_at = now() where id = :id"
    " returning attempts"
)
_REINDEX = text(
    "update documents set status = 'processing', stage = 'indexing', indexed = 0,"
    " progress = :progress, updated_at = now() where id = :id and status = 'ready'"
)
_READY_COUNTS = text("select id, passages from documents where status = 'ready'")
_KNOWN = text("select id from documents where id = any(:ids)")


async def insert_document(
    tx: Transaction, file: ReceivedFile, *, collection_id: UUID | None, created_by: UUID
) -> Row | None:
    """Write a queued document; None when its content is in the collection already."""
    return await tx.first(
        _INSERT,
        id=file.document_id,
        collection_id=collection_id,
        name=file.name,
        folded_name=file.name.casefold(),
        mime_type=file.mime_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        storage_key=file.storage_key,
        created_by=created_by,
    )


async def document_by_content(
    tx: Transaction, collection_id: UUID | None, sha256: str
) -> Row | None:
    """Return the document of a collection that has these bytes."""
    return await tx.first(_BY_CONTENT, collection_id=collection_id, sha256=sha256)


async def documents(
    tx: Transaction,
    *,
    status: str | None,
    collection_id: UUID | None,
    name: str | None,
    cursor: Cursor | None,
    limit: int,
) -> Sequence[Row]:
    """Return documents, newest first."""
    return await tx.all(
        _LIST,
        at=cursor.at if cursor else None,
        id=cursor.id if cursor else None,
        status=status,
        collection_id=collection_id,
        folded=name.casefold() if name else None,
        limit=limit,
    )


async def document(tx: Transaction, document_id: UUID) -> Row | None:
    """Return a document as callers see it."""
    return await tx.first(_GET, id=document_id)


async def documents_by_id(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Return those of some documents that are there."""
    return {row["id"]: row for row in await tx.all(_SOME, ids=list(ids))}


async def changed(tx: Transaction, since: datetime, overlap: int, limit: int) -> Sequence[Row]:
    """Return documents that changed since some seconds before a moment, oldest change first."""
    return await tx.all(_CHANGED, since=since, overlap=overlap, limit=limit)


async def now(tx: Transaction) -> datetime:
    """Return the database's time, by which changes are dated."""
    row = await tx.first(_NOW)
    assert row is not None  # noqa: S101 - it always has one
    moment: datetime = row["now"]
    return moment


async def stored_file(tx: Transaction, document_id: UUID) -> Row | None:
    """Return what it takes to send a document's bytes."""
    return await tx.first(_FILE, id=document_id)


async def page_text(tx: Transaction, document_id: UUID, number: int) -> str | None:
    """Return the text of a page."""
    row = await tx.first(_PAGE, id=document_id, number=number)
    return None if row is None else str(row["text"])


async def restart(tx: Transaction, document_id: UUID) -> Row | None:
    """Queue a failed document again; None when it is not failed."""
    return await tx.first(_RESTART, id=document_id)


async def delete_document(tx: Transaction, document_id: UUID) -> str | None:
    """Delete a document with its pages and passages and return its storage key."""
    row = await tx.first(_DELETE, id=document_id)
    return None if row is None else str(row["storage_key"])


async def insert_removal(
    tx: Transaction, *, removal_id: UUID, document_id: UUID, storage_key: str
) -> None:
    """Note that a document's vectors and bytes still have to go."""
    await tx.run(_INSERT_REMOVAL, id=removal_id, document_id=document_id, storage_key=storage_key)


async def removal(tx: Transaction, removal_id: UUID) -> UUID | None:
    """Return which document a removal is about; None when it is done."""
    row = await tx.first(_REMOVAL, id=removal_id)
    return None if row is None else row["document_id"]


async def delete_removal(tx: Transaction, removal_id: UUID) -> None:
    """Note that nothing of a document is left."""
    await tx.run(_DELETE_REMOVAL, id=removal_id)


async def claim_key(tx: Transaction, key: str, fingerprint: str) -> bool:
    """Take an idempotency key; False when it was taken, after waiting for who is taking it."""
    return bool(await tx.run(_CLAIM_KEY, key=key, fingerprint=fingerprint))


async def claimed_key(tx: Transaction, key: str) -> Row | None:
    """Return the fingerprint and documents of an idempotency key."""
    return await tx.first(_KEY, key=key)


async def complete_key(tx: Transaction, key: str, ids: Sequence[UUID]) -> None:
    """Keep what the first call of an idempotency key answered with."""
    await tx.run(_COMPLETE_KEY, key=key, ids=list(ids))


async def forget_keys(tx: Transaction) -> None:
    """Delete idempotency keys that no client repeats any more."""
    await tx.run(_FORGET_KEYS)


async def begin(tx: Transaction, run: Run) -> Row | None:
    """Take an unfinished document for a run; None when there is nothing to do."""
    return await tx.first(_BEGIN, id=run.document_id, run=run.token)


async def set_progress(tx: Transaction, run: Run, progress: float) -> bool:
    """Raise a document's progress; False when the run holds it no longer."""
    return bool(await tx.run(_PROGRESS, id=run.document_id, run=run.token, progress=progress))


async def lock_document(tx: Transaction, run: Run) -> bool:
    """Hold a document against deletion; False when the run holds it no longer."""
    return await tx.first(_LOCK, id=run.document_id, run=run.token) is not None


async def replace_text(
    tx: Transaction,
    document_id: UUID,
    *,
    pages: Sequence[Page],
    passages: Sequence[Mapping[str, Any]],
    progress: float,
) -> None:
    """Write all that was read of a document, in place of an earlier reading."""
    await tx.run(_DELETE_PASSAGES, id=document_id)
    await tx.run(_DELETE_PAGES, id=document_id)
    rows = [{"document_id": document_id, "number": p.number, "text": p.text} for p in pages]
    await tx.run_many(_INSERT_PAGE, rows)
    await tx.run_many(_INSERT_PASSAGE, passages)
    await tx.run(_READ, id=document_id, progress=progress, pages=len(pages), passages=len(passages))


async def passages_from(
    tx: Transaction, document_id: UUID, ordinal: int, limit: int
) -> Sequence[Row]:
    """Return passages in their order, from an ordinal on."""
    return await tx.all(_PASSAGES_FROM, id=document_id, ordinal=ordinal, limit=limit)


async def set_indexed(tx: Transaction, run: Run, *, indexed: int, progress: float) -> bool:
    """Keep how many passages have their vectors; False when the run holds it no longer."""
    touched = await tx.run(
        _INDEXED, id=run.document_id, run=run.token, indexed=indexed, progress=progress
    )
    return bool(touched)


async def set_ready(tx: Transaction, run: Run) -> bool:
    """Mark a document as searchable; False when the run holds it no longer."""
    return bool(await tx.run(_READY, id=run.document_id, run=run.token))


async def fail(tx: Transaction, run: Run, code: str, message: str) -> None:
    """Mark a document as one that cannot be read, if the run still holds it."""
    await tx.run(_FAIL, id=run.document_id, run=run.token, code=code, message=message)


async def count_attempt(tx: Transaction, document_id: UUID) -> int:
    """Count a failure that was not the file's fault and return how many there were."""
    row = await tx.first(_COUNT_ATTEMPT, id=document_id)
    return 0 if row is None else int(row["attempts"])


async def reindex(tx: Transaction, document_id: UUID, progress: float) -> bool:
    """Send a ready document back to have its vectors made; False when it is not ready."""
    return bool(await tx.run(_REINDEX, id=document_id, progress=progress))


async def ready_counts(tx: Transaction) -> dict[UUID, int]:
    """Return how many passages each ready document has."""
    return {row["id"]: row["passages"] for row in await tx.all(_READY_COUNTS)}


async def known(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some ids that are documents."""
    return {row["id"] for row in await tx.all(_KNOWN, ids=list(ids))}
