"""Queries over passages, under row-level security."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from assay.adapters.postgres import Row, Transaction

_BY_ID = text(
    "select p.id, p.document_id, d.name as document_name, p.page, p.text, p.start_offset,"
    " p.end_offset, p.context"
    " from passages p join documents d on d.tenant_id = p.tenant_id and d.id = p.document_id"
    " where p.id = any(:ids) and d.status = 'ready'"
)
# Any of the words, as the vector search does; the rank sorts out the rest.
_FULL_TEXT = text(
    "with query as (select replace(plainto_tsquery('english', :query)::text, '&', '|')::tsquery q)"
    " select p.id, p.document_id, d.name as document_name, p.page, p.text, p.start_offset,"
    " p.end_offset, p.context, ts_rank_cd(p.words, query.q, 1) as score"
    " from query, passages p"
    " join documents d on d.tenant_id = p.tenant_id and d.id = p.document_id"
    " where p.words @@ query.q and d.status = 'ready'"
    " and (cast(:collection_ids as uuid[]) is null or d.collection_id = any(:collection_ids))"
    " and (cast(:document_ids as uuid[]) is null or d.id = any(:document_ids))"
    " order by score desc, p.id limit :limit"
)
_VERSION = text("select corpus_version from tenants where id = current_tenant()")
_KNOWN_DOCUMENTS = text("select count(*) as n from documents where id = any(:ids)")
_KNOWN_COLLECTIONS = text("select count(*) as n from collections where id = any(:ids)")


async def by_id(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Return the passages of these ids that are this tenant's and belong to ready documents."""
    return {row["id"]: row for row in await tx.all(_BY_ID, ids=list(ids))}


async def full_text(
    tx: Transaction,
    query: str,
    limit: int,
    collection_ids: Sequence[UUID] | None,
    document_ids: Sequence[UUID] | None,
) -> Sequence[Row]:
    """Return the best passages by PostgreSQL's own full-text search."""
    return await tx.all(
        _FULL_TEXT,
        query=query,
        limit=limit,
        collection_ids=None if collection_ids is None else list(collection_ids),
        document_ids=None if document_ids is None else list(document_ids),
    )


async def knows_documents(tx: Transaction, ids: Sequence[UUID]) -> bool:
    """Whether every one of the ids is a document of this tenant."""
    row = await tx.first(_KNOWN_DOCUMENTS, ids=list(ids))
    return row is not None and row["n"] == len(set(ids))


async def knows_collections(tx: Transaction, ids: Sequence[UUID]) -> bool:
    """Whether every one of the ids is a collection of this tenant."""
    row = await tx.first(_KNOWN_COLLECTIONS, ids=list(ids))
    return row is not None and row["n"] == len(set(ids))


async def corpus_version(tx: Transaction) -> int:
    """Return the number that changes with everything that a search may find."""
    row = await tx.first(_VERSION)
    return -1 if row is None else int(row["corpus_version"])
