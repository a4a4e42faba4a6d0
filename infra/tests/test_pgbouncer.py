"""PgBouncer's configuration, started for real before a real PostgreSQL."""

import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from assay.embedded.postgres import programs
from assay.settings import Settings
from conftest import CONTAINERS, SECONDS_TO_START, Start, free_port, installed, wait_for

APP, WORKER = 'p"ss word', "another"
FOLDER = CONTAINERS / "pgbouncer"


@pytest.fixture
def database(scratch: Path, start: Start) -> int:
    """Run PostgreSQL with the two log-in roles; give its port."""
    folder, port = programs(Settings()), free_port()
    user = "nobody" if os.geteuid() == 0 else None
    data = scratch / "data"
    (scratch / "owner").write_text("owner")
    subprocess.run(
        [
            folder / "initdb",
            "-D",
            data,
            "-U",
            "owner",
            "--pwfile",
            scratch / "owner",
            "-A",
            "scram-sha-256",
        ],
        check=True,
        user=user,
        cwd=scratch,
        stdout=subprocess.DEVNULL,
    )
    command = [
        str(folder / "postgres"),
        "-D",
        str(data),
        "-p",
        str(port),
        "-k",
        "",
        "-h",
        "127.0.0.1",
    ]
    process = start(command, os.environ, scratch)
    wait_for(port, process)
    with when_started(port) as connection:
        connection.execute("create database assay")
        for role, password in (("assay_app", APP), ("assay_worker", WORKER)):
            connection.execute(f"create role {role} login password '{password}'")
    return port


@pytest.fixture
def pool(scratch: Path, start: Start, database: int) -> tuple[int, subprocess.Popen[bytes]]:
    """Run PgBouncer by the image's start script; give its port."""
    installed("pgbouncer")
    port = free_port()
    process = start([str(FOLDER / "start")], environment(scratch, port, database), scratch)
    wait_for(port, process)
    return port, process


def environment(scratch: Path, port: int, database: int) -> dict[str, str]:
    return {
        "PATH": f"/usr/sbin:{os.environ['PATH']}",
        "RUN_DIR": str(scratch / "run"),
        "LISTEN_ADDR": "127.0.0.1",
        "LISTEN_PORT": str(port),
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": str(database),
        "SERVER_TLS_SSLMODE": "disable",
        "DEFAULT_POOL_SIZE": "3",
        "RESERVE_POOL_SIZE": "1",
        "MAX_DB_CONNECTIONS": "5",
        "POSTGRES_APP_PASSWORD": APP,
        "POSTGRES_WORKER_PASSWORD": WORKER,
    }


def connect(port: int, user: str, password: str, name: str = "assay") -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=user,
        password=password,
        dbname=name,
        autocommit=True,
        prepare_threshold=None,
        connect_timeout=10,
    )


def when_started(port: int) -> psycopg.Connection:
    """Connect to a PostgreSQL that listens and may still refuse: "is starting up"."""
    ends = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            return connect(port, "owner", "owner", "postgres")
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)


def test_both_roles_log_in_by_their_passwords(pool):
    port, _ = pool
    for role, password in (("assay_app", APP), ("assay_worker", WORKER)):
        with connect(port, role, password) as connection:
            assert connection.execute("select current_user").fetchone() == (role,)


def test_a_wrong_password_and_other_roles_are_refused(pool):
    port, _ = pool
    for role, password in (("assay_app", WORKER), ("owner", "owner")):
        with pytest.raises(psycopg.OperationalError):
            connect(port, role, password)


def test_many_clients_take_few_connections_of_the_database(pool, database: int):
    port, _ = pool
    clients = [
        connect(port, role, password)
        for role, password in (("assay_app", APP), ("assay_worker", WORKER)) * 20
    ]
    try:
        with ThreadPoolExecutor(len(clients)) as threads:
            list(threads.map(lambda client: client.execute("select pg_sleep(0.02)"), clients))
        with connect(database, "owner", "owner", "postgres") as connection:
            (held,) = connection.execute(
                "select count(*) from pg_stat_activity where datname = 'assay'"
            ).fetchone()
        assert 1 <= held <= 5
    finally:
        for client in clients:
            client.close()


def test_a_tenant_set_in_one_transaction_is_gone_in_the_next(pool):
    port, _ = pool
    with connect(port, "assay_app", APP) as connection:
        with connection.transaction():
            connection.execute("select set_config('app.tenant', 'one', true)")
        with connection.transaction():
            assert connection.execute("select current_setting('app.tenant', true)").fetchone()[
                0
            ] in (None, "")


def test_a_stop_waits_for_the_transaction_under_way(pool):
    """By the signal that the image names as its STOPSIGNAL."""
    port, process = pool
    with connect(port, "assay_app", APP) as connection:
        connection.execute("begin")
        connection.execute("create temporary table kept (n int) on commit drop")
        process.send_signal(signal.SIGINT)
        connection.execute("insert into kept values (1)")
        assert connection.execute("select n from kept").fetchone() == (1,)
        connection.execute("commit")
    assert process.wait(10) == 0
    assert "STOPSIGNAL SIGINT" in (FOLDER / "Containerfile").read_text()


def test_passwords_are_for_its_user_alone(pool, scratch: Path):
    assert (scratch / "run/userlist.txt").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("POSTGRES_HOST", "", "POSTGRES_HOST is not set"),
        ("POSTGRES_HOST", "db;drop", "POSTGRES_HOST holds a character"),
        ("POSTGRES_APP_PASSWORD", "", "POSTGRES_APP_PASSWORD is not set"),
    ],
)
def test_a_wrong_value_is_told_by_name(scratch: Path, name: str, value: str, says: str):
    values = environment(scratch, 6432, 5432) | {name: value}
    run = subprocess.run(
        [FOLDER / "start"], env=values, capture_output=True, text=True, check=False
    )
    assert run.returncode == 64
    assert says in run.stderr


def test_defaults_are_the_designs(scratch: Path):
    """200 clients, pools of 20 and 5 in reserve, where the environment says nothing."""
    values = environment(scratch, 6432, 5432)
    for name in ("DEFAULT_POOL_SIZE", "RESERVE_POOL_SIZE", "MAX_DB_CONNECTIONS"):
        del values[name]
    programs_ = scratch / "programs"
    programs_.mkdir()
    (programs_ / "pgbouncer").symlink_to(shutil.which("true") or "/bin/true")
    subprocess.run(
        [FOLDER / "start"], env=values | {"PATH": f"{programs_}:{os.environ['PATH']}"}, check=True
    )
    text = (scratch / "run/pgbouncer.ini").read_text()
    for line in (
        "max_client_conn = 200",
        "default_pool_size = 20",
        "reserve_pool_size = 5",
        "pool_mode = transaction",
    ):
        assert line in text.splitlines()
    assert "@" not in "".join(line for line in text.splitlines() if not line.startswith(";"))
