"""The parent's side of the limited parser process: start it, wait for it, never trust it."""

import asyncio
import contextlib
import math
import os
import re
import signal
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from assay.adapters.metering import charge, in_thread
from assay.documents import formats
from assay.documents.failures import MESSAGES, code_of
from assay.documents.parser import Request, encode
from assay.documents.passages import Page, Passage

Progress = Callable[[int, int], Awaitable[None]]
Box = tuple[float, float, float, float]

Answer = TypeVar("Answer")
Result = TypeVar("Result")

_MAX_FRAME = 1 << 30
_HEAD = re.compile(rb'\{(?:"cpu_ns":(\d{1,18}),?)?("failure":)?')
_PACKAGE_ROOT = Path(__file__).parents[2]
_STDERR_TAIL = 4096
_OUT_OF_MEMORY = (b"memory allocation of", b"MemoryError", b"bad_alloc", b"out of memory")


class ParseFailed(Exception):
    """A file could not be read.

    `code` is stable: `encrypted`, `broken`, `no_text`, `timeout`, `too_complex`,
    `unsupported`, `crashed` or `no_image`. `message` tells a user what to do.
    """

    def __init__(self, reason: str) -> None:
        self.code = code_of(reason)
        self.message = MESSAGES[reason]
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What was read of a file; `title` is its own, or its name without extension."""

    pages: list[Page]
    passages: list[Passage]
    title: str


class Parser:
    """Reads files, each in a process of its own.

    :param timeout_seconds: wall-clock limit for one file.
    :param memory_bytes: address-space limit of the process (Linux).
    """

    def __init__(self, timeout_seconds: float, memory_bytes: int) -> None:
        self._timeout = timeout_seconds
        self._memory = memory_bytes

    async def parse(
        self, path: Path, *, name: str, mime_type: str, progress: Progress | None = None
    ) -> ParsedDocument:
        """Return a file's pages and passages.

        :param progress: awaited with pages done and pages in all.
        :raises ParseFailed: when the file cannot be read.
        """
        request = self._request("parse", path, name=name, mime_type=mime_type)
        async with self._answers(request) as frames:
            async for frame in frames:
                answer = _understood(_json, frame)
                if "done" not in answer:
                    return await asyncio.to_thread(in_thread(_understood), _document, answer)
                if progress:
                    await progress(*_understood(_progress, answer))
        raise ParseFailed("crashed")

    async def render(self, path: Path, page: int, *, width: int = 1200) -> bytes:
        """Return a page of a PDF as WebP, `width` pixels wide."""
        request = self._request("render", path, page=page, width=width)
        async with self._answers(request) as frames:
            await anext(frames)
            return await anext(frames)

    async def boxes(self, path: Path, page: int, start: int, end: int) -> list[Box]:
        """Return where a PDF page shows the code points `start` to `end` of its text.

        One box per line: x0, y0, x1, y1 as fractions of the page, from its top left.
        """
        request = self._request("boxes", path, page=page, start=start, end=end)
        async with self._answers(request) as frames:
            return _understood(_boxes, await anext(frames))

    def _request(self, task: str, path: Path, **details: Any) -> Request:
        fields: dict[str, Any] = {"name": path.name, "mime_type": formats.PDF} | details
        return Request(
            task=task,
            path=str(path.absolute()),
            parent=os.getpid(),
            memory_bytes=self._memory,
            cpu_seconds=math.ceil(self._timeout) + 1,
            **fields,
        )

    @contextlib.asynccontextmanager
    async def _answers(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """Start the process and give its frames; nothing of it is left afterwards."""
        process = await _start()
        said = asyncio.create_task(_tail(process))
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                yield _frames(process, encode(request), said)
        except TimeoutError:
            if limit.expired():
                raise ParseFailed("timeout") from None
            raise
        finally:
            await asyncio.shield(_end(process, said))


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "assay.documents.parser",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd="/",
        env=_environment(),
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """Return what the process needs to run, and none of the server's secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    single = {"OMP_THREAD_LIMIT": "1", "RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    return kept | single | {"PYTHONPATH": str(_PACKAGE_ROOT), "LANG": "C.UTF-8"}


async def _frames(
    process: asyncio.subprocess.Process, request: bytes, said: asyncio.Task[bytes]
) -> AsyncIterator[bytes]:
    """Yield the answers of the process.

    :raises ParseFailed: when it reports a failure, or ends before its answer is complete.
    """
    assert process.stdin is not None  # noqa: S101  a pipe was asked for
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(request)
    process.stdin.close()
    charged = 0
    while True:
        try:
            (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
            if length > _MAX_FRAME:
                raise ParseFailed("crashed")
            frame = await process.stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            raise ParseFailed(_why_ended(await process.wait(), await said)) from None
        if head := _HEAD.match(frame):
            spent = int(head[1] or charged)
            charge(max(0, spent - charged))
            charged = spent
            if head[2]:
                raise ParseFailed(_reported(frame))
        yield frame


def _reported(frame: bytes) -> str:
    reason = str(_understood(_json, frame).get("failure"))
    return reason if reason in MESSAGES else "crashed"


def _why_ended(code: int, said: bytes) -> str:
    if code == -signal.SIGXCPU:
        return "timeout"
    # The kernel kills with SIGKILL when memory runs out before the limit is reached.
    if code == -signal.SIGKILL or any(mark in said for mark in _OUT_OF_MEMORY):
        return "too_complex"
    return "crashed"


async def _tail(process: asyncio.subprocess.Process) -> bytes:
    """Return the last of what the process says on standard error; it must never block there."""
    assert process.stderr is not None  # noqa: S101  a pipe was asked for
    tail = b""
    while chunk := await process.stderr.read(1 << 16):
        tail = (tail + chunk)[-_STDERR_TAIL:]
    return tail


async def _end(process: asyncio.subprocess.Process, said: asyncio.Task[bytes]) -> None:
    """Kill the process with all that it started, and reap it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    while process.stdout and await process.stdout.read(1 << 16):
        pass
    await said
    await process.wait()


def _understood(read: Callable[[Answer], Result], answer: Answer) -> Result:
    """Read an answer; one that makes no sense comes from a process that went astray."""
    try:
        return read(answer)
    except (ValueError, KeyError, TypeError, IndexError):
        raise ParseFailed("crashed") from None


def _json(frame: bytes) -> dict[str, Any]:
    return dict(orjson.loads(frame))


def _progress(answer: dict[str, Any]) -> tuple[int, int]:
    return int(answer["done"]), int(answer["total"])


def _boxes(frame: bytes) -> list[Box]:
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in _json(frame)["boxes"]]


def _document(answer: dict[str, Any]) -> ParsedDocument:
    pages = [Page(number, text) for number, text in enumerate(answer["pages"], 1)]
    passages = [
        Passage(ordinal, page, start, end, pages[page - 1].text[start:end], context)
        for ordinal, (page, start, end, context) in enumerate(answer["passages"])
    ]
    return ParsedDocument(pages, passages, answer["title"])
