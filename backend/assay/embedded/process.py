"""One supervised child: started, watched, restarted with back-off, stopped."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil
import structlog

log = structlog.get_logger()

Ready = Callable[[], Awaitable[bool]]

READY_SECONDS = 30.0
ONE_CHECK_SECONDS = 5.0
LOG_CHECK_SECONDS = 60.0
STABLE_SECONDS = 30.0
"""A child that lived this long has recovered; its count of fast failures starts anew."""
MAX_FAST_FAILURES = 8
MAX_LOG_BYTES = 8 * 1024 * 1024


class StartFailed(Exception):
    """A part did not come up; the message says which and where its log is."""


@dataclass(frozen=True, slots=True)
class PartState:
    """How a part does, for readiness, topology and `assay doctor`."""

    name: str
    pid: int | None
    status: str
    restarts: int
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Command:
    """How a child is run."""

    name: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    ready: Ready
    before_exec: Callable[[], None]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0


class Child:
    """A running `Command`, restarted whenever it ends unasked."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._status = "stopped"
        self._restarts = 0

    async def start(self) -> None:
        """Start and wait until it is ready.

        :raises StartFailed: it ended, or was not ready in time.
        """
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_alive())

    async def stop(self) -> None:
        """Ask it to end, insist after a while, reap it."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._end()
        self._status = "stopped"

    def state(self) -> PartState:
        """Return how it does."""
        pid = self._process.pid if self._process and self._process.returncode is None else None
        return PartState(self._command.name, pid, self._status, self._restarts, _resident(pid))

    async def _spawn(self) -> None:
        command, self._status = self._command, "starting"
        _cut_log(command.log)
        with command.log.open("ab") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command.arguments,
                    stdin=DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=dict(command.environment),
                    # Ctrl-C in a terminal goes to the parent alone, which stops all in order.
                    start_new_session=True,
                    preexec_fn=command.before_exec,
                )
            except (OSError, subprocess.SubprocessError) as error:
                self._status = "failed"
                raise StartFailed(f"{command.name} could not be run: {error}") from error
        await self._until_ready()
        self._status = "running"

    async def _until_ready(self) -> None:
        process, deadline = self._process, monotonic() + READY_SECONDS
        while process is not None and process.returncode is None and monotonic() < deadline:
            if await self._is_ready():
                return
            await asyncio.sleep(0.02)
        await self._end()
        self._status = "failed"
        raise StartFailed(f"{self._command.name} did not start; see {self._command.log}")

    async def _is_ready(self) -> bool:
        try:
            return await asyncio.wait_for(self._command.ready(), ONE_CHECK_SECONDS)
        except TimeoutError:
            return False

    async def _ended(self, process: Process) -> int:
        """Wait for the end and meanwhile keep the log short."""
        while True:
            try:
                return await asyncio.wait_for(process.wait(), LOG_CHECK_SECONDS)
            except TimeoutError:
                await asyncio.to_thread(_cut_log, self._command.log)

    async def _keep_alive(self) -> None:
        failures = 0
        while self._process is not None:
            began = monotonic()
            code = await self._ended(self._process)
            self._status = "restarting"
            failures = 0 if monotonic() - began > STABLE_SECONDS else failures + 1
            log.warning("part.ended", part=self._command.name, code=code, restarts=self._restarts)
            if failures > MAX_FAST_FAILURES:
                self._status = "failed"
                log.error("part.given_up", part=self._command.name, log=str(self._command.log))
                return
            await asyncio.sleep(min(5.0, 0.1 * 2**failures) if failures > 1 else 0)
            self._restarts += 1
            with contextlib.suppress(StartFailed):
                await self._spawn()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self._command.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), self._command.stop_seconds)
        except TimeoutError:
            log.warning("part.killed", part=self._command.name)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _resident(pid: int | None) -> int:
    """Return the resident bytes of a process and all below it."""
    if pid is None:
        return 0
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_info().rss
    return total


def _cut_log(path: Path) -> None:
    """Keep one older log, so that a part that runs or restarts for ever fills no disk.

    Copied and emptied, not renamed: the part appends to the file that it was given.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > MAX_LOG_BYTES:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
