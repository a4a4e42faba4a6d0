"""Chat models: the interface, the OpenAI API behind it, and a fake for tests."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import mktime_tz, parsedate_tz
from enum import StrEnum
from typing import Any, Literal, Protocol

import structlog

from assay.adapters.prices import cost
from assay.adapters.telemetry_calls import model_call
from assay.adapters.telemetry_metrics import model_used
from assay.errors import Unavailable
from assay.settings import Settings

log = structlog.get_logger()

DEFAULT_URL = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
RETRIES = 2
LONGEST_WAIT_SECONDS = 10.0
"""Longest `Retry-After` that is waited for; a longer one is passed on to the caller."""
CHARACTERS_PER_TOKEN = 4
MAX_OUTPUT_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation that a model is given."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """What a call used; `estimated` when the server did not count."""

    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    estimated: bool = False


class ChatStream(Protocol):
    """An answer that is being made."""

    def __aiter__(self) -> AsyncIterator[str]:
        """Yield the pieces of the answer."""
        ...

    @property
    def usage(self) -> ChatUsage:
        """What was used up to now; final once the iteration has ended."""
        ...


class Ending(StrEnum):
    """How a whole answer ended."""

    COMPLETE = "complete"
    REFUSED = "refused"
    """The model, or its content filter, did not want to."""
    CUT = "cut"
    """It would have been longer than it might be."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer; it is paid for however it ended."""

    text: str
    usage: ChatUsage
    ending: Ending = Ending.COMPLETE


class ChatModel(Protocol):
    """A model that answers conversations."""

    @property
    def name(self) -> str:
        """The model's name, as it is shown and priced."""
        ...

    def most(self, messages: Sequence[ChatMessage], *, max_output_tokens: int) -> ChatUsage:
        """Return the most that a call can use, to be reserved before it."""
        ...

    def stream(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = MAX_OUTPUT_TOKENS
    ) -> AbstractAsyncContextManager[ChatStream]:
        """Ask; leaving the block early stops the model.

        :raises Unavailable: refused, busy, too slow or broken; `code` says which.
        """
        ...

    async def structured(
        self,
        messages: Sequence[ChatMessage],
        *,
        name: str,
        schema: Mapping[str, Any],
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
    ) -> Completion:
        """Ask for a JSON object.

        Whether the answer keeps to the schema is for the caller to check: some servers ignore it.

        :param name: what the object is called.
        :param schema: its JSON schema, within what the API's strict mode takes.
        :raises Unavailable: as `stream`.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class OpenAIChat:
    """Any server that speaks the chat completions call of the OpenAI API.

    Before the first byte the client tries again by itself: `RETRIES` times, after the wait
    that `Retry-After` asks for. Nothing is tried again once a piece was passed on.
    """

    def __init__(self, settings: Settings) -> None:
        # Imported where it is used: the client costs 0.6 s and 15 MB.
        import httpx2  # noqa: PLC0415
        import openai  # noqa: PLC0415

        self.name = settings.chat_model
        self._settings = settings
        self._client = openai.AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value() or "none",
            base_url=settings.openai_base_url or DEFAULT_URL,
            max_retries=RETRIES,
            timeout=httpx2.Timeout(settings.chat_timeout_seconds, connect=CONNECT_SECONDS),
            http_client=openai.DefaultAsyncHttpx2Client(
                event_hooks={"response": [_refuse_long_waits]}
            ),
        )

    def most(self, messages: Sequence[ChatMessage], *, max_output_tokens: int) -> ChatUsage:
        """See `ChatModel`."""
        given = sum(_most_tokens(each.content) + 10 for each in messages)
        price = cost(self.name, given, max_output_tokens, self._settings)
        return ChatUsage(given, max_output_tokens, price, estimated=True)

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = MAX_OUTPUT_TOKENS
    ) -> AsyncIterator[ChatStream]:
        """See `ChatModel`."""
        with model_call(self.name):
            response = await self._start(messages, max_output_tokens)
            stream = _OpenAIStream(response, messages, self.name, self._settings)
            try:
                yield stream
            finally:
                await response.close()
                used = stream.usage
                model_used(self.name, used.input_tokens, used.output_tokens, used.cost_usd)

    async def structured(
        self,
        messages: Sequence[ChatMessage],
        *,
        name: str,
        schema: Mapping[str, Any],
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
    ) -> Completion:
        """See `ChatModel`."""
        shape = {"name": name, "schema": schema, "strict": True}
        with model_call(self.name):
            answer = await self._asked(
                messages,
                max_output_tokens,
                response_format={"type": "json_schema", "json_schema": shape},
            )
            try:
                choice, counted = answer.choices[0], answer.usage
                refused = choice.message.refusal or choice.finish_reason == "content_filter"
                text = choice.message.content or ""
            except (AttributeError, IndexError, TypeError):  # not an answer of this API
                raise _broken() from None
            sent = sum(len(each.content) for each in messages)
            used = _usage(counted, sent, len(text), self.name, self._settings)
            model_used(self.name, used.input_tokens, used.output_tokens, used.cost_usd)
        if refused:
            return Completion(text, used, Ending.REFUSED)
        cut = choice.finish_reason == "length"
        return Completion(text, used, Ending.CUT if cut else Ending.COMPLETE)

    async def _start(self, messages: Sequence[ChatMessage], max_output_tokens: int) -> Any:
        return await self._asked(
            messages, max_output_tokens, stream=True, stream_options={"include_usage": True}
        )

    async def _asked(
        self, messages: Sequence[ChatMessage], max_output_tokens: int, **options: Any
    ) -> Any:
        given: Any = [{"role": each.role, "content": each.content} for each in messages]
        try:
            async with asyncio.timeout(self._start_seconds):
                return await self._client.chat.completions.create(
                    model=self.name,
                    messages=given,
                    max_completion_tokens=max_output_tokens,
                    **options,
                )
        except Exception as error:  # noqa: BLE001 - whatever a strange server causes is its fault
            # Not chained: what the vendor says may quote the prompt, and logs keep tracebacks.
            raise translated(error) from None

    @property
    def _start_seconds(self) -> float:
        return self._settings.chat_timeout_seconds + RETRIES * LONGEST_WAIT_SECONDS

    async def close(self) -> None:
        """See `ChatModel`."""
        await self._client.close()


async def _refuse_long_waits(response: Any) -> None:
    """Keep the client, which would wait for two minutes, from holding a person's request."""
    if (_retry_after(response) or 0) > LONGEST_WAIT_SECONDS:
        response.headers["x-should-retry"] = "false"


