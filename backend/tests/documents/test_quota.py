"""The size of a tenant's vectors is held to its tier."""

import pytest

from assay.adapters.vector_size import bytes_per_passage
from assay.admission.tiers import TIERS, Tier
from tests.conftest import SetLimits, Tenant
from tests.documents.conftest import DIMENSIONS, Pipeline
from tests.library import OTHER, REPORT

EACH = bytes_per_passage(DIMENSIONS)


async def uploaded(tenant: Tenant, name: str, text: str):
    return await tenant.client.post("/v1/documents", files={"file": (name, text.encode())})


def test_the_tiers_have_the_seeds_sizes():
    gib = 1024**3
    assert TIERS[Tier.PREMIUM].vector_bytes == 10 * gib
    assert TIERS[Tier.STANDARD].vector_bytes == 2 * gib


@pytest.mark.parametrize("tier", ["standard", "premium"])
async def test_a_document_beyond_the_tiers_size_is_not_indexed(
    tenant: Tenant, pipeline: Pipeline, set_limits: SetLimits, tier: str
):
    """The collection is filled on paper: two or ten gibibytes of vectors take hours to make."""
    await set_limits(tenant.id, tier, requests_per_minute=1000)
    first = (await uploaded(tenant, "first.txt", REPORT)).json()["documents"][0]
    assert (await pipeline.ingest(tenant, first))["status"] == "ready"
    second = (await uploaded(tenant, "second.txt", OTHER)).json()["documents"][0]
    full = TIERS[Tier(tier)].vector_bytes // EACH
    change = "update documents set passages = :passages where id = :id"
    await pipeline.run(tenant, change, passages=full, id=first["id"])
    failed = await pipeline.ingest(tenant, second)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "vector_quota_reached")
    found = await tenant.client.post("/v1/search", json={"query": "Contoso"})
    assert second["id"] not in found.text
    refused = await uploaded(tenant, "third.txt", OTHER + "more")
    assert (refused.status_code, refused.json()["code"]) == (403, "vector_quota_reached")
    # Room was made, so the same document goes in.
    await pipeline.run(tenant, change, passages=3, id=first["id"])
    again = await tenant.client.post(f"/v1/documents/{second['id']}/retry")
    assert again.status_code == 202
    assert (await pipeline.ingest(tenant, second))["status"] == "ready"


async def test_a_document_read_once_more_counts_once(
    tenant: Tenant, pipeline: Pipeline, set_limits: SetLimits
):
    document = (await uploaded(tenant, "only.txt", REPORT)).json()["documents"][0]
    passages = (await pipeline.ingest(tenant, document))["passages"]
    await set_limits(tenant.id, vector_bytes=passages * EACH, requests_per_minute=1000)
    await pipeline.run(
        tenant, "update documents set status = 'queued', stage = 'queued', indexed = 0"
    )
    assert (await pipeline.ingest(tenant, document))["status"] == "ready"
