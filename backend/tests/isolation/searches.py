"""What one tenant's vectors show of another's: nothing found, counted, moved or deleted."""

from uuid import UUID, uuid4

from assay.adapters.embeddings import FakeEmbeddings
from assay.adapters.vectors import PassageVector, SearchMode, VectorHit, VectorQuery, VectorStore
from assay.scope import TenantScope

DIMENSIONS = 64
embeddings = FakeEmbeddings(DIMENSIONS)
TEXTS = (
    "Net sales rose to 394 million dollars in the year.",
    "Net sales of services rose while sales of products fell.",
    "The board declared a dividend on sales growth.",
)
QUERY = "net sales dividend"


async def stored(
    store: VectorStore, scope: TenantScope, texts: tuple[str, ...] = TEXTS
) -> list[PassageVector]:
    document, collection = uuid4(), uuid4()
    vectors = [
        PassageVector(uuid4(), document, collection, dense, text)
        for text, dense in zip(texts, await embeddings.embed_passages(texts), strict=True)
    ]
    await store.upsert(scope, vectors)
    return vectors


async def search(
    store: VectorStore, scope: TenantScope, mode: SearchMode, **within: tuple[UUID, ...]
) -> list[VectorHit]:
    dense = await embeddings.embed_query(QUERY)
    return await store.search(scope, VectorQuery(QUERY, dense, mode, 100, **within))


async def found_of_others(store: VectorStore) -> list[str]:
    """Return the ways in which a tenant finds or counts another's passages."""
    mine, theirs = TenantScope(uuid4()), TenantScope(uuid4())
    own, others = await stored(store, mine), await stored(store, theirs)
    secret = {vector.passage_id for vector in others}
    filters: list[dict[str, tuple[UUID, ...]]] = [
        {},
        {"document_ids": (others[0].document_id,)},
        {"collection_ids": (others[0].collection_id or uuid4(),)},
        {"document_ids": (own[0].document_id, others[0].document_id)},
    ]
    wrong = []
    for mode in SearchMode:
        for within in filters:
            found = {hit.passage_id for hit in await search(store, mine, mode, **within)}
            wrong += [f"{mode} within {sorted(within)}"] if found & secret else []
        control = await search(store, mine, mode, document_ids=(own[0].document_id,))
        assert {hit.passage_id for hit in control} == {vector.passage_id for vector in own}
    counted = await store.documents(mine)
    assert counted[own[0].document_id] == len(own)
    return wrong + (["counts"] if others[0].document_id in counted else [])


async def deleted_of_others(store: VectorStore) -> list[str]:
    """Return the ways in which a tenant deletes another's passages."""
    mine, theirs = TenantScope(uuid4()), TenantScope(uuid4())
    others = await stored(store, theirs)
    wrong = []
    await store.delete_document(mine, others[0].document_id)
    wrong += [] if others[0].document_id in await store.documents(theirs) else ["by document"]
    await stored(store, mine)
    others = await stored(store, theirs)
    await store.delete_tenant(mine)
    wrong += [] if others[0].document_id in await store.documents(theirs) else ["by tenant"]
    assert await store.documents(mine) == {}
    return wrong


async def scores_moved_by_others(store: VectorStore) -> list[str]:
    """Return the modes of search in which another tenant's texts change a score."""
    mine, theirs = TenantScope(uuid4()), TenantScope(uuid4())
    await stored(store, mine)
    before = {mode: await scores(store, mine, mode) for mode in SearchMode}
    assert all(before.values())
    await stored(store, theirs, ("dividend",) * 100)
    await stored(store, theirs, ("net sales of nothing",) * 100)
    return [str(mode) for mode, known in before.items() if await scores(store, mine, mode) != known]


async def scores(store: VectorStore, scope: TenantScope, mode: SearchMode) -> dict[UUID, float]:
    """Return the scores by passage: those that are equal come in any order."""
    return {hit.passage_id: hit.score for hit in await search(store, scope, mode)}
