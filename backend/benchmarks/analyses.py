"""How long the extractive engine takes over two hundred reports, and what that does to requests.

`python -m benchmarks.analyses` from `backend/`: a real `assay serve` with its own worker reads the
twenty accident reports, which are uploaded into ten collections (200 documents). One run fills ten
fields of all of them, while a client calls the API at a steady rate. Every quote is compared with
its page. Exits with 1 when the run takes two minutes or more, when the p95 reaches 200 ms, or when
a quote is not on its page.
"""

import asyncio
import contextlib
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.server import Server, documents, serving, sign_up

COPIES = 10
ALONE_SECONDS = 15
RATE = 20
"""Calls a second beside the run."""
MOST_SECONDS, MOST_MS = 120.0, 200.0
FIELDS = [
    {"name": "Location", "type": "text"},
    {"name": "Date", "type": "date", "description": "Date of the accident"},
    {"name": "Aircraft make", "type": "text"},
    {"name": "Aircraft model", "type": "text"},
    {"name": "Registration", "type": "text", "description": "Registration number"},
    {"name": "Injuries", "type": "text", "description": "Injuries on board"},
    {"name": "Aircraft damage", "type": "text", "description": "Highest damage level"},
    {"name": "Engine model", "type": "text"},
    {"name": "Flight hours", "type": "number", "description": "Hours of the pilot, all aircraft"},
    {"name": "Wind speed", "type": "text"},
]


@dataclass
class Measured:
    """What came of a run."""

    seconds: float
    analysis: dict[str, Any]
    alone: list[float]
    beside: list[float]
    """Milliseconds of the requests before and beside the run."""
    quotes: int = 0
    wrong: int = 0


async def measure(url: str, headers: dict[str, str]) -> Measured:
    """Upload, run, call beside it, check."""
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        ids = await uploaded(client)
        alone: list[float] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALONE_SECONDS):
                await call(client, alone)
        beside: list[float] = []
        calling = asyncio.create_task(call(client, beside))
        began = time.monotonic()
        body = {"kind": "extract", "fields": FIELDS, "document_ids": ids}
        made = await posted(client, "/v1/analyses", json=body)
        analysis = await until(client, f"/v1/analyses/{made['id']}", {"completed", "failed"})
        measured = Measured(time.monotonic() - began, analysis, alone, list(beside))
        calling.cancel()
        await check(client, made["id"], measured)
        return measured


async def uploaded(client: httpx.AsyncClient) -> list[str]:
    """Upload the reports into ten collections and wait until all are ready."""
    files = sorted(documents("documents", "ntsb").rglob("*.pdf"))
    ids = []
    for number in range(COPIES):
        made = await posted(client, "/v1/collections", json={"name": f"Accidents {number}"})
        parts = [("file", (path.name, path.read_bytes())) for path in files]
        data = {"collection_id": made["id"]}
        answer = await posted(client, "/v1/documents", files=parts, data=data)
        ids += [each["id"] for each in answer["documents"]]
    for each in ids:
        ready = await until(client, f"/v1/documents/{each}", {"ready", "failed"}, seconds=1800)
        if ready["status"] != "ready":
            raise SystemExit(f"benchmark: {ready['name']} is {ready['status']}")
    return ids


async def call(client: httpx.AsyncClient, taken: list[float]) -> None:
    """Call at a steady rate until cancelled."""

    async def one(path: str) -> None:
        began = time.perf_counter()
        (await client.get(path)).raise_for_status()
        taken.append(1000 * (time.perf_counter() - began))

    async with asyncio.TaskGroup() as group:
        while True:
            for path in ("/v1/documents?limit=20", "/v1/analyses", "/v1/me"):
                group.create_task(one(path))
                await asyncio.sleep(1 / RATE)


async def check(client: httpx.AsyncClient, analysis_id: str, measured: Measured) -> None:
    """Compare every quote with its page."""
    pages: dict[tuple[str, int], str] = {}
    cursor: dict[str, str] = {}
    while True:
        path = f"/v1/analyses/{analysis_id}/table"
        table = (await client.get(path, params={"limit": 500, **cursor})).json()
        for cell in (cell for row in table["rows"] for cell in row["cells"].values() if cell):
            place = cell["document_id"], cell["page"]
            if place not in pages:
                page = await client.get(f"/v1/documents/{place[0]}/pages/{place[1]}")
                pages[place] = page.json()["text"]
            measured.quotes += 1
            measured.wrong += pages[place][cell["start"] : cell["end"]] != cell["quote"]
        if table["next_cursor"] is None:
            return
        cursor = {"cursor": table["next_cursor"]}


async def posted(client: httpx.AsyncClient, path: str, **request: Any) -> Any:
    """Return what a call answers, or fail."""
    answer = await client.post(path, **request)
    answer.raise_for_status()
    return answer.json()


async def until(
    client: httpx.AsyncClient, path: str, statuses: set[str], seconds: float = 600
) -> dict[str, Any]:
    """Return what is at a path once it has one of the statuses."""
    async with asyncio.timeout(seconds):
        while True:
            found: dict[str, Any] = (await client.get(path)).json()
            if found["status"] in statuses:
                return found
            await asyncio.sleep(0.2)


def p95(values: list[float]) -> float:
    """Return what 95 of 100 stay under."""
    return statistics.quantiles(values, n=20)[-1]


def main() -> int:
    """Run all, print the table."""
    with serving() as server:
        sign_up(server)
        # The server is a process of its own: it does not share this one's loop.
        headers = {"Authorization": server.client.headers["Authorization"]}
        before = _cpu(server)
        measured = asyncio.run(measure(server.url, headers))
        spent = _cpu(server) - before
    progress, result = measured.analysis["progress"], measured.analysis["result"]
    rows = [
        ("documents", f"{progress['done']} ({progress['failed']} failed)", ""),
        ("cells filled", f"{result['filled']} of {result['filled'] + result['not_found']}", ""),
        ("run", f"{measured.seconds:.1f} s", f"< {MOST_SECONDS:g} s"),
        ("p95 of requests beside it", f"{p95(measured.beside):.1f} ms", f"< {MOST_MS:g} ms"),
        ("their median", f"{statistics.median(measured.beside):.1f} ms", ""),
        ("p95 of requests before it", f"{p95(measured.alone):.1f} ms", ""),
        ("their median", f"{statistics.median(measured.alone):.1f} ms", ""),
        ("quotes that are not on their page", f"{measured.wrong} of {measured.quotes}", "0"),
        ("processor time of the worker, uploads included", f"{spent:.0f} s", ""),
    ]
    print("| figure | value | target |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    met = measured.seconds < MOST_SECONDS and p95(measured.beside) < MOST_MS
    return int(not (met and not measured.wrong and not progress["failed"]))


def _cpu(server: Server) -> float:
    """Return the seconds that the worker and its children have computed, those that ended too."""
    worker = server.processes()["worker"]
    seconds = 0.0
    for process in (worker, *worker.children(recursive=True)):
        times = process.cpu_times()
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


if __name__ == "__main__":
    sys.exit(main())
