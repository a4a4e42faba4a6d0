"""The vector store over a real vector process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import pytest

from assay.adapters.embeddings import FakeEmbeddings
from assay.adapters.vectors import (
    PassageVector,
    SearchMode,
    VectorHit,
    VectorQuery,
    VectorStore,
    WrongDimensions,
)
from assay.adapters.vectors_models import COLLECTION
from assay.adapters.vectors_query import RRF_K
from assay.errors import Unavailable
from assay.scope import TenantScope
from tests.vector_process import BACKEND, KEY, VectorProcess, free_port

DIMENSIONS = 64
embeddings = FakeEmbeddings(DIMENSIONS)

TEXTS = (
    "Net sales rose to 394 million dollars in the year.",
    "The aircraft lost engine power during the climb.",
    "Net sales of services rose while sales of products fell.",
    "Weather did not contribute to the loss of power.",
    "The board declared a dividend on sales growth.",
)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorProcess]:
    process = VectorProcess(tmp_path_factory.mktemp("vectors")).start()
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="module")
async def store(process: VectorProcess) -> AsyncIterator[VectorStore]:
    store = VectorStore(process.settings, DIMENSIONS)
    await store.prepare()
    yield store
    await store.close()


@pytest.fixture
def scope() -> TenantScope:
    return TenantScope(uuid4())


@pytest.fixture
def other() -> TenantScope:
    return TenantScope(uuid4())


async def passages(
    texts: tuple[str, ...] = TEXTS,
    document_id: UUID | None = None,
    collection_id: UUID | None = None,
) -> list[PassageVector]:
    document_id = document_id or uuid4()
    return [
        PassageVector(uuid4(), document_id, collection_id, dense, text)
        for text, dense in zip(texts, await embeddings.embed_passages(texts), strict=True)
    ]


async def ask(
    text: str, mode: SearchMode = SearchMode.HYBRID, limit: int = 10, **within: tuple[UUID, ...]
) -> VectorQuery:
    return VectorQuery(text, await embeddings.embed_query(text), mode, limit, **within)


@pytest.mark.parametrize("mode", SearchMode)
async def test_finds_the_passage_that_says_it(store, scope, mode):
    stored = await passages()
    await store.upsert(scope, stored)
    hits = await store.search(scope, await ask("engine power of the aircraft", mode))
    assert hits[0].passage_id == stored[1].passage_id
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("mode", SearchMode)
async def test_never_finds_another_tenants_passage(store, scope, other, mode):
    await store.upsert(scope, await passages())
    assert await store.search(other, await ask("net sales", mode)) == []


async def test_another_tenants_texts_do_not_move_a_score(store, scope, other):
    await store.upsert(scope, await passages())
    query = await ask("net sales dividend", SearchMode.LEXICAL)
    before = await store.search(scope, query)
    await store.upsert(other, await passages(("net sales dividend",) * 200))
    assert await store.search(scope, query) == before


async def test_hybrid_is_the_reciprocal_rank_fusion_of_both(store, scope):
    await store.upsert(scope, await passages())
    scores: dict[UUID, float] = {}
    for mode in (SearchMode.DENSE, SearchMode.LEXICAL):
        for rank, hit in enumerate(await store.search(scope, await ask("net sales", mode))):
            scores[hit.passage_id] = scores.get(hit.passage_id, 0) + 1 / (RRF_K + rank)
    hits = await store.search(scope, await ask("net sales"))
    assert {hit.passage_id: hit.score for hit in hits} == pytest.approx(scores)


async def test_hybrid_without_a_vector_goes_by_the_words(store, scope):
    stored = await passages()
    await store.upsert(scope, stored)
    hits = await store.search(scope, VectorQuery("dividend", None, SearchMode.HYBRID, 10))
    assert [hit.passage_id for hit in hits] == [stored[4].passage_id]


async def test_words_that_carry_nothing_find_nothing_by_words(store, scope):
    await store.upsert(scope, await passages())
    assert await store.search(scope, await ask("of the", SearchMode.LEXICAL)) == []
    assert await store.search(scope, await ask("of the"))


async def test_limit_caps_the_hits(store, scope):
    await store.upsert(scope, await passages(("sales",) * 300))
    assert len(await store.search(scope, await ask("sales", limit=150))) == 150


async def test_filters_by_collection_and_document(store, scope):
    first, second = uuid4(), uuid4()
    inside = await passages(collection_id=first)
    outside = await passages(collection_id=second)
    loose = await passages()
    await store.upsert(scope, [*inside, *outside, *loose])

    async def found(**within: tuple[UUID, ...]) -> set[UUID]:
        hits: list[VectorHit] = await store.search(scope, await ask("net sales", **within))
        return {hit.passage_id for hit in hits}

    assert await found(collection_ids=(first,)) == {vector.passage_id for vector in inside}
    document = loose[0].document_id
    assert await found(document_ids=(document,)) == {vector.passage_id for vector in loose}
    assert await found(collection_ids=(first,), document_ids=(document,)) == set()
    assert await found(collection_ids=()) == set()
    ids = {vector.passage_id for vector in (*inside, *outside)}
    assert await found(collection_ids=(first, second)) <= ids


async def test_a_repeated_upsert_overwrites(store, scope):
    stored = await passages()
    await store.upsert(scope, stored)
    await store.upsert(scope, stored)
    assert await store.documents(scope) == {stored[0].document_id: len(stored)}


async def test_deleting_a_document_leaves_the_others(store, scope, other):
    gone, kept = await passages(), await passages()
    await store.upsert(scope, [*gone, *kept])
    await store.delete_document(other, kept[0].document_id)
    await store.delete_document(scope, gone[0].document_id)
    await store.delete_document(scope, gone[0].document_id)
    assert await store.documents(scope) == {kept[0].document_id: len(kept)}


async def test_deleting_a_tenant_leaves_the_others(store, scope, other):
    await store.upsert(scope, await passages())
    await store.upsert(other, await passages())
    await store.delete_tenant(scope)
    assert await store.documents(scope) == {}
    assert len(await store.documents(other)) == 1


async def test_more_than_one_batch_is_stored(store, scope):
    stored = await passages(("word",) * 200)
    await store.upsert(scope, stored)
    assert await store.documents(scope) == {stored[0].document_id: 200}


async def test_counts_every_document(store, scope):
    documents = [uuid4() for _ in range(150)]
    for document in documents:
        await store.upsert(scope, await passages(("word",), document))
    assert await store.documents(scope) == dict.fromkeys(documents, 1)


async def test_points_hold_ids_and_no_text(store, scope):
    await store.upsert(scope, await passages(collection_id=uuid4()))
    client = (await store._official())._client
    points, _ = await client.scroll(COLLECTION, limit=1000)
    names = {name for point in points for name in point.payload}
    assert names == {"tenant_id", "document_id", "collection_id"}


async def test_preparing_again_keeps_what_is_there(store, process, scope):
    stored = await passages()
    await store.upsert(scope, stored)
    second = VectorStore(process.settings, DIMENSIONS)
    await asyncio.gather(store.prepare(), second.prepare())
    assert await second.documents(scope) == {stored[0].document_id: len(stored)}
    await second.close()


async def test_two_processes_may_prepare_at_once(tmp_path):
    process = VectorProcess(tmp_path).start()
    stores = [VectorStore(process.settings, DIMENSIONS) for _ in range(4)]
    await asyncio.gather(*(store.prepare() for store in stores))
    assert await stores[0].healthy()
    for store in stores:
        await store.close()
    process.stop()


@pytest.mark.usefixtures("store")
async def test_refuses_a_collection_of_another_size(process):
    wrong = VectorStore(process.settings, DIMENSIONS + 1)
    with pytest.raises(WrongDimensions, match="64"):
        await wrong.prepare()
    await wrong.close()


async def test_says_unavailable_when_the_process_is_away(process, scope):
    settings = process.settings.model_copy(update={"qdrant_port": free_port()})
    store = VectorStore(settings, DIMENSIONS)
    assert not await store.healthy()
    for call in (
        store.prepare(),
        store.upsert(scope, await passages()),
        store.search(scope, await ask("sales")),
        store.documents(scope),
        store.delete_document(scope, uuid4()),
        store.delete_tenant(scope),
    ):
        with pytest.raises(Unavailable) as caught:
            await call
        assert caught.value.code == "vectors_unavailable"
    await store.close()


async def test_says_unavailable_when_the_key_is_refused(process, scope):
    settings = process.settings.model_copy(
        update={"qdrant_api_key": process.settings.postgres_password}
    )
    store = VectorStore(settings, DIMENSIONS)
    with pytest.raises(Unavailable):
        await store.search(scope, await ask("sales"))
    await store.close()


async def test_works_again_after_the_process_came_back(tmp_path, scope):
    process = VectorProcess(tmp_path).start()
    store = VectorStore(process.settings, DIMENSIONS)
    await store.prepare()
    stored = await passages()
    await store.upsert(scope, stored)
    process.stop()
    with pytest.raises(Unavailable):
        await store.documents(scope)
    process.start()
    assert await store.documents(scope) == {stored[0].document_id: len(stored)}
    await store.close()
    process.stop()


async def test_a_prepared_store_is_opened_without_the_official_client(process, store):
    code = (
        "import asyncio, sys\n"
        "from assay.adapters.vectors import VectorStore\n"
        "from assay.settings import Settings\n"
        "async def main():\n"
        f"    store = VectorStore(Settings(), {DIMENSIONS})\n"
        "    await store.prepare()\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "assert 'qdrant_client' not in sys.modules\n"
    )
    environment = {
        **os.environ,
        "QDRANT_HOST": "127.0.0.1",
        "QDRANT_PORT": str(process.port),
        "QDRANT_API_KEY": KEY,
        "PYTHONPATH": str(BACKEND),
    }
    ran = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environment)
    assert await ran.wait() == 0
