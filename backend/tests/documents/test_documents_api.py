"""Look-up, list, pages, pictures, retry and delete of documents."""

import httpx
import pytest

from tests.conftest import Tenant
from tests.documents.conftest import Pipeline, upload, uploaded
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


async def test_nobody_gets_in_without_credentials(
    anonymous: httpx.AsyncClient, tenant: Tenant, pipeline: Pipeline
):
    document = await uploaded(tenant, "report.pdf", pdf(PAGES))
    path = f"/v1/documents/{document['id']}"
    for suffix in ("", "/content", "/pages/1", "/pages/1/image", "/pages/1/boxes?start=0&end=3"):
        assert (await anonymous.get(path + suffix)).status_code == 401
    assert (await anonymous.delete(path)).status_code == 401
    assert (await anonymous.post(f"{path}/retry")).status_code == 401
    assert (await upload(anonymous, ("a.txt", b"words"))).status_code == 401
    assert len(pipeline.files(tenant)) == 1


async def test_the_original_bytes_come_back_under_their_name(tenant: Tenant):
    content = pdf(PAGES)
    document = await uploaded(tenant, 'Jahr "2022" für uns.pdf', content)
    path = f"/v1/documents/{document['id']}/content"
    answer = await tenant.client.get(path)
    assert answer.content == content
    assert answer.headers["content-type"] == "application/pdf"
    disposition = answer.headers["content-disposition"]
    assert "filename*=UTF-8''Jahr%20" in disposition
    assert "f%C3%BCr%20uns.pdf" in disposition
    kept = {"If-None-Match": answer.headers["etag"]}
    assert (await tenant.client.get(path, headers=kept)).status_code == 304


async def test_only_pdfs_have_pictures(tenant: Tenant, pipeline: Pipeline):
    document = await uploaded(tenant, "a.txt", b"Some words.")
    await pipeline.ingest(tenant, document)
    path = f"/v1/documents/{document['id']}/pages/1"
    assert (await tenant.client.get(path)).json() == {"page": 1, "text": "Some words."}
    for suffix in ("/image", "/boxes?start=0&end=4"):
        answer = await tenant.client.get(path + suffix)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_image")


async def test_a_picture_is_made_once(tenant: Tenant, pipeline: Pipeline, app, monkeypatch):
    document = await uploaded(tenant, "report.pdf", pdf(PAGES))
    await pipeline.ingest(tenant, document)
    path = f"/v1/documents/{document['id']}/pages/1/image"
    first = await tenant.client.get(path)
    monkeypatch.setattr(app.state.page_views, "_parser", None)
    again = await tenant.client.get(path)
    assert again.content == first.content
    assert "private" in again.headers["cache-control"]
    assert f"{document['id']}/pages/1.webp" in pipeline.files(tenant)
    kept = {"If-None-Match": first.headers["etag"]}
    assert (await tenant.client.get(path, headers=kept)).status_code == 304


@pytest.mark.parametrize("page", ["0", "-1", "2147483648", "x"])
async def test_a_page_number_that_cannot_be_is_told(tenant: Tenant, page):
    document = await uploaded(tenant, "report.pdf", pdf(PAGES))
    answer = await tenant.client.get(f"/v1/documents/{document['id']}/pages/{page}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


async def test_a_spent_key_does_not_bring_a_deleted_document_back(
    tenant: Tenant, pipeline: Pipeline
):
    options = {"headers": {"Idempotency-Key": "once"}}
    document = await uploaded(tenant, "a.txt", b"Some words.", **options)
    assert await uploaded(tenant, "a.txt", b"Some words.", **options) == document
    await tenant.client.delete(f"/v1/documents/{document['id']}")
    answer = await upload(tenant.client, ("a.txt", b"Some words."), **options)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_spent")
    assert pipeline.files(tenant) == [f"{document['id']}/original"]
