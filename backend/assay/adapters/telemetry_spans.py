"""Traces by OpenTelemetry, sent where `OTEL_EXPORTER_OTLP_ENDPOINT` says.

Without that setting neither tracer nor exporter is imported, and a span costs a comparison.
Attributes follow the semantic conventions; none holds a value, a query string or a text.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from time import time_ns
from typing import TYPE_CHECKING, Any

from assay import __version__
from assay.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

Attributes = Mapping[str, str | int | float]


class _Tracing:
    """The tracer of this process, when there is one."""

    tracer: "Tracer | None" = None


@asynccontextmanager
async def tracing(settings: Settings, service: str) -> AsyncIterator[None]:
    """Send traces until the block ends, if an endpoint is set.

    :param service: `api` or `worker`.
    """
    if not settings.otlp_endpoint:
        yield
        return
    provider = _provider(settings, service)
    _Tracing.tracer = provider.get_tracer("assay", __version__)
    try:
        yield
    finally:
        _Tracing.tracer = None
        await asyncio.to_thread(provider.shutdown)  # it sends what is left


def enabled() -> bool:
    """Tell whether spans go anywhere."""
    return _Tracing.tracer is not None


@contextmanager
def request_span(method: str, headers: list[tuple[bytes, bytes]]) -> "Iterator[Span | None]":
    """Trace a request as a part of its caller's trace (W3C Trace Context).

    What happens within is a part of it. Set its route and status by `end_request`.
    """
    tracer = _Tracing.tracer
    if tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - see the module's docstring
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    given = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers
        if name in {b"traceparent", b"tracestate"}
    }
    parent = TraceContextTextMapPropagator().extract(given)
    with tracer.start_as_current_span(
        method,
        parent,
        SpanKind.SERVER,
        {"http.request.method": method},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def end_request(span: "Span | None", method: str, route: str, status: int) -> None:
    """Set what is known of a request once it was answered."""
    if span is None:
        return
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.route": route, "http.response.status_code": status})
    if status >= 500:  # noqa: PLR2004 - a fault of the server
        _fail(span, str(status))


def record(name: str, seconds: float, attributes: Attributes, error: str | None = None) -> None:
    """Add a call of another system that has just ended to the present trace.

    :param name: few different ones.
    :param seconds: how long it took.
    :param error: class of what went wrong.
    """
    tracer = _Tracing.tracer
    if tracer is None:
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - see the module's docstring

    ended = time_ns()
    span = tracer.start_span(
        name,
        kind=SpanKind.CLIENT,
        attributes=dict(attributes),
        start_time=ended - int(seconds * 1e9),
    )
    if error is not None:
        _fail(span, error)
    span.end(ended)


def _fail(span: "Span", error: str) -> None:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - see the module's docstring

    span.set_attribute("error.type", error)
    span.set_status(StatusCode.ERROR)


def _provider(settings: Settings, service: str) -> "TracerProvider":
    trace: Any = importlib.import_module("opentelemetry.sdk.trace")
    export: Any = importlib.import_module("opentelemetry.sdk.trace.export")
    resources: Any = importlib.import_module("opentelemetry.sdk.resources")
    otlp: Any = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    resource = resources.Resource.create(
        {
            "service.name": f"assay-{service}",
            "service.version": __version__,
            "deployment.environment.name": settings.environment,
        }
    )
    provider: TracerProvider = trace.TracerProvider(resource=resource)
    endpoint = f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint)))
    return provider
