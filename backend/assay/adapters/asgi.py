"""Pure ASGI middleware: request ids, access log, body limit, safe headers.

`BaseHTTPMiddleware` is refused here: one of it costs about 40% of the throughput.
"""

import asyncio
import re
from http import HTTPStatus
from time import perf_counter
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from assay.adapters.http import problem_response
from assay.errors import TooLarge

log = structlog.get_logger()

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,100}")
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_NOT_STORED = (b"cache-control", b"no-store")
"""For what sets none itself: tokens and tenants' data stay out of every cache."""
UPLOADS = {("POST", "/v1/documents")}
"""Calls that stream their body and hold it to limits of their own."""
BODY_SECONDS = 30
"""Longest that any other body may take: a client that sends a byte a second holds a request."""


class RequestContext:
    """Gives each request an id, logs it once it is answered, and bounds its body."""

    def __init__(self, app: ASGIApp, max_json_bytes: int) -> None:
        self._app, self._max_bytes = app, max_json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                headers.append((b"x-request-id", request_id.encode()))
                headers.extend(_SECURITY_HEADERS)
                if all(name.lower() != b"cache-control" for name, _ in headers):
                    headers.append(_NOT_STORED)
            await send(message)

        try:
            await self._bounded(scope, receive, answer)
        finally:
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=_route(scope),
                status=status,
                ms=round((perf_counter() - started) * 1000, 1),
            )

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) in UPLOADS:
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            response = problem_response(self._too_large(), scope["state"]["request_id"])
            await response(scope, receive, send)
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

        await self._app(scope, counted, send)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body of this call may have {self._max_bytes} bytes at the most.")


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _SAFE_ID.fullmatch(given) else str(uuid7())


def _route(scope: Scope) -> str:
    """Return the path's template: ids in logs and metrics would be without bound."""
    route: Any = scope.get("route")
    return getattr(route, "path", "unmatched")
