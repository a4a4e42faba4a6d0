"""What is compressed, and what is left alone."""

import gzip

import httpx
import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse

from assay.adapters.compression import LARGE, Compression

BODY = b'{"items": [' + b'"a word", ' * 300 + b'"the last"]}'


async def get(answer, path: str = "/v1/documents", accept: str | None = "gzip") -> httpx.Response:
    transport = httpx.ASGITransport(Compression(answer))
    headers = {"Accept-Encoding": accept} if accept is not None else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://assay.test") as client:
        client.headers.pop("Accept-Encoding")
        return await client.get(path, headers=headers)


def as_json(body: bytes = BODY, **headers: str) -> Response:
    return Response(body, media_type="application/json", headers=headers)


async def test_json_is_compressed_and_read_back():
    answer = await get(as_json(ETag='"x"'))
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["etag"] == 'W/"x"'
    assert int(answer.headers["content-length"]) < len(BODY) / 5
    assert answer.content == BODY


async def test_large_bodies_are_compressed_in_a_thread():
    body = BODY * (2 * LARGE // len(BODY))
    answer = await get(as_json(body))
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == body


@pytest.mark.parametrize(
    ("accept", "compressed"),
    [
        ("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("GZIP", True),
        ("gzip;q=0", False), ("identity", False), ("br", False), ("gzip;q=x", False),
        ("*, gzip;q=0", False), (None, False), ("", False),
    ],
)  # fmt: skip
async def test_only_where_the_client_takes_it(accept, compressed):
    answer = await get(as_json(), accept=accept)
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == BODY


@pytest.mark.parametrize(
    "media_type", ["application/problem+json", "text/html; charset=utf-8", "application/json"]
)
async def test_text_is_compressed(media_type):
    assert "content-encoding" in (await get(Response(BODY, media_type=media_type))).headers


@pytest.mark.parametrize(
    "media_type", ["image/webp", "application/pdf", "application/zip", "application/octet-stream"]
)
async def test_what_is_compressed_already_is_left(media_type):
    answer = await get(Response(BODY, media_type=media_type))
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


async def test_streams_pass_as_they_come():
    async def pieces():
        for _ in range(3):
            yield BODY

    for media_type in ("text/event-stream", "text/plain", "application/json"):
        stream = StreamingResponse(
            pieces(), media_type=media_type, headers={"Content-Length": str(3 * len(BODY))}
        )
        answer = await get(stream)
        assert "content-encoding" not in answer.headers
        assert answer.headers["content-length"] == str(3 * len(BODY))
        assert answer.content == 3 * BODY


async def test_small_encoded_and_partial_answers_are_left():
    small = await get(JSONResponse({"status": "ok"}))
    assert "content-encoding" not in small.headers
    encoded = await get(as_json(gzip.compress(BODY * 9), **{"Content-Encoding": "gzip"}))
    assert encoded.content == BODY * 9
    part = await get(as_json(**{"Content-Range": "bytes 0-9/10"}))
    assert "content-encoding" not in part.headers


@pytest.mark.parametrize("path", ["/v1/auth/refresh", "/v1/signup"])
async def test_answers_with_tokens_are_left(path):
    assert "content-encoding" not in (await get(as_json(), path)).headers


async def test_a_head_without_a_body_passes():
    answer = await get(Response(status_code=304, headers={"Content-Type": "application/json"}))
    assert (answer.status_code, answer.content) == (304, b"")
