"""A tenant that an operator deletes goes with everything, whatever happens meanwhile."""

import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import text

from assay.adapters.jobs import Jobs
from assay.adapters.redis import Cache, CacheUnavailable
from assay.documents.tenant_removal import BATCH, REMOVE_TENANT, TenantRemoval
from assay.errors import Unavailable
from assay.operations.operators import create_operator
from tests.conftest import Tenant, client_of
from tests.documents.conftest import Pipeline, scope_of, uploaded
from tests.library import REPORT

STEPS = ("_delete_rows", "_end_jobs", "_forget", "_delete_tenant")


class Killed(BaseException):
    """What a worker sees of its end."""


@pytest.fixture
async def cache(parts) -> AsyncIterator[Cache]:
    cache = Cache(parts.worker_settings)
    yield cache
    await cache.close()


@pytest.fixture
def removal(pipeline: Pipeline, cache: Cache) -> TenantRemoval:
    return TenantRemoval(
        database=pipeline.database,
        storage=pipeline.storage,
        vectors=pipeline.vectors,
        cache=cache,
        jobs=Jobs(),
    )


@pytest.fixture(scope="module")
async def superuser(parts) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection that no policy hides a row from."""
    connection = await psycopg.AsyncConnection.connect(
        host=parts.owner_settings.postgres_host,
        port=parts.owner_settings.postgres_port,
        dbname=parts.owner_settings.postgres_db,
        user="postgres",
        password=parts._made.postgres_superuser,
        autocommit=True,
    )
    async with connection:
        yield connection


async def traces(superuser, tenant_id: str) -> dict[str, int]:
    """Return how many rows of each table mention a tenant anywhere."""
    tables = await superuser.execute(
        "select relname from pg_class where relkind in ('r', 'p')"
        " and relnamespace = 'public'::regnamespace"
    )
    found = {}
    for (name,) in await tables.fetchall():
        rows = await superuser.execute(
            f'select count(*) from "{name}" as t where t::text like %s', [f"%{tenant_id}%"]
        )
        found[name] = (await rows.fetchone())[0]
    return {name: count for name, count in found.items() if count}


async def tenant_tables(superuser) -> set[str]:
    rows = await superuser.execute(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'tenant_id'"
    )
    return {"tenants", *[name for (name,) in await rows.fetchall()]}


async def keys(cache: Cache, tenant: Tenant) -> list[bytes]:
    return [key async for key in cache._client.scan_iter(match=f"*{tenant.id}*")]


async def fill(tenant: Tenant, pipeline: Pipeline, superuser, app) -> None:
    """Give a tenant something in every table, and vectors, files and cached values."""
    collection = await tenant.client.post("/v1/collections", json={"name": "Reports"})
    document = await uploaded(
        tenant,
        "report.txt",
        REPORT.encode(),
        headers={"Idempotency-Key": "k"},
        data={"collection_id": collection.json()["id"]},
    )
    assert (await pipeline.ingest(tenant, document))["status"] == "ready"
    gone = await uploaded(tenant, "gone.txt", b"This one is deleted again.")
    await tenant.client.delete(f"/v1/documents/{gone['id']}")
    key = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()["key"]
    async with client_of(app, key) as program:
        assert (await program.get("/v1/me")).status_code == 200
    question = {"question": "What was the total revenue of Northwind Traders in 2023?"}
    assert (await tenant.client.post("/v1/ask", json=question)).json()["citations"]
    await superuser.execute(
        "insert into usage_hours (tenant_id, hour)"
        " values (%s, date_trunc('hour', now(), 'UTC')) on conflict do nothing",
        [tenant.id],
    )
    await superuser.execute(
        "insert into model_calls (id, tenant_id, purpose, model, cost_usd)"
        " values (%s, %s, 'answer', 'm', 1)",
        [uuid4(), tenant.id],
    )
    await fill_analyses(tenant, document["id"], superuser)
    webhook = await tenant.client.post("/v1/webhooks", json={"url": "https://example.com/"})
    tested = await tenant.client.post(f"/v1/webhooks/{webhook.json()['id']}/test")
    assert tested.status_code < 300, tested.text


async def fill_analyses(tenant: Tenant, document_id: str, superuser) -> None:
    question = {"kind": "summary", "name": "Main points"}
    saved = await tenant.client.post("/v1/analyses/templates", json=question)
    assert saved.status_code == 201, saved.text
    body = question | {"document_ids": [document_id]}
    made = await tenant.client.post("/v1/analyses", json=body)
    assert made.status_code == 202, made.text
    for table, column, value in (
        ("analysis_rows (tenant_id, analysis_id, ordinal, item, document_id", "cells", "{}"),
        ("analysis_calls (tenant_id, analysis_id, document_id, key", "output", "paid"),
    ):
        given = (
            ["0", "0", f"'{document_id}'"]
            if "rows" in table
            else [f"'{document_id}'", "repeat('0', 64)"]
        )
        await superuser.execute(
            f"insert into {table}, {column}) values (%s, %s, {', '.join(given)}, %s)",
            [tenant.id, made.json()["id"], value],
        )


async def delete(app, parts, tenant: Tenant) -> None:
    """Have an operator delete a tenant."""
    key = create_operator(parts.owner_settings, secrets.token_hex(8))
    async with client_of(app, key) as operator:
        answer = await operator.delete(f"/v1/admin/tenants/{tenant.id}")
        assert (answer.status_code, answer.json()["status"]) == (202, "deleting")
        again = await operator.delete(f"/v1/admin/tenants/{tenant.id}")
        assert again.status_code == 202
        change = await operator.patch(f"/v1/admin/tenants/{tenant.id}", json={"suspended": False})
        assert (change.status_code, change.json()["code"]) == (409, "tenant_deleting")


async def assert_nothing_is_left(tenant: Tenant, pipeline, superuser, cache) -> None:
    assert await traces(superuser, tenant.id) == {}
    assert await pipeline.vectors.documents(scope_of(tenant)) == {}
    assert pipeline.files(tenant) == []
    assert await keys(cache, tenant) == []


async def test_a_tenant_goes_with_everything_and_no_other(
    app, parts, pipeline, superuser, cache, removal, tenant: Tenant, other: Tenant
):
    for each in (tenant, other):
        await fill(each, pipeline, superuser, app)
    filled = set(await traces(superuser, tenant.id))
    missing = await tenant_tables(superuser) - filled
    assert not missing, f"`fill` has to put something into {missing}"
    assert pipeline.files(tenant)
    assert await keys(cache, tenant)
    before = await traces(superuser, other.id)
    kept = pipeline.files(other), await pipeline.vectors.documents(scope_of(other))

    await delete(app, parts, tenant)
    assert (await tenant.client.get("/v1/me")).status_code in (401, 403)
    await removal.remove(scope_of(tenant))

    await assert_nothing_is_left(tenant, pipeline, superuser, cache)
    after = await traces(superuser, other.id)
    assert {name: after[name] for name in before} == before
    assert kept == (pipeline.files(other), await pipeline.vectors.documents(scope_of(other)))
    assert kept[0]
    assert kept[1]
    assert (await other.client.get("/v1/me")).status_code == 200
    assert (await tenant.client.get("/v1/me")).status_code == 401
    await removal.remove(scope_of(tenant))  # nothing is left to do, and that is no error


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_removal_that_is_killed_is_finished_by_the_next(
    app, parts, pipeline, superuser, cache, removal, tenant, monkeypatch, step, when
):
    await fill(tenant, pipeline, superuser, app)
    await delete(app, parts, tenant)
    whole = getattr(removal, step)

    async def killed(scope) -> None:
        if when == "after":
            await whole(scope)
        raise Killed

    monkeypatch.setattr(removal, step, killed)
    with pytest.raises(Killed):
        await removal.remove(scope_of(tenant))
    monkeypatch.undo()
    removed = (step, when) == ("_delete_tenant", "after")
    assert ("tenants" in await traces(superuser, tenant.id)) is not removed
    await removal.remove(scope_of(tenant))
    await assert_nothing_is_left(tenant, pipeline, superuser, cache)


@pytest.mark.parametrize("part", ["vectors", "storage", "cache"])
async def test_a_removal_waits_for_a_part_that_is_away(
    app, parts, pipeline, superuser, cache, removal, tenant, monkeypatch, part
):
    await fill(tenant, pipeline, superuser, app)
    await delete(app, parts, tenant)

    async def away(*_: object) -> None:
        raise CacheUnavailable if part == "cache" else Unavailable("away")

    call = {"vectors": "delete_tenant", "storage": "delete_prefix", "cache": "forget"}[part]
    monkeypatch.setattr(getattr(removal, f"_{part}"), call, away)
    with pytest.raises((Unavailable, CacheUnavailable)):
        await removal.remove(scope_of(tenant))
    monkeypatch.undo()
    assert "tenants" in await traces(superuser, tenant.id)
    await removal.remove(scope_of(tenant))
    await assert_nothing_is_left(tenant, pipeline, superuser, cache)


async def test_a_removal_waits_for_the_tenants_running_jobs(
    app, parts, pipeline, superuser, cache, removal, tenant
):
    document = await uploaded(tenant, "a.txt", b"Still being read.")
    await superuser.execute(
        "update procrastinate_jobs set status = 'doing' where lock = %s", [document["id"]]
    )
    await delete(app, parts, tenant)
    with pytest.raises(Unavailable):
        await removal.remove(scope_of(tenant))
    # The job goes on, finds its document deleted, and ends.
    await pipeline.jobs.ingest(scope_of(tenant), document["id"])
    await superuser.execute("delete from procrastinate_jobs where lock = %s", [document["id"]])
    await removal.remove(scope_of(tenant))
    await assert_nothing_is_left(tenant, pipeline, superuser, cache)


async def test_more_documents_than_one_transaction_takes(
    app, parts, pipeline, superuser, cache, removal, tenant
):
    for number in range(BATCH + 1):
        await uploaded(tenant, f"{number}.txt", b"number %d" % number)
    await delete(app, parts, tenant)
    await removal.remove(scope_of(tenant))
    await assert_nothing_is_left(tenant, pipeline, superuser, cache)


async def test_the_sweep_queues_a_marked_tenant_once(app, parts, pipeline, removal, tenant):
    async def queued() -> list[str]:
        return await pipeline.queued(tenant.id)

    await removal.sweep()
    assert await queued() == []
    await delete(app, parts, tenant)
    await removal.sweep()
    await removal.sweep()
    assert await queued() == [REMOVE_TENANT]
    await pipeline.lose_jobs(tenant.id)
    await removal.sweep()
    assert await queued() == [REMOVE_TENANT]
    await removal.remove(scope_of(tenant))
    await pipeline.lose_jobs(tenant.id)
    await removal.sweep()
    assert await queued() == []


async def test_a_tenant_that_is_not_marked_keeps_everything(
    app, pipeline, superuser, removal, tenant: Tenant
):
    await fill(tenant, pipeline, superuser, app)
    before = await traces(superuser, tenant.id), pipeline.files(tenant)
    await removal.remove(scope_of(tenant))
    async with pipeline.database.gate() as gate:
        row = await gate.first(
            text("select gate_remove_tenant(:id) as removed"), id=UUID(tenant.id)
        )
    assert row == {"removed": False}
    assert (await traces(superuser, tenant.id), pipeline.files(tenant)) == before
    assert await pipeline.vectors.documents(scope_of(tenant))
