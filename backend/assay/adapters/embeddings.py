"""Embeddings: what turns text into vectors, and the deterministic fake for tests.

The real ones stand beside: `embeddings_local`, `embeddings_openai`. Each has its own file so
that a process loads only the one it uses.
"""

import hashlib
import math
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assay.settings import Settings

Vector = npt.NDArray[np.float32]
LOCAL = "local"
"""The `EMBEDDING_MODEL` that runs in the process."""

CACHED_QUERIES = 2048


class Embeddings(Protocol):
    """A model that gives texts vectors of length 1, near where their meanings are near."""

    @property
    def name(self) -> str:
        """Name of the model; vectors of two models must never meet in one collection."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question.

        :raises Unavailable: the model cannot be reached.
        """

    async def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for each text, in their order.

        :raises Unavailable: the model cannot be reached.
        """

    def close(self) -> None:
        """Release what the model holds."""


class QueryCache:
    """The latest query vectors by text; the least recently used go first.

    Held as float32: 2048 vectors of 384 numbers take 3 MB so, and 25 MB as Python lists.
    """

    def __init__(self, size: int = CACHED_QUERIES) -> None:
        self._size = size
        self._vectors: OrderedDict[str, Vector] = OrderedDict()

    def get(self, text: str) -> list[float] | None:
        """Return the vector of a text seen lately."""
        vector = self._vectors.get(text)
        if vector is None:
            return None
        self._vectors.move_to_end(text)
        return list(vector.tolist())

    def put(self, text: str, vector: Sequence[float]) -> None:
        """Remember a vector."""
        self._vectors[text] = np.asarray(vector, np.float32)
        self._vectors.move_to_end(text)
        if len(self._vectors) > self._size:
            self._vectors.popitem(last=False)


class FakeEmbeddings:
    """Hashed bags of words: texts that share words have near vectors, without any model."""

    name = "fake"

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions

    async def embed_query(self, text: str) -> list[float]:
        """See `Embeddings`."""
        return self._embed(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embeddings`."""
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