class _OpenAIStream:
    def __init__(
        self, response: Any, messages: Sequence[ChatMessage], model: str, settings: Settings
    ) -> None:
        self._response, self._model, self._settings = response, model, settings
        self._sent = sum(len(each.content) for each in messages)
        self._received = 0
        self._counted: Any = None

    async def __aiter__(self) -> AsyncIterator[str]:
        finish = None
        try:
            async for chunk in self._response:
                self._counted = chunk.usage or self._counted
                for choice in chunk.choices[:1]:
                    finish = choice.finish_reason or finish
                    if choice.delta.content:
                        self._received += len(choice.delta.content)
                        yield choice.delta.content
        except Exception as error:  # noqa: BLE001 - whatever a strange server causes is its fault
            raise translated(error, started=True) from None
        _check_finish(finish)

    @property
    def usage(self) -> ChatUsage:
        return _usage(self._counted, self._sent, self._received, self._model, self._settings)


def _usage(counted: Any, sent: int, received: int, model: str, settings: Settings) -> ChatUsage:
    """Return what the server counted; without that, an estimate from the characters."""
    if counted is None:
        tokens = _estimated(sent), _estimated(received)
        return ChatUsage(*tokens, cost(model, *tokens, settings), estimated=True)
    tokens = counted.prompt_tokens, counted.completion_tokens
    details = counted.prompt_tokens_details
    cached = (details and details.cached_tokens) or 0
    return ChatUsage(*tokens, cost(model, *tokens, settings, cached_tokens=cached))


