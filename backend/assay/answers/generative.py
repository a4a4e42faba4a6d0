"""Answers by a chat model, held to the passages it was given."""

import asyncio
from collections.abc import AsyncIterator

from assay.adapters.chat import MAX_OUTPUT_TOKENS, ChatModel, ChatUsage
from assay.answers.citations import Citer
from assay.answers.models import NOT_SAID, Outcome, Turn
from assay.answers.prompt import messages
from assay.errors import Unavailable

UNSUPPORTED = "\n\n(The answer cites no passage of your documents, so it is not supported by them.)"


class Generative:
    """The engine that asks a model."""

    passages = 12

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat
        self.name = chat.name

    def most(self, turn: Turn) -> ChatUsage | None:
        """See `Engine`."""
        if not turn.passages:
            return None
        return self._chat.most(messages(turn), max_output_tokens=MAX_OUTPUT_TOKENS)

    async def answer(self, turn: Turn, outcome: Outcome) -> AsyncIterator[str]:
        """Yield the model's answer with its marks checked; no passages, no call."""
        outcome.model = self._chat.name
        if not turn.passages:
            outcome.text = NOT_SAID
            yield NOT_SAID
            return
        citer, asked = Citer(turn.passages, outcome), messages(turn)
        try:
            async with self._chat.stream(asked) as stream:
                try:
                    async for delta in stream:
                        if text := citer.feed(delta):
                            yield text
                finally:
                    _count(outcome, stream.usage)
        except (asyncio.CancelledError, Unavailable) as error:
            if not outcome.input_tokens and _was_read(error):
                _count(outcome, self._chat.most(asked, max_output_tokens=0))
            raise
        if text := citer.finish():
            yield text
        if not outcome.answered and NOT_SAID not in outcome.text:
            outcome.text += UNSUPPORTED
            yield UNSUPPORTED


def _count(outcome: Outcome, usage: ChatUsage) -> None:
    outcome.input_tokens, outcome.output_tokens = usage.input_tokens, usage.output_tokens
    outcome.cost_usd = usage.cost_usd


def _was_read(error: BaseException) -> bool:
    """Whether a model may have read, and charged, a question whose answer nobody waited for."""
    return not isinstance(error, Unavailable) or error.code in {"model_timeout", "model_broken"}
