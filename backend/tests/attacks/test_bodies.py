"""Bodies that are too large, too slow, of too many parts, or of parts that are odd."""

import asyncio
import json

import pytest

from assay.adapters import asgi
from assay.documents import service
from tests.attacks.conftest import refusal, talk
from tests.conftest import Tenant

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
END = b"\r\n--b--\r\n"


def head(target: str, tenant: Tenant, *lines: str) -> bytes:
    fields = ["Host: x", f"Authorization: {tenant.client.headers['authorization']}", *lines]
    return "\r\n".join([f"POST {target} HTTP/1.1", *fields, "", ""]).encode()


def told(answer: bytes) -> tuple[int, str]:
    """Return status and code of a problem as it came over the wire."""
    status, _, content = answer.partition(b"\r\n\r\n")
    return int(status.split()[1]), json.loads(content)["code"]


@pytest.mark.parametrize("path", ["/v1/search", "/v1/ask", "/v1/collections", "/v1/auth/login"])
async def test_a_body_beyond_the_limit_is_refused_however_it_comes(tenant: Tenant, path):
    async def pieces():
        for _ in range(300):
            yield b" " * 1024

    declared = await tenant.client.post(path, content=b" " * 300 * 1024, headers=JSON)
    undeclared = await tenant.client.post(path, content=pieces(), headers=JSON)
    lied = await tenant.client.post(path, content=pieces(), headers=JSON | {"Content-Length": "10"})
    for each in (declared, undeclared, lied):
        assert refusal(each) == (413, "too_large")
    control = await tenant.client.post("/v1/search", content=b'{"query":"x"}', headers=JSON)
    assert control.status_code == 200


async def test_a_huge_declared_length_is_refused_before_a_byte_of_it(served, tenant: Tenant):
    for target in ("/v1/search", "/v1/documents"):
        lines = (f"Content-Type: {FORM['Content-Type']}", f"Content-Length: {10**15}")
        request = head(target, tenant, *lines, "Connection: close")
        assert told(await talk(served, request))[0] == 413


async def test_a_trickling_body_is_cut_off(served, tenant: Tenant, monkeypatch):
    """The client sends one byte and waits; the server does not wait with it."""
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.2)
    length = ("Content-Type: application/json", "Content-Length: 100")
    chunked = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    for lines, begun in ((length, b"{"), (chunked, b"1\r\n{\r\n")):
        answer = await talk(served, head("/v1/search", tenant, *lines) + begun)
        # That the answer ended shows that the connection was closed as well.
        assert told(answer) == (400, "body_timeout")
        assert b"connection: close" in answer.lower()
    monkeypatch.setattr(asgi, "BODY_SECONDS", 30)
    whole = head("/v1/search", tenant, "Content-Length: 13", length[0], "Connection: close")
    assert b"200 OK" in await talk(served, whole + b'{"query":"x"}')


async def test_a_long_answer_is_not_cut_by_the_time_for_bodies(served, tenant: Tenant, monkeypatch):
    """Once the body is there, its time limit must not touch the stream that follows."""
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.2)
    body = b'{"question":"Anything?","stream":true}'
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close")
    answer = await talk(served, head("/v1/ask", tenant, *lines) + body)
    assert b"event: done" in answer


async def test_a_trickling_upload_is_cut_off_and_leaves_nothing(
    served, parts, tenant: Tenant, monkeypatch
):
    monkeypatch.setattr(service, "MAX_UPLOAD_SECONDS", 0.3)
    lines = (f"Content-Type: {FORM['Content-Type']}", "Content-Length: 100000")
    answer = await talk(served, head("/v1/documents", tenant, *lines, "Connection: close") + PART)
    assert told(answer) == (400, "upload_timeout")
    assert (await tenant.client.get("/v1/documents")).json()["items"] == []
    folder = parts.app_settings.data_dir / "files" / tenant.id
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_anonymous_clients_upload_nothing(served):
    """The refusal comes before the body, so nobody unknown is listened to."""
    request = (
        b"POST /v1/documents HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n" + PART
    )
    assert told(await talk(served, request)) == (401, "unauthenticated")


async def test_many_small_parts_are_too_many(tenant: Tenant):
    parts = b"".join(PART + b"Words %d.\r\n" % n for n in range(101))
    sent = await tenant.client.post("/v1/documents", content=parts + END, headers=FORM)
    assert refusal(sent) == (422, "too_many_files")
    empty = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n' * 100_000
    sent = await tenant.client.post("/v1/documents", content=empty + b"--b--\r\n", headers=FORM)
    assert refusal(sent)[0] in (400, 422)
    assert (await tenant.client.get("/v1/documents")).json()["items"] == []


