"""Starts programs as an unprivileged user on free ports."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

CONTAINERS = Path(__file__).parents[1] / "containers"
NOBODY = "nobody"
SECONDS_TO_START = 20
Start = Callable[..., subprocess.Popen[bytes]]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return as soon as something listens.

    :raises RuntimeError: the program ended, or does not listen in time.
    """
    ends = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}; exit code {process.poll()}")


def installed(program: str) -> str:
    """Return a program's path; skip the test where it is not installed."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        pytest.skip(f"not run: {program} is not on this machine")
    return path


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Give a folder that the unprivileged user owns: pytest's own is closed to it."""
    with tempfile.TemporaryDirectory(prefix="assay-containers-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(NOBODY)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        yield folder


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs without privileges; end them with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def run(command: list[str], env: Mapping[str, str], cwd: Path) -> subprocess.Popen[bytes]:
        user = NOBODY if os.geteuid() == 0 else None
        # A file of the user's own, as a container runtime hands over: nginx opens /dev/stdout anew.
        with (cwd / f"{Path(command[0]).name}.log").open("ab") as output:
            if user:
                shutil.chown(output.name, user)
            process = subprocess.Popen(command, env=dict(env), cwd=cwd, user=user, stdout=output)
        running.append(process)
        return process

    yield run
    for process in reversed(running):
        process.terminate()
        process.wait(10)
