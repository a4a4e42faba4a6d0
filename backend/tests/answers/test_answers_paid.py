"""What a paid model costs is reserved before, settled after, and refused when spent."""

from decimal import Decimal

import pytest

from assay.adapters.chat import FakeChat
from assay.answers.generative import Generative
from assay.errors import Unavailable
from tests.conftest import SetLimits, Tenant
from tests.library import REPORT, put

pytestmark = pytest.mark.usefixtures("working")
QUESTION = {"question": "What was the revenue of Northwind Traders in 2023?"}


@pytest.fixture
async def model(app, tenant: Tenant, monkeypatch) -> FakeChat:
    await put(tenant.client, "northwind.txt", REPORT)
    chat = FakeChat("It was 48.2 million dollars [1].")
    monkeypatch.setattr(app.state.answers, "_engine", Generative(chat))
    return chat


async def budget(tenant: Tenant) -> dict:
    return (await tenant.client.get("/v1/usage")).json()["budget"]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_settled_at_its_price(tenant: Tenant, model: FakeChat, stream: bool):
    answer = await tenant.client.post("/v1/ask", json=QUESTION | {"stream": stream})
    assert answer.status_code == 200
    assert "48.2 million" in answer.text
    spent = await budget(tenant)
    assert (spent["spent_usd"], spent["reserved_usd"]) == (0.001, 0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_spent_budget_refuses_before_the_model_is_asked(
    tenant: Tenant, model: FakeChat, set_limits: SetLimits, stream: bool
):
    await set_limits(tenant.id, model_budget_usd="0.001", requests_per_minute=1000)
    answer = await tenant.client.post("/v1/ask", json=QUESTION | {"stream": stream})
    assert "model_budget_spent" in answer.text
    assert answer.status_code == (200 if stream else 402)
    assert model.calls == []


async def test_a_call_that_failed_before_it_cost_anything_reserves_nothing(
    app, tenant: Tenant, model: FakeChat
):
    def busy(_: object) -> str:
        raise Unavailable("busy", code="model_busy")

    model.reply = busy
    assert (await tenant.client.post("/v1/ask", json=QUESTION)).status_code == 503
    assert (await budget(tenant))["spent_usd"] == 0


async def test_an_answer_that_could_not_be_saved_is_paid_all_the_same(
    app, tenant: Tenant, model: FakeChat, monkeypatch
):
    async def fail(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(app.state.answers, "_save", fail)
    assert (await tenant.client.post("/v1/ask", json=QUESTION)).status_code == 503
    assert Decimal(str((await budget(tenant))["spent_usd"])) == Decimal("0.001")
