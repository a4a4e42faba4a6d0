"""Connections whose requests begin in time and in bounds.

uvicorn bounds neither with httptools: one header of 200 MB is kept in memory, and a client that
sends a byte a second, or none, keeps its connection for ever.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Longest request line with its headers; the load balancer before us takes as much."""
HEAD_SECONDS = 20
"""Longest from a request's first byte to the end of its headers."""


class _TooLong(Exception):
    """The parser turns it into a refusal."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, closing what it would wait for without bound."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0
    """Received in chunks that did not end the head."""
    _header_bytes = 0
    """Of the headers that are complete."""

    def connection_made(self, transport: Any) -> None:
        """Wait for a first byte no longer than for one between two requests."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.timeout_keep_alive, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._in_head = False
        self._watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a chunk; refuse a head that grows too long."""
        self._head_bytes += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self.send_400_response("The head of the request is too long.")
        self._watch()

    def on_message_begin(self) -> None:
        """Count a new head."""
        super().on_message_begin()
        self._in_head, self._head_bytes, self._header_bytes = True, 0, 0
        self._cancel()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, within bounds also where all come in one chunk."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEAD_BYTES:
            raise _TooLong
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._in_head = False
        super().on_headers_complete()

    def _watch(self) -> None:
        """Time a head that is not complete; the usual one is, and costs no timer."""
        if not self._in_head or self.transport.is_closing():
            self._cancel()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
