"""Equal first questions share an answer; each keeps a conversation of its own."""

import asyncio
import json

import pytest

from assay.adapters.chat import FakeChat
from assay.answers.generative import Generative
from tests.conftest import Tenant
from tests.library import OTHER, REPORT, is_verbatim, put

pytestmark = pytest.mark.usefixtures("working")
QUESTION = {"question": "What was the revenue of Northwind Traders in 2023?"}


async def ask(tenant: Tenant, **more) -> dict:
    answer = await tenant.client.post("/v1/ask", json=QUESTION | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def library(tenant: Tenant) -> Tenant:
    await put(tenant.client, "northwind.txt", REPORT)
    return tenant


@pytest.fixture
def chat(app, monkeypatch) -> FakeChat:
    made = FakeChat("It was 48.2 million dollars [1].")
    monkeypatch.setattr(app.state.answers, "_engine", Generative(made))
    return made


async def test_an_equal_question_costs_nothing_and_has_its_own_conversation(
    library: Tenant, chat: FakeChat
):
    first, second = await ask(library), await ask(library)
    assert (first["cached"], second["cached"]) == (False, True)
    assert len(chat.calls) == 1
    assert second["answer"] == first["answer"]
    assert second["citations"] == first["citations"] != []
    assert second["usage"] == {"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0}
    assert second["conversation_id"] != first["conversation_id"]
    assert await is_verbatim(library.client, second["citations"][0])
    kept = (await library.client.get(f"/v1/conversations/{second['conversation_id']}")).json()
    assert [each["role"] for each in kept["messages"]] == ["user", "assistant"]
    assert kept["messages"][1]["citations"] == second["citations"]


async def test_a_kept_answer_streams_the_same_events(library: Tenant, chat: FakeChat):
    whole = await ask(library)
    streamed = await library.client.post("/v1/ask", json=QUESTION | {"stream": True})
    events = [line[7:] for line in streamed.text.splitlines() if line.startswith("event:")]
    data = [json.loads(line[5:]) for line in streamed.text.splitlines() if line[:5] == "data:"]
    assert events == ["passages", "delta", "done"]
    assert data[0]["passages"]
    assert data[1]["text"] == whole["answer"]
    assert (data[2]["cached"], data[2]["answer"]) == (True, whole["answer"])


async def test_a_changed_corpus_is_asked_anew(library: Tenant, chat: FakeChat):
    await ask(library)
    await put(library.client, "contoso.txt", OTHER)
    assert not (await ask(library))["cached"]
    assert len(chat.calls) == 2


async def test_a_question_within_a_conversation_is_never_anothers(library: Tenant, chat: FakeChat):
    first = await ask(library)
    again = await ask(library, conversation_id=first["conversation_id"])
    assert not again["cached"]
    assert len(chat.calls) == 2


async def test_a_hundred_equal_questions_ask_the_model_once(library: Tenant, chat: FakeChat):
    answers = await asyncio.gather(*(ask(library) for _ in range(100)))
    assert len(chat.calls) == 1
    assert {each["answer"] for each in answers} == {answers[0]["answer"]}
    assert len({each["conversation_id"] for each in answers}) == 100
    assert sum(not each["cached"] for each in answers) == 1


async def test_two_tenants_share_no_answer(library: Tenant, other: Tenant, chat: FakeChat):
    await put(other.client, "northwind.txt", REPORT)
    await ask(library)
    assert not (await ask(other))["cached"]
    assert len(chat.calls) == 2
