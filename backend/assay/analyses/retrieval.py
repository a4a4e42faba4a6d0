"""Where in one document to look: the passages nearest to each thing that is asked."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
import structlog

from assay.adapters.postgres import Database, Row
from assay.adapters.vectors import SearchMode, VectorQuery, VectorStore
from assay.analyses.models import Passage
from assay.errors import PaymentRequired, Unavailable
from assay.scope import TenantScope
from assay.search import repository
from assay.usage.embeddings import TenantEmbeddings

log = structlog.get_logger()

PASSAGES = 6
"""Passages for each thing that is asked."""
AT_ONCE = 4
"""Searches under way for one document."""
_TINY = 1e-12


class DocumentRetrieval:
    """Hybrid search within single documents; words alone while the vectors are away."""

    def __init__(
        self, database: Database, embeddings: TenantEmbeddings, vectors: VectorStore
    ) -> None:
        self._database, self._embeddings, self._vectors = database, embeddings, vectors

    async def find(
        self,
        scope: TenantScope,
        document_id: UUID,
        queries: Mapping[str, str],
        limit: int = PASSAGES,
    ) -> dict[str, list[Passage]]:
        """Return the passages for each query, best first, by the query's name.

        :raises Unavailable: the database is away.
        """
        places = asyncio.Semaphore(AT_ONCE)

        async def one(text: str) -> list[tuple[UUID, float]]:
            async with places:
                return await self._hits(scope, document_id, text, limit)

        try:
            found = await asyncio.gather(*(one(text) for text in queries.values()))
        except (Unavailable, PaymentRequired) as error:
            log.warning("analysis.retrieval_degraded", code=error.code)
            return await self._by_words(scope, document_id, queries, limit)
        async with self._database.transaction(scope) as tx:
            rows = await repository.by_id(tx, list({each for hits in found for each, _ in hits}))
        return {
            name: [_passage(rows[each], score) for each, score in hits if each in rows]
            for name, hits in zip(queries, found, strict=True)
        }

    async def nearness(
        self, scope: TenantScope, texts: Sequence[str], queries: Sequence[str]
    ) -> list[list[float]]:
        """Return for each text its nearness in meaning to each query, -1 to 1.

        :raises Unavailable: the embedding model is away.
        :raises PaymentRequired: the tenant's budget is spent.
        """
        if not texts:
            return []
        wanted = np.array([await self._embeddings.query(scope, query) for query in queries])
        vectors = np.array(await self._embeddings.passages(scope, texts))
        lengths = np.outer(np.linalg.norm(vectors, axis=1), np.linalg.norm(wanted, axis=1))
        nearness: list[list[float]] = (vectors @ wanted.T / np.maximum(lengths, _TINY)).tolist()
        return nearness

    async def _hits(
        self, scope: TenantScope, document_id: UUID, text: str, limit: int
    ) -> list[tuple[UUID, float]]:
        query = VectorQuery(
            text=text,
            dense=await self._embeddings.query(scope, text),
            mode=SearchMode.HYBRID,
            limit=limit,
            collection_ids=None,
            document_ids=(document_id,),
        )
        return [(hit.passage_id, hit.score) for hit in await self._vectors.search(scope, query)]

    async def _by_words(
        self, scope: TenantScope, document_id: UUID, queries: Mapping[str, str], limit: int
    ) -> dict[str, list[Passage]]:
        found = {}
        async with self._database.transaction(scope) as tx:
            for name, query in queries.items():
                rows = await repository.full_text(tx, query, limit, None, [document_id])
                found[name] = [_passage(row, float(row["score"])) for row in rows]
        return found


def _passage(row: Row, score: float) -> Passage:
    return Passage(row["page"], row["start_offset"], row["end_offset"], row["text"], score)
