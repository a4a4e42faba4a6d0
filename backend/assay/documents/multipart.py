"""Multipart bodies read part by part, in constant memory (RFC 7578)."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from assay.documents.names import disposition_parameters
from assay.errors import Malformed, UnsupportedMedia

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # it exists for type checkers only

MAX_HEADER_BYTES = 64 * 1024
"""Longest header of a part: room for a file name of 10,000 characters, percent-encoded."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a part says of itself before its content."""

    name: str
    filename: str | None


class MultipartReader:
    """Pulls parts and their content out of a stream of chunks."""

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        """Read the boundary.

        :raises UnsupportedMedia: the body is not `multipart/form-data`.
        :raises Malformed: there is no usable boundary.
        """
        self._chunks = chunks
        self._events: deque[Part | bytes | None] = deque()
        self._in_part = False
        self._headers: dict[bytes, bytes] = {}
        self._field, self._value = bytearray(), bytearray()
        try:
            self._parser = MultipartParser(
                _boundary(content_type), self._callbacks(), max_header_size=MAX_HEADER_BYTES
            )
        except FormParserError as error:
            raise _malformed() from error

    async def next_part(self) -> Part | None:
        """Skip to the next part and return its head; None after the last one.

        :raises Malformed: the body is not well-formed, or ends too early.
        """
        event = await self._next()
        while isinstance(event, bytes):
            event = await self._next()
        self._in_part = event is not None
        return event

    async def read(self) -> bytes:
        """Return the next piece of the present part's content; nothing at and after its end.

        :raises Malformed: the body is not well-formed, or ends too early.
        """
        if not self._in_part:
            return b""
        event = await self._next()
        content = event if isinstance(event, bytes) else b""
        self._in_part = bool(content)
        return content

    async def _next(self) -> Part | bytes | None:
        while not self._events:
            try:
                chunk = await anext(self._chunks)
                self._parser.write(chunk)
            except (StopAsyncIteration, FormParserError) as error:
                raise _malformed() from error
        return self._events.popleft()

    def _callbacks(self) -> "MultipartCallbacks":
        def part_begin() -> None:
            self._headers = {}

        def header_field(data: bytes, start: int, end: int) -> None:
            self._field += data[start:end]

        def header_value(data: bytes, start: int, end: int) -> None:
            self._value += data[start:end]

        def header_end() -> None:
            self._headers[bytes(self._field).lower()] = bytes(self._value)
            self._field.clear()
            self._value.clear()

        return {
            "on_part_begin": part_begin,
            "on_header_field": header_field,
            "on_header_value": header_value,
            "on_header_end": header_end,
            "on_headers_finished": lambda: self._events.append(_part(self._headers)),
            "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
            "on_part_end": lambda: self._events.append(b""),
            "on_end": lambda: self._events.append(None),
        }


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise UnsupportedMedia(
            "Send the files as multipart/form-data, in parts named `file`.",
            code="unsupported_media_type",
        )
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed()
    return boundary


def _part(headers: dict[bytes, bytes]) -> Part:
    try:
        found = disposition_parameters(headers.get(b"content-disposition", b""))
    except ValueError as error:
        raise _malformed() from error
    return Part(found.get("name", ""), found.get("filename"))


def _malformed() -> Malformed:
    return Malformed(
        "The multipart body is not well-formed, or it was cut off. Send it again.",
        code="malformed_multipart",
    )
