"""A tenant's values in Redis, and equal work done once."""

import asyncio
from collections import OrderedDict
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.redis import Cache
from assay.adapters.tenant_cache import ENTRY_BYTES, SingleFlight, TenantCache
from assay.scope import TenantScope

BUDGET = 10 * (ENTRY_BYTES + 100)


@pytest.fixture(scope="module")
async def cache(parts):
    cache = Cache(parts.app_settings)
    yield cache
    await cache.close()


def fresh() -> TenantScope:
    return TenantScope(uuid4())


async def test_a_value_is_its_tenants_alone(cache):
    values, mine = TenantCache(cache, 60), fresh()
    assert await values.put(mine, b"k", b"\x00\xff", BUDGET)
    assert await values.get(mine, b"k") == b"\x00\xff"
    assert await values.get(fresh(), b"k") is None


async def test_a_value_ends(cache):
    values, mine = TenantCache(cache, 0.001), fresh()
    await values.put(mine, b"k", b"v", BUDGET)
    async with asyncio.timeout(10):
        while await values.get(mine, b"k") is not None:
            await asyncio.sleep(0.001)
    # The account is at zero, or has ended as well.
    assert await cache._client.hget(f"{mine.tenant_id}:query-sizes", "total") in {b"0", None}


async def test_what_takes_too_much_of_the_budget_is_not_kept(cache):
    values, mine = TenantCache(cache, 60), fresh()
    assert not await values.put(mine, b"k", b"v" * BUDGET, BUDGET)
    assert await values.get(mine, b"k") is None


async def test_a_lost_index_is_begun_anew(cache):
    values, mine = TenantCache(cache, 60), fresh()
    await values.put(mine, b"a", b"v", BUDGET)
    await cache.drop(f"{mine.tenant_id}:query-used")
    await values.put(mine, b"b", b"v", BUDGET)
    sizes = await cache._client.hgetall(f"{mine.tenant_id}:query-sizes")
    assert sizes[b"total"] == str(ENTRY_BYTES + 1).encode()
    assert len(sizes) == 2


STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 15), st.integers(0, 700)), min_size=1, max_size=60
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_it_keeps_what_a_simple_model_keeps(cache, steps):
    values, mine = TenantCache(cache, 60), fresh()
    model: OrderedDict[bytes, bytes] = OrderedDict()
    for writes, number, length in steps:
        key, value = b"%d" % number, b"v" * length
        if writes:
            assert await values.put(mine, key, value, BUDGET)
            model.pop(key, None)
            while size(model) + length + ENTRY_BYTES > BUDGET:
                model.popitem(last=False)
            model[key] = value
        else:
            assert await values.get(mine, key) == model.get(key)
            if key in model:
                model.move_to_end(key)
        total = await cache._client.hget(f"{mine.tenant_id}:query-sizes", "total")
        assert int(total or 0) == size(model) <= BUDGET


def size(model: OrderedDict[bytes, bytes]) -> int:
    return sum(len(value) + ENTRY_BYTES for value in model.values())


async def test_equal_work_is_done_once():
    flights, calls, gate = SingleFlight(), [], asyncio.Event()

    async def work() -> int:
        calls.append(1)
        await gate.wait()
        return 7

    waiting = [asyncio.create_task(flights.run(b"k", work)) for _ in range(100)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert (answers[1:], len(calls)) == ([7] * 99, 1)


async def test_work_that_fails_fails_for_all_and_is_tried_again():
    flights, calls = SingleFlight(), []

    async def work() -> None:
        calls.append(1)
        raise ValueError("no")

    for _ in range(2):
        told = await asyncio.gather(
            *(flights.run(b"k", work) for _ in range(5)), return_exceptions=True
        )
        assert [type(each) for each in told] == [ValueError] * 5
    assert len(calls) == 2


async def test_work_that_nobody_waits_for_stops():
    flights, stopped = SingleFlight(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    asking = asyncio.create_task(flights.run(b"k", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait_for(stopped.wait(), 10)
