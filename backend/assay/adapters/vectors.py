"""Passages as vectors in Qdrant: one collection, in which every call carries its tenant.

The same adapter serves Qdrant's server and the embedded vector process. Points hold ids
only; texts are read from PostgreSQL under row-level security.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx
import structlog
from aiohttp import ClientSession, TCPConnector
from httpx_aiohttp import AiohttpTransport
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse
from qdrant_edge import Bm25, Bm25Config

from assay.errors import CannotStart, Unavailable
from assay.scope import TenantScope
from assay.settings import Settings

log = structlog.get_logger()

COLLECTION = "passages"
DENSE = "dense"
SPARSE = "bm25"
TENANT = "tenant_id"
DOCUMENT = "document_id"
COLLECTION_ID = "collection_id"

PREFETCH = 100
"""Hits of each kind that the fusion sees."""
RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack et al. 2009); Qdrant's own default is 2."""
MEAN_WORDS = 75
"""Words of a typical passage without stop words, against which BM25 weighs a passage's length:
74 in scientific abstracts, 86 in quarterly reports, 78 in accident reports."""
UPSERT_BATCH = 64
"""Points in one request; a larger one keeps the embedded engine from answering searches."""
MAX_DOCUMENTS = 1_000_000
TIMEOUT_SECONDS = 5
CONNECTIONS = 64


class SearchMode(StrEnum):
    """What a search goes by."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class PassageVector:
    """What is stored of a passage; `text` gives its words and is not kept."""

    passage_id: UUID
    document_id: UUID
    collection_id: UUID | None
    dense: list[float]
    text: str


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A search; None in `collection_ids` or `document_ids` leaves them unlimited.

    Without `dense`, a hybrid search goes by the words alone.
    """

    text: str
    dense: list[float] | None
    mode: SearchMode
    limit: int
    collection_ids: tuple[UUID, ...] | None = None
    document_ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class VectorHit:
    """A passage found; scores of different modes do not compare."""

    passage_id: UUID
    score: float


class WrongDimensions(CannotStart):
    """The collection was made for vectors of another size than the model's."""


class VectorStore:
    """The passages of all tenants, reached one tenant at a time."""

    def __init__(self, settings: Settings, dimensions: int) -> None:
        """Connect lazily.

        :param dimensions: length of the dense vectors.
        """
        self._dimensions = dimensions
        self._bm25 = Bm25(Bm25Config(k=1.2, b=0.75, avg_len=MEAN_WORDS))
        self._client = AsyncQdrantClient(
            host=settings.qdrant_host,
            port=settings.qdrant_port,
            https=settings.qdrant_tls,
            # Not `api_key`, which warns that the way to this machine's own process has no TLS.
            headers={"api-key": settings.qdrant_api_key.get_secret_value()},
            timeout=TIMEOUT_SECONDS,
            check_compatibility=False,
            # httpx's own transport parses in Python and costs a search 0.5 ms more; and the
            # client's default opens a connection for each request to this machine.
            transport=_Transport(
                client=lambda: ClientSession(connector=TCPConnector(limit=CONNECTIONS))
            ),
        )

    async def prepare(self) -> None:
        """Create the collection and its indexes where they are missing.

        :raises WrongDimensions: it exists with vectors of another size.
        :raises Unavailable: Qdrant is away.
        """
        async with _translated():
            if not await self._client.collection_exists(COLLECTION):
                await self._create()
            await self._check_dimensions()
            for field, index in _INDEXES.items():
                await self._client.create_payload_index(COLLECTION, field, index)

    async def upsert(self, scope: TenantScope, vectors: Sequence[PassageVector]) -> None:
        """Insert passages, or overwrite those with the same ids; durable when it returns.

        :raises Unavailable: Qdrant is away; some of the passages may have been stored.
        """
        async with _translated():
            for start in range(0, len(vectors), UPSERT_BATCH):
                batch = vectors[start : start + UPSERT_BATCH]
                points = [self._point(scope, vector) for vector in batch]
                await self._client.upsert(COLLECTION, points, wait=True)

    async def search(self, scope: TenantScope, query: VectorQuery) -> list[VectorHit]:
        """Return the best passages first, in one request.

        Inverse document frequencies are those of the tenant, so that no other tenant's
        documents move a score.

        :raises Unavailable: Qdrant is away.
        """
        branches = self._branches(scope, query)
        if not branches:
            return []
        async with _translated():
            answer = await self._client.query_points(
                COLLECTION, limit=query.limit, with_payload=False, **_fused(query.mode, branches)
            )
        return [VectorHit(UUID(str(point.id)), point.score) for point in answer.points]

    async def delete_document(self, scope: TenantScope, document_id: UUID) -> None:
        """Forget a document's passages.

        :raises Unavailable: Qdrant is away.
        """
        await self._delete(_within(scope, document_ids=(document_id,)))

    async def delete_tenant(self, scope: TenantScope) -> None:
        """Forget all passages of the tenant.

        :raises Unavailable: Qdrant is away.
        """
        await self._delete(_within(scope))

    async def documents(self, scope: TenantScope) -> dict[UUID, int]:
        """Return how many passages each document has here.

        :raises Unavailable: Qdrant is away.
        """
        async with _translated():
            answer = await self._client.facet(
                COLLECTION, DOCUMENT, _within(scope), limit=MAX_DOCUMENTS, exact=True
            )
        return {UUID(str(hit.value)): hit.count for hit in answer.hits}

    async def healthy(self) -> bool:
        """Tell whether Qdrant answers."""
        try:
            async with _translated():
                return await self._client.collection_exists(COLLECTION)
        except Unavailable:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _create(self) -> None:
        graph = models.HnswConfigDiff(m=0, payload_m=16)  # one graph for each tenant, none of all
        dense = models.VectorParams(
            size=self._dimensions, distance=models.Distance.COSINE, hnsw_config=graph
        )
        try:
            await self._client.create_collection(
                COLLECTION,
                vectors_config={DENSE: dense},
                sparse_vectors_config={
                    SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)
                },
            )
        except UnexpectedResponse as error:
            if error.status_code != httpx.codes.CONFLICT:  # another process was faster
                raise

    async def _check_dimensions(self) -> None:
        info = await self._client.get_collection(COLLECTION)
        vectors = info.config.params.vectors
        size = vectors[DENSE].size if isinstance(vectors, dict) else None
        if size != self._dimensions:
            raise WrongDimensions(
                f"The vector collection holds vectors of {size} numbers, the embedding model gives "
                f"{self._dimensions}. Use the model it was made with, or index the documents anew."
            )

    def _point(self, scope: TenantScope, vector: PassageVector) -> models.PointStruct:
        words = self._bm25.embed_document(vector.text)
        collection = (
            {} if vector.collection_id is None else {COLLECTION_ID: str(vector.collection_id)}
        )
        return models.PointStruct(
            id=str(vector.passage_id),
            vector={
                DENSE: vector.dense,
                SPARSE: models.SparseVector(indices=words.indices, values=words.values),
            },
            payload={
                TENANT: str(scope.tenant_id),
                DOCUMENT: str(vector.document_id),
                **collection,
            },
        )

    def _branches(self, scope: TenantScope, query: VectorQuery) -> list[models.Prefetch]:
        """Return the searches that the mode asks for and the query gives something to."""
        branches = []
        limit = max(PREFETCH, query.limit) if query.mode is SearchMode.HYBRID else query.limit
        within = _within(scope, query.collection_ids, query.document_ids)
        if query.mode is not SearchMode.LEXICAL and query.dense is not None:
            branches.append(
                models.Prefetch(query=query.dense, using=DENSE, filter=within, limit=limit)
            )
        words = self._bm25.embed_query(query.text)
        if query.mode is not SearchMode.DENSE and words.indices:
            branches.append(
                models.Prefetch(
                    query=models.SparseVector(indices=words.indices, values=words.values),
                    using=SPARSE,
                    filter=within,
                    params=models.SearchParams(idf=models.IdfCorpusParams(corpus=_within(scope))),
                    limit=limit,
                )
            )
        return branches

    async def _delete(self, within: models.Filter) -> None:
        async with _translated():
            await self._client.delete(COLLECTION, models.FilterSelector(filter=within), wait=True)


