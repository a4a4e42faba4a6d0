"""The one connection to Redis: bursts, a busy loop, callers that leave, servers that fail."""

import asyncio
import contextlib
import random
import time
from contextlib import asynccontextmanager

import hiredis
import pytest
import uvloop
from pydantic import SecretStr

from assay.adapters.redis import FAILURES, Cache, CacheUnavailable
from assay.settings import Settings


@pytest.fixture
async def cache(parts):
    cache = Cache(parts.app_settings)
    yield cache
    await cache.close()


class Server:
    """Speaks Redis's protocol; a function answers each command, and b"" is silence."""

    def __init__(self, answer) -> None:
        self.answer, self.tasks = answer, []

    @property
    def connections(self) -> int:
        return len(self.tasks)

    async def serve(self, reader, writer) -> None:
        self.tasks.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await self.converse(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def converse(self, reader, writer) -> None:
        parser = hiredis.Reader()
        while data := await reader.read(65536):
            parser.feed(data)
            while (command := parser.gets()) is not False:
                answer = b"+PONG\r\n" if command == [b"PING"] else self.answer(self, command)
                if answer is None:
                    return
                writer.write(answer)


@asynccontextmanager
async def answering(answer):
    """A cache before a server that answers so."""
    server = Server(answer)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    cache = Cache(Settings(_env_file=None, redis_host="127.0.0.1", redis_port=port))
    try:
        yield cache, server
    finally:
        await cache.close()
        listener.close()
        await asyncio.gather(*server.tasks)


async def test_a_burst_takes_one_connection():
    async with answering(lambda _, command: b"$1\r\n%b\r\n" % command[1][-1:]) as (cache, server):
        values = await asyncio.gather(*(cache.get(f"k{n % 10}") for n in range(500)))
    assert values == [b"%d" % (n % 10) for n in range(500)]
    assert server.connections == 1


async def test_it_serves_uvloop_as_well(parts):
    async def burst() -> list[bytes | None]:
        cache = Cache(parts.app_settings)
        await cache.put("k", b"v", 60)
        values = await asyncio.gather(*(cache.get("k") for _ in range(50)))
        await cache.close()
        return values

    assert await asyncio.to_thread(uvloop.run, burst()) == [b"v"] * 50


async def test_a_busy_loop_is_no_silence_of_redis(cache):
    """The loop serves others for a second whenever it comes round."""
    await cache.put("k", b"v", 60)
    asked = [asyncio.create_task(cache.get("k")) for _ in range(20)]
    for _ in range(3):
        await asyncio.sleep(0)
        time.sleep(1)  # noqa: ASYNC251 - this is the point
    assert await asyncio.gather(*asked) == [b"v"] * 20


async def test_a_busy_loop_connects(cache):
    asked = asyncio.create_task(cache.put("k", b"v", 60))
    while not asked.done():
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - this is the point
    assert await cache.get("k") == b"v"


async def test_who_leaves_takes_nobodys_answer(cache):
    for n in range(10):
        await cache.put(f"k{n}", b"%d" % n, 60)
    randomly = random.Random(7)  # noqa: S311 - no secret
    asked = [asyncio.create_task(cache.get(f"k{n % 10}")) for n in range(200)]
    left = set(randomly.sample(range(200), 100))
    for each in left:
        if randomly.random() < 0.5:
            await asyncio.sleep(0)
        asked[each].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    stayed = [n for n in range(200) if n not in left]
    assert [answers[n] for n in stayed] == [b"%d" % (n % 10) for n in stayed]


async def test_a_closed_connection_is_opened_anew(cache):
    await cache.put("k", b"v", 60)
    await cache._client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await asyncio.gather(*(cache.get("k") for _ in range(50))) == [b"v"] * 50


async def test_silence_is_one_failure_for_all_that_wait():
    async with answering(lambda _server, _command: b"") as (cache, _):
        assert await asyncio.gather(*(cache.get("k") for _ in range(50))) == [None] * 50
        assert cache._breaker.allows()
        for _ in range(FAILURES - 1):
            await cache.get("k")
        assert not cache._breaker.allows()


async def test_a_redis_that_is_back_is_asked_again():
    async with answering(lambda server, _: b"$1\r\nv\r\n" if server.connections > 1 else b"") as (
        cache,
        _,
    ):
        assert await cache.get("k") is None
        assert await cache.get("k") == b"v"


async def test_a_server_that_became_a_replica_is_left_for_the_new_primary():
    def answer(server, command):
        return b"+OK\r\n" if server.connections > 1 else b"-READONLY it is a replica\r\n"

    async with answering(answer) as (cache, server):
        assert not await cache._done("SET", "k", "v")
        assert await cache._done("SET", "k", "v")
    assert server.connections == 2


async def test_a_refused_command_is_no_failure_of_redis():
    async with answering(lambda _server, _command: b"-OOM command not allowed\r\n") as (
        cache,
        server,
    ):
        run = cache.script("return 1")
        for _ in range(2 * FAILURES):
            with pytest.raises(CacheUnavailable):
                await run([], [])
        assert cache._breaker.allows()
    assert server.connections == 1


@pytest.mark.parametrize("answer", [b"?nonsense\r\n", None], ids=["nonsense", "hangs up"])
async def test_what_speaks_no_redis_is_a_miss(answer):
    async with answering(lambda _server, _command: answer) as (cache, _):
        assert await cache.get("k") is None
        assert await cache.drop("k") is False


async def test_a_wrong_password_is_a_miss(parts):
    wrong = parts.app_settings.model_copy(update={"redis_password": SecretStr("wrong")})
    cache = Cache(wrong)
    assert await cache.get("k") is None
    await cache.close()
