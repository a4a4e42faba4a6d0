"""The one hot call, `POST /collections/{name}/points/query`: its body and its answer.

Written by hand, because through the official client a search takes its caller five times the
processor time (`benchmarks/vector_calls.py`). What that client sends stays the reference:
`tests/adapters/test_vectors_query.py` holds the two equal.
"""

from typing import Any
from uuid import UUID

import orjson
from qdrant_edge import Bm25, Bm25Config

from assay.adapters.vectors_models import (
    DENSE,
    SPARSE,
    Filter,
    SearchMode,
    VectorHit,
    VectorQuery,
    within,
)
from assay.scope import TenantScope

PREFETCH = 100
"""Hits of each kind that the fusion sees."""
RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack et al. 2009); Qdrant's own default is 2."""
MEAN_WORDS = 75
"""Words of a typical passage without stop words, against which BM25 weighs a passage's length:
74 in scientific abstracts, 86 in quarterly reports, 78 in accident reports."""

BM25 = Bm25(Bm25Config(k=1.2, b=0.75, avg_len=MEAN_WORDS))

Branch = dict[str, Any]


def query_body(scope: TenantScope, query: VectorQuery) -> bytes | None:
    """Return the JSON of a search within a tenant, or None where nothing can be found."""
    branches = _branches(scope, query)
    if not branches:
        return None
    fused = _fused(branches) if query.mode is SearchMode.HYBRID else _single(branches[0])
    return orjson.dumps(
        {**fused, "limit": query.limit, "with_vector": False, "with_payload": False}
    )


def read_hits(answer: bytes) -> list[VectorHit]:
    """Read the answer.

    :raises ValueError: it is not what Qdrant documents.
    """
    try:
        points = orjson.loads(answer)["result"]["points"]
        return [VectorHit(UUID(point["id"]), point["score"]) for point in points]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("not an answer to a query") from error


def _branches(scope: TenantScope, query: VectorQuery) -> list[Branch]:
    """Return the searches that the mode asks for and the query gives something to."""
    filtered = within(scope, query.collection_ids, query.document_ids)
    limit = max(PREFETCH, query.limit) if query.mode is SearchMode.HYBRID else query.limit
    branches = []
    if query.mode is not SearchMode.LEXICAL and query.dense is not None:
        branches.append(_dense(query.dense, filtered, limit))
    if query.mode is not SearchMode.DENSE:
        words = BM25.embed_query(query.text)
        if words.indices:
            sparse = {"indices": words.indices, "values": words.values}
            branches.append(_lexical(sparse, filtered, within(scope), limit))
    return branches


def _dense(vector: list[float], filtered: Filter, limit: int) -> Branch:
    return {"query": vector, "using": DENSE, "filter": filtered, "limit": limit}


def _lexical(words: dict[str, Any], filtered: Filter, corpus: Filter, limit: int) -> Branch:
    """Return a search by words whose inverse document frequencies are those of `corpus`."""
    return {
        "query": words,
        "using": SPARSE,
        "filter": filtered,
        "params": {"idf": {"corpus": corpus}},
        "limit": limit,
    }


def _fused(branches: list[Branch]) -> Branch:
    return {"prefetch": branches, "query": {"rrf": {"k": RRF_K}}}


def _single(branch: Branch) -> Branch:
    return {**branch, "query": {"nearest": branch["query"]}}
