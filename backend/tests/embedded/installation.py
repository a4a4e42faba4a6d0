"""An embedded installation held by a process of its own, so that tests can kill it.

Run as a program, it is that process: `installation.py DATA_FOLDER`.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import psycopg

from assay.embedded.supervisor import Embedded
from assay.settings import Settings

BACKEND = Path(__file__).parents[2]
URL = "http://127.0.0.1:8000"
END_SECONDS = 15
Fact = TypeVar("Fact")


@dataclass
class Installation:
    """The holding process and how its database is reached."""

    process: subprocess.Popen[str]
    dsn: str

    def everything(self) -> list[psutil.Process]:
        """Return the process and all below it."""
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.process.terminate()
        self.process.communicate(timeout=60)
        return self.process.returncode


def spawn(folder: Path, before_exec: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start to hold a folder, without waiting."""
    return subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        env={**os.environ, "PYTHONPATH": str(BACKEND)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=before_exec,  # noqa: PLW1509 - no threads matter here
    )


@contextlib.contextmanager
def held(folder: Path, before_exec: Callable[[], None] | None = None) -> Iterator[Installation]:
    """Hold a folder until the block ends."""
    process = spawn(folder, before_exec)
    assert process.stdout
    line = process.stdout.readline()
    assert line, "the installation did not start"
    installation = Installation(process, json.loads(line))
    try:
        yield installation
    finally:
        if process.poll() is None:
            installation.stop()
        process.stdout.close()


def of_each(processes: list[psutil.Process], fact: Callable[[psutil.Process], Fact]) -> list[Fact]:
    """Return a fact of each process but those that ended: PostgreSQL's own workers come and go."""
    facts = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            facts.append(fact(process))
    return facts


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that have not ended after a while."""
    _, alive = psutil.wait_procs(processes, timeout=END_SECONDS)
    states = of_each(alive, lambda each: (each, each.status()))
    return [each for each, state in states if state != psutil.STATUS_ZOMBIE]


def dsn(settings: Settings) -> str:
    """Return where the owner's database is."""
    return psycopg.conninfo.make_conninfo(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_db,
        user=settings.postgres_owner_user,
        password=settings.postgres_owner_password.get_secret_value(),
    )


def write(dsn: str, value: int) -> None:
    """Commit a row."""
    with psycopg.connect(dsn) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (%s)", [value])


def read(dsn: str) -> list[int]:
    """Return the committed rows."""
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("select value from kept order by value")]


async def _hold(folder: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    embedded = Embedded(Settings(_env_file=None, mode="embedded", data_dir=folder))
    await embedded.start()
    embedded.publish(URL)
    sys.stdout.write(json.dumps(dsn(embedded.owner_settings)) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await embedded.stop()


if __name__ == "__main__":
    asyncio.run(_hold(Path(sys.argv[1])))
