"""Metering and its report, through the API."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from assay.adapters.metering import Meter, metered
from assay.adapters.vector_size import bytes_per_passage
from assay.errors import PaymentRequired, Unavailable
from assay.scope import TenantScope
from assay.usage.ledger import Ledger
from assay.usage.recorder import UsageRecorder
from tests.admission.test_limits_api import filled
from tests.conftest import NewTenant, SetLimits, Tenant


async def flushed(app: FastAPI) -> None:
    await app.state.record.__self__.flush()


async def total(app: FastAPI, tenant: Tenant) -> dict:
    await flushed(app)
    answer = await tenant.client.get("/v1/usage", params={"granularity": "hour"})
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


async def test_calls_statements_and_processor_time_are_counted(app: FastAPI, tenant: Tenant):
    before = await total(app, tenant)
    for _ in range(10):
        await tenant.client.get("/v1/documents")
    after = await total(app, tenant)
    assert after["api_calls"] - before["api_calls"] == 11  # ten lists, and the report before
    assert after["database_queries"] - before["database_queries"] >= 10
    spent = after["compute_seconds"] - before["compute_seconds"]
    assert 0.001 < spent < 5


async def test_a_search_is_counted_as_one(app: FastAPI, tenant: Tenant):
    before = await total(app, tenant)
    await tenant.client.post("/v1/search", json={"query": "anything"})
    assert (await total(app, tenant))["vector_searches"] - before["vector_searches"] == 1


async def test_every_route_is_metered(app: FastAPI, new_tenant: NewTenant, monkeypatch):
    monkeypatch.setattr("assay.documents.events.STREAM_SECONDS", 0)  # or the stream goes on
    tenant = await new_tenant()
    paths = app.openapi()["paths"]
    calls = [
        (method, path)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/v1/") and path != "/v1/auth/logout"
    ]
    unmetered, seen = [], []
    record = app.state.record
    app.state.record = lambda tenant_id, meter: seen.append((tenant_id, meter))
    try:
        for method, path in calls:
            seen.clear()
            await tenant.client.request(method, filled(path))
            if [str(tenant_id) for tenant_id, meter in seen if meter.cpu_ns > 0] != [tenant.id]:
                unmetered.append((method, path))
    finally:
        app.state.record = record
    assert not unmetered


async def test_what_others_use_is_not_charged(app: FastAPI, tenant: Tenant, other: Tenant):
    before = await total(app, tenant)
    for _ in range(5):
        await other.client.get("/v1/documents")
    after = await total(app, tenant)
    assert after["api_calls"] - before["api_calls"] == 1


async def test_counters_wait_for_a_database_that_is_away(app: FastAPI, tenant: Tenant):
    class Away:
        def gate(self):
            raise Unavailable("away")

    database = app.state.database
    recorder = UsageRecorder(Away())
    recorder.request(UUID(tenant.id), Meter(database_queries=3, cpu_ns=5_000_000))
    before = await total(app, tenant)
    await recorder.flush()
    recorder._database = database
    await recorder.flush()
    await recorder.flush()
    after = await total(app, tenant)
    assert after["api_calls"] - before["api_calls"] == 2
    assert after["compute_seconds"] - before["compute_seconds"] >= 0.005


async def test_processor_time_is_that_of_the_work_not_of_the_wait():
    import asyncio
    from time import thread_time

    async def work() -> None:
        began = thread_time()
        while thread_time() - began < 0.02:
            pass
        await asyncio.sleep(0.2)

    meter = Meter()
    await metered(work(), meter)
    assert 20_000_000 <= meter.cpu_ns < 100_000_000


async def test_the_shares_of_all_tenants_are_the_bill(
    app: FastAPI, tenant: Tenant, other: Tenant, owner, monkeypatch
):
    """With 300 dollars of compute a month, a span's shares add up to that span's part."""
    from assay.usage.costs import Bill

    monkeypatch.setattr(app.state.usage, "bill", Bill(Decimal(300), Decimal(0), Decimal(72)))
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=400)
    for who, calls, used in ((tenant, 10, 3_000_000), (other, 30, 1_000_000)):
        await owner.execute(
            "insert into usage_hours (tenant_id, hour, api_calls, compute_us)"
            " values (%s, %s, %s, %s)",
            [who.id, start, calls, used],
        )
    span = {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
    reports = [
        (await each.client.get("/v1/usage", params=span)).json()["total"]["costs"]
        for each in (tenant, other)
    ]
    part = Bill(Decimal(300), Decimal(0), Decimal(72)).between(start, start + timedelta(days=1))
    assert reports[0]["compute"] == pytest.approx(float(part.compute) * 3 / 4, abs=1e-7)
    assert sum(each["compute"] for each in reports) == pytest.approx(float(part.compute), abs=1e-7)
    assert sum(each["api"] for each in reports) == pytest.approx(float(part.api), abs=1e-7)


async def test_a_report_refuses_spans_that_make_no_sense(tenant: Tenant):
    for params, code in (
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "empty_span"),
        (
            {"from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "granularity": "hour"},
            "long_span",
        ),
        ({"granularity": "year"}, "validation_error"),
    ):
        answer = await tenant.client.get("/v1/usage", params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.fixture
def ledger(app: FastAPI) -> Ledger:
    return Ledger(app.state.database)


def scope_of(tenant: Tenant) -> TenantScope:
    return TenantScope(UUID(tenant.id))


CALL = {"purpose": "answer", "model": "m", "input_tokens": 100}


async def test_money_is_reserved_then_settled(app, tenant: Tenant, ledger: Ledger):
    call = await ledger.reserve(scope_of(tenant), **CALL, cost_usd=Decimal(2))
    budget = (await tenant.client.get("/v1/usage")).json()["budget"]
    assert (budget["spent_usd"], budget["reserved_usd"], budget["left_usd"]) == (2, 2, 23)
    await ledger.settle(
        scope_of(tenant), call, input_tokens=90, output_tokens=10, cost_usd=Decimal("0.5")
    )
    report = (await tenant.client.get("/v1/usage")).json()
    assert report["budget"]["spent_usd"] == 0.5
    assert report["budget"]["reserved_usd"] == 0
    assert report["total"]["costs"]["model"] == 0.5
    assert (report["total"]["input_tokens"], report["total"]["output_tokens"]) == (90, 10)


async def test_a_spent_budget_refuses(tenant: Tenant, ledger: Ledger, set_limits: SetLimits):
    await set_limits(tenant.id, model_budget_usd="1.00")
    await ledger.reserve(scope_of(tenant), **CALL, cost_usd=Decimal("0.99"))
    with pytest.raises(PaymentRequired) as refused:
        await ledger.reserve(scope_of(tenant), **CALL, cost_usd=Decimal("0.02"))
    assert refused.value.code == "model_budget_spent"
    await ledger.reserve(scope_of(tenant), **CALL, cost_usd=Decimal("0.01"))


async def test_the_last_dollar_is_spent_once(tenant: Tenant, ledger: Ledger, set_limits: SetLimits):
    import asyncio

    await set_limits(tenant.id, model_budget_usd="1.00")
    tried = await asyncio.gather(
        *(ledger.reserve(scope_of(tenant), **CALL, cost_usd=Decimal("0.3")) for _ in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, UUID) for each in tried) == 3


async def test_what_a_crash_left_reserved_stays_counted(tenant: Tenant, ledger: Ledger, owner):
    await ledger.reserve(scope_of(tenant), **CALL, cost_usd=Decimal(2))
    await owner.execute(
        "update model_calls set created_at = now() - interval '2 hours' where tenant_id = %s",
        [tenant.id],
    )
    await owner.execute("select gate_lose_model_calls(interval '1 hour')")
    budget = (await tenant.client.get("/v1/usage")).json()["budget"]
    assert (budget["spent_usd"], budget["reserved_usd"]) == (2, 0)


async def test_a_report_tells_what_the_tier_allows_and_what_is_held(
    app: FastAPI, tenant: Tenant, owner, set_limits: SetLimits
):
    await set_limits(tenant.id, "premium", requests_per_minute=1000)
    limits = (await tenant.client.get("/v1/usage")).json()["limits"]
    assert limits["tier"] == "premium"
    assert (limits["requests_per_minute"], limits["concurrent_requests"]) == (1000, 100)
    assert limits["vector_bytes"] == 10 * 1024**3
    assert (limits["vector_bytes_held"], limits["documents"]) == (0, 0)
    files = {"file": ("a.txt", b"Revenue was 4 million.", "text/plain")}
    sent = await tenant.client.post("/v1/documents", files=files)
    document_id = sent.json()["documents"][0]["id"]
    async with app.state.database.transaction(TenantScope(UUID(tenant.id))) as tx:
        await tx.run(text("update documents set passages = 10 where id = :id"), id=document_id)
    limits = (await tenant.client.get("/v1/usage")).json()["limits"]
    assert limits["documents"] == 1
    assert limits["vector_bytes_held"] == 10 * bytes_per_passage(384)
