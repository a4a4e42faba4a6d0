"""Connections: lost ones are replaced, a lost server is told quickly, shares are held."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import text

from assay.adapters.bulkhead import Share
from assay.adapters.postgres import Database
from assay.errors import Forbidden, Unavailable
from assay.scope import TenantScope
from tests.gate import Gate

ONE = text("select 1 as one")
SLEEP = text("select pg_sleep(60)")


@pytest.fixture
async def database_with(parts) -> AsyncIterator[Callable[..., Database]]:
    made: list[Database] = []

    def make(**changed: object) -> Database:
        made.append(Database(parts.app_settings.model_copy(update=changed)))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def scope() -> TenantScope:
    return TenantScope(uuid4())


async def test_a_connection_that_died_is_replaced_unseen(database_with, parts):
    database = database_with(pool_size=1, pool_max_overflow=0)
    async with database.gate() as tx:
        pid = (await tx.first(text("select pg_backend_pid() as pid")))["pid"]
    admin = Database(parts.app_settings)
    async with admin.gate() as tx:
        await tx.first(text("select pg_terminate_backend(:pid)"), pid=pid)
    await admin.close()
    async with database.gate() as tx:
        row = await tx.first(text("select pg_backend_pid() as pid"))
    assert row["pid"] != pid


async def test_a_server_that_refuses_is_told_long_before_the_pools_timeout(database_with):
    database = database_with(postgres_port=1, pool_timeout_seconds=3600)
    with pytest.raises(Unavailable) as refused:
        async with asyncio.timeout(60), database.transaction(scope()):
            pass
    assert refused.value.code == "database_unavailable"


async def test_after_an_outage_it_goes_on_by_itself(database_with, parts):
    gate = Gate(parts.app_settings.postgres_port)
    await gate.open()
    database = database_with(postgres_port=gate.port)
    assert await database.healthy()
    await gate.close()
    assert not await database.healthy()
    await gate.open()
    async with asyncio.timeout(30):
        while not await database.healthy():
            await asyncio.sleep(0.05)
    await gate.close()


async def test_a_connection_lost_in_mid_transaction_is_unavailable(database_with, parts):
    gate = Gate(parts.app_settings.postgres_port)
    await gate.open()
    database = database_with(postgres_port=gate.port)
    with pytest.raises(Unavailable):
        async with database.transaction(scope()) as tx:
            await tx.first(ONE)
            await gate.close()
            await tx.first(ONE)


@asynccontextmanager
async def holding(database: Database, tenant: TenantScope, times: int) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for _ in range(times):
            await stack.enter_async_context(database.transaction(tenant))
        yield


@pytest.mark.parametrize("share", [Share(2, 5), Share(5, 10)], ids=["standard", "premium"])
async def test_a_tenants_slow_queries_use_up_its_share_only(database_with, share: Share):
    database = database_with(pool_timeout_seconds=0.3)
    greedy, modest = scope(), scope()
    database.bulkhead.allot(greedy.tenant_id, share)
    async with holding(database, greedy, share.connections + share.overflow):
        with pytest.raises(Unavailable) as refused:
            async with database.transaction(greedy):
                pass
        assert refused.value.code == "database_share_used"
        async with database.transaction(modest) as tx:
            assert (await tx.first(ONE))["one"] == 1
    async with database.transaction(greedy) as tx:
        assert (await tx.first(ONE))["one"] == 1


async def test_a_statement_that_takes_too_long_is_ended(database_with, parts):
    database = database_with()
    with pytest.raises(Unavailable):
        async with database.transaction(scope()) as tx:
            await tx.run(text("set local statement_timeout = '50ms'"))
            await tx.first(SLEEP)
    async with database.gate() as tx:
        limit = await tx.first(text("show statement_timeout"))
    assert limit["statement_timeout"] != "0"


async def test_a_cancelled_request_gives_its_connection_back(database_with):
    database = database_with(pool_size=1, pool_max_overflow=0, pool_timeout_seconds=5)
    tenant = scope()

    async def slow() -> None:
        async with database.transaction(tenant) as tx:
            await tx.first(SLEEP)

    for _ in range(3):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with database.transaction(tenant) as tx:
        assert (await tx.first(ONE))["one"] == 1


async def test_a_transaction_that_fails_leaves_nothing(database_with):
    database, tenant = database_with(pool_size=1, pool_max_overflow=0), scope()
    insert = text("insert into tenants (id, name) values (:id, 'x')")
    with pytest.raises(RuntimeError):
        async with database.transaction(tenant) as tx:
            await tx.run(insert, id=tenant.tenant_id)
            raise RuntimeError
    async with database.transaction(tenant) as tx:
        assert await tx.first(text("select from tenants")) is None
    async with database.gate() as tx:
        row = await tx.first(text("select current_setting('app.tenant', true) as tenant"))
    assert not row["tenant"]


async def test_who_is_no_operator_is_told_so(database_with):
    with pytest.raises(Forbidden) as refused:
        async with database_with().gate() as tx:
            await tx.first(text("select gate_operator(:key)"), key=b"\0" * 32)
    assert refused.value.code == "operator_only"
