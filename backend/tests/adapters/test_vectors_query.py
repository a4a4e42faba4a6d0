"""The hand-written body of a search is the one that Qdrant's official client would send."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import AsyncQdrantClient, models

from assay.adapters.vectors_models import SearchMode, VectorHit, VectorQuery
from assay.adapters.vectors_query import BM25, PREFETCH, RRF_K, query_body, read_hits
from assay.scope import TenantScope

IDS = st.none() | st.lists(st.uuids(), max_size=3).map(tuple)
QUERIES = st.builds(
    VectorQuery,
    text=st.sampled_from(["net sales", "engine power of the aircraft", "dividend", "", "of the"]),
    dense=st.none() | st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4),
    mode=st.sampled_from(SearchMode),
    limit=st.integers(1, 300),
    collection_ids=IDS,
    document_ids=IDS,
)


class Official:
    """The official client, whose request is kept instead of sent."""

    def __init__(self) -> None:
        self.request: httpx.Request | None = None
        self._client = AsyncQdrantClient(
            host="qdrant",
            https=False,
            check_compatibility=False,
            transport=httpx.MockTransport(self._answer),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return httpx.Response(200, json={"result": {"points": []}, "status": "ok", "time": 0})

    async def body(self, **query: Any) -> Any:
        await self._client.query_points("passages", with_payload=False, **query)
        assert self.request
        assert (self.request.method, self.request.url.path) == (
            "POST",
            "/collections/passages/points/query",
        )
        return orjson.loads(self.request.content)


def tenants(scope: TenantScope) -> models.FieldCondition:
    return models.FieldCondition(
        key="tenant_id", match=models.MatchValue(value=str(scope.tenant_id))
    )


def any_of(key: str, ids: tuple[UUID, ...] | None) -> list[models.FieldCondition]:
    if ids is None:
        return []
    return [models.FieldCondition(key=key, match=models.MatchAny(any=[str(i) for i in ids]))]


def branches(scope: TenantScope, query: VectorQuery) -> list[models.Prefetch]:
    within = models.Filter(
        must=[
            tenants(scope),
            *any_of("collection_id", query.collection_ids),
            *any_of("document_id", query.document_ids),
        ]
    )
    corpus = models.IdfCorpusParams(corpus=models.Filter(must=[tenants(scope)]))
    limit = max(PREFETCH, query.limit) if query.mode is SearchMode.HYBRID else query.limit
    words = BM25.embed_query(query.text)
    made = []
    if query.mode is not SearchMode.LEXICAL and query.dense is not None:
        made.append(models.Prefetch(query=query.dense, using="dense", filter=within, limit=limit))
    if query.mode is not SearchMode.DENSE and words.indices:
        made.append(
            models.Prefetch(
                query=models.SparseVector(indices=words.indices, values=words.values),
                using="bm25",
                filter=within,
                params=models.SearchParams(idf=corpus),
                limit=limit,
            )
        )
    return made


async def official_body(scope: TenantScope, query: VectorQuery) -> Any:
    made = branches(scope, query)
    if not made:
        return None
    if query.mode is SearchMode.HYBRID:
        fusion = models.RrfQuery(rrf=models.Rrf(k=RRF_K))
        return await Official().body(prefetch=made, query=fusion, limit=query.limit)
    (branch,) = made
    return await Official().body(
        query=branch.query,
        using=branch.using,
        query_filter=branch.filter,
        search_params=branch.params,
        limit=query.limit,
    )


@given(tenant=st.uuids(), query=QUERIES)
async def test_sends_what_the_official_client_sends(tenant, query):
    scope = TenantScope(tenant)
    body = query_body(scope, query)
    assert (orjson.loads(body) if body else None) == await official_body(scope, query)


def filters_of(body: Any) -> list[Any]:
    """Every filter anywhere in a body: one for each search and one for each corpus."""
    if isinstance(body, list):
        return [found for each in body for found in filters_of(each)]
    if not isinstance(body, dict):
        return []
    own = [body[key] for key in ("filter", "corpus") if key in body]
    return own + [found for each in body.values() for found in filters_of(each)]


@given(tenant=st.uuids(), query=QUERIES)
def test_every_search_and_every_corpus_names_the_tenant(tenant, query):
    content = query_body(TenantScope(tenant), query)
    if content is None:
        return
    body = orjson.loads(content)
    searches = body.get("prefetch", [body])
    filters = filters_of(body)
    assert len(filters) == len(searches) + sum("params" in search for search in searches)
    for each in filters:
        assert each["must"][0] == {"key": "tenant_id", "match": {"value": str(tenant)}}
        assert set(each) == {"must"}


def test_reads_the_hits():
    identifier = uuid4()
    point = {"id": str(identifier), "version": 3, "score": 0.5, "payload": None}
    answer = orjson.dumps({"result": {"points": [point]}, "status": "ok", "time": 0.1})
    assert read_hits(answer) == [VectorHit(identifier, 0.5)]


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b"{}", b'{"result": null}', b'{"result": {"points": [{"id": 7}]}}'],
)
def test_refuses_what_is_no_answer(answer):
    with pytest.raises(ValueError):  # noqa: PT011 - the JSON reader's own or ours
        read_hits(answer)
