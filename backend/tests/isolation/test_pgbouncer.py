"""Many tenants on few shared connections, through a real PgBouncer in transaction mode."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from fastapi import FastAPI
from psycopg import OperationalError, errors
from sqlalchemy import text

from assay import worker
from assay.adapters.postgres import Database
from assay.errors import Invalid, Unavailable
from assay.main import connect as connect_app
from assay.main import create_app
from assay.scope import TenantScope
from assay.settings import Settings
from tests.conftest import NewTenant, Tenant, client_of
from tests.isolation.attacks import breaches
from tests.isolation.conftest import Connect
from tests.isolation.rows import ROWS, World
from tests.isolation.tables import Connection, tables
from tests.library import put
from tests.pgbouncer import PgBouncer, pgbouncer

POOL = 2
"""Connections of PostgreSQL that a role's sessions share."""
ROUNDS = 40


@pytest.fixture(scope="module")
def pool(parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgBouncer]:
    folder = tmp_path_factory.mktemp("pgbouncer")
    few = {"DEFAULT_POOL_SIZE": POOL, "RESERVE_POOL_SIZE": 0}
    with pgbouncer(folder, parts.app_settings, parts.worker_settings, **few) as running:
        yield running


@pytest.fixture(scope="module")
def pooled(pool: PgBouncer, parts) -> Settings:
    settings = pool.through(parts.app_settings)
    return settings.model_copy(update={"anonymous_per_minute": 1_000_000})


@pytest.fixture(scope="module")
async def api(pooled: Settings) -> AsyncIterator[FastAPI]:
    """The API, which reaches PostgreSQL through PgBouncer alone."""
    app = create_app(pooled)
    async with connect_app(app, pooled):
        yield app


@pytest.fixture
async def database(pooled: Settings) -> AsyncIterator[Database]:
    database = Database(pooled)
    yield database
    await database.close()


@pytest.fixture
async def tenants(api: FastAPI, new_tenant: NewTenant) -> AsyncIterator[list[Tenant]]:
    """Four workspaces that call the API before which PgBouncer stands."""
    made = [await new_tenant() for _ in range(4)]
    for tenant in made:
        tenant.client = client_of(api, str(tenant.tokens["access_token"]))
    yield made
    for tenant in made:
        await tenant.client.aclose()


async def lives(tenant: Tenant) -> Counter[str]:
    """Do what a tenant does, a few times over; return what it saw of whom."""
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS):
        name = f"{tenant.id} {secrets.token_hex(4)}"
        made = await tenant.client.post("/v1/collections", json={"name": name})
        assert made.status_code == 201, made.text
        identifier = made.json()["id"]
        listed, read, who = await asyncio.gather(
            tenant.client.get("/v1/collections", params={"limit": 200}),
            tenant.client.get(f"/v1/collections/{identifier}"),
            tenant.client.get("/v1/me"),
        )
        assert (read.status_code, read.json()["name"]) == (200, name)
        seen.update(each["name"].split()[0] for each in listed.json()["items"])
        seen[who.json()["tenant"]["id"]] += 1
        deleted = await tenant.client.delete(f"/v1/collections/{identifier}")
        assert deleted.status_code == 204
    return seen


async def test_tenants_at_once_on_two_connections_see_themselves_only(
    tenants: list[Tenant], pool: PgBouncer
):
    seen = await asyncio.gather(*(lives(tenant) for tenant in tenants))
    assert [set(each) for each in seen] == [{tenant.id} for tenant in tenants]
    assert all(each[tenant.id] >= 2 * ROUNDS for each, tenant in zip(seen, tenants, strict=True))
    assert 1 <= pool.server_connections() <= POOL


async def test_the_tenant_ends_with_its_transaction(database: Database):
    """Many transactions with and without a tenant, on the same processes of PostgreSQL."""
    who = text(
        "select pg_backend_pid() as pid, current_tenant() as tenant,"
        " coalesce(current_setting('app.tenant', true), '') as said"
    )

    async def one(scope: TenantScope | None) -> int:
        opened = database.gate() if scope is None else database.transaction(scope)
        async with opened as tx:
            await asyncio.sleep(0)
            row = await tx.first(who)
        assert row
        assert row["tenant"] == (scope and scope.tenant_id)
        assert row["said"] == (str(scope.tenant_id) if scope else "")
        return int(row["pid"])

    scopes = [None if n % 3 == 0 else TenantScope(uuid4()) for n in range(200)]
    pids = await asyncio.gather(*(one(scope) for scope in scopes))
    assert 1 <= len(set(pids)) <= POOL


async def test_what_fails_or_is_left_takes_its_tenant_along(database: Database):
    """An error, a cancelled request and a lost client leave nothing behind them."""
    scope, query = TenantScope(uuid4()), text("select current_tenant() as tenant")
    with pytest.raises(Invalid):
        async with database.transaction(scope) as tx:
            await tx.run(text("select 1 / 0"))

    begun = asyncio.Event()

    async def waits() -> None:
        async with database.transaction(scope) as tx:
            begun.set()
            await tx.run(text("select pg_sleep(60)"))

    waiting = asyncio.create_task(waits())
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with database.gate() as tx:
        assert (await tx.first(query))["tenant"] is None


@pytest.mark.parametrize("name", ROWS)
def test_every_attack_fails_through_it_too(
    connect: Connect,
    pooled: Settings,
    superuser: Connection,
    worlds: tuple[World, World],
    name: str,
):
    table = next(each for each in tables(superuser) if each.name == name)
    with connect(pooled, prepare_threshold=None) as connection:
        assert breaches(connection, table, *worlds) == []


