"""Gathers meters in memory and adds them to the database every few seconds."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text

from assay.adapters.metering import Meter
from assay.adapters.postgres import Database
from assay.errors import AssayError

log = structlog.get_logger()

FLUSH_SECONDS = 2.0
"""What a crash loses of the counters, at the most; money never comes this way."""

_ADD = text("select gate_add_usage(cast(:counters as jsonb))")


@dataclass(slots=True)
class _Counters:
    api_calls: int = 0
    database_queries: int = 0
    vector_searches: int = 0
    cpu_ns: int = 0


class UsageRecorder:
    """Adds up what each tenant used, by the hour, without a round trip in any request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: dict[tuple[UUID, datetime], _Counters] = {}

    def request(self, tenant_id: UUID, meter: Meter) -> None:
        """Count a call of the API with what it used."""
        self._add(tenant_id, meter, api_calls=1)

    def job(self, tenant_id: UUID, meter: Meter) -> None:
        """Count what a job used."""
        self._add(tenant_id, meter, api_calls=0)

    async def run(self) -> None:
        """Write every `FLUSH_SECONDS`, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what was gathered; when the database is away it stays for the next time."""
        gathered, self._gathered = self._gathered, {}
        if not gathered:
            return
        try:
            async with self._database.gate() as tx:
                await tx.first(_ADD, counters=_encoded(gathered))
        except AssayError as error:
            log.warning("usage.delayed", code=error.code, tenants=len(gathered))
            for (tenant_id, hour), counters in gathered.items():
                self._merge(tenant_id, hour, counters)

    def _add(self, tenant_id: UUID, meter: Meter, api_calls: int) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        used = _Counters(api_calls, meter.database_queries, meter.vector_searches, meter.cpu_ns)
        self._merge(tenant_id, hour, used)

    def _merge(self, tenant_id: UUID, hour: datetime, used: _Counters) -> None:
        total = self._gathered.setdefault((tenant_id, hour), _Counters())
        total.api_calls += used.api_calls
        total.database_queries += used.database_queries
        total.vector_searches += used.vector_searches
        total.cpu_ns += used.cpu_ns


def _encoded(gathered: dict[tuple[UUID, datetime], _Counters]) -> str:
    rows = [
        {
            "tenant_id": str(tenant_id),
            "hour": hour.isoformat(),
            "api_calls": counters.api_calls,
            "database_queries": counters.database_queries,
            "vector_searches": counters.vector_searches,
            "compute_us": counters.cpu_ns // 1000,
        }
        for (tenant_id, hour), counters in gathered.items()
    ]
    return orjson.dumps(rows).decode()
