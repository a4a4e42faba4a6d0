"""Look-up, list, pages, pictures, retry and delete of documents."""

from tests.conftest import Tenant
from tests.documents.conftest import Pipeline, uploaded
from tests.documents.sample_files import pdf

PAGES = [["(Revenue was 4.2 million dollars in 2022.)"], ["(Costs fell.)"]]


async def test_a_document_is_read_and_its_pages_are_there(tenant: Tenant, pipeline: Pipeline):
    document = await uploaded(tenant, "report.pdf", pdf(PAGES))
    assert (document["status"], document["stage"], document["progress"]) == ("queued", "queued", 0)
    assert await pipeline.queued(document["id"]) == ["documents.ingest"]
    ready = await pipeline.ingest(tenant, document)
    assert (ready["status"], ready["stage"], ready["progress"]) == ("ready", "done", 1)
    assert (ready["pages"], ready["error"], ready["duplicate"]) == (2, None, False)
    assert ready["passages"] >= 2
    page = (await tenant.client.get(f"/v1/documents/{document['id']}/pages/2")).json()
    assert page == {"page": 2, "text": page["text"]}
    assert "Costs fell." in page["text"]
