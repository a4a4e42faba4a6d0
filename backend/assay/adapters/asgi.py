"""Pure ASGI middleware around everything: ids, logs, metrics, limits in time and size, health.

`BaseHTTPMiddleware` is refused here: one of it costs about 40% of the throughput.
"""

import asyncio
import re
from http import HTTPStatus
from time import perf_counter
from typing import Any

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from assay.adapters import telemetry_metrics as metrics
from assay.adapters import telemetry_spans as spans
from assay.adapters.http import problem_response
from assay.adapters.lifecycle import Lifecycle
from assay.errors import AssayError, TooLarge, Unavailable
from assay.settings import Settings

log = structlog.get_logger()

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,100}")
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_NOT_STORED = (b"cache-control", b"no-store")
"""For what sets none itself: tokens and tenants' data stay out of every cache."""
_CLOSE = (b"connection", b"close")
UPLOADS = {("POST", "/v1/documents")}
"""Calls that stream their body and hold it to limits of their own."""
BODY_SECONDS = 30
"""Longest that any other body may take: a client that sends a byte a second holds a request."""
HEALTH = "/health"
PROBES = {HEALTH, "/ready", "/metrics"}
"""Calls of machines, every few seconds: neither logged nor counted."""
RETRY_MILLISECONDS = 1000


