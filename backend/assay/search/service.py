"""Finds passages: embed, one vector call, read back under row-level security."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog

from assay.adapters.postgres import Database, Row
from assay.adapters.tenant_cache import Shared
from assay.adapters.vectors import SearchMode, VectorQuery, VectorStore
from assay.errors import PaymentRequired, Unavailable, not_found
from assay.scope import TenantScope
from assay.search import repository
from assay.search.schemas import SearchRequest
from assay.usage.embeddings import TenantEmbeddings

log = structlog.get_logger()

PATIENCE = 2.0
"""Seconds to wait for an equal search of another process."""


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


@dataclass(frozen=True, slots=True)
class _Outcome:
    found: list[Found]
    degraded: bool = False
    complete: bool = True
    """Whether every hit had its row; vectors of what was just deleted go a moment later."""


class Search:
    """Hybrid retrieval over the passages of one tenant."""

    def __init__(
        self,
        database: Database,
        embeddings: TenantEmbeddings,
        vectors: VectorStore,
        shared: Shared,
    ) -> None:
        self._database, self._embeddings = database, embeddings
        self._vectors, self._shared = vectors, shared

    async def search(self, scope: TenantScope, request: SearchRequest, budget: int) -> bytes:
        """Answer the search call, from the cache where nothing changed since.

        :param budget: bytes that the tenant's cached answers may take.
        :returns: a `SearchResponse` as JSON.
        :raises NotFound: a collection or document of the request is not this tenant's.
        """
        version = await self.version(scope, request.collection_ids, request.document_ids)
        key = orjson.dumps(
            ["search", version, self._embeddings.name, request.model_dump(mode="json")],
            option=orjson.OPT_SORT_KEYS,
        )
        async with self._shared.turn(scope, key, budget=budget, patience=PATIENCE) as turn:
            if turn.value is not None:
                return turn.value
            outcome = await self._find(scope, request)
            if outcome.complete and not outcome.degraded:
                turn.keep(_encoded(outcome, cached=True))
            return _encoded(outcome, cached=False)

    async def find(self, scope: TenantScope, request: SearchRequest) -> tuple[list[Found], bool]:
        """Return the best passages first, and whether the vector search was away or not paid for.

        :raises NotFound: a collection or document of the request is not this tenant's.
        """
        await self.version(scope, request.collection_ids, request.document_ids)
        outcome = await self._find(scope, request)
        return outcome.found, outcome.degraded

    async def _find(self, scope: TenantScope, request: SearchRequest) -> _Outcome:
        try:
            return await self._by_vectors(scope, request)
        except (Unavailable, PaymentRequired) as error:
            if error.code == "database_unavailable":
                raise
            log.warning("search.degraded", code=error.code)
            return _Outcome(await self._by_full_text(scope, request), degraded=True)

    async def _by_vectors(self, scope: TenantScope, request: SearchRequest) -> _Outcome:
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
            return _Outcome([])
        async with self._database.transaction(scope) as tx:
            rows = await repository.by_id(tx, [hit.passage_id for hit in hits])
        # A point without a row is another tenant's, deleted, or not ready: it does not exist.
        found = [_found(rows[hit.passage_id], hit.score) for hit in hits if hit.passage_id in rows]
        return _Outcome(found, complete=len(found) == len(hits))

    async def _by_full_text(self, scope: TenantScope, request: SearchRequest) -> list[Found]:
        async with self._database.transaction(scope) as tx:
            rows = await repository.full_text(
                tx, request.query, request.limit, request.collection_ids, request.document_ids
            )
        return [_found(row, float(row["score"])) for row in rows]

    @property
    def embeddings(self) -> str:
        """The name of the embedding model."""
        return self._embeddings.name

    async def version(
        self,
        scope: TenantScope,
        collection_ids: Sequence[UUID] | None,
        document_ids: Sequence[UUID] | None,
    ) -> int:
        """Return the corpus's version, for a request that names only what is the tenant's.

        Read from the database each time: a copy elsewhere could miss a change.

        :raises NotFound: a collection or document is not this tenant's.
        """
        async with self._database.transaction(scope) as tx:
            if collection_ids and not await repository.knows_collections(tx, collection_ids):
                raise not_found("collection")
            if document_ids and not await repository.knows_documents(tx, document_ids):
                raise not_found("document")
            return await repository.corpus_version(tx)


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


def _encoded(outcome: _Outcome, *, cached: bool) -> bytes:
    """Return a `SearchResponse` as JSON; its own values need no check by its model."""
    hits = [
        {
            "passage_id": found.id,
            "document_id": found.document_id,
            "document_name": found.document_name,
            "page": found.page,
            "text": found.text,
            "start": found.start,
            "end": found.end,
            "score": found.score,
        }
        for found in outcome.found
    ]
    return orjson.dumps({"hits": hits, "degraded": outcome.degraded, "cached": cached})