def test_what_a_session_says_reaches_no_transaction_of_another(
    connect: Connect, pooled: Settings, worlds: tuple[World, World]
):
    """No statement of ours sets anything for a session; one that did would name no tenant."""
    mine, theirs = worlds
    with connect(pooled, prepare_threshold=None) as one:
        one.execute("select set_config('app.tenant', %s, false)", [str(mine.tenant)])
    with connect(pooled, prepare_threshold=None) as other, other.transaction():
        other.execute("select set_config('app.tenant', %s, true)", [str(theirs.tenant)])
        seen = {row[0] for row in other.execute("select tenant_id from users")}
        other.execute("reset app.tenant")
    assert seen == {theirs.tenant}


def test_prepared_statements_would_break_and_are_not_used(
    connect: Connect, pooled: Settings, api: FastAPI
):
    """The control: with them, a session meets connections that never heard of its statements."""
    assert api.state.database._pool.kwargs["prepare_threshold"] is None
    sessions = [connect(pooled, prepare_threshold=0) for _ in range(2 * POOL)]
    with pytest.raises((errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)):
        for _ in range(3):
            for session in sessions:
                session.execute("select %s::int", [1])
    for session in sessions:
        session.close()


async def test_nothing_stays_prepared_after_all_this(
    tenants: list[Tenant], connect: Connect, pooled: Settings
):
    for tenant in tenants:
        await asyncio.gather(*(tenant.client.get("/v1/documents") for _ in range(8)))
    with connect(pooled, prepare_threshold=None) as session:
        for _ in range(2 * POOL):
            left = session.execute(
                "select statement from pg_prepared_statements where statement not like '%::int'"
            )
            assert left.fetchall() == []


async def test_the_statement_time_out_of_the_role_holds(pooled: Settings, database: Database):
    """It is a setting of the role, so each connection of PgBouncer's begins with it."""
    seconds = pooled.statement_timeout_ms // 1000
    for name, value in (
        ("statement_timeout", f"{seconds}s"),
        ("idle_in_transaction_session_timeout", f"{2 * seconds}s"),
    ):
        async with database.gate() as tx:
            shown = await tx.first(text("select current_setting(:name) as value"), name=name)
        assert shown == {"value": value}


@pytest.fixture
async def impatient(parts, superuser: Connection, tmp_path) -> AsyncIterator[Database]:
    """A database whose role has little time, behind one connection of PgBouncer's."""
    before = f"{parts.app_settings.statement_timeout_ms}ms"
    superuser.execute("alter role assay_app set statement_timeout = '100ms'")
    folder, one = tmp_path / "pgbouncer", {"DEFAULT_POOL_SIZE": 1, "RESERVE_POOL_SIZE": 0}
    folder.mkdir()
    with pgbouncer(folder, parts.app_settings, parts.worker_settings, **one) as running:
        database = Database(running.through(parts.app_settings))
        yield database
        await database.close()
    superuser.execute(f"alter role assay_app set statement_timeout = '{before}'")


async def test_a_slow_statement_is_ended_and_its_connection_serves_on(impatient: Database):
    with pytest.raises(Unavailable):
        async with impatient.gate() as tx:
            await tx.run(text("select pg_sleep(60)"))
    async with impatient.transaction(TenantScope(uuid4())) as tx:
        assert await tx.first(text("select 1 as one")) == {"one": 1}


async def test_cancelled_statements_are_waited_for_and_harm_nobody(
    pool: PgBouncer, pooled: Settings, superuser: Connection
):
    database, before = Database(pooled), pool.log.read_text()

    async def slow() -> None:
        async with database.gate() as tx:
            await tx.run(text("select pg_sleep(1)"))

    cancelled_once, cancelled_twice = (
        [asyncio.create_task(slow()) for _ in range(POOL)] for _ in range(2)
    )
    running = "select count(*) from pg_stat_activity where state = 'active' and query ~ 'pg_sleep'"
    while superuser.execute(f"{running} and pid <> pg_backend_pid()").fetchall() != [(POOL,)]:
        await asyncio.sleep(0)
    for task in (*cancelled_once, *cancelled_twice):
        task.cancel()
    await asyncio.sleep(0)
    for task in cancelled_twice:
        task.cancel()
    ended = await asyncio.gather(*cancelled_once, *cancelled_twice, return_exceptions=True)
    assert {type(each) for each in ended} == {asyncio.CancelledError}
    assert "cancel request" not in pool.log.read_text().removeprefix(before)
    async with database.gate() as tx:
        assert await tx.first(text("select 1 as one")) == {"one": 1}
    await database.close()


async def test_the_worker_works_through_it_without_listening(
    pool: PgBouncer, parts, tenants: list[Tenant]
):
    settings = pool.through(parts.worker_settings)
    assert not settings.jobs_listen
    async with worker.connect(settings) as runner:
        working = asyncio.create_task(runner.run(alone=True))
        first, second = tenants[:2]
        ready = await asyncio.gather(
            put(first.client, "a.txt", f"Revenue of {first.id} rose."),
            put(second.client, "b.txt", f"Revenue of {second.id} fell."),
        )
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
    assert [each["status"] for each in ready] == ["ready", "ready"]
    for tenant, name in ((first, "a.txt"), (second, "b.txt")):
        found = await tenant.client.post("/v1/search", json={"query": "revenue"})
        assert [hit["document_name"] for hit in found.json()["hits"]] == [name]


def test_a_session_cannot_begin_with_time_outs_of_its_own(connect: Connect, pooled: Settings):
    with pytest.raises(OperationalError, match="options"):
        connect(pooled, options="-c statement_timeout=0")
