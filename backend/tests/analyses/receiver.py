"""A server on this machine that takes webhooks and keeps what it was sent."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def verifies(self, secret: str) -> bool:
        """Check the signature as the specification of Standard Webhooks says, anew."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode()
        expected = base64.b64encode(hmac.new(key, signed + self.body, hashlib.sha256).digest())
        return f"v1,{expected.decode()}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Answers each request with the next of its answers; with the last one again after that."""

    port: int = 0
    answers: list[bytes] = field(default_factory=lambda: [answer(204)])
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def told(self, number: int, seconds: float = 30) -> list[Request]:
        """Wait until as many requests came."""
        async with asyncio.timeout(seconds):
            while len(self.requests) < number:
                await asyncio.sleep(0.02)
        return self.requests

    async def handle(self, reader, writer) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (each.partition(":") for each in rest if each)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Request(line, headers, body))
            given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if given == ENDLESS:
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    writer.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
                    await writer.drain()
            if given != SILENCE:
                writer.write(given)
                await writer.drain()
            else:
                await asyncio.sleep(60)
        writer.close()


ENDLESS, SILENCE = b"endless", b"silence"


def answer(status: int, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{headers}\r\n".encode()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
