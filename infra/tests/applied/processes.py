"""Programs with a time limit that never outlive this one."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

GUARD = Path(__file__).with_name("guard.py")


class Failed(Exception):
    """A stage did not do what it should; the message is for people."""


def start(
    command: list[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | int | None = None,
    errors: IO[bytes] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends, with its children, when this process does."""
    return subprocess.Popen(  # commands of ours
        [sys.executable, str(GUARD), *command],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program that `start` started, and its children, at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(
    command: list[str],
    *,
    folder: Path,
    seconds: float,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a program, its output into a file, and return its code.

    :raises Failed: it takes longer than it may.
    """
    with log.open("wb") as output:
        process = start(
            command, folder=folder, environment=environment, output=output, errors=subprocess.STDOUT
        )
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{command[0]} took longer than {seconds:.0f} s; see {log}") from None
        finally:
            end(process)
