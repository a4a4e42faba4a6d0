"""Reads that may be stale go to a replica: a real pair of servers, one following the other."""

import asyncio
from pathlib import Path

import pytest

from assay.adapters.redis import Cache
from assay.embedded.redis import server
from assay.settings import Settings

PRIMARY, REPLICA = "127.0.0.1", "::1"


async def started(folder: Path, host: str, port: int, *further: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        str(server(Settings(_env_file=None))),
        *("--bind", host, "--port", str(port), "--save", "", "--dir", str(folder), *further),
        stdout=asyncio.subprocess.DEVNULL,
    )
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return process


def free_port() -> int:
    import socket

    with socket.create_server((PRIMARY, 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
async def servers(tmp_path: Path):
    port = free_port()
    primary = await started(tmp_path, PRIMARY, port)
    follow = ("--replicaof", PRIMARY, str(port))
    replica = await started(tmp_path, REPLICA, port, *follow)
    yield port, primary, replica
    for process in (primary, replica):
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def cache(servers):
    made = Cache(
        Settings(
            _env_file=None,
            redis_host=PRIMARY,
            redis_reader_host=REPLICA,
            redis_port=servers[0],
        )
    )
    yield made
    await made.close()


async def copied(cache: Cache, key: str) -> bytes:
    async with asyncio.timeout(30):
        while (value := await cache.get_stale(key)) is None:
            await asyncio.sleep(0.05)
    return value


async def test_the_replica_answers_what_may_be_stale(cache: Cache, servers):
    await cache.put("told", b"7", 600)
    assert await copied(cache, "told") == b"7"
    _, primary, _ = servers
    primary.kill()
    await primary.wait()
    assert await cache.get_stale("told") == b"7"
    assert await cache.get("told") is None


async def test_without_its_replica_the_primary_answers(cache: Cache, servers):
    await cache.put("told", b"7", 600)
    _, _, replica = servers
    replica.kill()
    await replica.wait()
    for _ in range(5):
        assert await cache.get_stale("told") == b"7"


async def test_a_cache_without_a_replica_asks_the_primary(servers):
    port, *_ = servers
    cache = Cache(Settings(_env_file=None, redis_host=PRIMARY, redis_port=port))
    await cache.put("told", b"7", 600)
    assert await cache.get_stale("told") == b"7"
    await cache.close()
