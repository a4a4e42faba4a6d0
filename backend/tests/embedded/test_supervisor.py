"""The parts start, come back after a kill, and stop, leaving no process and losing no row."""

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
import redis.asyncio

from assay.embedded import postgres
from assay.embedded.folder import DataFolder, DataFolderError, DataFolderInUse
from assay.embedded.privileges import prepare, unprivileged_user
from assay.embedded.process import PartState, StartFailed
from assay.embedded.supervisor import Embedded
from assay.settings import Settings
from tests.embedded.installation import URL, dsn, held, of_each, read, spawn, still_running, write

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
WAIT_SECONDS = 30


def embedded_in(folder: Path, **settings: object) -> Embedded:
    return Embedded(Settings(_env_file=None, mode="embedded", data_dir=folder, **settings))


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def part(embedded: Embedded, name: str) -> PartState:
    return next(each for each in embedded.parts() if each.name == name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped installation that holds the row 1."""
    folder = tmp_path_factory.mktemp("made")
    with held(folder) as installation:
        write(installation.dsn, 1)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of the stopped installation."""
    subprocess.run(["cp", "-a", made, tmp_path / "data"], check=True)  # noqa: S607 - keeps owners
    return tmp_path / "data"


@pytest.fixture
async def running(folder: Path) -> AsyncIterator[Embedded]:
    embedded = embedded_in(folder)
    await embedded.start()
    yield embedded
    await embedded.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may walk to."""
    path = Path(tempfile.mkdtemp(prefix="assay-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


async def check_all(embedded: Embedded) -> None:
    settings = embedded.app_settings
    assert await asyncio.to_thread(read, dsn(embedded.owner_settings)) == [1]
    client = redis.asyncio.Redis(
        port=settings.redis_port, password=settings.redis_password.get_secret_value()
    )
    assert await client.ping()
    await client.aclose()
    async with httpx.AsyncClient() as http:
        answer = await http.get(
            f"http://127.0.0.1:{settings.qdrant_port}/collections",
            headers={"api-key": settings.qdrant_api_key.get_secret_value()},
        )
    assert answer.is_success


async def test_every_part_runs_and_keeps_its_rows(running):
    assert {each.name for each in running.parts()} == {"postgres", "redis", "vectors"}
    assert all(each.status == "running" and each.rss_bytes > 0 for each in running.parts())
    await check_all(running)


async def test_passwords_are_asked_for(running):
    settings = running.owner_settings
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsn(settings), password="wrong")
    with pytest.raises(psycopg.OperationalError, match="no password"):
        psycopg.connect(dsn(settings), password="")
    client = redis.asyncio.Redis(port=settings.redis_port)
    with pytest.raises(redis.exceptions.AuthenticationError):
        await client.ping()
    await client.aclose()


def test_no_password_is_an_argument(folder):
    with held(folder) as installation:
        secrets = json.loads((folder / "secrets.json").read_text()).values()
        arguments = " ".join(
            word
            for words in of_each(installation.everything(), psutil.Process.cmdline)
            for word in words
        )
    assert not [each for each in secrets if each in arguments]


async def test_durability_is_on(running):
    def shown(name: str) -> str:
        with psycopg.connect(dsn(running.owner_settings)) as connection:
            return connection.execute(f"show {name}").fetchone()[0]

    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await asyncio.to_thread(shown, name) == "on"


def test_stop_leaves_no_process(folder):
    with held(folder) as installation:
        processes = installation.everything()
        assert installation.stop() == 0
        assert still_running(processes) == []
    assert DataFolder(folder).holder() is None


async def test_a_second_start_is_refused_with_the_holder(folder):
    with held(folder) as installation:
        with pytest.raises(DataFolderInUse) as caught:
            await embedded_in(folder).start()
        assert caught.value.holder.pid == installation.process.pid
        assert str(installation.process.pid) in str(caught.value)
        assert URL in str(caught.value)
        write(installation.dsn, 2)  # the holder is not disturbed


@pytest.mark.parametrize("name", ["postgres", "redis", "vectors"])
async def test_a_killed_part_comes_back(running, name):
    before = part(running, name).pid
    os.kill(before, signal.SIGKILL)
    await until(lambda: part(running, name).restarts > 0)
    await until(lambda: part(running, name).status == "running")
    assert part(running, name).pid != before
    await check_all(running)


def test_parts_die_with_a_killed_parent(folder):
    with held(folder) as installation:
        processes = installation.everything()
        installation.process.kill()
        assert len(processes) > 3
        assert still_running(processes) == []


@pytest.mark.parametrize("whole", [True, False], ids=["everything", "parent"])
def test_acknowledged_rows_survive_kills(folder, whole):
    for value in (2, 3):
        with held(folder) as installation:
            write(installation.dsn, value)
            kill(installation.everything()[: None if whole else 1])
    with held(folder) as installation:
        assert read(installation.dsn) == [1, 2, 3]


async def test_a_kill_inside_initdb_leaves_no_half_cluster(tmp_path):
    process = spawn(tmp_path)
    home = tmp_path / "postgres"
    await until(lambda: any(home.glob("new-*/base")))
    processes = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert still_running(processes) == []
    assert not (home / "cluster").exists()
    with held(tmp_path) as installation:
        write(installation.dsn, 1)
    assert [each.name for each in home.iterdir()] == ["cluster"]


async def test_an_old_server_that_does_not_end_is_named(folder, monkeypatch):
    monkeypatch.setattr(postgres, "OLD_SERVER_SECONDS", 0.2)
    with held(folder) as installation:
        processes = installation.everything()
        server = next(each for each in processes if each.name() == "postgres")
        server.suspend()
        installation.process.kill()
        try:
            with pytest.raises(DataFolderError, match=f"kill -9 .*{server.pid}"):
                await embedded_in(folder).start()
        finally:
            server.resume()
        assert still_running(processes) == []
    with held(folder) as installation:
        assert read(installation.dsn) == [1]


def test_a_stranger_with_the_number_of_the_old_server_is_no_server(folder):
    user = unprivileged_user()
    stranger = subprocess.Popen(["sleep", "60"], user=user.pw_uid if user else None)  # noqa: S607
    try:
        cluster = folder / "postgres" / "cluster"
        lines = [stranger.pid, cluster, int(time.time()), 5432, "", "127.0.0.1", "0 0", "ready"]
        (cluster / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
        with held(folder) as installation:
            assert read(installation.dsn) == [1]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_cluster_of_another_version_is_left_alone(folder):
    (folder / "postgres" / "cluster" / "PG_VERSION").write_text("13\n")
    with pytest.raises(DataFolderError, match=r"PostgreSQL 13.*POSTGRES_PROGRAMS"):
        await embedded_in(folder).start()


@pytest.mark.skipif(not POSTGRES_15.is_dir(), reason=f"not run: no {POSTGRES_15}")
async def test_other_programs_serve_and_are_told_apart(tmp_path):
    embedded = embedded_in(tmp_path, postgres_programs=POSTGRES_15)
    await embedded.start()
    try:
        await asyncio.to_thread(write, dsn(embedded.owner_settings), 1)
    finally:
        await embedded.stop()
    with pytest.raises(DataFolderError, match=r"PostgreSQL 15.* 16"):
        await embedded_in(tmp_path).start()


async def test_a_lost_secrets_file_is_told_at_once(folder):
    (folder / "secrets.json").unlink()
    with pytest.raises(DataFolderError, match="missing"):
        await embedded_in(folder).start()
    assert not (folder / "secrets.json").exists()


async def test_a_part_that_cannot_start_takes_the_others_back(folder):
    embedded = embedded_in(folder, redis_server=folder / "absent")
    with pytest.raises(StartFailed, match="redis"):
        await embedded.start()
    assert embedded.parts() == []
    assert DataFolder(folder).holder() is None
    assert not (folder / "postgres" / "cluster" / "postmaster.pid").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: only root drops privileges")
def test_root_gives_postgres_to_an_unprivileged_user_below_a_closed_folder(folder):
    assert folder.parent.stat().st_mode & 0o077 == 0
    assert folder.parent.stat().st_uid == 0
    with held(folder) as installation:
        named = of_each(
            installation.everything()[1:], lambda each: (each.name(), each.uids().effective)
        )
        assert {user for name, user in named if name == "postgres"} == {
            pwd.getpwnam("nobody").pw_uid
        }
        assert read(installation.dsn) == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: already an ordinary user")
def test_an_ordinary_user_runs_it_all(open_folder):
    user = pwd.getpwnam("nobody")
    data = open_folder / "data"
    data.mkdir()
    os.chown(data, user.pw_uid, user.pw_gid)
    # The interpreter may lie below root's home, so walking is allowed.
    with held(data, prepare(user, walk=True)) as installation:
        processes = installation.everything()
        write(installation.dsn, 1)
        users = of_each(processes, lambda each: each.uids().effective)
        assert set(users) == {user.pw_uid}
        assert read(installation.dsn) == [1]
        installation.process.kill()
        assert still_running(processes) == []
    assert {each.stat().st_uid for each in data.rglob("*")} == {user.pw_uid}
