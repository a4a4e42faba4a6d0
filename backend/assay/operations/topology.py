"""The state of every part, for the operator."""

from dataclasses import asdict

import orjson

from assay import __version__
from assay.adapters.postgres import Database
from assay.adapters.redis import Cache
from assay.adapters.vectors import VectorStore
from assay.admission.service import Admission
from assay.operations import tenants_repository
from assay.operations.bill_schemas import Node, Topology
from assay.operations.queue import KEY
from assay.operations.service import Operations


class TopologyView:
    """What a process knows of the parts around it."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        vectors: VectorStore,
        operations: Operations,
        admission: Admission,
    ) -> None:
        self._database, self._cache, self._vectors = database, cache, vectors
        self._operations, self._admission = operations, admission

    async def view(self, key: bytes) -> Topology:
        """Ask every part.

        :raises Forbidden: no operator has this key.
        """
        async with self._database.gate() as gate:
            await tenants_repository.check(gate, key)
        readiness = await self._operations.readiness()
        told = await self._cache.get_stale(KEY)
        waiting, oldest = (None, None) if told is None else orjson.loads(told)
        return Topology(
            status=readiness.status,
            version=__version__,
            api_processes=self._admission.processes,
            parts=readiness.parts,
            nodes=[Node(**asdict(node)) for node in self._vectors.topology()],
            queue_depth=waiting,
            queue_oldest_seconds=oldest,
        )
