"""The cache of query vectors, and the fake that other tests lean on."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.embeddings import FakeEmbeddings, QueryCache


def test_the_cache_forgets_the_least_recently_used():
    cache = QueryCache(2)
    cache.put("a", [1.0])
    cache.put("b", [2.0])
    assert cache.get("a") == [1.0]
    cache.put("c", [3.0])
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ([1.0], None, [3.0])


def test_a_cached_vector_cannot_be_changed_by_its_reader():
    cache = QueryCache()
    cache.put("a", [1.0])
    vector = cache.get("a")
    assert vector is not None
    vector[0] = 9.0
    assert cache.get("a") == [1.0]


@given(st.text())
async def test_the_fake_gives_every_text_one_vector_of_length_one(text):
    fake = FakeEmbeddings(16)
    query = await fake.embed_query(text)
    assert [query] == await fake.embed_passages([text])
    assert math.hypot(*query) == pytest.approx(1)


async def test_texts_that_share_words_are_near_in_the_fake():
    fake = FakeEmbeddings()
    question, near, far = await fake.embed_passages(
        ["net sales of the year", "Net sales rose this year", "Engines lost power"]
    )
    assert _dot(question, near) > _dot(question, far)


def _dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