def _most_tokens(text: str) -> int:
    """Return more tokens than a text has: a byte each, of ASCII two bytes.

    English has four characters a token; tables of numbers have two, and Chinese has one.
    """
    plain = len(text.encode("ascii", "ignore"))
    return len(text.encode("utf-8", "replace")) - plain + -(-plain // 2)


def _estimated(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


def _check_finish(reason: str | None) -> None:
    if reason is None:
        raise _broken()
    if reason == "content_filter":
        raise Unavailable(
            "The language model's content filter stopped this answer. Ask in other words.",
            code="model_refused",
        )


def translated(error: Exception, *, started: bool = False) -> Unavailable:
    """Return our error for the vendor's; the log gets its class and code, not its words.

    :param started: whether a part of the answer had arrived.
    """
    import openai  # noqa: PLC0415

    status = getattr(error, "status_code", None)
    reason = getattr(error, "code", None)
    log.warning("model.failed", error=type(error).__name__, status=status, reason=reason)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return Unavailable("The language model took too long. Try again.", code="model_timeout")
    if isinstance(error, openai.APIStatusError):
        return _refused(error, error.status_code)
    if isinstance(error, openai.APIConnectionError) and not started:
        return _unreachable(None)
    return _broken()


def _refused(error: Any, status: int) -> Unavailable:
    retry_after = _retry_after(error.response)
    if status in {401, 403, 404} or error.code == "insufficient_quota":
        return Unavailable(
            "The language model refuses our account. The operator has to check "
            "OPENAI_API_KEY, CHAT_MODEL and the account's credit.",
            code="model_misconfigured",
            retry_after=60,
        )
    if status == 429:  # noqa: PLR2004 - RFC 6585
        return Unavailable(
            "The language model is busy. Try again in a moment.",
            code="model_busy",
            retry_after=retry_after or 5,
        )
    if error.code == "context_length_exceeded" or status == 413:  # noqa: PLR2004 - RFC 9110
        return Unavailable(
            "The passages are too long for the language model. Narrow the question down.",
            code="model_context_too_long",
        )
    if status in {400, 422}:
        return Unavailable(
            "The language model refused the request. The operator has to check CHAT_MODEL.",
            code="model_refused",
        )
    return _unreachable(retry_after)


def _unreachable(retry_after: int | None) -> Unavailable:
    return Unavailable(
        "The language model cannot be reached. Try again.",
        code="model_unavailable",
        retry_after=retry_after or 5,
    )


def _broken() -> Unavailable:
    return Unavailable(
        "The language model broke off in mid-answer. Ask again.", code="model_broken"
    )


def _retry_after(response: Any) -> int | None:
    """Return the whole seconds, 1 to 3600, that the server asks to wait (RFC 9110 10.2.3)."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        moment = parsedate_tz(value)
        if moment is None:
            return None
        seconds = mktime_tz(moment) - time.time()
    return max(1, math.ceil(min(seconds, 3600))) if math.isfinite(seconds) else None


@dataclass
class FakeChat:
    """A model that says what it is told to, in pieces; it keeps what it was asked."""

    reply: str | Callable[[Sequence[ChatMessage]], str]
    pieces: int = 5
    name: str = "fake"
    calls: list[Sequence[ChatMessage]] = field(default_factory=list)
    cancelled: bool = False
    ending: Ending = Ending.COMPLETE

    def most(self, messages: Sequence[ChatMessage], *, max_output_tokens: int) -> ChatUsage:
        """See `ChatModel`."""
        given = sum(len(each.content) // CHARACTERS_PER_TOKEN for each in messages)
        return ChatUsage(given, max_output_tokens, Decimal("0.01"), estimated=True)

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = MAX_OUTPUT_TOKENS
    ) -> AsyncIterator[ChatStream]:
        """See `ChatModel`."""
        self.calls.append(messages)
        reply = self.reply(messages) if callable(self.reply) else self.reply
        stream = _FakeStream(reply[: max_output_tokens * CHARACTERS_PER_TOKEN], self.pieces)
        try:
            yield stream
        finally:
            self.cancelled = not stream.ended

    async def structured(
        self,
        messages: Sequence[ChatMessage],
        *,
        name: str,  # noqa: ARG002 - see `ChatModel`
        schema: Mapping[str, Any],  # noqa: ARG002
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
    ) -> Completion:
        """See `ChatModel`."""
        self.calls.append(messages)
        reply = self.reply(messages) if callable(self.reply) else self.reply
        most = max_output_tokens * CHARACTERS_PER_TOKEN
        used = ChatUsage(10, len(reply) // CHARACTERS_PER_TOKEN, Decimal("0.001"))
        return Completion(reply[:most], used, Ending.CUT if len(reply) > most else self.ending)

    async def close(self) -> None:
        """See `ChatModel`."""


class _FakeStream:
    def __init__(self, reply: str, pieces: int) -> None:
        self._reply, self._size = reply, max(1, -(-len(reply) // pieces))
        self.ended = False

    async def __aiter__(self) -> AsyncIterator[str]:
        for start in range(0, len(self._reply), self._size):
            await asyncio.sleep(0)
            yield self._reply[start : start + self._size]
        self.ended = True

    @property
    def usage(self) -> ChatUsage:
        return ChatUsage(10, len(self._reply) // CHARACTERS_PER_TOKEN, Decimal("0.001"))
