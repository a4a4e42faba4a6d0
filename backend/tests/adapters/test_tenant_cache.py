"""A tenant's values in Redis, and equal work done once."""

import asyncio
from collections import OrderedDict
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.redis import Cache
from assay.adapters.tenant_cache import ENTRY_BYTES, Shared, TenantCache
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


async def asked(shared: Shared, scope: TenantScope, key: bytes, work) -> bytes:
    async with shared.turn(scope, key, budget=BUDGET, patience=10) as turn:
        if turn.value is None:
            turn.keep(await work())
        return turn.value or turn.made


async def test_equal_work_is_done_once_also_by_several_processes(cache):
    mine, made = fresh(), []
    processes = [Shared(cache, 60), Shared(cache, 60)]

    async def work() -> bytes:
        made.append(1)
        await asyncio.sleep(0.05)
        return b"value"

    async with asyncio.timeout(30):
        values = await asyncio.gather(
            *(asked(processes[n % 2], mine, b"key", work) for n in range(100))
        )
    assert set(values) == {b"value"}
    assert len(made) == 1


async def test_when_the_maker_fails_the_next_one_makes_it(cache):
    mine, shared, tries = fresh(), Shared(cache, 60), []

    async def work() -> bytes:
        tries.append(1)
        await asyncio.sleep(0)
        if len(tries) < 3:
            raise ValueError
        return b"value"

    answers = await asyncio.gather(
        *(asked(shared, mine, b"key", work) for _ in range(5)), return_exceptions=True
    )
    assert [each for each in answers if each == b"value"] == [b"value"] * 3
    assert len(tries) == 3


async def test_a_maker_that_leaves_holds_nobody_up(cache):
    mine, processes = fresh(), [Shared(cache, 60), Shared(cache, 60)]

    async def never() -> bytes:
        await asyncio.sleep(3600)
        return b""

    async def work() -> bytes:
        return b"value"

    leaving = asyncio.create_task(asked(processes[0], mine, b"key", never))
    await asyncio.sleep(0.02)
    waiting = [asyncio.create_task(asked(each, mine, b"key", work)) for each in processes]
    await asyncio.sleep(0.02)
    leaving.cancel()
    async with asyncio.timeout(10):
        assert await asyncio.gather(*waiting) == [b"value"] * 2


async def test_tenants_share_nothing(cache):
    shared, made = Shared(cache, 60), []

    async def work() -> bytes:
        made.append(1)
        return b"value"

    for _ in range(2):
        await asked(shared, fresh(), b"key", work)
    assert len(made) == 2
