"""Ingestion, failure, deletion and what the sweeps mend; each failure is caused."""

import os
from datetime import timedelta
from uuid import UUID

import pytest

from assay.documents.jobs import MAX_ATTEMPTS
from assay.documents.scratch import clean
from assay.errors import Unavailable
from tests.conftest import Tenant
from tests.documents.conftest import Pipeline, scope_of, uploaded
from tests.documents.sample_files import pdf

TEXT = "\n\n".join(f"Paragraph {n} tells of matter {n} at some length. " * 6 for n in range(160))
PAGES = [["(Revenue was 4.2 million dollars in 2022.)"], ["(Costs fell.)"]]
NOW = timedelta(0)


async def indexed(pipeline: Pipeline, tenant: Tenant, document: dict) -> int:
    return (await pipeline.vectors.documents(scope_of(tenant))).get(UUID(document["id"]), 0)


async def ready(tenant: Tenant, pipeline: Pipeline, text: str = TEXT) -> dict:
    document = await pipeline.ingest(tenant, await uploaded(tenant, "a.txt", text.encode()))
    assert document["status"] == "ready"
    return document


async def test_passages_stand_on_their_pages(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    rows = await pipeline.rows(
        tenant,
        "select p.text, substr(g.text, p.start_offset + 1, p.end_offset - p.start_offset) as there"
        " from passages p join pages g on g.document_id = p.document_id and g.number = p.page",
    )
    assert len(rows) == document["passages"] > 1
    assert all(row["text"] == row["there"] for row in rows)
    assert await indexed(pipeline, tenant, document) == document["passages"]


async def test_running_a_job_again_changes_nothing(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    before = await pipeline.rows(tenant, "select id from passages order by ordinal")
    assert await pipeline.ingest(tenant, document) == document
    assert await pipeline.rows(tenant, "select id from passages order by ordinal") == before
    assert await indexed(pipeline, tenant, document) == len(before)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.pdf", b"%PDF-1.7\nnothing of the kind", "broken"),
        ("a.html", b"<!doctype html><html><script>var a = 1</script></html>", "no_text"),
        ("a.svg", b'<svg><path d="M0 0 L9 9"/></svg>', "no_text"),
    ],
)
async def test_a_file_that_cannot_be_read_fails_with_a_sentence(
    tenant: Tenant, pipeline: Pipeline, name, content, expected
):
    failed = await pipeline.ingest(tenant, await uploaded(tenant, name, content))
    assert (failed["status"], failed["error"]["code"]) == ("failed", expected)
    assert failed["error"]["message"].endswith(".")
    path = f"/v1/documents/{failed['id']}"
    retried = await tenant.client.post(f"{path}/retry")
    assert (retried.status_code, retried.json()["status"]) == (202, "queued")
    assert await pipeline.queued(failed["id"]) == ["documents.ingest", "documents.ingest"]


