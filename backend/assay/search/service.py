"""Finds passages: embed, one vector call, read back under row-level security."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from assay.adapters.postgres import Database, Row
from assay.adapters.vectors import SearchMode, VectorQuery, VectorStore
from assay.errors import PaymentRequired, Unavailable, not_found
from assay.scope import TenantScope
from assay.search import repository
from assay.search.schemas import Hit, SearchRequest, SearchResponse
from assay.usage.embeddings import TenantEmbeddings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found, with the context that is searched but never quoted."""

    id: UUID
    document_id: UUID
    document_name: str
    page: int
    start: int
    end: int
    text: str
    context: str
    score: float


class Search:
    """Hybrid retrieval over the passages of one tenant."""

    def __init__(
        self, database: Database, embeddings: TenantEmbeddings, vectors: VectorStore
    ) -> None:
        self._database, self._embeddings, self._vectors = database, embeddings, vectors

    async def search(self, scope: TenantScope, request: SearchRequest) -> SearchResponse:
        """Answer the search call; see `find`."""
        found, degraded = await self.find(scope, request)
        return SearchResponse(hits=[_hit(each) for each in found], degraded=degraded, cached=False)

    async def find(self, scope: TenantScope, request: SearchRequest) -> tuple[list[Found], bool]:
        """Return the best passages first, and whether the vector search was away or not paid for.

        :raises NotFound: a collection or document of the request is not this tenant's.
        """
        await self._check_filters(scope, request)
        try:
            return await self._by_vectors(scope, request), False
        except (Unavailable, PaymentRequired) as error:
            if error.code == "database_unavailable":
                raise
            log.warning("search.degraded", code=error.code)
            return await self._by_full_text(scope, request), True

    async def _by_vectors(self, scope: TenantScope, request: SearchRequest) -> list[Found]:
        dense = None
        if request.mode is not SearchMode.LEXICAL:
            dense = await self._embeddings.query(scope, request.query)
        query = VectorQuery(
            text=request.query,
            dense=dense,
            mode=request.mode,
            limit=request.limit,
            collection_ids=_ids(request.collection_ids),
            document_ids=_ids(request.document_ids),
        )
        hits = await self._vectors.search(scope, query)
        if not hits:
            return []
        async with self._database.transaction(scope) as tx:
            rows = await repository.by_id(tx, [hit.passage_id for hit in hits])
        # A point without a row is another tenant's, deleted, or not ready: it does not exist.
        return [_found(rows[hit.passage_id], hit.score) for hit in hits if hit.passage_id in rows]

    async def _by_full_text(self, scope: TenantScope, request: SearchRequest) -> list[Found]:
        async with self._database.transaction(scope) as tx:
            rows = await repository.full_text(
                tx, request.query, request.limit, request.collection_ids, request.document_ids
            )
        return [_found(row, float(row["score"])) for row in rows]

    async def _check_filters(self, scope: TenantScope, request: SearchRequest) -> None:
        if request.collection_ids is None and request.document_ids is None:
            return
        async with self._database.transaction(scope) as tx:
            if request.collection_ids and not await repository.knows_collections(
                tx, request.collection_ids
            ):
                raise not_found("collection")
            if request.document_ids and not await repository.knows_documents(
                tx, request.document_ids
            ):
                raise not_found("document")


def _ids(ids: list[UUID] | None) -> tuple[UUID, ...] | None:
    return None if ids is None else tuple(ids)


def _found(row: Row, score: float) -> Found:
    return Found(
        id=row["id"],
        document_id=row["document_id"],
        document_name=row["document_name"],
        page=row["page"],
        start=row["start_offset"],
        end=row["end_offset"],
        text=row["text"],
        context=row["context"],
        score=score,
    )


def _hit(found: Found) -> Hit:
    return Hit(
        passage_id=found.id,
        document_id=found.document_id,
        document_name=found.document_name,
        page=found.page,
        text=found.text,
        start=found.start,
        end=found.end,
        score=found.score,
    )
