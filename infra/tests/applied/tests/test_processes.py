"""Nothing that a run started outlives it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from applied.account import Account
from applied.processes import Failed, end, run, start

TESTS = Path(__file__).parents[2]

# A program with a child of its own, as Terraform has its provider; each writes its id.
PARENT = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("ids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""

# What a run is to them: it starts the program and waits for it.
RUN = """
import pathlib, sys
from applied.processes import start
start([sys.executable, "-c", sys.argv[1]], folder=pathlib.Path(sys.argv[2])).wait()
"""


def ids(folder):
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if (folder / "ids").exists() and (text := (folder / "ids").read_text()):
            return [int(each) for each in text.split()]
        time.sleep(0.02)
    raise AssertionError("the program did not start")


def gone(process):
    """Whether a process has ended, within a few seconds."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_neither_its_program_nor_the_programs_child(tmp_path, number):
    killed = subprocess.Popen([sys.executable, "-c", RUN, PARENT, str(tmp_path)], cwd=TESTS)
    program, child = ids(tmp_path)
    os.kill(killed.pid, number)
    killed.wait()
    assert gone(program)
    assert gone(child)


def test_a_program_that_takes_too_long_is_ended_with_its_child(tmp_path):
    with pytest.raises(Failed, match="longer than 2 s"):
        run([sys.executable, "-c", PARENT], folder=tmp_path, seconds=2, log=tmp_path / "log")
    assert [gone(each) for each in ids(tmp_path)] == [True, True]


def test_a_programs_code_and_output_are_told(tmp_path):
    told = [sys.executable, "-c", "import sys; print('out'); sys.exit('err')"]
    assert run(told, folder=tmp_path, seconds=20, log=tmp_path / "log") == 1
    assert sorted((tmp_path / "log").read_text().split()) == ["err", "out"]


def test_a_port_in_use_is_refused_in_a_sentence(tmp_path):
    with Account(tmp_path / "first.log") as first:
        port = int(first.url.rpartition(":")[2])
        with (
            pytest.raises(Failed, match=f"cannot listen on port {port}"),
            Account(tmp_path / "second.log", port),
        ):
            pass
        assert first.inventory() == {}


def test_the_emulator_ends_with_its_run(tmp_path):
    with Account(tmp_path / "log") as account:
        number = account.process.pid
    assert gone(number)


def test_end_may_be_asked_for_twice(tmp_path):
    process = start([sys.executable, "-c", "pass"], folder=tmp_path)
    end(process)
    end(process)
