"""The one door of every request: who calls, may they now, and what do they use.

Pure ASGI; it stands inside the middleware that gives requests their ids.
"""

from collections.abc import Callable
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.adapters.addresses import client_address, network_of
from assay.adapters.http import problem_response
from assay.adapters.metering import Meter, metered
from assay.admission.limiter import Lane, Window, address_key
from assay.admission.service import Admission, Admitted
from assay.errors import AssayError, Unauthenticated
from assay.identity.authentication import Authenticator
from assay.identity.key_uses import KeyUses
from assay.identity.tokens import OPERATOR_KEY_PREFIX
from assay.settings import Settings

Record = Callable[[UUID, Meter], None]

API = "/v1/"
PROBES = {"/health", "/ready", "/metrics"}
PROGRESS = {"/v1/events"}
"""Streams that a page keeps open; they have an allowance of their own."""


class AdmissionMiddleware:
    """Admits, meters and releases; what is refused here is answered here."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        meter = scope["state"]["meter"] = Meter()
        try:
            await metered(self._guarded(scope, receive, send), meter)
        finally:
            caller = scope["state"].get("caller")
            if caller is not None:
                record: Record = scope["app"].state.record
                record(caller.scope.tenant_id, meter)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            ticket = await self._enter(scope)
        except AssayError as error:
            response = problem_response(error, scope["state"].get("request_id"))
            await response(scope, receive, send)
            return
        if isinstance(ticket, Window):
            await self._app(scope, receive, _with_headers(send, ticket))
        else:
            await self._serve(scope, receive, send, ticket)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, ticket: Admitted) -> None:
        scope["state"]["caller"], scope["state"]["limits"] = ticket.caller, ticket.limits
        admission: Admission = scope["app"].state.admission
        telling = _with_headers(send, ticket.window)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                # Before the last byte: its receiver may send the next request at once.
                admission.release(ticket)
            await telling(message)

        key_uses: KeyUses = scope["app"].state.key_uses
        try:
            await key_uses.note(ticket.caller, scope["state"]["address"])
            await self._app(scope, receive, answer)
        finally:
            admission.release(ticket)

    async def _enter(self, scope: Scope) -> Admitted | Window:
        """Return the tenant's ticket, or what an address has left where no tenant answers."""
        admission: Admission = scope["app"].state.admission
        address = client_address(scope, self._settings.trusted_proxies)
        scope["state"]["address"] = address
        network = network_of(address)
        if scope["path"] in PROBES:
            return admission.count_locally(f"probe {network}", self._settings.probes_per_minute)
        if not scope["path"].startswith(API):
            return admission.count_locally(f"open {network}", self._settings.open_per_minute)
        credentials = _bearer(scope)
        if credentials is None:
            return await self._count(admission, "anonymous", network)
        if credentials.startswith(OPERATOR_KEY_PREFIX):
            return await self._count(admission, "operator", network)
        authenticator: Authenticator = scope["app"].state.authenticator
        lane = Lane.PROGRESS if scope["path"] in PROGRESS else Lane.REQUEST
        try:
            return await admission.admit(authenticator.read(credentials), lane, network)
        except Unauthenticated:
            await self._count(admission, "anonymous", network)  # guesses are not free
            raise

    async def _count(self, admission: Admission, lane: str, network: str) -> Window:
        return await admission.count(
            address_key(lane, network), self._settings.anonymous_per_minute
        )


def _bearer(scope: Scope) -> str | None:
    scheme, _, credentials = Headers(scope=scope).get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else None


def _with_headers(send: Send, window: Window) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message.setdefault("headers", []).extend(window.headers())
        await send(message)

    return answer
