"""Traces as a collector receives them."""

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from assay.adapters import telemetry_calls, telemetry_spans
from assay.adapters.asgi import RequestContext
from assay.adapters.lifecycle import Lifecycle
from assay.settings import Settings

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "MARKED-4711"


@dataclass
class Collector:
    """An OTLP receiver (protobuf over HTTP)."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)

    def spans(self) -> dict[str, Span]:
        return {
            span.name: span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    def resource(self) -> dict[str, str]:
        return attributes(self.requests[0].resource_spans[0].resource)


def attributes(of) -> dict[str, str]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    received = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.paths.append(self.path)
            received.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def settings(**given) -> Settings:
    return Settings(_env_file=None, environment="staging", **given)


async def call(answer, **headers: str) -> httpx.Response:
    """Call a route of a small application behind the middleware."""
    inner = Starlette(routes=[Route("/v1/documents/{document_id}", answer)])
    wrapped = RequestContext(inner, settings())
    app = SimpleNamespace(state=SimpleNamespace(lifecycle=Lifecycle()))

    async def outer(scope, receive, send) -> None:
        await wrapped({**scope, "app": app}, receive, send)

    transport = httpx.ASGITransport(outer, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://assay.test") as client:
        return await client.get(f"/v1/documents/17?q={SECRET}", headers=headers)


async def test_a_request_and_its_calls_are_one_trace_of_the_caller(collector: Collector):
    async def answer(request):
        with telemetry_calls.statement("select text from pages where id = :id", uuid4()):
            pass
        with telemetry_calls.vector_search():
            pass
        with telemetry_calls.model_call("gpt-x"):
            pass
        return PlainTextResponse("done")

    async with telemetry_spans.tracing(settings(otlp_endpoint=collector.url), "api"):
        await call(answer, traceparent=f"00-{TRACE}-{PARENT}-01", authorization=SECRET)
    spans = collector.spans()
    request = spans["GET /v1/documents/{document_id}"]
    assert request.kind == Span.SPAN_KIND_SERVER
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(request) == {
        "http.request.method": "GET",
        "http.route": "/v1/documents/{document_id}",
        "http.response.status_code": 200,
    }
    for name in ("SELECT", "search vectors", "chat gpt-x"):
        assert spans[name].parent_span_id == request.span_id
        assert spans[name].trace_id == request.trace_id
        assert spans[name].kind == Span.SPAN_KIND_CLIENT
    assert attributes(spans["SELECT"])["db.query.text"] == "select text from pages where id = :id"
    assert collector.paths == ["/v1/traces"]
    assert collector.resource()["service.name"] == "assay-api"
    assert collector.resource()["deployment.environment.name"] == "staging"
    assert SECRET not in str(collector.requests)


async def test_failures_are_marked_and_quote_nothing(collector: Collector):
    def search() -> None:
        with telemetry_calls.vector_search():
            raise OSError(SECRET)

    async def answer(request):
        search()

    async with telemetry_spans.tracing(settings(otlp_endpoint=collector.url), "api"):
        assert (await call(answer)).status_code == 500
    spans = collector.spans()
    failed = spans["search vectors"]
    assert failed.status.code == 2
    assert attributes(failed)["error.type"] == "OSError"
    assert attributes(spans["GET /v1/documents/{document_id}"])["error.type"] == "500"
    assert SECRET not in str(collector.requests)


async def test_an_odd_traceparent_begins_a_new_trace(collector: Collector):
    async def answer(request):
        return PlainTextResponse("done")

    async with telemetry_spans.tracing(settings(otlp_endpoint=collector.url), "api"):
        for odd in ("", "00-zz", f"00-{'0' * 32}-{PARENT}-01", "x" * 5000):
            assert (await call(answer, traceparent=odd)).status_code == 200
    assert collector.spans()["GET /v1/documents/{document_id}"].parent_span_id == b""


async def test_without_an_endpoint_nothing_is_made():
    async with telemetry_spans.tracing(settings(), "api"):
        assert not telemetry_spans.enabled()
        with telemetry_spans.request_span("GET", []) as span:
            assert span is None


def test_without_an_endpoint_neither_tracer_nor_exporter_is_imported():
    """The SDK's metrics are: redis-py imports them wherever it finds them."""
    code = (
        "import sys, assay.main, assay.worker\n"
        "assert not [m for m in sys.modules if m.startswith("
        "('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'opentelemetry.proto'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