class _Transport(AiohttpTransport):
    """Sends a call once more when a kept connection turns out to be dead.

    Qdrant may have restarted since. Every call of ours may be repeated: ids are deterministic.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except (httpx.ConnectTimeout, httpx.ReadError):  # how this transport names a lost one
            return await super().handle_async_request(request)


_INDEXES: dict[str, models.PayloadSchemaParams] = {
    TENANT: models.UuidIndexParams(type=models.UuidIndexType.UUID, is_tenant=True),
    DOCUMENT: models.UuidIndexParams(type=models.UuidIndexType.UUID),
    COLLECTION_ID: models.UuidIndexParams(type=models.UuidIndexType.UUID),
}


def _within(
    scope: TenantScope,
    collection_ids: Sequence[UUID] | None = None,
    document_ids: Sequence[UUID] | None = None,
) -> models.Filter:
    """Return the only kind of filter that leaves this file: one that names the tenant."""
    must: list[models.Condition] = [
        models.FieldCondition(key=TENANT, match=models.MatchValue(value=str(scope.tenant_id)))
    ]
    for key, ids in ((COLLECTION_ID, collection_ids), (DOCUMENT, document_ids)):
        if ids is not None:
            match = models.MatchAny(any=[str(identifier) for identifier in ids])
            must.append(models.FieldCondition(key=key, match=match))
    return models.Filter(must=must)


def _fused(mode: SearchMode, branches: list[models.Prefetch]) -> dict[str, Any]:
    """Return a query of one branch as it is, and of a hybrid search the fusion of its branches."""
    if mode is SearchMode.HYBRID:
        return {"prefetch": branches, "query": models.RrfQuery(rrf=models.Rrf(k=RRF_K))}
    (branch,) = branches
    return {
        "query": branch.query,
        "using": branch.using,
        "query_filter": branch.filter,
        "search_params": branch.params,
    }


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Translate every failure of the client; what it said goes to the log, not to the caller."""
    try:
        yield
    except (ApiException, QdrantException, httpx.HTTPError) as error:
        status = error.status_code if isinstance(error, UnexpectedResponse) else None
        log.warning("vectors.failed", error=type(error).__name__, status=status)
        raise Unavailable(
            "The vector store cannot be reached at the moment. Try again shortly.",
            code="vectors_unavailable",
        ) from error
