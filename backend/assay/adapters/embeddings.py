"""Embeddings: what turns text into vectors, and the deterministic fake for tests.

The real ones stand beside: `embeddings_local`, `embeddings_openai`. Each has its own file so
that a process loads only the one it uses.
"""

import hashlib
import math
import re
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assay.settings import Settings

Vector = npt.NDArray[np.float32]
LOCAL = "local"
"""The `EMBEDDING_MODEL` that runs in the process."""

CACHED_QUERIES = 2048


@dataclass(slots=True)
class EmbeddingUsage:
    """What calls of a paid model used."""

    tokens: int = 0


class Embeddings(Protocol):
    """A model that gives texts vectors of length 1, near where their meanings are near."""

    @property
    def name(self) -> str:
        """Name of the model; vectors of two models must never meet in one collection."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""

    async def embed_query(self, text: str, usage: EmbeddingUsage | None = None) -> list[float]:
        """Return the vector of a question.

        :param usage: is added to, where the model is paid.
        :raises Unavailable: the model cannot be reached.
        """

    async def embed_passages(
        self, texts: Sequence[str], usage: EmbeddingUsage | None = None
    ) -> list[list[float]]:
        """Return one vector for each text, in their order.

        :param usage: is added to, where the model is paid.
        :raises Unavailable: the model cannot be reached.
        """

    def close(self) -> None:
        """Release what the model holds."""


def estimated_tokens(texts: Sequence[str]) -> int:
    """Return rather too many tokens than too few: English has about four characters in one."""
    return sum(len(text) // 3 + 1 for text in texts)


class QueryCache:
    """The latest query vectors by tenant and text; the least recently used go first.

    Held as float32: 2048 vectors of 384 numbers take 3 MB so, and 25 MB as Python lists.
    """

    def __init__(self, size: int = CACHED_QUERIES) -> None:
        self._size = size
        self._vectors: OrderedDict[Hashable, Vector] = OrderedDict()

    def get(self, key: Hashable) -> list[float] | None:
        """Return a vector seen lately."""
        vector = self._vectors.get(key)
        if vector is None:
            return None
        self._vectors.move_to_end(key)
        return list(vector.tolist())

    def put(self, key: Hashable, vector: Sequence[float]) -> None:
        """Remember a vector."""
        self._vectors[key] = np.asarray(vector, np.float32)
        self._vectors.move_to_end(key)
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)


class FakeEmbeddings:
    """Hashed bags of words: texts that share words have near vectors, without any model."""

    name = "fake"

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions

    async def embed_query(self, text: str, usage: EmbeddingUsage | None = None) -> list[float]:
        """See `Embeddings`."""
        return (await self.embed_passages([text], usage))[0]

    async def embed_passages(
        self, texts: Sequence[str], usage: EmbeddingUsage | None = None
    ) -> list[list[float]]:
        """See `Embeddings`; it counts like a paid one."""
        if usage is not None:
            usage.tokens += estimated_tokens(texts)
        return [self._embed(text) for text in texts]

    def close(self) -> None:
        """Nothing is held."""

    def _embed(self, text: str) -> list[float]:
        vector = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.lower()) or [""]:
            digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
            vector[digest % self.dimensions] += 1.0
        length = math.hypot(*vector)
        return [value / length for value in vector]


def create_embeddings(settings: Settings) -> Embeddings:
    """Return the embeddings that the settings choose."""
    # Imported when chosen: ONNX Runtime and the vendor's client cost 20 and 30 MB.
    if settings.embedding_model == LOCAL:
        from assay.adapters.embeddings_local import LocalEmbeddings  # noqa: PLC0415

        return LocalEmbeddings(settings.data_dir / "models")
    from openai import AsyncOpenAI  # noqa: PLC0415

    from assay.adapters.embeddings_openai import OpenAIEmbeddings  # noqa: PLC0415

    client = AsyncOpenAI(
        api_key=settings.openai_api_key.get_secret_value() or "none",
        base_url=settings.openai_base_url or None,
    )
    return OpenAIEmbeddings(client, settings.embedding_model, settings.embedding_dimensions)
