"""The chat adapter against a server of the API that fails in every way we know."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator
from decimal import Decimal
from email.utils import formatdate
from types import SimpleNamespace

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.chat import ChatMessage, FakeChat, OpenAIChat
from assay.adapters.prices import PRICES, cost
from assay.errors import Unavailable
from assay.settings import Settings
from tests.openai_server import NOT_SAID, Fault, OpenAIServer, answer
from tests.vector_process import free_port

PROMPT = """<<aa>>
[1] report.pdf, page 3
Revenue was 12 million dollars in 2022. Costs
fell by half.

[2] notes.txt, page 1
The office moved to Lyon.
<<aa>>

Question: Where did the office move?"""
MESSAGES = [ChatMessage("system", "Be brief."), ChatMessage("user", PROMPT)]
ANSWER = "The office moved to Lyon. [2]"


def settings_for(url: str, **changes) -> Settings:
    given_settings = {
        "openai_base_url": url,
        "openai_api_key": "sk-secret",
        "chat_model": "gpt-4.1-mini",
    }
    return Settings(_env_file=None, **(given_settings | changes))


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
async def chat(server: OpenAIServer) -> AsyncIterator[OpenAIChat]:
    chat = OpenAIChat(settings_for(server.url))
    yield chat
    await chat.close()


@pytest.fixture
async def hasty(server: OpenAIServer) -> AsyncIterator[OpenAIChat]:
    chat = OpenAIChat(settings_for(server.url, chat_timeout_seconds=0.05))
    yield chat
    await chat.close()


async def ask(chat, messages=MESSAGES):
    async with chat.stream(messages, max_output_tokens=50) as stream:
        pieces = [piece async for piece in stream]
        return "".join(pieces), stream.usage


async def refusal(chat) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await ask(chat)
    logged = "".join(traceback.format_exception(caught.value))
    assert "sk-secret" not in logged
    assert "vendor detail" not in logged
    return caught.value


async def test_streams_an_answer_with_its_counted_tokens_and_cost(chat, server):
    text, usage = await ask(chat)
    assert text == ANSWER
    words = sum(len(each.content.split()) for each in MESSAGES)
    assert (usage.input_tokens, usage.output_tokens) == (words, 6)
    assert usage.cost_usd == (words * Decimal("0.40") + 6 * Decimal("1.60")) / 1_000_000
    assert not usage.estimated
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert request.body["messages"][1] == {"role": "user", "content": PROMPT}
    assert request.body["max_completion_tokens"] == 50


async def test_a_server_without_keys_gets_a_dummy_key(server):
    chat = OpenAIChat(settings_for(server.url, openai_api_key=""))
    await ask(chat)
    await chat.close()
    assert server.requests[0].headers["authorization"] == "Bearer none"


async def test_tokens_are_estimated_when_the_server_does_not_count(chat, server):
    server.faults = [Fault.NO_USAGE]
    text, usage = await ask(chat)
    given_characters = sum(len(each.content) for each in MESSAGES)
    assert usage.estimated
    assert usage.input_tokens == -(-given_characters // 4)
    assert usage.output_tokens == -(-len(text) // 4)
    assert usage.cost_usd > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.UNAUTHORIZED, "model_misconfigured"),
        (Fault.BUSY, "model_busy"),
        (Fault.NO_CREDIT, "model_misconfigured"),
        (Fault.UNAVAILABLE, "model_unavailable"),
        (Fault.ERROR, "model_unavailable"),
        (Fault.TOO_LONG, "model_context_too_long"),
        (Fault.REFUSED, "model_refused"),
        (Fault.FILTERED, "model_refused"),
        (Fault.CUT, "model_broken"),
        (Fault.UNFINISHED, "model_broken"),
        (Fault.BROKEN, "model_broken"),
        (Fault.ERROR_CHUNK, "model_broken"),
    ],
)
async def test_every_failure_has_its_code_and_quotes_nothing(chat, server, fault, code):
    server.faults = [fault] * 3
    error = await refusal(chat)
    assert error.code == code


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.STALL])
async def test_a_silent_model_times_out(hasty, server, fault):
    server.faults = [fault] * 3
    assert (await refusal(hasty)).code == "model_timeout"
    await server.disconnected.wait()


async def test_a_server_that_is_away_is_unavailable():
    chat = OpenAIChat(settings_for(f"http://127.0.0.1:{free_port()}/v1"))
    assert (await refusal(chat)).code == "model_unavailable"
    await chat.close()


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.UNAVAILABLE])
async def test_waits_as_long_as_it_is_told_and_tries_again(chat, server, fault, monkeypatch):
    waits = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    # The client's own name for the library, not the library: sse-starlette's watcher, which an
    # earlier test may have started on this loop, sleeps by it too.
    monkeypatch.setattr("openai._base_client.anyio", SimpleNamespace(sleep=wait))
    server.faults, server.retry_after = [fault, fault], "7"
    text, _ = await ask(chat)
    assert text == ANSWER
    assert waits == [7, 7]
    assert len(server.requests) == 3


async def test_gives_up_after_two_more_tries(chat, server):
    server.faults = [Fault.BUSY] * 5
    await refusal(chat)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("asked", "passed_on"),
    [
        ("30", range(30, 31)),
        ("86400", range(3600, 3601)),
        ("a date in ten minutes", range(590, 602)),
    ],
)
async def test_a_long_wait_is_passed_on_at_once(chat, server, asked, passed_on):
    if not asked.isdigit():
        asked = formatdate(time.time() + 600, usegmt=True)
    server.faults, server.retry_after = [Fault.BUSY], asked
    error = await refusal(chat)
    assert error.code == "model_busy"
    assert error.retry_after in passed_on
    assert len(server.requests) == 1


async def test_a_broken_answer_is_not_asked_for_again(chat, server):
    server.faults = [Fault.CUT]
    await refusal(chat)
    assert len(server.requests) == 1


async def test_leaving_early_stops_the_server_and_estimates_what_was_used(chat, server):
    server.faults = [Fault.STALL]
    async with chat.stream(MESSAGES) as stream:
        async for _ in stream:
            break
        usage = stream.usage
    await server.disconnected.wait()
    assert usage.estimated
    assert usage.output_tokens == 1


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.STALL])
async def test_cancelling_the_task_stops_the_server(chat, server, fault):
    server.faults = [fault]
    task = asyncio.create_task(ask(chat))
    await server.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.disconnected.wait()


async def test_a_cancelled_scope_stops_the_server(chat, server):
    """A web framework cancels by scope: every later await of the task is cancelled too."""
    server.faults = [Fault.STALL]
    with anyio.CancelScope() as scope:
        async with chat.stream(MESSAGES) as stream:
            async for _ in stream:
                scope.cancel()
    await server.disconnected.wait()


async def test_an_error_of_the_reader_stops_the_server_and_stays_itself(chat, server):
    server.faults = [Fault.STALL]
    with pytest.raises(ZeroDivisionError):
        async with chat.stream(MESSAGES) as stream:
            async for _ in stream:
                raise ZeroDivisionError
    await server.disconnected.wait()


tokens = st.integers(0, 10**9)


@given(st.sampled_from(sorted(PRICES)), tokens, tokens, st.data())
def test_cost_is_exact(model, given_tokens, said_tokens, data):
    cached = data.draw(st.integers(0, given_tokens))
    price = PRICES[model]
    total = cost(model, given_tokens, said_tokens, settings_for("x"), cached_tokens=cached)
    assert total * 1_000_000 == (
        (given_tokens - cached) * price.input
        + cached * price.cached_input
        + said_tokens * price.output
    )


def test_a_dated_snapshot_costs_what_its_model_does():
    settings = settings_for("x")
    assert cost("gpt-4o-2024-08-06", 10**6, 0, settings) == Decimal("2.50")


@pytest.mark.parametrize("model", ["llama-3", "gpt-5-pro", ""])
def test_an_unlisted_model_costs_nothing(model):
    assert cost(model, 10**6, 10**6, settings_for("x")) == 0


def test_the_operators_prices_come_first():
    own = settings_for("x", chat_price_input="0.1", chat_price_output="0.3")
    assert cost("gpt-4o", 1, 1, own, cached_tokens=1) == Decimal("0.0000004")
    assert cost("gpt-4o", 1, 1, settings_for("x", chat_price_input="0")) == Decimal("0.00001")


async def test_the_fake_says_its_reply_in_pieces_and_keeps_what_it_was_asked():
    fake = FakeChat(lambda messages: messages[-1].content.upper(), pieces=3)
    async with fake.stream([ChatMessage("user", "hello there")]) as stream:
        pieces = [piece async for piece in stream]
    assert len(pieces) == 3
    assert "".join(pieces) == "HELLO THERE"
    assert fake.calls == [[ChatMessage("user", "hello there")]]
    assert not fake.cancelled


async def test_the_fake_knows_when_it_was_left_early():
    fake = FakeChat("one two three")
    async with fake.stream(MESSAGES) as stream:
        async for _ in stream:
            break
    assert fake.cancelled


def test_the_server_answers_with_the_sentence_that_suits_and_its_number():
    question = PROMPT.replace("Where did the office move?", "What was revenue in 2022?")
    assert answer(question) == "Revenue was 12 million dollars in 2022. [1]"
    assert answer(PROMPT) == ANSWER


def test_the_server_says_when_no_passage_suits():
    assert answer(PROMPT.replace("Where did the office move?", "Who swims?")) == NOT_SAID
    assert answer("Question: anything there?") == NOT_SAID
