"""The limited process that writes one file: `python -m assay.analyses.writer`.

It takes frames of JSON on standard input, each behind its length: what to write, then rows, an
empty list when there are no more. It answers with frames of the file's bytes, each behind its
length and the processor time spent so far; an empty one says that the file is whole.
"""

import os
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from assay.analyses.exports import PIECE_BYTES, Column, CsvFile, File, Format, JsonFile, Out
from assay.analyses.models import FieldType
from assay.documents.limits import confine

HEAD = struct.Struct(">I")
ANSWER = struct.Struct(">IQ")
MEMORY_BYTES = 512 * 1024**2
"""Address space; a tenth of it is used."""
CPU_SECONDS = 1800
FILE_BYTES = 2**31
"""Of the evidence of a workbook, compressed, while it waits for its place."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to write."""

    form: Format
    columns: list[tuple[str, FieldType]]
    about: dict[str, str]
    evidence: bool
    scratch: str
    parent: int = field(default_factory=os.getpid)


class Pieces:
    """Gathers what is written and sends it in frames."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._gathered = out, bytearray()

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        self._gathered += piece
        if len(self._gathered) >= PIECE_BYTES:
            self._send()

    def close(self) -> None:
        """Send the rest, and say that the file is whole."""
        if self._gathered:
            self._send()
        self._send()

    def _send(self) -> None:
        self._out.write(ANSWER.pack(len(self._gathered), time.process_time_ns()))
        self._out.write(self._gathered)
        self._out.flush()
        self._gathered.clear()


def main() -> int:
    """Write the file that standard input asks for; return the exit code."""
    asked, out = sys.stdin.buffer, Pieces(sys.stdout.buffer)
    given = _frame(asked)
    order = Order(**given | {"form": Format(given["form"])})
    make = _maker(order)
    confine(
        order.parent,
        memory_bytes=MEMORY_BYTES,
        cpu_seconds=CPU_SECONDS,
        file_bytes=FILE_BYTES,
    )
    file = make(out)
    while rows := _frame(asked):
        file.write(rows)
    file.close(order.about)
    out.close()
    return 0


def _maker(order: Order) -> Callable[[Out], File]:
    columns = [Column(name, FieldType(kind)) for name, kind in order.columns]
    if order.form is Format.JSON:
        return lambda out: JsonFile(out, columns)
    if order.form is Format.CSV:
        return lambda out: CsvFile(out, columns, evidence=order.evidence, byte_order_mark=True)
    from assay.analyses.workbook import Workbook  # noqa: PLC0415 - the others need not pay for it

    return lambda out: Workbook(out, columns, Path(order.scratch))


def _frame(stream: BinaryIO) -> Any:
    """Return what a frame holds.

    :raises EOFError: the other side ended before it was whole.
    """
    head = stream.read(HEAD.size)
    if len(head) == HEAD.size:
        (length,) = HEAD.unpack(head)
        content = stream.read(length)
        if len(content) == length:
            return orjson.loads(content)
    raise EOFError


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EOFError, BrokenPipeError):  # nobody asks any more
        os._exit(1)
