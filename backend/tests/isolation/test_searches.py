"""The vector store between tenants, and that its checks notice a lost condition."""

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

import assay
from assay.adapters import vectors_points, vectors_query
from assay.adapters.vectors import SearchMode, VectorStore
from assay.adapters.vectors_models import TENANT, Filter, within
from assay.scope import TenantScope
from tests.isolation.searches import (
    DIMENSIONS,
    deleted_of_others,
    found_of_others,
    scores_moved_by_others,
)
from tests.vector_process import VectorProcess


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[VectorStore]:
    """Vectors of this module alone: some tests lose what confines a deletion."""
    process = VectorProcess(tmp_path_factory.mktemp("vectors")).start()
    store = VectorStore(process.settings, DIMENSIONS)
    await store.prepare()
    yield store
    await store.close()
    process.stop()


def without_tenant(
    scope: TenantScope,
    collection_ids: tuple[UUID, ...] | None = None,
    document_ids: tuple[UUID, ...] | None = None,
) -> Filter:
    whole = within(scope, collection_ids, document_ids)
    return Filter({"must": [each for each in whole["must"] if each["key"] != TENANT]})


async def test_nothing_of_others_is_found_counted_or_deleted(store: VectorStore):
    assert await found_of_others(store) == []
    assert await deleted_of_others(store) == []


async def test_others_texts_change_no_score(store: VectorStore):
    assert await scores_moved_by_others(store) == []


async def test_a_search_that_lost_its_tenant_is_noticed(store: VectorStore, monkeypatch):
    monkeypatch.setattr(vectors_query, "within", without_tenant)
    noticed = await found_of_others(store)
    assert all(any(each.startswith(mode) for each in noticed) for mode in SearchMode)


async def test_points_that_lost_their_tenant_are_noticed(store: VectorStore, monkeypatch):
    monkeypatch.setattr(vectors_points, "within", without_tenant)
    assert await found_of_others(store) == ["counts"]
    assert await deleted_of_others(store) == ["by document", "by tenant"]


async def test_frequencies_of_all_tenants_are_noticed(store: VectorStore, monkeypatch):
    lexical = vectors_query._lexical

    def of_all(words, filtered, _corpus, limit):
        branch = lexical(words, filtered, Filter({}), limit)
        return branch | {"params": {}}

    monkeypatch.setattr(vectors_query, "_lexical", of_all)
    assert "lexical" in await scores_moved_by_others(store)


def test_only_one_function_makes_a_filter():
    """A search takes no other kind, which the type checker holds."""
    root = Path(assay.__file__).parent
    makers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Filter"
    }
    assert makers == {"adapters/vectors_models.py"}