@pytest.mark.parametrize(
    "field",
    [
        b"X-Long: " + b"x" * 200_000,
        b"x" * 200_000 + b": y",
        b"\r\n".join(b"X-%d: y" % n for n in range(10_000)),
        b"Content-Disposition: form-data; name=file; filename=" + b"x" * 200_000,
        b"X: y\rZ: w",
        b"\x00: y",
        b"no colon",
        b": nameless",
        b"X: \xff\xfe\x00",
    ],
    ids=lambda each: repr(each[:12]),
)
async def test_odd_heads_of_parts_are_refused_or_passed_over(tenant: Tenant, field):
    part = b"--b\r\n" + field + PART.removeprefix(b"--b") + b"Some words."
    sent = await tenant.client.post("/v1/documents", content=part + END, headers=FORM)
    if sent.status_code != 202:
        assert refusal(sent) == (400, "malformed_multipart")
    else:
        assert [each["name"] for each in sent.json()["documents"]] == ["a.txt"]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=" + "b" * 100_000, "multipart/form-data; boundary=",
        'multipart/form-data; boundary="b', "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data;" + " a=b;" * 20_000, "multipart/mixed; boundary=b",
        "multipart/form-data; boundary=\x00", 'multipart/form-data; boundary="b\\"; x="',
        "application/x-www-form-urlencoded", "text/plain", "",
    ],
    ids=lambda each: each[:40],
)  # fmt: skip
async def test_an_odd_content_type_is_no_upload(tenant: Tenant, content_type):
    headers = {"Content-Type": content_type}
    content = PART + b"Some words." + END
    sent = await tenant.client.post("/v1/documents", content=content, headers=headers)
    if sent.status_code != 202:
        assert refusal(sent)[0] in (400, 415)
    control = await tenant.client.post("/v1/documents", content=content, headers=FORM)
    assert control.status_code == 202


async def test_a_file_that_looks_like_a_form_is_a_file(tenant: Tenant):
    """What stands inside a part cannot end it, nor begin another, without the boundary."""
    inner = b"--c\r\n" + PART[5:] + b"evil\r\n--c--\r\n--b-\r\n --b--\r\n--B--\r\n"
    sent = await tenant.client.post("/v1/documents", content=PART + inner + END, headers=FORM)
    (document,) = sent.json()["documents"]
    content = await tenant.client.get(f"/v1/documents/{document['id']}/content")
    assert content.content == inner


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000, b'{"a":' * 40_000, b'{"query":"x","limit":' + b"9" * 100_000 + b"}",
        b'{"query":"x","limit":1e400}', b'{"query":"x","limit":NaN}', b'{"query":"x"}{"a":1}',
        b"\xff\xfe{", b"\x00", b"", b"null", b"true", b'"query"', b"[]", b'{"query":"x",}',
        b"/**/{}", b"{'query':'x'}", b'{"query":"\xff"}', b'\xef\xbb\xbf{"query":"x"', b"{" * 9,
    ],
    ids=lambda each: repr(each[:16]),
)  # fmt: skip
async def test_json_that_breaks_parsers_is_refused(tenant: Tenant, text):
    sent = await tenant.client.post("/v1/search", content=text, headers=JSON)
    assert refusal(sent)[0] in (400, 422)


async def test_an_error_does_not_grow_with_what_caused_it(tenant: Tenant):
    """A refusal of thousands of wrong members names a few, and quotes no value."""
    wrong = {f"k{n}": "secret-value" for n in range(8_000)}
    sent = await tenant.client.post("/v1/search", json={"query": "x"} | wrong)
    assert refusal(sent)[0] == 422
    assert len(sent.content) < 8192
    assert "secret-value" not in sent.text
    long = await tenant.client.post("/v1/search", json={"query": "x", "k" * 200_000: 1})
    assert refusal(long)[0] == 422
    assert len(long.content) < 8192


async def test_slow_clients_hold_up_nobody_else(served, tenant: Tenant):
    """A hundred clients that send half a body each; a hundred and first is answered."""
    lines = ("Content-Type: application/json", "Content-Length: 100")
    begun = head("/v1/search", tenant, *lines) + b"{"
    address = served.removeprefix("http://").split(":")
    slow = [await asyncio.open_connection(*address) for _ in range(100)]
    try:
        for _, writer in slow:
            writer.write(begun)
            await writer.drain()
        whole = head("/v1/search", tenant, "Content-Length: 13", lines[0], "Connection: close")
        assert b"200 OK" in await talk(served, whole + b'{"query":"x"}')
    finally:
        for _, writer in slow:
            writer.close()
