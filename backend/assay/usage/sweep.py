"""What the worker does for usage beside its jobs: measure storage, close forgotten calls."""

from time import monotonic

import structlog
from sqlalchemy import text

from assay.adapters.postgres import Database
from assay.adapters.vector_size import bytes_per_passage

log = structlog.get_logger()

MEASURE_SECONDS = 600
LOST_AFTER = "1 hour"
"""No call of a model takes longer; its process died before it could settle."""

_MEASURE = text("select gate_measure_storage(:vector_bytes)")
_LOSE = text("select gate_lose_model_calls(cast(:idle as interval)) as lost")


class UsageSweep:
    """Measures every tenant's storage six times an hour; each hour keeps its last figure."""

    def __init__(self, database: Database, dimensions: int) -> None:
        self._database, self._vector_bytes = database, bytes_per_passage(dimensions)
        self._due = 0.0

    async def sweep(self) -> None:
        """Measure when it is time again."""
        if monotonic() < self._due:
            return
        async with self._database.gate() as tx:
            await tx.first(_MEASURE, vector_bytes=self._vector_bytes)
            row = await tx.first(_LOSE, idle=LOST_AFTER)
        if row and row["lost"]:
            log.warning("usage.calls_lost", calls=row["lost"])
        self._due = monotonic() + MEASURE_SECONDS
