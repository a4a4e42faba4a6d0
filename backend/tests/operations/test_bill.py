"""The operator's view: every tenant's share, and the state of every part."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from assay import worker
from assay.admission.tiers import Tier
from assay.scope import TenantScope
from assay.usage.costs import Bill, months_between
from tests.conftest import Tenant

DAY = timedelta(days=1)
BILL = Bill(Decimal("342.50"), Decimal("15.00"), Decimal("67.50"))


@pytest.fixture
def start() -> datetime:
    """An hour long before anything that the tests themselves use."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return hour - timedelta(days=300)


async def test_the_shares_of_all_tenants_add_up_to_the_bill(
    app: FastAPI, operator, owner, tenant: Tenant, other: Tenant, start: datetime, monkeypatch
):
    monkeypatch.setattr(app.state.bill_reports, "bill", BILL)
    used = ((tenant, 7, 3_333_333, 10**9), (other, 11, 1_234_567, 10**7))
    for who, calls, compute, storage in used:
        await owner.execute(
            "insert into usage_hours (tenant_id, hour, api_calls, compute_us, storage_bytes)"
            " values (%s, %s, %s, %s, %s)",
            [who.id, start, calls, compute, storage],
        )
    span = {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
    report = (await operator.get("/v1/admin/usage", params=span)).json()
    shares = {each["tenant_id"]: each["costs"] for each in report["items"]}
    due = BILL.between(start, start + timedelta(days=1))
    for part, amount in due.parts.items():
        assert report["bill"][part] == float(amount)
        paid = sum(Decimal(str(each[part])) for each in shares.values())
        assert paid + Decimal(str(report["unallocated"][part])) == amount, part
    assert report["unallocated"]["total"] == 0
    assert shares[tenant.id]["compute"] > shares[other.id]["compute"]
    assert shares[tenant.id]["api"] < shares[other.id]["api"]


async def test_what_nobody_used_is_shown_as_such(app: FastAPI, operator, start, monkeypatch):
    monkeypatch.setattr(app.state.bill_reports, "bill", BILL)
    span = {
        "from": (start - timedelta(days=9)).isoformat(),
        "to": (start - timedelta(days=8)).isoformat(),
    }
    report = (await operator.get("/v1/admin/usage", params=span)).json()
    assert report["unallocated"]["total"] == report["bill"]["total"] > 0


async def test_a_margin_is_the_price_of_the_time_less_the_costs(
    app: FastAPI, operator, owner, tenant: Tenant, other: Tenant, set_limits, start, monkeypatch
):
    monkeypatch.setattr(app.state.bill_reports, "bill", BILL)
    month = start.replace(day=1, hour=0)
    end = (month + timedelta(days=31)).replace(day=1)
    span = {"from": month.isoformat(), "to": end.isoformat()}
    await set_limits(tenant.id, "premium")
    await set_limits(other.id, "standard")
    for who, made in ((tenant, month), (other, end - (end - month) / 4)):
        await owner.execute("update tenants set created_at = %s where id = %s", [made, who.id])
    await owner.execute(
        "insert into usage_hours (tenant_id, hour, api_calls) values (%s, %s, 5)",
        [tenant.id, start],
    )

    async def told() -> tuple[dict, dict, dict]:
        report = (await operator.get("/v1/admin/usage", params=span)).json()
        by_id = {item["tenant_id"]: item for item in report["items"]}
        return report, by_id[tenant.id], by_id[other.id]

    report, mine, _ = await told()
    assert (report["revenue"], report["margin"], mine["revenue"], mine["margin"]) == (None,) * 4
    prices = {Tier.STANDARD: Decimal(40), Tier.PREMIUM: Decimal("199.50")}
    monkeypatch.setattr(app.state.bill_reports, "prices", prices)
    report, mine, theirs = await told()
    assert mine["revenue"] == 199.5
    assert theirs["revenue"] == pytest.approx(10)
    assert mine["costs"]["api"] > 0
    for each in (mine, theirs):
        assert each["margin"] == pytest.approx(each["revenue"] - each["costs"]["total"])
    # Tenants of other tests were made after the span: they owe nothing for it.
    assert report["revenue"] == pytest.approx(209.5)
    assert report["margin"] == pytest.approx(209.5 - report["bill"]["total"])


async def test_who_is_given_up_owes_no_more_and_shows_so(
    app: FastAPI, operator, owner, tenant: Tenant, start, monkeypatch
):
    prices = {Tier.STANDARD: Decimal(40), Tier.PREMIUM: Decimal(200)}
    monkeypatch.setattr(app.state.bill_reports, "prices", prices)
    span = {"from": start.isoformat(), "to": (start + timedelta(days=2)).isoformat()}
    await owner.execute(
        "update tenants set tier = 'standard', created_at = %s, deleted_at = %s where id = %s",
        [start, start + timedelta(days=1), tenant.id],
    )
    report = (await operator.get("/v1/admin/usage", params=span)).json()
    mine = next(item for item in report["items"] if item["tenant_id"] == tenant.id)
    assert mine["status"] == "deleting"
    assert mine["revenue"] == pytest.approx(40 * float(months_between(start, start + DAY)))


async def test_what_failed_is_counted_without_naming_it(app, operator, tenant: Tenant):
    async def change(values: str) -> None:
        async with app.state.database.transaction(TenantScope(UUID(tenant.id))) as tx:
            await tx.run(text(f"update documents set {values}"))

    content = {"file": ("secret plans.txt", b"Nothing that anybody may hear of.")}
    made = (await tenant.client.post("/v1/documents", files=content)).json()["documents"][0]
    await change("status = 'failed', error_code = 'encrypted_file'")
    report = (await operator.get("/v1/admin/queue", params={"days": 1})).json()
    mine = [each for each in report["failures"] if each["tenant_id"] == tenant.id]
    assert [(each["kind"], each["code"], each["count"]) for each in mine] == [
        ("document", "encrypted_file", 1)
    ]
    assert made["id"] not in str(report)
    assert "plans" not in str(report)
    await change("updated_at = now() - interval '2 days'")
    report = (await operator.get("/v1/admin/queue", params={"days": 1})).json()
    assert tenant.id not in str(report)
    for days in (0, 91, "week"):
        refused = await operator.get("/v1/admin/queue", params={"days": days})
        assert refused.status_code == 422


async def test_queues_are_told_by_a_worker_or_unknown(app, parts, operator, owner, tenant: Tenant):
    # Tests of webhooks leave attempts for later.
    await owner.execute("delete from procrastinate_jobs where queue_name = 'webhooks'")
    await app.state.cache.drop("queue:lanes")
    assert (await operator.get("/v1/admin/queue")).json()["queues"] is None
    content = {"file": ("a.txt", b"Some words that wait.")}
    assert (await tenant.client.post("/v1/documents", files=content)).status_code == 202
    async with worker.connect(parts.worker_settings) as runner:
        watch = next(
            each.__self__ for each in runner._sweeps if type(each.__self__).__name__ == "QueueWatch"
        )
        async with runner._app.open_async():
            await watch.sweep()
    queues = (await operator.get("/v1/admin/queue")).json()["queues"]
    assert [queue["name"] for queue in queues] == ["documents", "analyses", "webhooks"]
    assert queues[0]["waiting"] >= 1
    assert queues[0]["oldest_seconds"] >= 0
    assert queues[2] == {
        "name": "webhooks",
        "waiting": 0,
        "running": 0,
        "later": 0,
        "oldest_seconds": 0.0,
    }


async def test_the_topology_names_every_part_and_node(operator):
    shown = (await operator.get("/v1/admin/topology")).json()
    assert set(shown["parts"]) == {"postgres", "redis", "vectors", "files"}
    assert shown["status"] == "ok"
    assert [(node["state"], node["breaker"]) for node in shown["nodes"]] == [("up", "closed")]
    assert shown["api_processes"] >= 1
