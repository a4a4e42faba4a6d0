"""How each part of the API is asked, and what is done while it is away."""

from collections.abc import Mapping

from sqlalchemy import text

from assay.adapters.breaker import BreakerState
from assay.adapters.postgres import Database
from assay.adapters.redis import Cache
from assay.adapters.storage import Storage
from assay.adapters.vectors import VectorStore
from assay.adapters.vectors_nodes import NodeHealth, NodeState
from assay.operations.service import Answer, Watched

_VERSION = text("select current_setting('server_version') as version")


def watched_parts(
    database: Database, cache: Cache, vectors: VectorStore, storage: Storage
) -> Mapping[str, Watched]:
    """Return what readiness asks."""

    async def postgres() -> Answer:
        async with database.gate() as tx:
            row = await tx.first(_VERSION)
        return Answer(well=True, version=row["version"].split()[0] if row else None)

    async def redis() -> Answer:
        version = await cache.version()
        return Answer(well=version is not None, version=version)

    async def searched() -> Answer:
        return Answer(
            well=await vectors.healthy(),
            away=tuple(node.address for node in vectors.topology() if _is_away(node)),
        )

    async def files() -> Answer:
        return Answer(well=await storage.healthy())

    return {
        "postgres": Watched(postgres),
        "redis": Watched(redis, "each process limits by its share, sessions are read anew"),
        "vectors": Watched(searched, "searches by full text, uploads wait"),
        "files": Watched(files),
    }


def _is_away(node: NodeState) -> bool:
    return node.state is NodeHealth.DOWN or node.breaker is not BreakerState.CLOSED
