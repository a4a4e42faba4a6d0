"""Searches are kept for equal ones, and never told when something has changed since."""

import asyncio

import pytest
from fastapi import FastAPI

from assay.errors import Unavailable
from assay.main import connect, create_app
from assay.search import service
from tests.conftest import SetLimits, Tenant, client_of
from tests.library import OTHER, REPORT, finished, put

pytestmark = pytest.mark.usefixtures("working")
QUERY = {"query": "total revenue", "limit": 5}


async def search(client, **more) -> dict:
    answer = await client.post("/v1/search", json=QUERY | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(client, **more) -> tuple[set[str], bool]:
    found = await search(client, **more)
    return {hit["document_name"] for hit in found["hits"]}, found["cached"]


async def test_an_equal_search_is_answered_from_the_cache(tenant: Tenant):
    await put(tenant.client, "northwind.txt", REPORT)
    first, second = await search(tenant.client), await search(tenant.client)
    assert (first["cached"], second["cached"]) == (False, True)
    assert first["hits"] == second["hits"] != []
    assert not (await search(tenant.client, limit=4))["cached"]
    assert not (await search(tenant.client, mode="lexical"))["cached"]


async def test_what_is_ready_moved_or_deleted_is_seen_at_once(tenant: Tenant):
    report = await put(tenant.client, "northwind.txt", REPORT)
    await search(tenant.client)
    other = await put(tenant.client, "contoso.txt", OTHER)
    assert await names(tenant.client) == ({"northwind.txt", "contoso.txt"}, False)
    assert (await names(tenant.client))[1]
    await tenant.client.delete(f"/v1/documents/{other['id']}")
    assert (await names(tenant.client))[0] == {"northwind.txt"}
    await tenant.client.delete(f"/v1/documents/{report['id']}")
    assert (await names(tenant.client))[0] == set()


async def test_a_collection_that_gets_a_document_is_searched_anew(tenant: Tenant):
    made = await tenant.client.post("/v1/collections", json={"name": "c"})
    collection = made.json()["id"]
    scope = {"collection_ids": [collection]}
    assert await names(tenant.client, **scope) == (set(), False)
    upload = await tenant.client.post(
        "/v1/documents",
        files={"file": ("northwind.txt", REPORT)},
        data={"collection_id": collection},
    )
    await finished(tenant.client, upload.json()["documents"][0]["id"])
    assert await names(tenant.client, **scope) == ({"northwind.txt"}, False)


async def test_each_change_of_the_corpus_has_a_version_of_its_own(app, owner, tenant: Tenant):
    """The triggers, one by one, as the API's role would change a document."""
    from uuid import UUID

    from sqlalchemy import text

    from assay.scope import TenantScope

    document = await put(tenant.client, "northwind.txt", REPORT)
    scope = TenantScope(UUID(tenant.id))

    async def version() -> int:
        async with app.state.database.transaction(scope) as tx:
            return (await tx.first(text("select corpus_version as v from tenants")))["v"]

    made = await tenant.client.post("/v1/collections", json={"name": "c"})
    changes = {
        "name = 'other.txt'": 1,
        f"collection_id = '{made.json()['id']}'": 1,
        "collection_id = null": 1,
        "updated_at = now()": 0,
        "status = 'processing'": 1,
        "progress = 0.5": 0,
        "status = 'ready'": 1,
    }
    for change, bumps in changes.items():
        before = await version()
        async with app.state.database.transaction(scope) as tx:
            await tx.run(text(f"update documents set {change} where id = :id"), id=document["id"])
        assert await version() - before == bumps, change
    before = await version()
    await tenant.client.delete(f"/v1/documents/{document['id']}")
    assert await version() == before + 1


async def test_a_hundred_equal_searches_cost_one(app: FastAPI, parts, tenant: Tenant, monkeypatch):
    monkeypatch.setattr(service, "PATIENCE", 60)  # on a slow machine the one may take seconds
    await put(tenant.client, "northwind.txt", REPORT)
    second = create_app(parts.app_settings)
    async with (
        connect(second, parts.app_settings),
        client_of(second, str(tenant.tokens["access_token"])) as client,
    ):
        made = []
        for each in (app, second):
            store = each.state.search._vectors
            real = store.search

            async def counted(*args, real=real):
                made.append(1)
                await asyncio.sleep(0.05)
                return await real(*args)

            monkeypatch.setattr(store, "search", counted)
        clients = [tenant.client, client]
        found = await asyncio.gather(*(search(clients[n % 2]) for n in range(100)))
    assert len(made) == 1
    assert all(each["hits"] == found[0]["hits"] != [] for each in found)


async def test_a_degraded_search_is_not_kept(app: FastAPI, tenant: Tenant, monkeypatch):
    await put(tenant.client, "northwind.txt", REPORT)

    async def away(*_: object) -> None:
        raise Unavailable("away", code="vectors_unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(app.state.search._vectors, "search", away)
        assert (await search(tenant.client))["degraded"]
    whole = await search(tenant.client)
    assert (whole["degraded"], whole["cached"]) == (False, False)


@pytest.mark.parametrize(("tier", "mebibytes"), [("standard", 32), ("premium", 128)])
async def test_a_tier_has_its_size_of_cache_and_no_more(
    app: FastAPI, tenant: Tenant, set_limits: SetLimits, tier: str, mebibytes: int
):
    """Filled to the tier's size on the scale 1:16: the tests' Redis has 64 MB in all."""
    from uuid import UUID

    from assay.admission.tiers import TIERS, Tier
    from assay.scope import TenantScope

    shared, scope = app.state.search._shared, TenantScope(UUID(tenant.id))
    budget = TIERS[Tier(tier)].query_cache_bytes
    assert budget == mebibytes * 2**20
    for number in range(mebibytes + 5):
        async with shared.turn(scope, b"%d" % number, budget=budget // 16, patience=1) as turn:
            turn.keep(bytes(2**16))
    kept = [await shared.peek(scope, b"%d" % number) for number in range(mebibytes + 5)]
    count = sum(each is not None for each in kept)
    assert mebibytes - 2 <= count < mebibytes
    assert kept[-count:] == [bytes(2**16)] * count  # the least recently used went
    assert kept[0] is None


async def test_without_redis_searches_work_uncached(parts, tenant: Tenant):
    await put(tenant.client, "northwind.txt", REPORT)
    settings = parts.app_settings.model_copy(update={"redis_port": 1})
    app = create_app(settings)
    async with (
        connect(app, settings),
        client_of(app, str(tenant.tokens["access_token"])) as client,
    ):
        for _ in range(2):
            assert await names(client) == ({"northwind.txt"}, False)
