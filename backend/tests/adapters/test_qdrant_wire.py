"""What goes over the wire to Qdrant, held against Qdrant's documentation.

`tests/qdrant_documented.py` has the bodies' models, typed from the OpenAPI description of Qdrant
1.19; a member, a parameter or a call that is not there fails. The answers of the recorder are
those of the same description.

What no real server has shown, because none can be installed where this runs:

- that a server accepts these bodies: only its description and its own client's code say so;
- that its scores, its fusion, its facets and its tenants' frequencies (`params.idf`) agree with
  those of the embedded engine, which is Qdrant's own and answers the other tests;
- how a cluster behaves: replication of writes, reads after a write on another node, `/readyz`
  of a node that lags behind, answers while a leader is elected;
- TLS with a server's own certificate, read-only keys, and limits of strict mode.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from assay.adapters.vectors import (
    PassageVector,
    SearchMode,
    TooOld,
    VectorHit,
    VectorQuery,
    VectorStore,
    WrongDimensions,
)
from assay.errors import Unavailable
from assay.scope import TenantScope
from assay.settings import Settings
from tests.qdrant_documented import CALLS, CreateCollection, Documented, Filter
from tests.qdrant_node import Answer, Asked, QdrantNode

DIMENSIONS = 4
SCOPE = TenantScope(uuid4())
POINT = uuid4()
DOCUMENT = uuid4()
KEY = "a key for the wire"


@dataclass
class DocumentedServer:
    """Answers as the description says; it keeps whether the collection exists."""

    node: QdrantNode
    version: str = "1.20.0"
    size: int = DIMENSIONS
    exists: bool = False
    indexed: bool = True

    async def answer(self, asked: Asked) -> Answer:
        name = f"{asked.method} {urlsplit(asked.target).path}"
        if name == "GET /":
            return 200, {"title": "qdrant - vector search engine", "version": self.version}
        if name == "GET /readyz":
            return 200, "all shards are ready"
        if name == "GET /collections/passages" and not self.exists:
            error = "Not found: Collection `passages` doesn't exist!"
            return 404, {"status": {"error": error}, "time": 0.1}
        self.exists = self.exists or name == "PUT /collections/passages"
        return 200, {"result": self._results()[name], "status": "ok", "time": 0.1}

    def _results(self) -> dict[str, Any]:
        updated = {"operation_id": 1, "status": "completed"}
        point = {"id": str(POINT), "version": 3, "score": 0.75, "payload": None, "vector": None}
        return {
            "GET /collections/passages": self._info(),
            "GET /collections/passages/exists": {"exists": self.exists},
            "PUT /collections/passages": True,
            "PUT /collections/passages/index": updated,
            "PUT /collections/passages/points": updated,
            "POST /collections/passages/points/delete": updated,
            "POST /collections/passages/points/query": {"points": [point]},
            "POST /collections/passages/facet": {"hits": [{"value": str(DOCUMENT), "count": 2}]},
        }

    def _info(self) -> dict[str, Any]:
        fields = ("tenant_id", "document_id", "collection_id") if self.indexed else ()
        params = {
            "vectors": {"dense": {"size": self.size, "distance": "Cosine"}},
            "shard_number": 1,
            "replication_factor": 1,
            "write_consistency_factor": 1,
            "on_disk_payload": True,
            "sparse_vectors": {"bm25": {"modifier": "idf"}},
        }
        return {
            "status": "green",
            "optimizer_status": "ok",
            "indexed_vectors_count": 0,
            "points_count": 0,
            "segments_count": 2,
            "config": {
                "params": params,
                "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
                "optimizer_config": {"default_segment_number": 0, "flush_interval_sec": 5},
            },
            "payload_schema": {field: {"data_type": "uuid", "points": 0} for field in fields},
            "update_queue": {"length": 0},
        }


@pytest.fixture
async def server() -> AsyncIterator[DocumentedServer]:
    node = await QdrantNode().start()
    server = DocumentedServer(node)
    node.answer = server.answer
    yield server
    await node.stop()


@pytest.fixture
async def store(server: DocumentedServer) -> AsyncIterator[VectorStore]:
    store = VectorStore(settings_for(server), DIMENSIONS)
    yield store
    await store.close()


def settings_for(server: DocumentedServer) -> Settings:
    host = f"127.0.0.1:{server.node.port}"
    return Settings(_env_file=None, qdrant_host=host, qdrant_api_key=KEY)


def passage(collection_id: UUID | None = None) -> PassageVector:
    dense = [0.5, -0.5, 0.25, 1.0]
    return PassageVector(POINT, DOCUMENT, collection_id, dense, "Net sales rose.")


def query(mode: SearchMode, **within: tuple[UUID, ...]) -> VectorQuery:
    return VectorQuery("net sales", [0.5, -0.5, 0.25, 1.0], mode, 10, **within)


def parsed(asked: Asked) -> Documented | None:
    """Read a request by the documentation, or fail."""
    target = urlsplit(asked.target)
    call = CALLS[asked.method, target.path]
    assert set(parse_qs(target.query)) <= call.parameters, call.section
    assert asked.headers["api-key"] == KEY
    if call.body is None:
        assert asked.content == b""
        return None
    assert asked.headers["content-type"] == "application/json"
    return call.body.model_validate_json(asked.content)


async def test_every_call_is_as_documented(server, store):
    await store.prepare()
    await store.upsert(SCOPE, [passage(), passage(uuid4())])
    for mode in SearchMode:
        await store.search(SCOPE, query(mode))
        await store.search(SCOPE, query(mode, collection_ids=(uuid4(),), document_ids=(DOCUMENT,)))
    assert await store.documents(SCOPE) == {DOCUMENT: 2}
    await store.delete_document(SCOPE, DOCUMENT)
    await store.delete_tenant(SCOPE)
    assert await store.healthy()
    await store._nodes.check()
    for asked in server.node.requests:
        parsed(asked)
    sent = {(asked.method, urlsplit(asked.target).path) for asked in server.node.requests}
    assert sent == set(CALLS)


async def only(server: DocumentedServer, work: Awaitable[object]) -> Asked:
    """Do something that makes one call, and return it."""
    before = len(server.node.requests)
    await work
    (asked,) = server.node.requests[before:]
    return asked


def tenant(scope: TenantScope = SCOPE) -> dict[str, Any]:
    return {"key": "tenant_id", "match": {"value": str(scope.tenant_id)}}


async def test_the_collection_keeps_a_graph_for_each_tenant(server, store):
    await store.prepare()
    (create,) = [a for a in server.node.requests if a.target == "/collections/passages" and a.body]
    assert create.body == {
        "vectors": {
            "dense": {
                "size": DIMENSIONS,
                "distance": "Cosine",
                "hnsw_config": {"m": 0, "payload_m": 16},
            }
        },
        "sparse_vectors": {"bm25": {"modifier": "idf"}},
    }


async def test_the_fields_that_are_filtered_by_are_indexed(server, store):
    await store.prepare()
    indexes = [a for a in server.node.requests if "/index" in a.target]
    assert [a.body for a in indexes] == [
        {"field_name": "tenant_id", "field_schema": {"type": "uuid", "is_tenant": True}},
        {"field_name": "document_id", "field_schema": {"type": "uuid"}},
        {"field_name": "collection_id", "field_schema": {"type": "uuid"}},
    ]
    assert {a.target for a in indexes} == {"/collections/passages/index?wait=true"}


async def test_every_node_gets_the_whole_collection(server):
    port = server.node.port
    settings = Settings(_env_file=None, qdrant_host=",".join([f"127.0.0.1:{port}"] * 3))
    store = VectorStore(settings, DIMENSIONS)
    await store.prepare()
    (create,) = [a for a in server.node.requests if a.target == "/collections/passages" and a.body]
    assert CreateCollection.model_validate_json(create.content).replication_factor == 3
    await store.close()


async def test_what_is_prepared_is_only_looked_at(server, store):
    server.exists = True
    await store.prepare()
    assert [a.method for a in server.node.requests] == ["GET", "GET"]


async def test_a_missing_index_is_made(server, store):
    server.exists, server.indexed = True, False
    await store.prepare()
    assert [a.method for a in server.node.requests].count("PUT") == 3


async def test_a_point_holds_ids_and_two_vectors(server, store):
    collection_id = uuid4()
    asked = await only(server, store.upsert(SCOPE, [passage(collection_id)]))
    (point,) = parsed(asked).points
    assert set(point.vector) == {"dense", "bm25"}
    assert point.id == str(POINT)
    assert point.payload == {
        "tenant_id": str(SCOPE.tenant_id),
        "document_id": str(DOCUMENT),
        "collection_id": str(collection_id),
    }
    assert asked.target.endswith("?wait=true")


async def test_points_are_deleted_by_tenant_and_document(server, store):
    asked = await only(server, store.delete_document(SCOPE, DOCUMENT))
    document = {"key": "document_id", "match": {"any": [str(DOCUMENT)]}}
    assert asked.body == {"filter": {"must": [tenant(), document]}}
    asked = await only(server, store.delete_tenant(SCOPE))
    assert asked.body == {"filter": {"must": [tenant()]}}
    assert asked.target.endswith("?wait=true")


async def test_documents_are_counted_exactly_within_the_tenant(server, store):
    asked = await only(server, store.documents(SCOPE))
    assert asked.body["filter"] == {"must": [tenant()]}
    assert asked.body["exact"] is True


async def test_a_hybrid_search_fuses_two_searches_of_the_tenant(server, store):
    asked = await only(server, store.search(SCOPE, query(SearchMode.HYBRID)))
    dense, words = parsed(asked).prefetch
    assert (dense.using, words.using) == ("dense", "bm25")
    within = Filter.model_validate({"must": [tenant()]})
    assert dense.filter == words.filter == words.params.idf.corpus == within
    assert asked.body["query"] == {"rrf": {"k": 60}}


async def test_the_documented_answer_is_read(server, store):
    assert await store.search(SCOPE, query(SearchMode.DENSE)) == [VectorHit(POINT, 0.75)]


@pytest.mark.parametrize("version", ["1.18.3", "1.9.7", "0.11.0", "dev"])
async def test_a_server_that_ignores_the_tenants_frequencies_is_refused(server, store, version):
    server.version = version
    with pytest.raises(TooOld, match=re.escape(f"Qdrant {version} is too old")):
        await store.prepare()


@pytest.mark.parametrize("version", ["1.19.0", "1.20.1", "2.0.0", "1.19.0-dev"])
async def test_a_newer_server_is_taken(server, store, version):
    server.version = version
    await store.prepare()


async def test_a_collection_of_another_size_is_refused(server, store):
    server.exists, server.size = True, 1536
    with pytest.raises(WrongDimensions, match="1536"):
        await store.prepare()


@pytest.mark.parametrize("body", [[], "no", {"result": {}}, {"result": {"config": None}}])
async def test_an_odd_description_is_no_start(server, store, body):
    async def odd(asked: Asked) -> Answer:
        return (200, body) if asked.target != "/" else await server.answer(asked)

    server.node.answer = odd
    with pytest.raises(Unavailable):
        await store.prepare()


Work = Callable[[VectorStore], Awaitable[object]]


@pytest.mark.parametrize("number", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(
    "work",
    [
        lambda store: store.search(SCOPE, query(SearchMode.HYBRID)),
        lambda store: store.upsert(SCOPE, [passage()]),
        lambda store: store.documents(SCOPE),
        lambda store: store.delete_tenant(SCOPE),
    ],
    ids=["search", "upsert", "documents", "delete"],
)
async def test_every_refusal_is_unavailable_and_repeats_nothing(
    server, store, number: int, work: Work
):
    secret = "what the server says"

    async def refuse(_: Asked) -> Answer:
        return number, {"status": {"error": secret}, "time": 0.1}

    server.node.answer = refuse
    with pytest.raises(Unavailable) as caught:
        await work(store)
    assert caught.value.code == "vectors_unavailable"
    assert secret not in caught.value.detail
