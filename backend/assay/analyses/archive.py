"""A ZIP file from front to back, to where nothing can be gone back to (APPNOTE.TXT 6.3).

`zipfile` writes one entry after the other, each begun when the last has ended. Of a workbook two
sheets grow at once: one goes out, the other is compressed into a file beside and put in later.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from assay.analyses.exports import PIECE_BYTES, Out

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_SIZES = struct.Struct("<IIII")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_VERSION, _MADE_BY, _DEFLATE = 20, 3 << 8 | 20, 8
_UTF8, _SIZES_BEHIND = 0x800, 0x8
_DATE = 0x21
"""The first day that the format knows: equal tables make equal files."""
_LEVEL = 3
_GATHERED = 32 * 1024
"""Bytes that are compressed at once; a call for each row would cost more than its work."""


class Deflated:
    """Compresses what it is given, and counts."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._gathered = bytearray()
        self.crc = self.size = self.packed = 0

    def write(self, text: str) -> None:
        """Add text."""
        self._gathered += text.encode()
        if len(self._gathered) >= _GATHERED:
            self._flush()

    def close(self) -> None:
        """Compress what is left."""
        self._flush()
        self._send(self._deflate.flush())

    def _flush(self) -> None:
        piece = bytes(self._gathered)
        self._gathered.clear()
        self.size += len(piece)
        self.crc = zlib.crc32(piece, self.crc)
        self._send(self._deflate.compress(piece))

    def _send(self, packed: bytes) -> None:
        if packed:
            self.packed += len(packed)
            self._out.write(packed)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    flags: int
    offset: int
    content: Deflated

    @property
    def sizes(self) -> tuple[int, int, int]:
        return self.content.crc, self.content.packed, self.content.size


class Archive:
    """Takes entries in their order; complete once closed."""

    def __init__(self, out: Out) -> None:
        self._out, self._offset = out, 0
        self._entries: list[_Entry] = []

    def begin(self, name: str) -> Deflated:
        """Begin an entry; `finish` it before anything else."""
        entry = _Entry(name.encode(), _UTF8 | _SIZES_BEHIND, self._offset, Deflated(self._out))
        self._head(entry, (0, 0, 0))
        return entry.content

    def finish(self) -> None:
        """End the entry that was begun last."""
        entry = self._entries[-1]
        entry.content.close()
        self._offset += entry.content.packed
        self._send(_SIZES.pack(0x08074B50, *entry.sizes))

    def add(self, name: str, text: str) -> None:
        """Add a small entry."""
        self.begin(name).write(text)
        self.finish()

    def put(self, name: str, content: Deflated, packed: BinaryIO) -> None:
        """Add what was compressed elsewhere, and closed."""
        entry = _Entry(name.encode(), _UTF8, self._offset, content)
        self._head(entry, entry.sizes)
        packed.seek(0)
        while piece := packed.read(PIECE_BYTES):
            self._send(piece)

    def close(self) -> None:
        """Write the list of all entries."""
        began = self._offset
        for entry in self._entries:
            self._send(
                _CENTRAL.pack(
                    0x02014B50, _MADE_BY, _VERSION, entry.flags, _DEFLATE, 0, _DATE,
                    *entry.sizes, len(entry.name), 0, 0, 0, 0, 0, entry.offset,
                ),
                entry.name,
            )  # fmt: skip
        number, size = len(self._entries), self._offset - began
        self._send(_END.pack(0x06054B50, 0, 0, number, number, size, began, 0))

    def _head(self, entry: _Entry, sizes: Iterable[int]) -> None:
        self._entries.append(entry)
        head = _LOCAL.pack(
            0x04034B50, _VERSION, entry.flags, _DEFLATE, 0, _DATE, *sizes, len(entry.name), 0
        )
        self._send(head, entry.name)

    def _send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._offset += len(piece)
            self._out.write(piece)
