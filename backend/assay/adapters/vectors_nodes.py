"""The way to Qdrant's nodes: the replicas of one cluster, behind one address each.

Any node answers any call, reads and writes alike. Calls go round the nodes that are up and whose
breaker is closed; one that fails on its way is made once more, on the next node. That may repeat
a call that was carried out, which none of ours minds: ids are deterministic.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import structlog
from aiohttp import (
    ClientConnectionError,
    ClientConnectorError,
    ClientError,
    ClientPayloadError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from assay.adapters.breaker import Breaker, BreakerState, Permit
from assay.errors import Unavailable
from assay.settings import Settings

log = structlog.get_logger()

CONNECTIONS = 64
"""Connections to each node."""
ATTEMPTS = 2
"""Nodes that one call is sent to."""
_AWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
"""Answers that say that nobody serves; any other is the node's own word on this one call."""


class NodeHealth(StrEnum):
    """What the regular checks say."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as an operator sees it."""

    address: str
    state: NodeHealth
    breaker: BreakerState
    consecutive_failures: int
    """Calls that failed on their way, in a row."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node answered."""

    status: int
    content: bytes


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    body: bytes | None
    seconds: float


class _Node:
    """One address, with what is known of it."""

    def __init__(self, url: URL, settings: Settings, clock: Callable[[], float]) -> None:
        self.url, self._settings = url, settings
        self.address = f"{url.host_subcomponent}:{url.port}"
        self.breaker = Breaker(
            failures=settings.qdrant_breaker_failures,
            seconds=settings.qdrant_breaker_seconds,
            clock=clock,
        )
        self.health = NodeHealth.UP
        self._against = 0
        """Checks in a row that contradict `health`."""

    def admit(self) -> Permit | None:
        return None if self.health is NodeHealth.DOWN else self.breaker.admit()

    def checked(self, *, well: bool) -> None:
        """Count a check; enough in a row turn the node's health."""
        if well is (self.health is NodeHealth.UP):
            self._against = 0
            return
        self._against += 1
        if self._against >= self._needed:
            self.health = NodeHealth.UP if well else NodeHealth.DOWN
            self._against = 0
            log.warning("vectors.node_turned", node=self.address, state=self.health.value)

    @property
    def _needed(self) -> int:
        if self.health is NodeHealth.UP:
            return self._settings.qdrant_unhealthy_checks
        return self._settings.qdrant_healthy_checks

    def state(self) -> NodeState:
        return NodeState(self.address, self.health, self.breaker.state, self.breaker.failures)


class Nodes:
    """Sends calls to the nodes and watches them from the first call until `close`."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect lazily.

        :param clock: seconds that never go backwards, for the breakers.
        """
        self._settings = settings
        scheme = "https" if settings.qdrant_tls else "http"
        self._nodes = [
            _Node(URL.build(scheme=scheme, host=host, port=port), settings, clock)
            for host, port in settings.qdrant_nodes
        ]
        self._next = 0
        self._session: ClientSession | None = None
        self._watch: asyncio.Task[None] | None = None

    def states(self) -> list[NodeState]:
        """Return how each node does."""
        return [node.state() for node in self._nodes]

    async def send(self, method: str, path: str, body: bytes | None, seconds: float) -> Reply:
        """Make a call of one of the nodes.

        :param path: with the query string, encoded.
        :param seconds: how long a node may take.
        :raises Unavailable: no node can be asked, or those that were asked failed.
        """
        tried: list[_Node] = []
        while len(tried) < ATTEMPTS and (chosen := self._choose(tried)):
            node, permit = chosen
            tried.append(node)
            reply = await self._attempt(node, permit, _Call(method, path, body, seconds))
            if reply is not None:
                return reply
        raise unavailable()

    async def check(self) -> None:
        """Ask every node how it is, all at once."""
        wells = await asyncio.gather(*map(self._well, self._nodes))
        for node, well in zip(self._nodes, wells, strict=True):
            node.checked(well=well)

    async def close(self) -> None:
        """Close the connections and stop watching."""
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._session:
            await self._session.close()
        self._watch = self._session = None

    def _choose(self, tried: list[_Node]) -> tuple[_Node, Permit] | None:
        """Return the next node in turn that may be asked."""
        for step in range(len(self._nodes)):
            index = (self._next + step) % len(self._nodes)
            node = self._nodes[index]
            permit = None if node in tried else node.admit()
            if permit is not None:
                self._next = index + 1
                return node, permit
        return None

    async def _attempt(self, node: _Node, permit: Permit, call: _Call) -> Reply | None:
        """Ask a node and tell its breaker; None where it failed on the way."""
        try:
            reply = await self._ask(node, call)
        except (ClientError, OSError) as error:  # a time-out is an OSError
            fault = type(error).__name__
        except BaseException:
            node.breaker.gave_up(permit)
            raise
        else:
            if reply.status not in _AWAY:
                node.breaker.succeeded(permit)
                return reply
            fault = str(reply.status)
        node.breaker.failed(permit)
        log.warning("vectors.node_failed", node=node.address, error=fault)
        return None

    async def _ask(self, node: _Node, call: _Call) -> Reply:
        try:
            return await self._request(node, call)
        except (TimeoutError, ClientConnectorError):
            raise
        except (ClientConnectionError, ClientPayloadError):
            # A kept connection was dead: Qdrant may have restarted since.
            return await self._request(node, call)

    async def _request(self, node: _Node, call: _Call) -> Reply:
        async with self._connected().request(
            call.method,
            node.url.join(URL(call.path, encoded=True)),
            data=call.body,
            timeout=ClientTimeout(total=call.seconds),
            allow_redirects=False,
        ) as response:
            return Reply(response.status, await response.read())

    async def _well(self, node: _Node) -> bool:
        call = _Call("GET", "/readyz", None, self._settings.qdrant_check_timeout_seconds)
        try:
            return (await self._request(node, call)).status == HTTPStatus.OK
        except (ClientError, OSError):
            return False

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(self._settings.qdrant_check_seconds)
            try:
                await self.check()
            except Exception:
                log.exception("vectors.check_failed")

    def _connected(self) -> ClientSession:
        if self._session is None:
            tls = ssl.create_default_context() if self._settings.qdrant_tls else True
            key = self._settings.qdrant_api_key.get_secret_value()
            self._session = ClientSession(
                connector=TCPConnector(limit=0, limit_per_host=CONNECTIONS, ssl=tls),
                cookie_jar=DummyCookieJar(),
                headers={"Content-Type": "application/json"} | ({"api-key": key} if key else {}),
            )
            # In a context of its own: it outlives the request that happens to be the first.
            self._watch = Context().run(asyncio.create_task, self._watching())
        return self._session


def unavailable() -> Unavailable:
    """Return the one error for whatever keeps the vectors from answering."""
    return Unavailable(
        "The vector store cannot be reached at the moment. Try again shortly.",
        code="vectors_unavailable",
    )
