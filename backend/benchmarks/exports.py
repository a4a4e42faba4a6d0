"""What a large export costs, and what it does to other calls.

`python -m benchmarks.exports` from `backend/`: a real `assay serve`, held to one core, gives a
table of 10,000 documents by 50 fields as each kind of file, and a page of it as the web
application reads them, while a client lists documents at a steady rate. It prints a Markdown table
and exits with 1 when a figure misses its target.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from sqlalchemy import text

from assay.adapters.postgres import Database
from assay.embedded.supervisor import Embedded
from assay.scope import TenantScope
from assay.settings import Settings
from benchmarks.analyses import call, p95
from benchmarks.server import MEBIBYTE, Server, serving, sign_up
from benchmarks.serving import Row, print_table

ANALYSIS = UUID("01936f0e-6d2a-7c3e-8000-3f1d2b4c5d6e")
ALONE_SECONDS = 15
MOST_MS, MOST_MIB = 200.0, 400.0
KINDS: dict[str, dict[str, str | int]] = {
    "csv": {"format": "csv"},
    "xlsx": {"format": "xlsx"},
    "json": {"format": "json", "download": "true"},
    "a page of 1,000 rows": {"limit": 1000},
}

_ANALYSIS = text(
    "insert into analyses (id, tenant_id, name, kind, spec, status, engine, fingerprint,"
    " total, done, rows, filled) values (:id, :tenant_id, 'Large', 'extract',"
    " jsonb_build_object('kind', 'extract', 'fields', (select jsonb_agg(jsonb_build_object("
    "   'name', 'Field ' || f, 'type', case f % 5 when 0 then 'date' when 1 then 'number'"
    "   else 'text' end)) from generate_series(1, cast(:fields as int)) f)),"
    " 'completed', 'extractive', '', :documents, :documents, :documents,"
    " cast(:documents as int) * cast(:fields as int))"
)
_DOCUMENTS = text(
    "insert into analysis_documents"
    " (tenant_id, analysis_id, document_id, document_name, ordinal, status)"
    " select :tenant_id, :id, gen_random_uuid(), 'report ' || d || '.pdf', d, 'done'"
    " from generate_series(cast(:first as int), cast(:last as int)) d"
)
_ROWS = text(
    "insert into analysis_rows (tenant_id, analysis_id, ordinal, item, document_id, cells)"
    " select :tenant_id, :id, d.ordinal, 0, d.document_id, (select jsonb_object_agg("
    "   'Field ' || f, jsonb_build_object("
    "   'value', case f % 5 when 0 then to_jsonb('2021-03-14'::text)"
    "     when 1 then to_jsonb(d.ordinal * f) else to_jsonb('value ' || d.ordinal || ' ' || f) end,"
    "   'text', 'value ' || d.ordinal || ' ' || f, 'confidence', 0.875,"
    "   'document_id', d.document_id, 'page', 1 + f / 5, 'start', 40 * f, 'end', 40 * f + 120,"
    "   'quote', repeat('what the page says about it ', 4) || md5(d.ordinal || '.' || f)))"
    "   from generate_series(1, cast(:fields as int)) f)"
    " from analysis_documents d where d.analysis_id = :id and d.ordinal between :first and :last"
)
_BATCH = 250


@dataclass
class Taken:
    """What one file took."""

    first_seconds: float = 0.0
    seconds: float = 0.0
    size: int = 0
    peak_mib: float = 0.0
    cpu_seconds: float = 0.0
    """Of the API's own process."""
    beside: list[float] = field(default_factory=list)


async def seed(folder: Path, tenant: TenantScope, documents: int, fields: int) -> None:
    """Write an analysis that is over, as its jobs would have left it."""
    embedded = Embedded(Settings(_env_file=None, data_dir=folder))  # type: ignore[call-arg]
    await embedded.start()
    database = Database(embedded.app_settings)
    names = {"id": ANALYSIS, "tenant_id": tenant.tenant_id}
    try:
        async with database.transaction(tenant) as tx:
            await tx.run(_ANALYSIS, **names, documents=documents, fields=fields)
        for first in range(0, documents, _BATCH):
            place = names | {"first": first, "last": min(documents, first + _BATCH) - 1}
            async with database.transaction(tenant) as tx:
                await tx.run(_DOCUMENTS, **place)
                await tx.run(_ROWS, **place, fields=fields)
    finally:
        await database.close()
        await embedded.stop()


async def measure(server: Server, kind: str) -> Taken:
    """Download once, listing documents meanwhile."""
    taken = Taken()
    headers = {"Authorization": server.client.headers["Authorization"]}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=900) as client:
        calling = asyncio.create_task(call(client, taken.beside))
        watching = asyncio.create_task(_watch(server.process, taken))
        before, began = _cpu(server.process), time.perf_counter()
        path = f"/v1/analyses/{ANALYSIS}/table"
        async with client.stream("GET", path, params=KINDS[kind]) as answer:
            answer.raise_for_status()
            async for piece in answer.aiter_raw():
                taken.first_seconds = taken.first_seconds or time.perf_counter() - began
                taken.size += len(piece)
        taken.seconds = time.perf_counter() - began
        taken.cpu_seconds = _cpu(server.process) - before
        for task in (calling, watching):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return taken


async def alone(server: Server) -> list[float]:
    """List documents while nothing else happens."""
    found: list[float] = []
    headers = {"Authorization": server.client.headers["Authorization"]}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALONE_SECONDS):
                await call(client, found)
    return found


async def _watch(process: psutil.Process, taken: Taken) -> None:
    """Keep the largest memory of the API's process with the one that writes its file."""
    parts = {each.pid for each in process.children()}
    while True:
        writers = [each for each in process.children() if each.pid not in parts]
        with contextlib.suppress(psutil.Error):
            size = sum(each.memory_info().rss for each in (process, *writers)) / MEBIBYTE
            taken.peak_mib = max(taken.peak_mib, size)
        await asyncio.sleep(0.2)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _on_one_core(process: psutil.Process) -> None:
    for thread in process.threads():
        psutil.Process(thread.id).cpu_affinity([0])


def _rows(kind: str, taken: Taken) -> list[Row]:
    return [
        Row(f"{kind}: until the first byte", taken.first_seconds, "s"),
        Row(f"{kind}: until the last", taken.seconds, "s"),
        Row(f"{kind}: size", taken.size / MEBIBYTE, "MiB"),
        Row(f"{kind}: processor time of the API's process", taken.cpu_seconds, "s"),
        Row(f"{kind}: most memory, API and writer", taken.peak_mib, "MiB", MOST_MIB),
        Row(f"{kind}: calls beside it, median", statistics.median(taken.beside), "ms"),
        Row(f"{kind}: calls beside it, p95", p95(taken.beside), "ms", MOST_MS),
    ]


def main() -> int:
    """Run all, print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--fields", type=int, default=50)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as name:
        folder = Path(name)
        with serving(folder) as server:
            sign_up(server)
            header = server.client.headers["Authorization"]
            tenant = TenantScope(UUID(server.client.get("/v1/me").json()["tenant"]["id"]))
        asyncio.run(seed(folder, tenant, asked.documents, asked.fields))
        with serving(folder) as server:
            server.client.headers["Authorization"] = header
            _on_one_core(server.process)
            rows = [Row("calls alone, p95", p95(asyncio.run(alone(server))), "ms")]
            for kind in asked.kinds:
                rows += _rows(kind, asyncio.run(measure(server, kind)))
    return print_table(rows)


if __name__ == "__main__":
    sys.exit(main())
