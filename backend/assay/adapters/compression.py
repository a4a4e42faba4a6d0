"""Compresses whole JSON and text answers. Pure ASGI.

Starlette's own middleware compresses streamed files as well, for which an answer's length is lost,
and keeps the strong entity tag of a body that it changed.
"""

import asyncio
import re
import zlib
from functools import lru_cache

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.adapters.metering import in_thread

SMALLEST = 1024
"""Bytes from which on it is worth it."""
LARGE = 256 * 1024
"""Bytes from which on a thread does it, so that others need not wait."""
LEVEL = 1
"""A fifth of JSON is left at any level; the highest takes three times the time of the lowest."""
_TYPES = re.compile(r"application/(?:[\w.-]+\+)?json\b|text/(?:plain|html|css|javascript)\b")
_SECRET = ("/v1/auth/", "/v1/signup")
"""Answers with tokens: their length must tell nothing of them (the BREACH attack)."""


class Compression:
    """Sends JSON and text of a kilobyte or more with gzip, where the client takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"].startswith(_SECRET):
            await self._app(scope, receive, send)
            return
        given = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        await self._app(scope, receive, _Answer(send, accepted=takes_gzip(given)).send)


class _Answer:
    """Holds the head back until the first piece of the body tells whether that is all."""

    def __init__(self, send: Send, *, accepted: bool) -> None:
        self._send, self._accepted = send, accepted
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            self._head = message
            return
        if self._head is not None:
            head, self._head = self._head, None
            body = message.get("body", b"")
            if len(body) >= SMALLEST and not message.get("more_body"):
                message = {**message, "body": await self._encoded(head, body)}
            await self._send(head)
        await self._send(message)

    async def _encoded(self, head: Message, body: bytes) -> bytes:
        headers = MutableHeaders(raw=head["headers"])
        headers.add_vary_header("Accept-Encoding")
        if not self._accepted or "content-encoding" in headers or "content-range" in headers:
            return body
        compressed = await _gzip(body)
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(compressed))
        if headers.get("etag", "").startswith('"'):
            headers["etag"] = f"W/{headers['etag']}"
        return compressed


async def _gzip(body: bytes) -> bytes:
    if len(body) < LARGE:
        return _compress(body)
    return await asyncio.get_running_loop().run_in_executor(None, in_thread(_compress), body)


def _compress(body: bytes) -> bytes:
    gzip = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return gzip.compress(body) + gzip.flush()


def _is_text(head: Message) -> bool:
    for name, value in head.get("headers", ()):
        if name.lower() == b"content-type":
            return _TYPES.match(value.decode("latin-1").lower()) is not None
    return False


@lru_cache(maxsize=256)
def takes_gzip(accept: bytes) -> bool:
    """Read `Accept-Encoding` (RFC 9110 section 12.5.3)."""
    weights = {}
    for part in accept.decode("latin-1").lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";q=")
        try:
            weights[coding] = float(weight or 1)
        except ValueError:
            weights[coding] = 0.0
    return weights.get("gzip", weights.get("*", 0)) > 0
