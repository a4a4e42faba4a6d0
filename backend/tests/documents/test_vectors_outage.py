"""The vector process is killed and comes back: searches degrade, uploads wait and finish."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from assay.adapters.vectors import VectorStore
from assay.errors import Unavailable
from tests.conftest import Tenant
from tests.documents.conftest import DIMENSIONS, Pipeline, scope_of, uploaded
from tests.vector_process import VectorProcess

TEXT = b"The chief financial officer of Northwind is Ada Brandt."


@dataclass
class Outage:
    """A vector process that can be killed, and a store on it."""

    process: VectorProcess
    store: VectorStore


@pytest.fixture
def process(tmp_path) -> Iterator[VectorProcess]:
    process = VectorProcess(tmp_path).start()
    yield process
    process.stop()


@pytest.fixture
async def outage(process) -> AsyncIterator[Outage]:
    store = VectorStore(process.settings, DIMENSIONS)
    await store.prepare()
    yield Outage(process, store)
    await store.close()


async def test_an_upload_waits_for_the_vectors_and_finishes(
    tenant: Tenant, pipeline: Pipeline, outage: Outage
):
    jobs = pipeline.with_parts(vectors=outage.store)
    document = await uploaded(tenant, "northwind.txt", TEXT)
    path = f"/v1/documents/{document['id']}"
    outage.process.stop()
    for _ in range(6):
        with pytest.raises(Unavailable):
            await jobs.ingest(scope_of(tenant), document["id"])
        assert (await tenant.client.get(path)).json()["status"] in ("queued", "processing")
    outage.process.start()
    later = VectorStore(outage.process.settings, DIMENSIONS)
    await pipeline.with_parts(vectors=later).ingest(scope_of(tenant), document["id"])
    assert (await tenant.client.get(path)).json()["status"] == "ready"
    assert await later.documents(scope_of(tenant)) == {UUID(document["id"]): 1}
    await later.close()


async def test_a_search_is_answered_by_full_text_meanwhile(
    app, tenant: Tenant, pipeline: Pipeline, outage: Outage, monkeypatch
):
    document = await uploaded(tenant, "northwind.txt", TEXT)
    await pipeline.with_parts(vectors=outage.store).ingest(scope_of(tenant), document["id"])
    monkeypatch.setattr(app.state.search, "_vectors", outage.store)

    async def search(query: str) -> tuple[bool, list[str]]:
        answer = await tenant.client.post("/v1/search", json={"query": query})
        assert answer.status_code == 200
        found = answer.json()
        return found["degraded"], [hit["document_id"] for hit in found["hits"]]

    assert await search("Who is the chief financial officer?") == (False, [document["id"]])
    outage.process.stop()
    for number in range(7):
        assert await search(f"financial officer {number}"[:17]) == (True, [document["id"]])
    outage.process.start()
