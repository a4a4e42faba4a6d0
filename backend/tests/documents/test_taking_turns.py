"""A tenant with much to do waits for itself: one document of another comes next."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from assay.documents import jobs
from assay.documents.models import INGEST
from tests.conftest import NewTenant, Tenant
from tests.documents.conftest import Pipeline, scope_of, uploaded


@pytest.fixture
async def worker_connection(parts) -> Any:
    """A connection of the worker's role, whose changes are undone."""
    settings = parts.worker_settings
    connection = await psycopg.AsyncConnection.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_db,
        user=settings.postgres_user,
        password=settings.postgres_password.get_secret_value(),
    )
    yield connection
    await connection.rollback()
    await connection.close()


async def fetched(connection: psycopg.AsyncConnection[Any], tenants: list[Tenant]) -> list[str]:
    """Fetch every job as a worker does; return whose they are, of these tenants."""
    known, order = {tenant.id for tenant in tenants}, []
    while True:
        found = await connection.execute("select (procrastinate_fetch_job_v2(null, null)).args")
        (args,) = await found.fetchone() or (None,)
        if args is None:
            return order
        if args["tenant_id"] in known:
            order.append(args["tenant_id"])


async def test_who_brings_much_does_not_hold_up_who_brings_little(
    new_tenant: NewTenant, worker_connection
):
    greedy, modest, third = [await new_tenant() for _ in range(3)]
    for number in range(20):
        await uploaded(greedy, f"{number}.txt", b"number %d" % number)
    for tenant, count in ((modest, 1), (third, 2)):
        for number in range(count):
            await uploaded(tenant, f"{number}.txt", b"number %d" % number)
    order = await fetched(worker_connection, [greedy, modest, third])
    assert len(order) == 23
    assert set(order[:3]) == {greedy.id, modest.id, third.id}
    assert third.id in order[3:5]
    assert set(order[5:]) == {greedy.id}


async def test_a_long_document_lets_others_in_between_and_is_finished(
    pipeline: Pipeline, tenant: Tenant, monkeypatch
):
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    text = "\n\n".join(
        f"Section {n}\n\n" + f"Number {n} rose by {n} percent. " * 40 for n in range(60)
    )
    document = await uploaded(tenant, "long.txt", text.encode())
    await pipeline.lose_jobs(document["id"])
    runs = 0
    while True:
        seen = await pipeline.ingest(tenant, document)
        runs += 1
        if seen["status"] != "processing":
            break
        assert await pipeline.queued(document["id"]) == [INGEST]
        await pipeline.lose_jobs(document["id"])
    assert (seen["status"], runs > 1) == ("ready", True)
    assert await pipeline.queued(document["id"]) == []
    stored = await pipeline.vectors.documents(scope_of(tenant))
    assert stored == {UUID(document["id"]): seen["passages"]}


async def test_a_document_deleted_between_two_slices_is_not_taken_up_again(
    pipeline: Pipeline, tenant: Tenant, monkeypatch
):
    monkeypatch.setattr(jobs, "SLICE_SECONDS", 0.0)
    document = await uploaded(tenant, "long.txt", b"Words and more words to read. " * 4000)
    seen = await pipeline.ingest(tenant, document)
    assert seen["status"] == "processing"
    assert (await tenant.client.delete(f"/v1/documents/{document['id']}")).status_code == 204
    await pipeline.jobs.ingest(scope_of(tenant), document["id"])
    assert (await tenant.client.get(f"/v1/documents/{document['id']}")).status_code == 404