class RequestContext:
    """Gives each request an id, bounds it in time and size, logs and counts it at its end."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._max_bytes = settings.max_json_bytes
        self._seconds = settings.request_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lifecycle: Lifecycle = scope["app"].state.lifecycle
        exchange = _Exchange(scope, send, lifecycle)
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        lifecycle.begin(exchange)
        metrics.request_began()
        try:
            with spans.request_span(scope["method"], scope["headers"]) as span:
                try:
                    await self._limited(exchange, scope, receive)
                finally:
                    status = exchange.status or 500
                    spans.end_request(span, scope["method"], _route(scope), status)
        finally:
            lifecycle.end(exchange)
            exchange.report()

    async def _limited(self, exchange: "_Exchange", scope: Scope, receive: Receive) -> None:
        upload = (scope["method"], scope["path"]) in UPLOADS
        try:
            async with asyncio.timeout(None if upload else self._seconds) as limit:
                exchange.limit = limit
                if upload:
                    await self._app(scope, receive, exchange.answer)
                else:
                    await self._bounded(exchange, scope, receive)
        except TimeoutError:
            if not limit.expired():
                raise
            await exchange.cut_short(receive)

    async def _bounded(self, exchange: "_Exchange", scope: Scope, receive: Receive) -> None:
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await exchange.refuse(self._too_large(), receive)
            return
        received, complete = 0, False
        deadline = asyncio.get_running_loop().time() + BODY_SECONDS

        async def counted() -> Message:
            nonlocal received, complete
            if complete:  # only that the client leaves is still to come
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
            complete = not message.get("more_body", False)
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                # FastAPI lets only this class through while it reads a body.
                raise HTTPException(TooLarge.status, self._too_large().detail)
            return message

        await self._app(scope, counted, exchange.answer)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body of this call may have {self._max_bytes} bytes at the most.")


class HealthCheck:
    """Answers `/health` without waiting for anything; it stands inside admission's local count."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"] != HEALTH or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        draining = scope["app"].state.lifecycle.draining
        body = orjson.dumps({"status": "draining" if draining else "ok"})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        status = HTTPStatus.SERVICE_UNAVAILABLE if draining else HTTPStatus.OK
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _Exchange:
    """A request and the answer that is made to it."""

    __slots__ = (
        "_began",
        "_complete",
        "_first",
        "_interrupted",
        "_lifecycle",
        "_scope",
        "_send",
        "_streams",
        "limit",
        "request_id",
        "status",
    )

    def __init__(self, scope: Scope, send: Send, lifecycle: Lifecycle) -> None:
        self._scope, self._send, self._lifecycle = scope, send, lifecycle
        self.request_id = _request_id(scope)
        self.status = 0
        self.limit: asyncio.Timeout | None = None
        self._began, self._first = perf_counter(), 0.0
        self._streams = self._interrupted = self._complete = False

    @property
    def endless(self) -> bool:
        """See `Lifecycle`: streams of answers end by themselves, those that are followed do not."""
        return self._streams and self._scope["method"] == "GET"

    def interrupt(self) -> None:
        """See `Lifecycle`."""
        self._interrupted = True
        self._reschedule(asyncio.get_running_loop().time())

    async def answer(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self._start(message)
        elif message["type"] == "http.response.body":
            self._complete = not message.get("more_body", False)
        await self._send(message)

    def _reschedule(self, when: float | None) -> None:
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(when)

    def _start(self, message: Message) -> None:
        self.status, self._first = message["status"], perf_counter()
        headers = message.setdefault("headers", [])
        self._streams = _is_stream(headers)
        if not self._interrupted:
            self._reschedule(None)
        headers.append((b"x-request-id", self.request_id.encode()))
        headers.extend(_SECURITY_HEADERS)
        if all(name.lower() != b"cache-control" for name, _ in headers):
            headers.append(_NOT_STORED)
        if self._lifecycle.draining and not self._streams:
            headers.append(_CLOSE)  # the next request of this client goes to another process

    async def refuse(self, error: AssayError, receive: Receive) -> None:
        """Answer with a problem."""
        response = problem_response(error, self.request_id)
        await response(self._scope, receive, self.answer)

    async def cut_short(self, receive: Receive) -> None:
        """Tell the client that its request was ended; the work was cancelled already."""
        error = _shutting_down() if self._interrupted else _timed_out()
        if not self.status:
            await self.refuse(error, receive)
        elif self._streams and not self._complete:
            body = self._farewell(error)
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
        # Of any other answer a part is gone already: that its connection breaks says so.

    def _farewell(self, error: AssayError) -> bytes:
        """Return the last event of a stream."""
        if self.endless:
            return b"retry: %d\r\n\r\n" % RETRY_MILLISECONDS
        problem = orjson.dumps(error.problem() | {"request_id": self.request_id})
        return b"event: error\r\ndata: %s\r\n\r\n" % problem

    def report(self) -> None:
        """Log and count the request."""
        ended, route, method = perf_counter(), _route(self._scope), self._scope["method"]
        if self._scope["path"] in PROBES:
            metrics.request_passed()
            return
        status, state = self.status or 500, self._scope["state"]
        answered = self._first if self._streams else ended
        metrics.request_ended(method, route, status, answered - self._began)
        caller, meter = state.get("caller"), state.get("meter")
        fields: dict[str, Any] = {}
        if caller is not None:
            fields["tenant_id"] = str(caller.scope.tenant_id)
            if caller.session_id is not None:
                metrics.session_seen(caller.session_id)
        if meter is not None:
            fields["queries"] = meter.database_queries
            fields["cpu_ms"] = round(meter.cpu_ns / 1e6, 2)
        log.info(
            "request",
            request_id=self.request_id,
            method=method,
            route=route,
            status=status,
            ms=round((ended - self._began) * 1000, 1),
            **fields,
        )


def _timed_out() -> Unavailable:
    return Unavailable(
        "This took too long and was given up. Try again, ask for less, or for a stream.",
        code="timed_out",
    )


def _shutting_down() -> Unavailable:
    return Unavailable(
        "This server is being replaced. Send the request again.",
        code="shutting_down",
        retry_after=1,
    )


def _is_stream(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in headers
    )


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _SAFE_ID.fullmatch(given) else str(uuid7())


def _route(scope: Scope) -> str:
    """Return the path's template: ids in logs and metrics would be without bound."""
    route: Any = scope.get("route")
    return getattr(route, "path", "unmatched")
