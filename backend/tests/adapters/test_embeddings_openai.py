"""The OpenAI adapter against a small server that speaks the API."""

import base64
import json
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from openai import AsyncOpenAI

from assay.adapters.embeddings_openai import BATCH, OpenAIEmbeddings
from assay.errors import Unavailable
from tests.vector_process import free_port

MODEL = "text-embedding-3-small"


@dataclass
class Vendor:
    """What the server was asked, and what it shall say."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    authorization: str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dimensions: int | None = None

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.status != 200:
            return {"error": {"message": "secret detail", "type": "x", "code": None}}
        size = self.dimensions or body.get("dimensions", 4)
        data = [
            {"object": "embedding", "index": index, "embedding": _encoded(text, size, body)}
            for index, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}


def _vector(text: str, size: int) -> list[float]:
    return [float(len(text))] * size


def _encoded(text: str, size: int, body: dict[str, Any]) -> str | list[float]:
    if body.get("encoding_format") != "base64":
        return _vector(text, size)
    return base64.b64encode(struct.pack(f"<{size}f", *_vector(text, size))).decode()


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def url(vendor: Vendor) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            vendor.requests.append({"path": self.path, **body})
            vendor.authorization = self.headers["authorization"]
            content = json.dumps(vendor.answer(body)).encode()
            self.send_response(vendor.status)
            for name, value in vendor.headers.items():
                self.send_header(name, value)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as client:
        yield client


async def test_asks_for_vectors_of_the_wanted_size(client, vendor):
    vectors = await OpenAIEmbeddings(client, MODEL, 8).embed_passages(["a", "bcd"])
    assert vectors == [[1.0] * 8, [3.0] * 8]
    (request,) = vendor.requests
    assert request["path"] == "/v1/embeddings"
    assert (request["model"], request["dimensions"]) == (MODEL, 8)
    assert request["input"] == ["a", "bcd"]
    assert vendor.authorization == "Bearer key"


async def test_other_models_are_not_told_a_size(client, vendor):
    await OpenAIEmbeddings(client, "bge-small", 4).embed_query("a")
    assert "dimensions" not in vendor.requests[0]


async def test_many_passages_go_in_batches_and_keep_their_order(client, vendor):
    texts = ["x" * (number + 1) for number in range(BATCH * 2 + 1)]
    vectors = await OpenAIEmbeddings(client, MODEL, 2).embed_passages(texts)
    assert [vector[0] for vector in vectors] == [float(len(text)) for text in texts]
    assert [len(request["input"]) for request in vendor.requests] == [BATCH, BATCH, 1]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_every_refusal_is_unavailable_and_quotes_nothing(client, vendor, status):
    vendor.status = status
    with pytest.raises(Unavailable) as caught:
        await OpenAIEmbeddings(client, MODEL, 2).embed_query("a")
    assert caught.value.code == "embeddings_unavailable"
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize(("given", "passed_on"), [("7", 7), ("86400", 60), ("soon", 5)])
async def test_passes_on_when_to_come_back(client, vendor, given, passed_on):
    vendor.status, vendor.headers = 429, {"Retry-After": given}
    with pytest.raises(Unavailable) as caught:
        await OpenAIEmbeddings(client, MODEL, 2).embed_query("a")
    assert caught.value.retry_after == passed_on


async def test_vectors_of_another_size_are_refused(client, vendor):
    vendor.dimensions = 3
    with pytest.raises(Unavailable, match="another size"):
        await OpenAIEmbeddings(client, MODEL, 2).embed_query("a")


async def test_a_vendor_that_is_away_is_unavailable():
    url = f"http://127.0.0.1:{free_port()}/v1"
    async with AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as client:
        with pytest.raises(Unavailable):
            await OpenAIEmbeddings(client, MODEL, 2).embed_passages(["a"])
