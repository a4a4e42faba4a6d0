"""A node that keeps what it is asked and answers as a test says."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.content) if self.content else None


class Hangup(Exception):
    """Raised by an answer: close the connection instead."""


async def well(_: Asked) -> Answer:
    return 200, {"result": {"points": []}, "status": "ok", "time": 0.0}


def status(number: int) -> Callable[[Asked], Awaitable[Answer]]:
    async def answer(_: Asked) -> Answer:
        return number, {"status": {"error": "as the test says"}, "time": 0.0}

    return answer


async def never(_: Asked) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError


class QdrantNode:
    """An HTTP server on a port of its own, which it keeps over `stop` and `start`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answer: Callable[[Asked], Awaitable[Answer]] = well
        self.headers: dict[str, str] = {}
        """Sent with every answer."""
        self.requests: list[Asked] = []
        self.asked = asyncio.Event()
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> list[Asked]:
        """What it was asked beside the health checks."""
        return [request for request in self.requests if request.target != "/readyz"]

    async def start(self) -> "QdrantNode":
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Refuse connections and drop those that are open, as a killed process does."""
        assert self._server
        self._server.close()
        for task in list(self._connections):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        try:
            with contextlib.suppress(
                asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError, Hangup
            ):
                while True:
                    await self._one(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Asked(method, target, headers, content)
        self.requests.append(request)
        self.asked.set()
        number, body = await self.answer(request)
        encoded = orjson.dumps(body)
        fields = {
            "Content-Type": "application/json",
            "Content-Length": len(encoded),
            **self.headers,
        }
        lines = [f"HTTP/1.1 {number} X", *(f"{key}: {value}" for key, value in fields.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + encoded)
        await writer.drain()
