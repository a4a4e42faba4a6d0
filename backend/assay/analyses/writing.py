"""The server's side of the process that writes a file: start it, feed it, pass its bytes on.

To write the file of a large table keeps a core busy for many seconds; in the server's own process
it would hold up every other call.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson
import structlog

from assay.adapters.metering import charge
from assay.analyses.processes import environment
from assay.analyses.writer import ANSWER, HEAD, Order
from assay.errors import TooMany, Unavailable

log = structlog.get_logger()

PATIENCE_SECONDS = 15.0
"""How long a file waits for another of its workspace, or of many."""
STALLED_SECONDS = 60.0
"""How long a client may take nothing of a file: a place is not held for those who went away."""

Pages = AsyncIterator[Sequence[Any]]
"""Rows as `exports.Row` has them, in JSON or in what orjson makes JSON of."""


class Writers:
    """Writes files elsewhere: one at a time for a workspace, a few for all.

    :param number: processes at the most.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._writing: set[UUID] = set()
        self._freed = asyncio.Event()

    async def open(self, tenant_id: UUID, order: Order, pages: Pages) -> AsyncIterator[bytes]:
        """Begin a file; what comes back gives its bytes.

        :raises TooMany: the workspace has another file written.
        :raises Unavailable: too many are written at present.
        """
        await self._enter(tenant_id)
        try:
            run = _Run(self, tenant_id, await _start())
        except BaseException:
            self.leave(tenant_id)
            raise
        run.begin(order, pages)
        return run.pieces()

    async def _enter(self, tenant_id: UUID) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while tenant_id in self._writing or len(self._writing) >= self._number:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            if tenant_id in self._writing:
                raise TooMany(
                    "Another file of your workspace is being written. Try again when it is done.",
                    code="export_running",
                    retry_after=10,
                ) from None
            raise Unavailable(
                "Many files are being written. Try again in a few seconds.",
                code="exports_busy",
                retry_after=10,
            ) from None
        self._writing.add(tenant_id)

    def leave(self, tenant_id: UUID) -> None:
        """Give a place back."""
        self._writing.discard(tenant_id)
        self._freed.set()


class _Run:
    """A process that writes, and its place; it ends once, whatever comes first."""

    def __init__(
        self, writers: Writers, tenant_id: UUID, process: asyncio.subprocess.Process
    ) -> None:
        self._writers, self._tenant_id, self._process = writers, tenant_id, process
        self._feeding: asyncio.Task[None] | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._ended = False

    def begin(self, order: Order, pages: Pages) -> None:
        """Send what is asked for, then the rows."""
        self._feeding = asyncio.create_task(self._feed(order, pages))
        self._wait_for_client()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file; an error breaks it off, so that a part is not taken for the whole."""
        spent = 0
        self._cancel_wait()
        try:
            while True:
                length, now = ANSWER.unpack(await self._read(ANSWER.size))
                charge(now - spent)
                spent = now
                if not length:
                    return
                piece = await self._read(length)
                self._wait_for_client()
                yield piece
                self._cancel_wait()
        finally:
            self._end()
            await asyncio.shield(self._process.wait())

    async def _read(self, length: int) -> bytes:
        assert self._process.stdout is not None  # noqa: S101  a pipe was asked for
        try:
            return await self._process.stdout.readexactly(length)
        except asyncio.IncompleteReadError:
            if self._feeding and self._feeding.done() and not self._feeding.cancelled():
                self._feeding.result()  # raises why there are no more rows
            code = await self._process.wait()
            log.warning("analysis.export_broken_off", tenant_id=str(self._tenant_id), code=code)
            raise

    async def _feed(self, order: Order, pages: Pages) -> None:
        assert self._process.stdin is not None  # noqa: S101  a pipe was asked for
        try:
            await self._send(asdict(order))
            async for page in pages:
                if page:
                    await self._send(page)
            await self._send([])
            self._process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it ended; who reads from it is told why
        except BaseException:
            self._end()
            raise

    async def _send(self, value: Any) -> None:
        assert self._process.stdin is not None  # noqa: S101  a pipe was asked for
        content = orjson.dumps(value)
        self._process.stdin.write(HEAD.pack(len(content)) + content)
        await self._process.stdin.drain()

    def _wait_for_client(self) -> None:
        self._cancel_wait()
        self._stalled = asyncio.get_running_loop().call_later(STALLED_SECONDS, self._end)

    def _cancel_wait(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._cancel_wait()
        if self._feeding is not None:
            self._feeding.cancel()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._writers.leave(self._tenant_id)


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "assay.analyses.writer",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env=environment(),
        start_new_session=True,
    )
