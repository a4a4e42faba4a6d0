"""A real PgBouncer of a test's own, by the configuration that production runs."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from assay.embedded.privileges import prepare, unprivileged_user
from assay.embedded.process import free_port
from assay.settings import Settings

START = Path(__file__).parents[2] / "infra" / "containers" / "pgbouncer" / "start"
START_SECONDS = 10


@dataclass
class PgBouncer:
    """A running PgBouncer between a test and PostgreSQL."""

    port: int
    database_port: int
    process: subprocess.Popen[bytes]
    log: Path

    def through(self, settings: Settings) -> Settings:
        """Return the settings of a part that reaches PostgreSQL through it."""
        return settings.model_copy(update={"postgres_port": self.port, "jobs_listen": False})

    def server_connections(self) -> int:
        """Return how many connections it holds to PostgreSQL now."""
        sockets = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(each.raddr[1:] == (self.database_port,) for each in sockets)


@contextlib.contextmanager
def pgbouncer(
    folder: Path, app: Settings, worker: Settings, **configuration: object
) -> Iterator[PgBouncer]:
    """Start PgBouncer before the PostgreSQL of these settings; end it afterwards.

    :param folder: for its files, of this one alone.
    :param app: settings of `assay_app`.
    :param worker: settings of `assay_worker`.
    :param configuration: variables of the container, such as `DEFAULT_POOL_SIZE`.
    """
    path = f"{os.environ['PATH']}:/usr/sbin"
    if shutil.which("pgbouncer", path=path) is None:
        pytest.skip("not run: pgbouncer is not on this machine")
    port, user = free_port(), unprivileged_user()
    if user:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    variables = {
        "PATH": path,
        "RUN_DIR": folder,
        "LISTEN_ADDR": "127.0.0.1",
        "LISTEN_PORT": port,
        "POSTGRES_HOST": app.postgres_host,
        "POSTGRES_PORT": app.postgres_port,
        "POSTGRES_DB": app.postgres_db,
        "SERVER_TLS_SSLMODE": "disable",
        "POSTGRES_APP_PASSWORD": app.postgres_password.get_secret_value(),
        "POSTGRES_WORKER_PASSWORD": worker.postgres_password.get_secret_value(),
    }
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [START],
            env={name: str(value) for name, value in (variables | configuration).items()},
            stdout=output,
            stderr=output,
            preexec_fn=prepare(user, walk=True),  # noqa: PLW1509 - it refuses to be root
        )
    running = PgBouncer(port, app.postgres_port, process, log)
    try:
        _wait(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait(running: PgBouncer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert running.process.poll() is None, running.log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", running.port)):
            return
        assert time.monotonic() < deadline, running.log.read_text()
        time.sleep(0.02)
