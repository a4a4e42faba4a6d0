"""The operator's view: every tenant's share, and the state of every part."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fastapi import FastAPI

from assay.usage.costs import Bill
from tests.conftest import Tenant

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


async def test_the_topology_names_every_part_and_node(operator):
    shown = (await operator.get("/v1/admin/topology")).json()
    assert set(shown["parts"]) == {"postgres", "redis", "vectors", "files"}
    assert shown["status"] == "ok"
    assert [(node["state"], node["breaker"]) for node in shown["nodes"]] == [("up", "closed")]
    assert shown["api_processes"] >= 1
