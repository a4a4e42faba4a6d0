"""Structured answers over the wire: what is sent, how they end, what goes wrong."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from assay.adapters.chat import RETRIES, ChatMessage, Ending, FakeChat, OpenAIChat
from assay.adapters.prices import cost
from assay.errors import Unavailable
from tests.adapters.test_chat import settings_for
from tests.openai_server import Fault, OpenAIServer

DATA = "<<aa>>\nPage 1\nTown: Lyon\n<<aa>>\n\nWhere?"
MESSAGES = [ChatMessage("system", "Be brief."), ChatMessage("user", DATA)]
CELL = {
    "type": "object",
    "description": "Town. Where it was.",
    "properties": {
        "text": {"type": ["string", "null"]},
        "quote": {"type": ["string", "null"]},
        "page": {"type": ["integer", "null"]},
    },
}
SCHEMA = {"type": "object", "properties": {"f1": CELL}}


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
async def chat(server: OpenAIServer) -> AsyncIterator[OpenAIChat]:
    chat = OpenAIChat(settings_for(server.url))
    yield chat
    await chat.close()


async def ask(chat):
    return await chat.structured(MESSAGES, name="row", schema=SCHEMA, max_output_tokens=50)


async def test_an_object_comes_with_its_counted_tokens_and_cost(chat, server):
    completion = await ask(chat)
    found = {"text": "Lyon", "quote": "Town: Lyon", "page": 1}
    assert json.loads(completion.text) == {"f1": found}
    assert completion.ending is Ending.COMPLETE
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-secret"
    shape = {"name": "row", "schema": SCHEMA, "strict": True}
    assert request.body["response_format"] == {"type": "json_schema", "json_schema": shape}
    assert request.body["max_completion_tokens"] == 50
    used = completion.usage
    expected = cost("gpt-4.1-mini", used.input_tokens, used.output_tokens, settings_for(server.url))
    assert (used.cost_usd, used.estimated) == (expected, False)
    assert used.cost_usd > 0


@pytest.mark.parametrize(
    ("fault", "ending"),
    [
        (Fault.REFUSAL, Ending.REFUSED),
        (Fault.FILTERED, Ending.REFUSED),
        (Fault.CUT_ANSWER, Ending.CUT),
    ],
)
async def test_an_answer_that_is_none_is_paid_and_told(chat, server, fault, ending):
    server.faults = [fault]
    completion = await ask(chat)
    assert completion.ending is ending
    assert completion.usage.cost_usd > 0


async def test_a_server_that_does_not_count_is_estimated(chat, server):
    server.faults = [Fault.NO_USAGE]
    assert (await ask(chat)).usage.estimated


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.BUSY, "model_busy"),
        (Fault.UNAVAILABLE, "model_unavailable"),
        (Fault.ERROR, "model_unavailable"),
        (Fault.UNAUTHORIZED, "model_misconfigured"),
        (Fault.NO_CREDIT, "model_misconfigured"),
        (Fault.TOO_LONG, "model_context_too_long"),
        (Fault.REFUSED, "model_refused"),
    ],
)
async def test_refusals_are_translated(chat, server, fault, code):
    server.faults = [fault] * (RETRIES + 1)
    with pytest.raises(Unavailable) as caught:
        await ask(chat)
    assert caught.value.code == code
    assert "vendor detail" not in str(caught.value)


async def test_a_model_that_hangs_is_given_up(server):
    server.faults = [Fault.HANG] * (RETRIES + 1)
    hasty = OpenAIChat(settings_for(server.url, chat_timeout_seconds=0.05))
    with pytest.raises(Unavailable) as caught:
        await ask(hasty)
    assert caught.value.code == "model_timeout"
    await hasty.close()


@pytest.mark.parametrize("choices", [[], None, [{"message": None}], "none"])
async def test_a_strange_answer_is_a_broken_one(chat, server, monkeypatch, choices):
    def strange(body, _):
        return {"id": "x", "object": "chat.completion", "created": 0, "choices": choices}

    monkeypatch.setattr(server, "_structured", strange)
    with pytest.raises(Unavailable) as caught:
        await ask(chat)
    assert caught.value.code == "model_broken"


async def test_the_fake_ends_as_it_is_told():
    fake = FakeChat('{"f1": null}')
    completion = await ask(fake)
    assert (completion.text, completion.ending) == ('{"f1": null}', Ending.COMPLETE)
    assert completion.usage.cost_usd == Decimal("0.001")
    assert fake.calls == [MESSAGES]
    fake.ending = Ending.REFUSED
    assert (await ask(fake)).ending is Ending.REFUSED
    assert (await ask(FakeChat("x" * 1000))).ending is Ending.CUT
