"""What an upload takes, refuses, and leaves behind."""

import asyncio
import hashlib
import re

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.documents.names import clean
from tests.conftest import Tenant, client_of
from tests.documents.conftest import Pipeline, upload, uploaded
from tests.serving import serve_app

TEXT = b"Revenue was 4.2 million dollars in 2022.\n"


def code(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


async def nothing_remains(tenant: Tenant, pipeline: Pipeline) -> bool:
    listed = (await tenant.client.get("/v1/documents")).json()["items"]
    return listed == [] and pipeline.files(tenant) == []


async def test_several_files_come_in_one_request(tenant: Tenant, pipeline: Pipeline):
    response = await upload(tenant.client, ("a.txt", TEXT), ("b.md", b"# Head\n\nWords here."))
    first, second = response.json()["documents"]
    assert (first["name"], first["mime_type"], first["size_bytes"]) == ("a.txt", "text/plain", 41)
    assert first["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert second["mime_type"] == "text/markdown"
    assert len(pipeline.files(tenant)) == 2


async def test_the_same_bytes_are_the_same_document(tenant: Tenant, pipeline: Pipeline):
    first = await uploaded(tenant, "a.txt", TEXT)
    again = await uploaded(tenant, "renamed.txt", TEXT)
    assert (again["id"], again["name"], again["duplicate"]) == (first["id"], "a.txt", True)
    assert first["duplicate"] is False
    assert len(pipeline.files(tenant)) == 1
    collection = (await tenant.client.post("/v1/collections", json={"name": "c"})).json()["id"]
    elsewhere = await uploaded(tenant, "a.txt", TEXT, data={"collection_id": collection})
    assert elsewhere["id"] != first["id"]
    assert elsewhere["collection_id"] == collection


async def test_equal_uploads_at_the_same_time_make_one_document(tenant: Tenant, pipeline: Pipeline):
    made = await asyncio.gather(*(uploaded(tenant, f"{n}.txt", TEXT) for n in range(8)))
    assert len({document["id"] for document in made}) == 1
    assert sorted(document["duplicate"] for document in made) == [False] + 7 * [True]
    assert len(pipeline.files(tenant)) == 1


async def test_a_repeated_key_gives_the_same_documents(tenant: Tenant, pipeline: Pipeline):
    key = {"headers": {"Idempotency-Key": "nightly-1"}}
    first = await upload(tenant.client, ("a.txt", TEXT), **key)
    again = await upload(tenant.client, ("a.txt", TEXT), **key)
    assert [each["id"] for each in again.json()["documents"]] == [
        each["id"] for each in first.json()["documents"]
    ]
    other = await upload(tenant.client, ("a.txt", TEXT + b"more"), **key)
    assert code(other) == (409, "idempotency_key_reused")
    assert len(pipeline.files(tenant)) == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([("a.txt", b"")], (422, "empty_file")),
        ([("a.bin", bytes(range(256)) * 4)], (415, "unsupported_media_type")),
        ([("a.zip", b"PK\x03\x04" + bytes(100))], (415, "unsupported_media_type")),
        ([("good.txt", TEXT), ("bad.exe", b"MZ" + bytes(200))], (415, "unsupported_media_type")),
        ([("good.txt", TEXT), ("empty.txt", b"")], (422, "empty_file")),
        ([], (415, "unsupported_media_type")),
    ],
)
async def test_a_refusal_leaves_nothing(tenant: Tenant, pipeline: Pipeline, files, expected):
    response = await upload(tenant.client, *files)
    assert code(response) == expected
    assert await nothing_remains(tenant, pipeline)


async def test_files_have_a_limit(app, tenant: Tenant, pipeline: Pipeline, monkeypatch):
    documents = app.state.documents
    small = documents._settings.model_copy(update={"max_file_bytes": 1000})
    monkeypatch.setattr(documents, "_settings", small)
    assert code(await upload(tenant.client, ("a.txt", b"x" * 1001))) == (413, "file_too_large")

    async def endless():
        yield b"--b\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n"
        for _ in range(1000):
            yield b"words " * 100

    streamed = await tenant.client.post(
        "/v1/documents",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert code(streamed) == (413, "file_too_large")
    assert await nothing_remains(tenant, pipeline)
    assert (await upload(tenant.client, ("a.txt", b"x " * 500))).status_code == 202


async def test_a_request_has_a_limit_of_files(app, tenant: Tenant, pipeline, monkeypatch):
    documents = app.state.documents
    few = documents._settings.model_copy(update={"max_files_per_upload": 2})
    monkeypatch.setattr(documents, "_settings", few)
    files = [(f"{n}.txt", TEXT + bytes([65 + n])) for n in range(3)]
    assert code(await upload(tenant.client, *files))[1] == "too_many_files"
    assert await nothing_remains(tenant, pipeline)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"{}", (415, "unsupported_media_type")),
        ("multipart/form-data", b"x", (400, "malformed_multipart")),
        ("multipart/form-data; boundary=b", b"nonsense", (400, "malformed_multipart")),
        ("multipart/form-data; boundary=b", b"--b--\r\n", (422, "no_file")),
        ("multipart/form-data; boundary=b", b"", (400, "malformed_multipart")),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf',
            (400, "malformed_multipart"),
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n',
            (422, "unexpected_field"),
        ),
    ],
)
async def test_a_broken_body_is_told(tenant: Tenant, pipeline, content_type, body, expected):
    response = await tenant.client.post(
        "/v1/documents", content=body, headers={"Content-Type": content_type}
    )
    assert code(response) == expected
    assert await nothing_remains(tenant, pipeline)


