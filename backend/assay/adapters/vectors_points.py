"""What is done by Qdrant's official client: all calls but the search.

Imported only where such a call is made: the client costs 0.8 s and 70 MB to import, which a
process that only searches is spared.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import structlog
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from assay.adapters.vectors_models import (
    COLLECTION,
    COLLECTION_ID,
    DENSE,
    DOCUMENT,
    SPARSE,
    TENANT,
    PassageVector,
    within,
)
from assay.adapters.vectors_nodes import Nodes, unavailable
from assay.adapters.vectors_query import BM25
from assay.scope import TenantScope

log = structlog.get_logger()

UPSERT_BATCH = 64
"""Points in one request; a larger one keeps the embedded engine from answering searches."""
MAX_DOCUMENTS = 1_000_000


class Points:
    """The calls that make, fill and empty the collection."""

    def __init__(self, nodes: Nodes, seconds: float) -> None:
        """Keep the way to the nodes.

        :param seconds: how long a node may take over a call.
        """
        self._client = AsyncQdrantClient(
            # The transport knows the hosts, the key and the time-outs.
            host="qdrant",
            https=False,
            check_compatibility=False,
            transport=_Transport(nodes, seconds),
        )

    async def create(self, dimensions: int, replicas: int) -> None:
        """Create the collection and its indexes where they are missing.

        :param replicas: nodes that hold the whole collection.
        :raises Unavailable: Qdrant is away.
        """
        async with _translated():
            if not await self._client.collection_exists(COLLECTION):
                await self._create(dimensions, replicas)
            for field, index in _INDEXES.items():
                await self._client.create_payload_index(COLLECTION, field, index)

    async def upsert(self, scope: TenantScope, vectors: Sequence[PassageVector]) -> None:
        """Insert or overwrite passages, a batch at a time; each is durable when it is answered.

        :raises Unavailable: Qdrant is away; some of the passages may have been stored.
        """
        async with _translated():
            for start in range(0, len(vectors), UPSERT_BATCH):
                batch = vectors[start : start + UPSERT_BATCH]
                points = [_point(scope, vector) for vector in batch]
                await self._client.upsert(COLLECTION, points, wait=True)

    async def delete(
        self, scope: TenantScope, document_ids: tuple[UUID, ...] | None = None
    ) -> None:
        """Delete a tenant's passages, all or those of some documents.

        :raises Unavailable: Qdrant is away.
        """
        selector = models.FilterSelector(filter=_filter(scope, document_ids))
        async with _translated():
            await self._client.delete(COLLECTION, selector, wait=True)

    async def documents(self, scope: TenantScope) -> dict[UUID, int]:
        """Return how many passages each document has here.

        :raises Unavailable: Qdrant is away.
        """
        async with _translated():
            answer = await self._client.facet(
                COLLECTION, DOCUMENT, _filter(scope), limit=MAX_DOCUMENTS, exact=True
            )
        return {UUID(str(hit.value)): hit.count for hit in answer.hits}

    async def close(self) -> None:
        """Close the client; the nodes stay open."""
        await self._client.close()

    async def _create(self, dimensions: int, replicas: int) -> None:
        graph = models.HnswConfigDiff(m=0, payload_m=16)  # one graph for each tenant, none of all
        dense = models.VectorParams(
            size=dimensions, distance=models.Distance.COSINE, hnsw_config=graph
        )
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            await self._client.create_collection(
                COLLECTION,
                vectors_config={DENSE: dense},
                sparse_vectors_config={SPARSE: words},
                replication_factor=replicas if replicas > 1 else None,
            )
        except UnexpectedResponse as error:
            if error.status_code != httpx.codes.CONFLICT:  # another process was faster
                raise


class _Transport(httpx.AsyncBaseTransport):
    """Hands the client's requests to the nodes."""

    def __init__(self, nodes: Nodes, seconds: float) -> None:
        self._nodes, self._seconds = nodes, seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        body = await request.aread() or None
        reply = await self._nodes.send(request.method, path, body, self._seconds)
        return httpx.Response(reply.status, content=reply.content)


_INDEXES: dict[str, models.PayloadSchemaParams] = {
    TENANT: models.UuidIndexParams(type=models.UuidIndexType.UUID, is_tenant=True),
    DOCUMENT: models.UuidIndexParams(type=models.UuidIndexType.UUID),
    COLLECTION_ID: models.UuidIndexParams(type=models.UuidIndexType.UUID),
}


def _filter(scope: TenantScope, document_ids: tuple[UUID, ...] | None = None) -> models.Filter:
    return models.Filter.model_validate(within(scope, document_ids=document_ids))


def _point(scope: TenantScope, vector: PassageVector) -> models.PointStruct:
    words = BM25.embed_document(vector.text)
    collection = {} if vector.collection_id is None else {COLLECTION_ID: str(vector.collection_id)}
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


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Translate every failure of the client; what it said goes to the log, not to the caller."""
    try:
        yield
    except (ApiException, QdrantException, httpx.HTTPError) as error:
        status = error.status_code if isinstance(error, UnexpectedResponse) else None
        log.warning("vectors.failed", error=type(error).__name__, status=status)
        raise unavailable() from error
