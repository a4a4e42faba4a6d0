"""Processes that compute without a model: a few, kept, of low priority, each bounded.

Reading documents without a model is Python that keeps a core busy; in the worker's own process
it would hold up heartbeats and every other job.
"""

import asyncio
import contextlib
import os
import pickle
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog

from assay.adapters.metering import charge
from assay.analyses.engine import DocumentFailed

log = structlog.get_logger()

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_PACKAGE_ROOT = Path(__file__).parents[2]
_HEAD = struct.Struct(">I")
_TIMEOUT = "The document takes too long to work through. Split it, or ask about fewer things."
_TOO_COMPLEX = "The document takes too much memory to work through. Split it."
_CRASHED = "Something went wrong on our side with this document. Try it again."


class Processes:
    """Runs functions of `assay.analyses.extractive` elsewhere.

    :param number: processes at the most; they are started when they are needed.
    :param timeout_seconds: wall-clock limit of one call.
    :param memory_bytes: address-space limit of each process (Linux).
    """

    def __init__(self, *, number: int, timeout_seconds: float, memory_bytes: int) -> None:
        self._places = asyncio.Semaphore(number)
        self._timeout, self._memory = timeout_seconds, memory_bytes
        self._idle: list[asyncio.subprocess.Process] = []

    async def run(
        self,
        function: Callable[Parameters, Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Return what a function returns; its processor time is charged to the present meter.

        :raises DocumentFailed: it took too long or too much memory, or raised something.
        """
        call = function.__module__, function.__name__, args, kwargs
        content = pickle.dumps(call, protocol=pickle.HIGHEST_PROTOCOL)
        async with self._process() as process:
            spent, value, error = await _asked(process, content)
        charge(spent)
        if error == "MemoryError":
            raise DocumentFailed("too_complex", _TOO_COMPLEX)
        if error:
            log.error("analysis.computing_failed", function=function.__name__, error=error)
            raise DocumentFailed("internal_error", _CRASHED)
        result: Result = value
        return result

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Lend a process; one whose call did not end well is not used again."""
        async with self._places:
            process = self._idle.pop() if self._idle else await self._start()
            sound = False
            try:
                async with asyncio.timeout(self._timeout):
                    yield process
            except TimeoutError:
                raise DocumentFailed("timeout", _TIMEOUT) from None
            except (asyncio.IncompleteReadError, ConnectionError):
                # The kernel kills where memory runs out before the limit is reached.
                raise DocumentFailed("too_complex", _TOO_COMPLEX) from None
            else:
                self._idle.append(process)
                sound = True
            finally:
                if not sound:
                    await asyncio.shield(_end(process))

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "assay.analyses.computing",
            str(self._memory),
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env=environment(),
            start_new_session=True,
        )

    async def close(self) -> None:
        """End the processes."""
        for process in self._idle:
            await _end(process)
        self._idle.clear()


async def _asked(process: asyncio.subprocess.Process, content: bytes) -> tuple[int, Any, str]:
    assert process.stdin is not None  # noqa: S101  a pipe was asked for
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(_HEAD.pack(len(content)) + content)
    await process.stdin.drain()
    (length,) = _HEAD.unpack(await process.stdout.readexactly(_HEAD.size))
    answer = await process.stdout.readexactly(length)
    # It runs no code but ours, on text alone.
    return pickle.loads(answer)  # type: ignore[no-any-return]  # noqa: S301


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def environment() -> dict[str, str]:
    """Return what the process needs to run, and none of the server's secrets."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(_PACKAGE_ROOT),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
    }
