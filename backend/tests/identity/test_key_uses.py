"""Where API keys are used is in the audit log, and costs no request but the first."""

from datetime import UTC, date, datetime
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from assay.errors import Unavailable
from assay.identity import key_uses
from assay.scope import TenantScope
from tests.conftest import Tenant
from tests.identity.test_audit import events


@pytest.fixture
async def key(tenant: Tenant) -> dict[str, str]:
    return (await tenant.client.post("/v1/api-keys", json={"name": "leaky"})).json()


async def used(app: FastAPI, key: dict[str, str], address: str, times: int = 1) -> None:
    transport = httpx.ASGITransport(app, client=(address, 1))
    headers = {"Authorization": f"Bearer {key['key']}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://assay.test", headers=headers
    ) as client:
        for _ in range(times):
            assert (await client.get("/v1/me")).status_code == 200


async def uses(tenant: Tenant) -> list[tuple[str, str, str]]:
    log = await events(tenant, action="api_key.used")
    return [(each["actor"], each["address"], each["details"]["network"]) for each in log]


async def test_each_network_is_told_once_a_day(app: FastAPI, tenant: Tenant, key, monkeypatch):
    await used(app, key, "192.0.2.1", 3)
    await used(app, key, "198.51.100.7", 2)
    await used(app, key, "192.0.2.1")
    expected = [
        ("leaky", "198.51.100.7", "198.51.100.7"),
        ("leaky", "192.0.2.1", "192.0.2.1"),
    ]
    assert await uses(tenant) == expected
    (event, _) = await events(tenant, action="api_key.used")
    assert (event["actor_kind"], event["actor_id"], event["target"]) == (
        "api_key",
        *[key["id"]] * 2,
    )
    app.state.key_uses._known.clear()  # another process, or this one started anew
    await used(app, key, "192.0.2.1")
    assert await uses(tenant) == expected


async def test_the_next_day_it_is_told_again(app: FastAPI, tenant: Tenant, key):
    yesterday = text(
        "insert into audit_events"
        " (id, tenant_id, created_at, actor_kind, actor_id, action, address, details)"
        " values (gen_random_uuid(), current_tenant(), date_trunc('day', now(), 'UTC') - interval"
        " '1 second', 'api_key', :key_id, 'api_key.used', '192.0.2.1', :details)"
    )
    details = '{"network": "192.0.2.1"}'
    async with app.state.database.transaction(TenantScope(UUID(tenant.id))) as tx:
        await tx.run(yesterday, key_id=UUID(key["id"]), details=details)
    await used(app, key, "192.0.2.1", 2)
    assert len(await uses(tenant)) == 2
    known = app.state.key_uses._known
    known.update(dict.fromkeys(known, date(2000, 1, 1)))  # a process that runs for days
    await used(app, key, "192.0.2.1")
    assert known[UUID(key["id"]), "192.0.2.1"] == datetime.now(UTC).date()


async def test_a_use_that_could_not_be_recorded_is_recorded_by_the_next(
    app: FastAPI, tenant: Tenant, key, monkeypatch
):
    async def away(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(key_uses.KeyUses, "_record", away)
    await used(app, key, "192.0.2.9")
    monkeypatch.undo()
    assert await uses(tenant) == []
    await used(app, key, "192.0.2.9")
    assert len(await uses(tenant)) == 1


async def test_what_is_remembered_is_bounded(app: FastAPI, tenant: Tenant, key, monkeypatch):
    monkeypatch.setattr(key_uses, "REMEMBERED", 3)
    for number in range(6):
        await used(app, key, f"192.0.2.{number}")
    assert len(app.state.key_uses._known) <= 4
    assert len(await uses(tenant)) == 6
