"""The vector process: its answers to good and bad calls, and what survives its death."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.embeddings import FakeEmbeddings
from assay.adapters.vectors import (
    PassageVector,
    SearchMode,
    VectorQuery,
    VectorStore,
)
from assay.embedded.vector_bodies import CreateCollection
from assay.embedded.vector_engine import Engine
from assay.embedded.vector_server import MAX_BODY_BYTES, VectorServer
from assay.errors import Unavailable
from assay.scope import TenantScope
from tests.vector_process import BACKEND, KEY, VectorProcess

DIMENSIONS = 16
KILLS = 6
embeddings = FakeEmbeddings(DIMENSIONS)

CREATE = {
    "vectors": {"dense": {"size": 4, "distance": "Cosine"}},
    "sparse_vectors": {"bm25": {"modifier": "idf"}},
}
POINT = {"id": str(uuid4()), "vector": {"dense": [1, 0, 0, 0]}, "payload": {"tenant_id": "a"}}
ROUTES = [
    ("PUT", ""),
    ("PUT", "/index"),
    ("PUT", "/points"),
    ("POST", "/points/delete"),
    ("POST", "/points/count"),
    ("POST", "/points/scroll"),
    ("POST", "/points/query"),
    ("POST", "/facet"),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
async def client(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(VectorServer(engine, KEY), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://vectors.test", headers={"api-key": KEY}
    ) as client:
        assert (await client.put("/collections/things", json=CREATE)).is_success
        yield client


def passage(document_id: UUID, text: str = "some words") -> PassageVector:
    return PassageVector(uuid4(), document_id, None, embeddings._embed(text), text)


async def test_the_key_is_asked_for_and_compared(client):
    for path in ("/collections", "/collections/things", "/nowhere"):
        assert (await client.get(path, headers={"api-key": "wrong"})).status_code == 403
        del client.headers["api-key"]
        assert (await client.get(path)).status_code == 401
        assert (await client.get("/readyz")).status_code == 200
        client.headers["api-key"] = KEY
    assert (await client.get("/collections")).json()["result"]["collections"] == [
        {"name": "things"}
    ]


@pytest.mark.parametrize(("method", "call"), [*ROUTES, ("GET", "")])
async def test_an_unknown_collection_is_not_found(client, method, call):
    if (method, call) == ("PUT", ""):
        return
    body = {
        "/index": {"field_name": "a", "field_schema": "uuid"},
        "/points": {"points": []},
        "/points/delete": {"points": []},
        "/points/query": {"query": [1.0], "using": "dense"},
        "/facet": {"key": "a"},
    }.get(call, {})
    answer = await client.request(method, f"/collections/unknown{call}", json=body)
    assert answer.status_code == 404
    assert "doesn't exist" in answer.json()["status"]["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/collections/things/nonsense"),
        ("DELETE", "/collections/things"),
        ("PUT", "/collections"),
        ("GET", "/%2e%2e/etc/passwd"),
    ],
)
async def test_paths_that_do_not_exist(client, method, path):
    answer = await client.request(method, path)
    assert answer.status_code == (200 if path == "/" else 404)


@pytest.mark.parametrize("name", ["a%20b", "%2e%2e", "ü", "x" * 101])
async def test_names_that_are_no_folder_are_refused(client, name):
    answer = await client.put(f"/collections/{name}", json=CREATE)
    assert answer.status_code in {400, 404}


async def test_a_collection_is_created_once(client):
    assert (await client.put("/collections/things", json=CREATE)).status_code == 409


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("/points", {"points": [{**POINT, "id": "no uuid"}]}),
        ("/points", {"points": [{**POINT, "id": -1}]}),
        ("/points", {"points": [{**POINT, "vector": {"dense": [1, 0, 0]}}]}),
        ("/points", {"points": [{**POINT, "vector": {"other": [1, 0, 0, 0]}}]}),
        ("/points", {"points": [{**POINT, "vector": {"dense": [1e39, 0, 0, 0]}}]}),
        (
            "/points",
            {"points": [{**POINT, "vector": {"bm25": {"indices": [1, 1], "values": [1, 2]}}}]},
        ),
        (
            "/points",
            {"points": [{**POINT, "vector": {"bm25": {"indices": [1], "values": [1, 2]}}}]},
        ),
        ("/points", {"points": [POINT, {**POINT, "vector": {"dense": [1]}}]}),
        ("/points/delete", {}),
        ("/points/delete", {"filter": {"must": [{"key": "a", "match": {}}]}}),
        ("/points/delete", {"filter": {"must": [{"key": "a", "range": {"gt": 1}}]}}),
        ("/points/count", {"filter": {"musst": []}}),
        ("/points/query", {"query": [1, 2], "using": "dense"}),
        ("/points/query", {"query": [1, 0, 0, 0], "using": "other"}),
        ("/points/query", {"query": {"rrf": {"k": 60}}}),
        ("/points/query", {"query": [1, 0, 0, 0], "using": "dense", "limit": 0}),
        ("/points/query", {"query": [1, 0, 0, 0], "using": "dense", "tenant": "a"}),
        ("/index", {"field_name": "a", "field_schema": "geo"}),
    ],
)
async def test_bad_bodies_are_refused_and_change_nothing(client, call, body):
    method = "PUT" if call in {"/points", "/index"} else "POST"
    answer = await client.request(method, f"/collections/things{call}", json=body)
    assert answer.status_code == 400
    assert answer.json()["status"]["error"]
    count = await client.post("/collections/things/points/count", json={})
    assert count.json()["result"]["count"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"NaN"])
@pytest.mark.parametrize(("method", "call"), ROUTES)
async def test_what_is_no_object_is_refused(client, method, call, content):
    answer = await client.request(method, f"/collections/things{call}", content=content)
    assert answer.status_code == 400


async def test_a_body_without_end_is_refused(client):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 2**20 + 1):
            yield b" " * 2**20

    answer = await client.put("/collections/things/points", content=endless())
    assert answer.status_code == 413


_NAMES = ["must", "should", "must_not", "key", "match", "value", "any", "has_id", "filter"]
_NAMES += ["query", "nearest", "rrf", "k", "using", "prefetch", "limit", "offset", "params", "idf"]
_NAMES += ["corpus", "points", "id", "vector", "payload", "dense", "bm25", "indices", "values"]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "dense", "bm25", "tenant_id", str(uuid4())]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(route=st.sampled_from(ROUTES[2:]), body=st.dictionaries(st.sampled_from(_NAMES), _JSON))
async def test_no_body_makes_it_fail(client, route, body):
    method, call = route
    answer = await client.request(method, f"/collections/things{call}", json=body)
    assert answer.status_code < 500, answer.text


async def test_filters_combine(tmp_path):
    engine = Engine(tmp_path)
    transport = httpx.ASGITransport(VectorServer(engine, KEY))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://vectors.test", headers={"api-key": KEY}
    ) as client:
        await client.put("/collections/things", json=CREATE)
        points = [
            {"id": n, "vector": {"dense": [1, n, 0, 0]}, "payload": {"a": str(n % 2), "b": n}}
            for n in range(8)
        ]
        await client.put("/collections/things/points", json={"points": points})

        async def ids(**within: object) -> list[int]:
            body = {"filter": within, "limit": 100}
            answer = await client.post("/collections/things/points/scroll", json=body)
            return [point["id"] for point in answer.json()["result"]["points"]]

        even = {"key": "a", "match": {"value": "0"}}
        small = {"key": "b", "match": {"any": [1, 2, 3, 4]}}
        assert await ids(must=even) == [0, 2, 4, 6]
        assert await ids(must=[even, small]) == [2, 4]
        assert await ids(must_not=[even], must=[small]) == [1, 3]
        assert await ids(should=[{"has_id": [7]}, {"must": [even, small]}]) == [2, 4, 7]
    engine.close()


async def test_a_scroll_goes_through_all_pages(tmp_path):
    engine = Engine(tmp_path)
    transport = httpx.ASGITransport(VectorServer(engine, KEY))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://vectors.test", headers={"api-key": KEY}
    ) as client:
        await client.put("/collections/things", json=CREATE)
        points = [{**POINT, "id": number} for number in range(25)]
        await client.put("/collections/things/points", json={"points": points})
        seen, offset = [], None
        while True:
            body = {"limit": 10, **({} if offset is None else {"offset": offset})}
            answer = await client.post("/collections/things/points/scroll", json=body)
            page = answer.json()["result"]
            seen += [point["id"] for point in page["points"]]
            offset = page["next_page_offset"]
            if offset is None:
                break
        assert seen == list(range(25))
    engine.close()


async def test_terminating_ends_well_and_keeps_everything(tmp_path):
    process = VectorProcess(tmp_path).start()
    store, scope, document = (
        VectorStore(process.settings, DIMENSIONS),
        TenantScope(uuid4()),
        uuid4(),
    )
    await store.prepare()
    await store.upsert(scope, [passage(document) for _ in range(100)])
    assert process.stop() == 0
    process.start()
    assert await store.documents(scope) == {document: 100}
    await store.close()
    assert process.stop(signal.SIGINT) == 0


async def _upsert_until_dead(
    store: VectorStore, scope: TenantScope, acknowledged: dict[UUID, int], first: asyncio.Event
) -> None:
    while True:
        document, points = uuid4(), 1 + secrets.randbelow(150)
        try:
            await store.upsert(scope, [passage(document) for _ in range(points)])
        except Unavailable:
            return
        acknowledged[document] = points
        first.set()


async def test_a_killed_process_loses_nothing_acknowledged(tmp_path):
    process, scope = VectorProcess(tmp_path).start(), TenantScope(uuid4())
    store = VectorStore(process.settings, DIMENSIONS)
    await store.prepare()
    acknowledged: dict[UUID, int] = {}
    for _ in range(KILLS):
        first = asyncio.Event()
        writers = [
            asyncio.create_task(_upsert_until_dead(store, scope, acknowledged, first))
            for _ in range(3)
        ]
        await first.wait()
        for _ in range(secrets.randbelow(20)):
            await store.search(scope, VectorQuery("words", None, SearchMode.LEXICAL, 5))
        process.stop(signal.SIGKILL)
        await asyncio.gather(*writers)
        process.start()
        stored = await store.documents(scope)
        assert stored.items() >= acknowledged.items()
    await store.close()
    assert process.stop() == 0


async def test_a_killed_process_forgets_nothing_deleted(tmp_path):
    process, scope = VectorProcess(tmp_path).start(), TenantScope(uuid4())
    store, document = VectorStore(process.settings, DIMENSIONS), uuid4()
    await store.prepare()
    await store.upsert(scope, [passage(document)])
    await store.delete_document(scope, document)
    process.stop(signal.SIGKILL)
    process.start()
    assert await store.documents(scope) == {}
    await store.close()
    process.stop()


def test_a_crash_while_creating_leaves_no_collection(tmp_path):
    draft = tmp_path / "collections" / ".things.draft" / "shard"
    draft.mkdir(parents=True)
    (draft / "edge_config.json").write_text("{")
    engine = Engine(tmp_path)
    assert engine.names() == []
    assert engine.create("things", CreateCollection.model_validate(CREATE))
    assert engine.names() == ["things"]
    engine.close()


def test_a_second_process_on_the_folder_is_refused(tmp_path):
    first = VectorProcess(tmp_path).start()
    second = VectorProcess(tmp_path).spawn()
    _, message = second.communicate()
    assert second.returncode == 2
    assert "in use" in message
    assert first.stop() == 0


def test_no_key_no_start(tmp_path):
    command = [sys.executable, "-m", "assay.embedded.vector_server", "--data", str(tmp_path)]
    environment = {name: os.environ[name] for name in os.environ if name != "QDRANT_API_KEY"}
    ended = subprocess.run(
        [*command, "--port", "1"],
        env={**environment, "PYTHONPATH": str(BACKEND)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert "QDRANT_API_KEY" in ended.stderr


async def test_mixed_load_keeps_its_books(tmp_path):
    process = VectorProcess(tmp_path).start()
    store = VectorStore(process.settings, DIMENSIONS)
    await store.prepare()

    async def tenant(number: int) -> None:
        scope, kept = TenantScope(uuid4()), {}
        for round_ in range(6):
            document, points = uuid4(), 20 + number
            await store.upsert(scope, [passage(document, f"word{round_}") for _ in range(points)])
            kept[document] = points
            query = VectorQuery(f"word{round_}", embeddings._embed("word"), SearchMode.HYBRID, 10)
            assert len(await store.search(scope, query)) == 10
            if round_ % 2:
                await store.delete_document(scope, document)
                del kept[document]
            assert await store.documents(scope) == kept

    await asyncio.gather(*(tenant(number) for number in range(8)))
    await store.close()
    assert process.stop() == 0
