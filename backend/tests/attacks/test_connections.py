"""Connections that say nothing, begin and never end, or begin without bound."""

import asyncio

import psutil
import pytest

from assay.adapters import connections
from tests.attacks.conftest import talk
from tests.serving import serve_app

START = b"GET /health HTTP/1.1\r\nHost: x\r\n"
END = b"Connection: close\r\n\r\n"


async def test_a_head_that_never_ends_is_cut_off(served, monkeypatch):
    """The connection's end shows that the server closed it: the client only waits."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    for begun in (b"G", b"GET /health", START, START + b"X-Slow: a", START + b"X: y\r\n"):
        assert await talk(served, begun) == b""
    again = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await talk(served, again + START)  # on a connection that served a request before
    assert answer.count(b"200 OK") == 1
    assert (await talk(served, START + END)).startswith(b"HTTP/1.1 200 ")


async def test_a_head_that_trickles_gains_no_time(served, monkeypatch):
    """Each byte is no new beginning: the time runs from the first."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection(*served.removeprefix("http://").split(":"))
    writer.write(START + b"X-Slow: ")

    async def trickle() -> None:
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.02)

    dripping = asyncio.create_task(trickle())
    try:
        async with asyncio.timeout(20):
            assert await reader.read() == b""
    except ConnectionError:
        pass
    finally:
        dripping.cancel()
        writer.close()


async def test_a_silent_connection_is_closed(app):
    async with serve_app(app, keep_alive=1) as url:
        assert await talk(url, b"") == b""
        assert (await talk(url, START + END)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "head",
    [
        START + b"X-Long: " + b"a" * 70_000 + b"\r\n" + END,
        START + b"a" * 70_000 + b": x\r\n" + END,
        START + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + END,
        START + b"X-Endless: " + b"a" * 600_000,
        b"GET /health?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n" + END,
        START + (b"Cookie: " + b"a" * 8000 + b"\r\n") * 9 + END,
    ],
    ids=["value", "name", "many", "endless", "query", "cookies"],
)
async def test_a_head_has_a_length(served, head):
    answer = await talk(served, head)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    usual = START + (b"X: " + b"a" * 8000 + b"\r\n") * 4 + END
    assert (await talk(served, usual)).startswith(b"HTTP/1.1 200 ")


async def test_endless_headers_take_no_memory(served):
    process = psutil.Process()
    before = process.memory_info().rss
    piece = b"a" * 65_536
    _, writer = await asyncio.open_connection(*served.removeprefix("http://").split(":"))
    writer.write(START + b"X-Endless: ")
    sent = 0
    try:
        async with asyncio.timeout(20):
            while sent < 256 * 1024**2:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
    except ConnectionError:
        pass
    finally:
        writer.close()
    assert sent < 64 * 1024**2
    assert process.memory_info().rss - before < 64 * 1024**2


async def test_many_idle_connections_hold_up_nobody(served):
    address = served.removeprefix("http://").split(":")
    idle = [await asyncio.open_connection(*address) for _ in range(300)]
    try:
        for _, writer in idle[::2]:
            writer.write(START)
        assert (await talk(served, START + END)).startswith(b"HTTP/1.1 200 ")
    finally:
        for _, writer in idle:
            writer.close()
