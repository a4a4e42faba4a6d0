"""Work in processes of their own: bounded, charged, and never in the way of the event loop."""

import asyncio
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from assay.adapters.metering import Meter, metered
from assay.analyses.engine import DocumentFailed
from assay.analyses.processes import Processes


def elsewhere(name: str):
    """Return a stand-in for a function of a module that only the other process has."""

    def function(*_: object) -> object:
        raise AssertionError("ran here")

    function.__module__, function.__name__ = "assay.analyses.extractive.made_up", name
    return function


BODY = """
import os, time

def double(number):
    return 2 * number

def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return os.getpid(), os.nice(0)

def sleep(seconds):
    time.sleep(seconds)

def swallow(size):
    return len(bytearray(size))

def fail():
    raise ZeroDivisionError("what a document says")

def end():
    os._exit(3)

def secrets():
    return sorted(os.environ)

def talk():
    print("not an answer")
    return "answer"
"""


@pytest.fixture
async def processes(tmp_path, monkeypatch) -> AsyncIterator[Processes]:
    # The other process finds one more module in the package than this one has.
    monkeypatch.setattr("assay.analyses.processes._PACKAGE_ROOT", tmp_path)
    package = tmp_path / "assay"
    import assay

    package.symlink_to(assay.__path__[0])
    hooked = tmp_path / "sitecustomize.py"
    hooked.write_text(
        "import sys, types\n"
        "made = types.ModuleType('assay.analyses.extractive.made_up')\n"
        f"exec({BODY!r}, made.__dict__)\n"
        "sys.modules[made.__name__] = made\n"
    )
    made = Processes(number=2, timeout_seconds=5, memory_bytes=512 * 1024**2)
    yield made
    await made.close()


async def test_it_returns_what_the_function_does(processes: Processes):
    assert await processes.run(elsewhere("double"), 21) == 42
    assert await processes.run(elsewhere("talk")) == "answer"


async def test_the_loop_goes_on_and_the_time_is_charged(processes: Processes):
    meter, beats = Meter(), 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    _, nice = await metered(processes.run(elsewhere("spin"), 0.5), meter)
    beating.cancel()
    assert beats > 5
    assert meter.cpu_ns >= 500_000_000
    assert nice >= psutil.Process().nice() + 10 or nice == 19


async def test_processes_are_kept_and_no_more_than_allowed(processes: Processes):
    made = await asyncio.gather(*(processes.run(elsewhere("spin"), 0.05) for _ in range(8)))
    assert len({pid for pid, _ in made}) <= 2


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("swallow", (2**30,), "too_complex"),
        ("fail", (), "internal_error"),
        ("end", (), "too_complex"),
    ],
)
async def test_what_goes_wrong_there_is_one_documents_failure(
    processes: Processes, name: str, arguments: tuple, code: str
):
    with pytest.raises(DocumentFailed) as failed:
        await processes.run(elsewhere(name), *arguments)
    assert failed.value.code == code
    assert "what a document says" not in str(failed.value)
    assert await processes.run(elsewhere("double"), 1) == 2


async def test_what_takes_too_long_is_killed(processes: Processes, monkeypatch):
    monkeypatch.setattr(processes, "_timeout", 0.2)
    before = set(psutil.Process().children())
    with pytest.raises(DocumentFailed) as failed:
        await processes.run(elsewhere("sleep"), 3600)
    assert failed.value.code == "timeout"
    assert [each for each in set(psutil.Process().children()) - before if each.is_running()] == []


async def test_cancelling_kills_too(processes: Processes):
    before = set(psutil.Process().children())
    task = asyncio.create_task(processes.run(elsewhere("sleep"), 3600))
    while set(psutil.Process().children()) == before:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadline = time.monotonic() + 5
    while set(psutil.Process().children()) - before and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert set(psutil.Process().children()) - before == set()


async def test_it_knows_no_secrets(processes: Processes, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "OPENAI_API_KEY" not in await processes.run(elsewhere("secrets"))


async def test_it_runs_nothing_from_elsewhere(processes: Processes):
    def system(_: str) -> int:
        raise AssertionError

    system.__module__ = "os"
    with pytest.raises(DocumentFailed):
        await processes.run(system, "true")
