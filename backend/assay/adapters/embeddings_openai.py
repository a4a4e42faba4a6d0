"""Embeddings of the OpenAI API, or of any server that speaks it."""

import asyncio
from collections.abc import Sequence

import structlog
from openai import APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError, omit

from assay.adapters.embeddings import EmbeddingUsage, estimated_tokens
from assay.adapters.telemetry_calls import model_call
from assay.errors import Unavailable

log = structlog.get_logger()

BATCH = 128
MAX_RETRY_AFTER = 60


class OpenAIEmbeddings:
    """A model of the OpenAI API; retries and time-outs are the client's."""

    def __init__(self, client: AsyncOpenAI, model: str, dimensions: int) -> None:
        """Keep the client, which stays its owner's to close.

        :param dimensions: length of the vectors; asked for where the model can shorten its own.
        """
        self.name = model
        self.dimensions = dimensions
        self._client = client

    async def embed_query(self, text: str, usage: EmbeddingUsage | None = None) -> list[float]:
        """See `Embeddings`."""
        (vector,) = await self._embed([text], usage)
        return vector

    async def embed_passages(
        self, texts: Sequence[str], usage: EmbeddingUsage | None = None
    ) -> list[list[float]]:
        """See `Embeddings`."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), BATCH):
            vectors += await self._embed(texts[start : start + BATCH], usage)
        return vectors

    def close(self) -> None:
        """Nothing is held; the client is closed by whoever made it."""

    async def _embed(self, texts: Sequence[str], usage: EmbeddingUsage | None) -> list[list[float]]:
        # Other models refuse a request that names dimensions.
        shortens = self.name.startswith("text-embedding-3")
        try:
            with model_call(self.name):
                answer = await self._client.embeddings.create(
                    model=self.name,
                    input=list(texts),
                    dimensions=self.dimensions if shortens else omit,
                )
        except (asyncio.CancelledError, OpenAIError) as error:
            if usage is not None and isinstance(error, asyncio.CancelledError | APITimeoutError):
                usage.tokens += estimated_tokens(texts)  # read and charged all the same, perhaps
            if isinstance(error, OpenAIError):
                raise _unavailable(error) from error
            raise
        if usage is not None:
            usage.tokens += answer.usage.prompt_tokens if answer.usage else estimated_tokens(texts)
        vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        self._check(vectors, len(texts))
        return vectors

    def _check(self, vectors: list[list[float]], wanted: int) -> None:
        if len(vectors) != wanted or any(len(vector) != self.dimensions for vector in vectors):
            log.error("embeddings.wrong_shape", model=self.name, dimensions=self.dimensions)
            raise Unavailable(
                "The embedding model answered with vectors of another size than configured. "
                "Tell the operator.",
                code="embeddings_unavailable",
            )


def _unavailable(error: OpenAIError) -> Unavailable:
    """Translate any failure of the vendor; what it said goes to the log, not to the caller."""
    log.warning("embeddings.failed", error=type(error).__name__, status=_status(error))
    return Unavailable(
        "The embedding model cannot be reached at the moment. Try again shortly.",
        code="embeddings_unavailable",
        retry_after=_retry_after(error),
    )


def _status(error: OpenAIError) -> int | None:
    return error.status_code if isinstance(error, APIStatusError) else None


def _retry_after(error: OpenAIError) -> int:
    value = (
        error.response.headers.get("retry-after", "") if isinstance(error, APIStatusError) else ""
    )
    return min(int(value), MAX_RETRY_AFTER) if value.isdecimal() else 5