async def test_an_unknown_collection_refuses_the_upload(
    tenant: Tenant, other: Tenant, pipeline: Pipeline
):
    theirs = (await other.client.post("/v1/collections", json={"name": "c"})).json()["id"]
    for identifier in (theirs, "00000000-0000-7000-8000-000000000000"):
        response = await upload(tenant.client, ("a.txt", TEXT), data={"collection_id": identifier})
        assert code(response) == (404, "not_found")
    wrong = await upload(tenant.client, ("a.txt", TEXT), data={"collection_id": "x"})
    assert code(wrong) == (422, "validation_error")
    assert await nothing_remains(tenant, pipeline)


async def test_a_client_that_leaves_leaves_nothing(app, tenant: Tenant, pipeline: Pipeline):
    began = asyncio.Event()

    async def slow():
        yield b"--b\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n"
        for _ in range(40):
            yield b"words " * 50_000
        began.set()
        await asyncio.sleep(3600)

    headers = {
        "Content-Type": "multipart/form-data; boundary=b",
        "Authorization": tenant.client.headers["authorization"],
    }
    async with serve_app(app) as url, httpx.AsyncClient(base_url=url) as client:
        sending = asyncio.create_task(
            client.post("/v1/documents", content=slow(), headers=headers, timeout=60)
        )
        await began.wait()
        sending.cancel()
        async with asyncio.timeout(20):
            while not await nothing_remains(tenant, pipeline):
                await asyncio.sleep(0.05)


async def test_viewers_read_and_do_not_write(app, tenant: Tenant):
    document = await uploaded(tenant, "a.txt", TEXT)
    body = {"name": "k", "role": "viewer"}
    key = (await tenant.client.post("/v1/api-keys", json=body)).json()["key"]
    async with client_of(app, key) as viewer:
        path = f"/v1/documents/{document['id']}"
        assert (await viewer.get(path)).status_code == 200
        assert code(await upload(viewer, ("b.txt", TEXT + b"b"))) == (403, "forbidden")
        assert code(await viewer.delete(path)) == (403, "forbidden")
        assert code(await viewer.post(f"{path}/retry")) == (403, "forbidden")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ada\\report.txt", "report.txt"),
        ("a\x00b\nc\x7f.txt", None),
        ("x" * 10_000 + ".txt", "x" * 251 + ".txt"),
        ("é́.txt", None),
        ("..", None),
        (".txt", None),
        ("\u202efdp.exe.txt", None),
    ],
)
async def test_names_are_made_harmless(tenant: Tenant, given_name, kept):
    document = await uploaded(tenant, given_name, TEXT)
    assert kept is None or document["name"] == kept
    assert 1 <= len(document["name"]) <= 255
    assert not set("/\\\x00\n") & set(document["name"])
    content = await tenant.client.get(f"/v1/documents/{document['id']}/content")
    assert content.content == TEXT
    assert content.headers["content-disposition"].startswith("attachment")
    assert content.headers["x-content-type-options"] == "nosniff"


@given(st.text(max_size=400))
def test_any_name_becomes_a_harmless_one(name):
    cleaned = clean(name)
    assert 1 <= len(cleaned) <= 255
    assert cleaned.strip("\u200c\u200d")
    assert re.sub("[\u200c\u200d]", "", cleaned).isprintable()
    assert not {"/", "\\"} & set(cleaned)
    assert clean(cleaned) == cleaned


async def test_content_that_a_browser_would_run_is_sent_as_bytes(tenant: Tenant):
    page = b"<!doctype html><html><body><script>alert(1)</script><p>Words.</p></body></html>"
    document = await uploaded(tenant, "a.html", page)
    content = await tenant.client.get(f"/v1/documents/{document['id']}/content")
    assert content.headers["content-type"] == "application/octet-stream"
