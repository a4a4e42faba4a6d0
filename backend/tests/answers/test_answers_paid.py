"""What a paid model costs is reserved before, settled after, and refused when spent."""

import ast
import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

import assay
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


async def test_a_question_that_nobody_heard_the_answer_to_is_paid(tenant: Tenant, model: FakeChat):
    """The vendor charges what its model read, also when we gave up waiting."""

    def late(_: object) -> str:
        raise Unavailable("too long", code="model_timeout")

    model.reply = late
    assert (await tenant.client.post("/v1/ask", json=QUESTION)).status_code == 503
    spent = await budget(tenant)
    assert (spent["spent_usd"], spent["reserved_usd"]) == (0.01, 0)


async def test_fifty_questions_at_once_spend_a_budget_for_one_once(
    tenant: Tenant, model: FakeChat, set_limits: SetLimits
):
    await set_limits(
        tenant.id, model_budget_usd="0.0100", requests_per_minute=1000, concurrent_requests=100
    )
    answers = await asyncio.gather(
        *(
            tenant.client.post("/v1/ask", json={"question": f"{QUESTION['question']} {n}"})
            for n in range(50)
        )
    )
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 402}
    assert statuses.count(200) == len(model.calls) == 1
    spent = await budget(tenant)
    assert (spent["spent_usd"], spent["reserved_usd"]) == (0.001, 0)


PAID = {
    "answers/generative.py": "between reserve and settle of `answers/service.py`, tested here",
    "analyses/paid.py": "between its own reserve and settle (`tests/analyses`)",
    "usage/embeddings.py": "between its own reserve and settle (`tests/usage`)",
}


def asks_a_model(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    whom, what = ast.unparse(call.func.value).lower(), call.func.attr
    is_chat = what in {"stream", "structured"} and ("chat" in whom or "model" in whom)
    return is_chat or what in {"embed_query", "embed_passages"}


def test_models_are_asked_only_where_the_ledger_is_told():
    root = Path(assay.__file__).parent
    askers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and asks_a_model(node)
    }
    outside = {each for each in askers if not each.startswith("adapters/")}
    assert outside == set(PAID), "reserve and settle, test it, and say so in PAID"
