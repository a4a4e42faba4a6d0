"""Passages as vectors in Qdrant: one collection, in which every call carries its tenant.

The same adapter serves Qdrant's server and the embedded vector process. Points hold ids
only; texts are read from PostgreSQL under row-level security.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import structlog

from assay.adapters import metering
from assay.adapters.telemetry_calls import vector_search
from assay.adapters.vectors_models import (
    COLLECTION,
    DENSE,
    INDEXES,
    PassageVector,
    SearchMode,
    VectorHit,
    VectorQuery,
)
from assay.adapters.vectors_nodes import Nodes, NodeState, Reply, unavailable
from assay.adapters.vectors_query import query_body, read_hits
from assay.errors import CannotStart, Unavailable
from assay.scope import TenantScope
from assay.settings import Settings

if TYPE_CHECKING:
    from assay.adapters.vectors_points import Points

__all__ = [
    "NodeState",
    "PassageVector",
    "SearchMode",
    "TooOld",
    "VectorHit",
    "VectorQuery",
    "VectorStore",
    "WrongDimensions",
]

log = structlog.get_logger()

_COLLECTION_PATH = f"/collections/{COLLECTION}"
_QUERY_PATH = f"{_COLLECTION_PATH}/points/query"
_VERSION = re.compile(r"(\d+)\.(\d+)")

MINIMUM_VERSION = (1, 19)
"""The first Qdrant that takes inverse document frequencies of a part of a collection."""


class WrongDimensions(CannotStart):
    """The collection was made for vectors of another size than the model's."""


class TooOld(CannotStart):
    """A Qdrant that ignores what confines a score to its tenant."""


class VectorStore:
    """The passages of all tenants, reached one tenant at a time."""

    def __init__(
        self,
        settings: Settings,
        dimensions: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect lazily.

        :param dimensions: length of the dense vectors.
        :param clock: seconds that never go backwards, for the circuit breakers.
        """
        self._settings, self._dimensions = settings, dimensions
        self._nodes = Nodes(settings, clock)
        self._points: Points | None = None

    async def prepare(self) -> None:
        """Create the collection and its indexes where they are missing.

        :raises WrongDimensions: it exists with vectors of another size.
        :raises TooOld: this Qdrant would not keep to a tenant's words.
        :raises Unavailable: Qdrant is away.
        """
        await self._check_version()
        if not await self._is_prepared():
            replicas = len(self._settings.qdrant_nodes)
            await (await self._official()).create(self._dimensions, replicas)
            await self._is_prepared()

    async def upsert(self, scope: TenantScope, vectors: Sequence[PassageVector]) -> None:
        """Insert passages, or overwrite those with the same ids; durable when it returns.

        :raises Unavailable: Qdrant is away; some of the passages may have been stored.
        """
        await (await self._official()).upsert(scope, vectors)

    async def search(self, scope: TenantScope, query: VectorQuery) -> list[VectorHit]:
        """Return the best passages first, in one request.

        Inverse document frequencies are those of the tenant, so that no other tenant's
        documents move a score.

        :raises Unavailable: Qdrant is away.
        """
        metering.count_vector_search()
        body = query_body(scope, query)
        if body is None:
            return []
        seconds = self._settings.qdrant_search_timeout_seconds
        with vector_search():
            reply = await self._nodes.send("POST", _QUERY_PATH, body, seconds)
        if reply.status != HTTPStatus.OK:
            raise _refused(reply)
        try:
            return read_hits(reply.content)
        except ValueError as error:
            raise _refused(reply) from error

    async def delete_document(self, scope: TenantScope, document_id: UUID) -> None:
        """Forget a document's passages.

        :raises Unavailable: Qdrant is away.
        """
        await (await self._official()).delete(scope, (document_id,))

    async def delete_tenant(self, scope: TenantScope) -> None:
        """Forget all passages of the tenant.

        :raises Unavailable: Qdrant is away.
        """
        await (await self._official()).delete(scope)

    async def documents(self, scope: TenantScope) -> dict[UUID, int]:
        """Return how many passages each document has here.

        :raises Unavailable: Qdrant is away.
        """
        return await (await self._official()).documents(scope)

    async def healthy(self) -> bool:
        """Tell whether Qdrant answers."""
        try:
            return (await self._get(f"{_COLLECTION_PATH}/exists")).status == HTTPStatus.OK
        except Unavailable:
            return False

    def topology(self) -> list[NodeState]:
        """Return how each node does, as this process knows it."""
        return self._nodes.states()

    async def close(self) -> None:
        """Close the connections."""
        if self._points:
            await self._points.close()
        await self._nodes.close()

    async def _check_version(self) -> None:
        """Refuse a server that would weigh words by all tenants' texts, and say nothing of it.

        Qdrant takes `params.idf` since 1.19 and ignores members that it does not know.
        """
        about = self._read(await self._get("/"))
        found = _VERSION.match(str(about.get("version")))
        is_server = str(about.get("title")).startswith("qdrant")
        if is_server and (not found or tuple(map(int, found.groups())) < MINIMUM_VERSION):
            raise TooOld(
                f"Qdrant {about.get('version')} is too old: Assay needs "
                f"{'.'.join(map(str, MINIMUM_VERSION))} or newer, which counts words by tenant."
            )

    async def _is_prepared(self) -> bool:
        """Tell whether the collection has its indexes; check the size of its vectors.

        Asked without the official client, whose import would cost every start 0.8 s.
        """
        reply = await self._get(_COLLECTION_PATH)
        if reply.status == HTTPStatus.NOT_FOUND:
            return False
        try:
            info = self._read(reply)["result"]
            size = info["config"]["params"]["vectors"][DENSE]["size"]
            indexed = set(info["payload_schema"])
        except (LookupError, TypeError) as error:
            raise _refused(reply) from error
        self._check_dimensions(size)
        return indexed >= INDEXES

    def _check_dimensions(self, size: int) -> None:
        if size != self._dimensions:
            raise WrongDimensions(
                f"The vector collection holds vectors of {size} numbers, the embedding model gives "
                f"{self._dimensions}. Use the model it was made with, or index the documents anew."
            )

    @staticmethod
    def _read(reply: Reply) -> dict[str, Any]:
        if reply.status != HTTPStatus.OK:
            raise _refused(reply)
        try:
            read = orjson.loads(reply.content)
        except ValueError as error:
            raise _refused(reply) from error
        if not isinstance(read, dict):
            raise _refused(reply)
        return read

    async def _get(self, path: str) -> Reply:
        return await self._nodes.send("GET", path, None, self._settings.qdrant_timeout_seconds)

    async def _official(self) -> "Points":
        if self._points is None:
            made = await asyncio.to_thread(_load_client)
            self._points = self._points or made(self._nodes, self._settings.qdrant_timeout_seconds)
        return self._points


def _load_client() -> "type[Points]":
    from assay.adapters.vectors_points import Points  # noqa: PLC0415 - see that file's docstring

    return Points


def _refused(reply: Reply) -> Unavailable:
    """Translate an answer that is no result; what it said goes to no caller."""
    log.warning("vectors.failed", status=reply.status)
    return unavailable()
