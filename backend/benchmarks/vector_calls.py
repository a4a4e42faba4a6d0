"""Processor time that one vector search costs its caller: by hand, and by the official client.

`python -m benchmarks.vector_calls` from `backend/`; it prints a Markdown table and exits with 1
when a search costs more than its target. The vector process is a real one, with 1,000 passages.
"""

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import orjson
import uvloop
from qdrant_client import AsyncQdrantClient, models

from assay.adapters.vectors import PassageVector, SearchMode, VectorQuery, VectorStore
from assay.adapters.vectors_models import COLLECTION
from assay.adapters.vectors_query import query_body
from assay.scope import TenantScope
from tests.vector_process import VectorProcess

DIMENSIONS = 384
PASSAGES = 1000
BATCHES = 25
CALLS = 40
TARGET_MS = 0.5
WORDS = "net sales rose aircraft engine power climb weather board dividend growth loss".split()

Search = Callable[[], Awaitable[object]]


async def lowest(search: Search) -> float:
    """Return milliseconds of processor time of a call: the lowest of several batches."""
    batches = []
    for _ in range(BATCHES):
        began = time.process_time()
        for _ in range(CALLS):
            await search()
        batches.append(1000 * (time.process_time() - began) / CALLS)
    return min(batches)


async def fill(store: VectorStore, scope: TenantScope) -> list[float]:
    """Store passages; return a vector to ask with."""
    random = np.random.default_rng(0)
    dense = random.normal(size=(PASSAGES + 1, DIMENSIONS)).astype(np.float32).tolist()
    texts = [" ".join(random.choice(WORDS, 60)) for _ in range(PASSAGES)]
    await store.upsert(
        scope,
        [
            PassageVector(uuid4(), uuid4(), None, vector, text)
            for vector, text in zip(dense[1:], texts, strict=True)
        ],
    )
    return dense[0]  # type: ignore[no-any-return]


def official(client: AsyncQdrantClient, body: bytes) -> Search:
    """Return the same search as the official client makes it, on its own transport."""
    query = orjson.loads(body)

    async def search() -> object:
        prefetch = [models.Prefetch.model_validate(branch) for branch in query["prefetch"]]
        fusion = models.RrfQuery.model_validate(query["query"])
        return await client.query_points(
            COLLECTION, prefetch=prefetch, query=fusion, limit=10, with_payload=False
        )

    return search


async def measure(process: VectorProcess) -> dict[str, float]:
    """Measure each way on a fresh collection."""
    settings, scope = process.settings, TenantScope(uuid4())
    store = VectorStore(settings, DIMENSIONS)
    client = AsyncQdrantClient(
        host="127.0.0.1",
        port=process.port,
        https=False,
        headers={"api-key": settings.qdrant_api_key.get_secret_value()},
        check_compatibility=False,
    )
    await store.prepare()
    query = VectorQuery(
        "net sales of the aircraft", await fill(store, scope), SearchMode.HYBRID, 10
    )
    body = query_body(scope, query)
    assert body  # noqa: S101 - the query has words
    found = {
        "by hand": await lowest(lambda: store.search(scope, query)),
        "by the official client": await lowest(official(client, body)),
    }
    await client.close()
    await store.close()
    return found


def main() -> int:
    """Run both, print the table."""
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as folder:
        process = VectorProcess(Path(folder)).start()
        try:
            found = uvloop.run(measure(process))
        finally:
            process.stop()
    print("| CPU of a hybrid search in the caller | ms |\n|---|---|")
    for name, milliseconds in found.items():
        print(f"| {name} | {milliseconds:.2f} |")
    return 0 if found["by hand"] < TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
