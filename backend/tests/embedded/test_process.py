"""A child is started, watched, restarted a bounded number of times, and stopped for certain."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from assay.embedded import process as module
from assay.embedded.process import Child, Command, StartFailed

SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
IGNORES = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
WAIT_SECONDS = 20


@pytest.fixture
def command(tmp_path) -> Callable[..., Command]:
    """Make commands of a Python program that is ready when it has written to its log."""

    def make(program: str, **changes: object) -> Command:
        log = tmp_path / "part.log"

        async def ready() -> bool:
            return log.read_bytes().endswith(b"up\n")

        fields = {
            "name": "part",
            "arguments": [sys.executable, "-c", program],
            "log": log,
            "environment": {},
            "ready": ready,
            "before_exec": lambda: None,
        }
        return Command(**(fields | changes))

    return make


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def test_a_child_runs_until_it_is_stopped(command):
    child = Child(command(SLEEPS))
    assert child.state().status == "stopped"
    await child.start()
    state = child.state()
    assert (state.name, state.status, state.restarts) == ("part", "running", 0)
    assert state.rss_bytes > 0
    await child.stop()
    assert child.state().status == "stopped"
    assert child.state().pid is None
    assert not psutil.pid_exists(state.pid)


async def test_a_child_that_ends_is_started_again(command):
    child = Child(command(SLEEPS))
    await child.start()
    first = child.state().pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.state().restarts == 1 and child.state().status == "running")
    assert child.state().pid not in (None, first)
    await child.stop()


async def test_a_child_that_keeps_failing_is_given_up(command, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_FAST_FAILURES", 2)
    broken = tmp_path / "broken"
    child = Child(
        command(f"import pathlib; assert not pathlib.Path({str(broken)!r}).exists(); {SLEEPS}")
    )
    await child.start()
    broken.touch()
    os.kill(child.state().pid, signal.SIGKILL)
    await until(child._watch.done)
    assert child.state().status == "failed"
    assert child.state().restarts == 2
    await child.stop()


async def test_a_program_that_vanishes_is_given_up_too(command, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_FAST_FAILURES", 1)
    program = tmp_path / "program"
    program.symlink_to("/bin/sh")
    child = Child(command("", arguments=[str(program), "-c", "echo up; sleep 600"]))
    await child.start()
    program.unlink()
    os.killpg(child.state().pid, signal.SIGKILL)
    await until(child._watch.done)
    assert child.state().status == "failed"
    await child.stop()


async def test_a_child_that_ends_at_once_fails_the_start_and_names_its_log(command):
    made = command("raise SystemExit('no')")
    with pytest.raises(StartFailed, match=str(made.log)):
        await Child(made).start()
    assert made.log.read_text() == "no\n"


async def test_a_child_whose_check_hangs_is_ended(command, monkeypatch):
    monkeypatch.setattr(module, "READY_SECONDS", 0.2)
    monkeypatch.setattr(module, "ONE_CHECK_SECONDS", 0.05)
    child = Child(command(SLEEPS, ready=asyncio.Event().wait))
    with pytest.raises(StartFailed):
        await child.start()
    assert child.state().pid is None


async def test_a_missing_program_fails_the_start(command, tmp_path):
    with pytest.raises(StartFailed, match="part could not be run"):
        await Child(command("", arguments=[str(tmp_path / "absent")])).start()


async def test_a_child_that_ignores_the_signal_is_killed(command):
    child = Child(command(IGNORES, stop_seconds=0.1))
    await child.start()
    pid = child.state().pid
    await child.stop()
    assert not psutil.pid_exists(pid)


async def test_a_terminals_interrupt_reaches_the_parent_alone(command):
    child = Child(command(SLEEPS))
    await child.start()
    assert os.getpgid(child.state().pid) != os.getpgid(0)
    await child.stop()


async def test_a_log_is_cut_while_its_child_runs(command, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_LOG_BYTES", 1000)
    monkeypatch.setattr(module, "LOG_CHECK_SECONDS", 0.02)
    writes = (
        "import time\nwhile True: print('x' * 99, 'up', sep='\\n', flush=True); time.sleep(.01)"
    )
    child = Child(command(writes))
    await child.start()
    older = tmp_path / "part.log.1"
    await until(older.exists)
    first = older.stat().st_mtime_ns
    await until(lambda: older.stat().st_mtime_ns > first)
    await child.stop()
    assert b"\x00" not in (tmp_path / "part.log").read_bytes()
