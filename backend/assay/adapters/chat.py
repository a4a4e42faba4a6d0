"""Chat models: the interface, the OpenAI API behind it, and a fake for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

import structlog

from assay.adapters.prices import cost
from assay.errors import Unavailable
from assay.settings import Settings

log = structlog.get_logger()

CONNECT_SECONDS = 5.0
RETRIES = 2
START_SECONDS = 30.0
"""Longest wait for the first byte with all retries, whatever `Retry-After` asks for."""
CHARACTERS_PER_TOKEN = 4


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


class ChatModel(Protocol):
    """A model that answers conversations."""

    @property
    def name(self) -> str:
        """The model's name, as it is shown and priced."""
        ...

    def stream(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = 1024
    ) -> AbstractAsyncContextManager[ChatStream]:
        """Ask; leaving the block early stops the model.

        :raises Unavailable: refused, busy, too slow or broken; `code` says which.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class OpenAIChat:
    """Any server that speaks the chat completions call of the OpenAI API."""

    def __init__(self, settings: Settings) -> None:
        # Imported where it is used: the client costs 0.6 s and 15 MB.
        import httpx2  # noqa: PLC0415
        import openai  # noqa: PLC0415

        self.name = settings.chat_model
        self._settings = settings
        self._client = openai.AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value() or "none",
            base_url=settings.openai_base_url or None,
            max_retries=RETRIES,
            timeout=httpx2.Timeout(settings.chat_timeout_seconds, connect=CONNECT_SECONDS),
        )

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = 1024
    ) -> AsyncIterator[ChatStream]:
        """See `ChatModel`."""
        given: Any = [{"role": each.role, "content": each.content} for each in messages]
        try:
            response = await asyncio.wait_for(
                self._client.chat.completions.create(
                    model=self.name,
                    messages=given,
                    stream=True,
                    stream_options={"include_usage": True},
                    max_completion_tokens=max_output_tokens,
                ),
                START_SECONDS + self._settings.chat_timeout_seconds,
            )
        except Exception as error:
            raise translated(error) from error
        try:
            yield _OpenAIStream(response, messages, self.name, self._settings)
        finally:
            await response.close()

    async def close(self) -> None:
        """See `ChatModel`."""
        await self._client.close()


class _OpenAIStream:
    def __init__(
        self, response: Any, messages: Sequence[ChatMessage], model: str, settings: Settings
    ) -> None:
        self._response, self._model, self._settings = response, model, settings
        self._sent = sum(len(each.content) for each in messages)
        self._received = 0
        self._counted: tuple[int, int] | None = None

    async def __aiter__(self) -> AsyncIterator[str]:
        finished = False
        try:
            async for chunk in self._response:
                if chunk.usage is not None:
                    self._counted = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
                for choice in chunk.choices[:1]:
                    finished = finished or choice.finish_reason is not None
                    if choice.delta.content:
                        self._received += len(choice.delta.content)
                        yield choice.delta.content
        except Exception as error:
            raise translated(error) from error
        if not finished:
            raise _broken()

    @property
    def usage(self) -> ChatUsage:
        estimated = self._counted is None
        tokens = self._counted or (
            -(-self._sent // CHARACTERS_PER_TOKEN),
            -(-self._received // CHARACTERS_PER_TOKEN),
        )
        return ChatUsage(*tokens, cost(self._model, *tokens, self._settings), estimated)


def translated(error: Exception) -> Unavailable:
    """Return our error for the vendor's; what the vendor said goes to the log only."""
    import openai  # noqa: PLC0415

    status = getattr(error, "status_code", None)
    log.warning("model.failed", error=type(error).__name__, status=status)
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return Unavailable(
            "The language model refuses our key. The operator has to check OPENAI_API_KEY.",
            code="model_misconfigured",
            retry_after=60,
        )
    if isinstance(error, openai.RateLimitError):
        return Unavailable(
            "The language model is busy. Try again in a moment.",
            code="model_busy",
            retry_after=_retry_after(error),
        )
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return Unavailable("The language model took too long. Try again.", code="model_timeout")
    if isinstance(error, openai.BadRequestError):
        if error.code == "context_length_exceeded":
            return Unavailable(
                "The passages are too long for the language model. Narrow the question down.",
                code="model_context_too_long",
            )
        return Unavailable(
            "The language model refused the request. The operator has to check CHAT_MODEL.",
            code="model_refused",
        )
    if isinstance(error, openai.APIConnectionError | openai.APIStatusError):
        return Unavailable(
            "The language model cannot be reached. Try again.", code="model_unavailable"
        )
    return _broken()


def _broken() -> Unavailable:
    return Unavailable(
        "The language model broke off in mid-answer. Ask again.", code="model_broken"
    )


def _retry_after(error: Any) -> int:
    value = error.response.headers.get("retry-after", "")
    return min(120, max(1, int(value))) if value.isdigit() else 5


@dataclass
class FakeChat:
    """A model that says what it is told to, in pieces; it keeps what it was asked."""

    reply: str | Callable[[Sequence[ChatMessage]], str]
    pieces: int = 5
    name: str = "fake"
    calls: list[Sequence[ChatMessage]] = field(default_factory=list)
    cancelled: bool = False

    @asynccontextmanager
    async def stream(
        self, messages: Sequence[ChatMessage], *, max_output_tokens: int = 1024
    ) -> AsyncIterator[ChatStream]:
        """See `ChatModel`."""
        self.calls.append(messages)
        reply = self.reply(messages) if callable(self.reply) else self.reply
        stream = _FakeStream(reply[: max_output_tokens * CHARACTERS_PER_TOKEN], self.pieces)
        try:
            yield stream
        finally:
            self.cancelled = not stream.ended

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