async def test_only_failed_documents_are_retried(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    refused = await tenant.client.post(f"/v1/documents/{document['id']}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_failed")


class Away:
    """A vector store that goes away after some batches."""

    def __init__(self, vectors, batches: int) -> None:
        self._vectors, self._batches = vectors, batches

    async def upsert(self, scope, vectors):
        self._batches -= 1
        if self._batches < 0:
            raise Unavailable("away", code="vectors_unavailable")
        await self._vectors.upsert(scope, vectors)

    async def delete_document(self, scope, document_id):
        await self._vectors.delete_document(scope, document_id)


async def test_an_outage_keeps_the_work_and_it_goes_on_later(tenant: Tenant, pipeline: Pipeline):
    document = await uploaded(tenant, "a.txt", TEXT.encode())
    broken = pipeline.with_parts(vectors=Away(pipeline.vectors, 1))
    with pytest.raises(Unavailable):
        await broken.ingest(scope_of(tenant), document["id"])
    path = f"/v1/documents/{document['id']}"
    waiting = (await tenant.client.get(path)).json()
    assert waiting["status"] in ("queued", "processing")
    assert 0 < waiting["progress"] < 1
    finished = await pipeline.ingest(tenant, document)
    assert finished["status"] == "ready"
    assert await indexed(pipeline, tenant, document) == finished["passages"]


async def test_deleting_removes_rows_vectors_and_bytes(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    path = f"/v1/documents/{document['id']}"
    assert (await tenant.client.delete(path)).status_code == 204
    assert (await tenant.client.get(path)).status_code == 404
    assert (await tenant.client.delete(path)).status_code == 404
    (removal,) = await pipeline.rows(tenant, "select id from removals")
    await pipeline.jobs.remove(scope_of(tenant), str(removal["id"]))
    await pipeline.jobs.remove(scope_of(tenant), str(removal["id"]))
    assert pipeline.files(tenant) == []
    assert await indexed(pipeline, tenant, document) == 0
    for table in ("pages", "passages", "removals"):
        assert await pipeline.rows(tenant, f"select 1 from {table}") == []


async def test_a_document_deleted_in_mid_ingest_does_not_come_back(
    tenant: Tenant, pipeline: Pipeline
):
    document = await uploaded(tenant, "a.txt", TEXT.encode())

    class DeletedMeanwhile(Away):
        async def upsert(self, scope, vectors):
            await tenant.client.delete(f"/v1/documents/{document['id']}")
            await self._vectors.upsert(scope, vectors)

    jobs = pipeline.with_parts(vectors=DeletedMeanwhile(pipeline.vectors, 0))
    await jobs.ingest(scope_of(tenant), document["id"])
    assert await indexed(pipeline, tenant, document) == 0
    assert await pipeline.rows(tenant, "select 1 from passages") == []


async def test_a_run_that_was_taken_for_dead_does_not_harm_its_successor(
    tenant: Tenant, pipeline: Pipeline
):
    document = await uploaded(tenant, "a.txt", TEXT.encode())

    class Overtaken(Away):
        async def upsert(self, scope, vectors):
            await pipeline.jobs.ingest(scope, document["id"])
            await self._vectors.upsert(scope, vectors)

    jobs = pipeline.with_parts(vectors=Overtaken(pipeline.vectors, 0))
    await jobs.ingest(scope_of(tenant), document["id"])
    finished = (await tenant.client.get(f"/v1/documents/{document['id']}")).json()
    assert finished["status"] == "ready"
    assert await indexed(pipeline, tenant, document) == finished["passages"]


async def test_a_fault_of_ours_is_tried_a_few_times_and_then_told(
    tenant: Tenant, pipeline: Pipeline
):
    document = await uploaded(tenant, "a.txt", TEXT.encode())

    class Faulty(Away):
        async def upsert(self, scope, vectors):
            raise ZeroDivisionError

    jobs = pipeline.with_parts(vectors=Faulty(pipeline.vectors, 0))
    for _ in range(MAX_ATTEMPTS - 1):
        with pytest.raises(ZeroDivisionError):
            await jobs.ingest(scope_of(tenant), document["id"])
    failed = await tenant.client.get(f"/v1/documents/{document['id']}")
    assert failed.json()["status"] == "processing"
    await jobs.ingest(scope_of(tenant), document["id"])
    failed = (await tenant.client.get(f"/v1/documents/{document['id']}")).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "internal_error")


async def test_work_without_a_job_gets_one(tenant: Tenant, pipeline: Pipeline):
    document = await uploaded(tenant, "a.txt", TEXT.encode())
    await pipeline.reconciler.defer_unfinished(NOW)
    assert await pipeline.queued(document["id"]) == ["documents.ingest"]
    await pipeline.lose_jobs(document["id"])
    await pipeline.reconciler.defer_unfinished(NOW)
    assert await pipeline.queued(document["id"]) == ["documents.ingest"]


async def test_a_lost_removal_gets_a_job(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    await tenant.client.delete(f"/v1/documents/{document['id']}")
    await pipeline.lose_jobs(document["id"])
    await pipeline.reconciler.defer_removals(NOW)
    assert await pipeline.queued(document["id"]) == ["documents.remove"]


async def test_vectors_without_a_document_are_deleted(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    await pipeline.run(tenant, "delete from documents")
    await pipeline.reconciler.reconcile(scope_of(tenant))
    assert await indexed(pipeline, tenant, document) == 0


async def test_a_document_without_its_vectors_is_indexed_anew(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    await pipeline.lose_jobs(document["id"])
    await pipeline.vectors.delete_document(scope_of(tenant), UUID(document["id"]))
    await pipeline.reconciler.reconcile(scope_of(tenant))
    assert await pipeline.queued(document["id"]) == ["documents.ingest"]
    mended = await pipeline.ingest(tenant, document)
    assert (mended["status"], await indexed(pipeline, tenant, document)) == (
        "ready",
        document["passages"],
    )


async def test_files_without_a_document_are_deleted(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    await pipeline.storage.put(scope_of(tenant), f"{tenant.id}/orphan/original", b"x")
    await pipeline.reconciler.delete_orphans(NOW)
    assert pipeline.files(tenant) == [f"{document['id']}/original"]


async def test_what_killed_processes_wrote_is_deleted(tenant: Tenant, pipeline: Pipeline):
    document = await ready(tenant, pipeline)
    folder = pipeline.storage._folder / tenant.id / "killed"
    folder.mkdir()
    (folder / "original#1").write_bytes(b"half a file")
    copy = pipeline.parts["scratch"] / "assay-read-killed"
    copy.mkdir()
    (copy / "original").write_bytes(b"half a copy")
    await pipeline.storage.delete_unfinished(timedelta(hours=1))
    clean(pipeline.parts["scratch"], timedelta(hours=1))
    assert (folder / "original#1").exists()
    assert copy.exists()
    for path in (folder / "original#1", folder, copy):
        os.utime(path, (0, 0))
    await pipeline.storage.delete_unfinished(timedelta(hours=1))
    clean(pipeline.parts["scratch"], timedelta(hours=1))
    assert pipeline.files(tenant) == [f"{document['id']}/original"]
    assert not copy.exists()


async def test_a_page_has_a_picture_and_boxes(tenant: Tenant, pipeline: Pipeline):
    document = await pipeline.ingest(tenant, await uploaded(tenant, "a.pdf", pdf(PAGES)))
    path = f"/v1/documents/{document['id']}/pages/1"
    text = (await tenant.client.get(path)).json()["text"]
    picture = await tenant.client.get(f"{path}/image")
    assert picture.headers["content-type"] == "image/webp"
    assert picture.content[8:12] == b"WEBP"
    again = await tenant.client.get(
        f"{path}/image", headers={"If-None-Match": picture.headers["etag"]}
    )
    assert again.status_code in (200, 304)
    at = text.index("4.2")
    boxes = await tenant.client.get(f"{path}/boxes", params={"start": at, "end": at + 3})
    ((x0, y0, x1, y1),) = boxes.json()["boxes"]
    assert 0 <= x0 < x1 <= 1
    assert 0 <= y0 < y1 <= 1
    wrong = await tenant.client.get(f"{path}/boxes", params={"start": 5, "end": 5})
    assert wrong.status_code == 422
    assert (await tenant.client.get(path.replace("/1", "/99"))).status_code == 404


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/content"),
        ("GET", "/pages/1"),
        ("GET", "/pages/1/image"),
        ("GET", "/pages/1/boxes?start=0&end=3"),
        ("POST", "/retry"),
    ],
)
async def test_another_tenants_document_is_an_unknown_one(
    tenant: Tenant, other: Tenant, pipeline: Pipeline, method, suffix
):
    theirs = await pipeline.ingest(other, await uploaded(other, "a.pdf", pdf(PAGES)))
    answers = []
    for identifier in (theirs["id"], "00000000-0000-7000-8000-000000000000"):
        answer = await tenant.client.request(method, f"/v1/documents/{identifier}{suffix}")
        answers.append((answer.status_code, {**answer.json(), "request_id": None}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    own = await other.client.request(method, f"/v1/documents/{theirs['id']}{suffix}")
    assert own.status_code < 300 or own.json()["code"] == "not_failed"


async def test_lists_are_filtered_and_paged(tenant: Tenant):
    for number in range(5):
        await uploaded(tenant, f"Report {number}%_.txt", f"Words {number}.".encode())
    seen, cursor = [], None
    while True:
        params = {"limit": 2, "q": "rePORT"} | ({"cursor": cursor} if cursor else {})
        page = (await tenant.client.get("/v1/documents", params=params)).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == [f"Report {number}%_.txt" for number in reversed(range(5))]
    for q, count in (("3%_", 1), ("%", 5), ("zz", 0), ("_.txt", 5)):
        found = (await tenant.client.get("/v1/documents", params={"q": q})).json()["items"]
        assert len(found) == count, q
    assert (await tenant.client.get("/v1/documents?status=ready")).json()["items"] == []
    assert (await tenant.client.get("/v1/documents?status=lost")).status_code == 422
