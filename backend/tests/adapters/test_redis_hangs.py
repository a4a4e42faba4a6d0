"""A Redis that takes connections and never answers."""

import asyncio

import pytest

from assay.adapters.redis import FAILURES, PAUSE_SECONDS, Breaker, Cache, CacheUnavailable
from assay.settings import Settings


async def test_a_hanging_redis_is_left_alone_after_a_few_failures():
    asked = 0

    async def never(reader, writer):
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cache = Cache(Settings(_env_file=None, redis_host="127.0.0.1", redis_port=port))
    for _ in range(FAILURES):
        assert await cache.get("k") is None
    before = asked
    run = cache.script("return 1")
    assert await cache.get("k") is None
    assert await cache.drop("k") is False
    with pytest.raises(CacheUnavailable):
        await run([], [])
    assert asked == before > 0
    await cache.close()
    server.close()


def test_after_the_pause_one_call_tries():
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    now = PAUSE_SECONDS
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.allows()
