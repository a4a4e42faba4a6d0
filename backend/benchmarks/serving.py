"""Ingest under search load, memory by process, processor time of a search, start-up time.

`python -m benchmarks.serving` from `backend/`; it prints a Markdown table and exits with 1
when a figure misses its target.
"""

import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.server import Server, documents, serving, sign_up, unfinished, upload

SEARCHES_PER_SECOND = 4
BATCHES = 8
QUESTIONS = (
    "total net sales by segment",
    "share repurchases during the quarter",
    "risk factors supply chain constraints",
    "cloud revenue growth",
    "effective tax rate",
    "research and development expenses increased",
    "cash and marketable securities",
    "data center revenue",
    "operating income compared with the prior year",
    "legal proceedings antitrust",
)
WAIT_SECONDS = 1200
KEPT_SECONDS = 1
"""How long the server keeps answers here: short, so that searches are made and not remembered."""


@dataclass
class Load:
    """Searches sent while documents are ingested, at a fixed rate from one thread."""

    server: Server
    milliseconds: list[float] = field(default_factory=list)
    failures: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send searches until stopped; every one has words of its own, so none is cached."""
        number = 0
        with httpx.Client(base_url=self.server.url, headers=self.server.client.headers) as client:
            while not self.stopped.wait(1 / SEARCHES_PER_SECOND):
                number += 1
                query = f"{QUESTIONS[number % len(QUESTIONS)]} {number}"
                began = time.perf_counter()
                answer = client.post("/v1/search", json={"query": query}, timeout=30)
                self.milliseconds.append((time.perf_counter() - began) * 1000)
                self.failures += answer.status_code != httpx.codes.OK or answer.json()["degraded"]


@dataclass
class Row:
    """A figure beside its target."""

    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def met(self) -> bool:
        """Whether the figure is below its target."""
        return self.target is None or self.value < self.target


def ingest(server: Server) -> list[Row]:
    """Upload the twenty quarterly reports at once and search meanwhile."""
    reports = sorted(documents("documents", "sec-10-q").glob("*.pdf"))
    load, peaks = Load(server), dict[str, float]()
    thread = threading.Thread(target=load.run)
    began = time.perf_counter()
    upload(server, reports)
    accepted = time.perf_counter() - began
    thread.start()
    while unfinished(server) and time.perf_counter() - began < WAIT_SECONDS:
        for name, size in server.resident_mib().items():
            peaks[name] = max(size, peaks.get(name, 0))
        time.sleep(1)
    seconds = time.perf_counter() - began
    load.stopped.set()
    thread.join()
    items = server.client.get("/v1/documents", params={"limit": 200}).json()["items"]
    not_ready = [item["name"] for item in items if item["status"] != "ready"]
    pages = sum(item["pages"] or 0 for item in items)
    return [
        Row("reports not ready", len(not_ready), "", 1),
        Row("time until the upload was accepted", accepted, "s"),
        Row("pages ingested", pages, ""),
        Row("ingest rate", pages / seconds, "pages/s"),
        Row("searches meanwhile", len(load.milliseconds), ""),
        Row("searches that failed or were degraded", load.failures, "", 1),
        Row("search p50 during ingest", statistics.median(load.milliseconds), "ms"),
        Row("search p95 during ingest", _p95(load.milliseconds), "ms", 200),
        *(
            Row(f"peak memory of {name}", size, "MiB", 400 * 1e6 / 2**20 if name == "api" else None)
            for name, size in sorted(peaks.items())
        ),
    ]


def processor_time(server: Server) -> list[Row]:
    """Measure what a search costs the API process, with and without a cached embedding.

    No search is answered from the cache of answers; only the embedding is remembered or is not.
    Processor time grows when other programs share the caches and cores, so the lowest of
    several batches is the cost of the search itself; the median tells of the machine.
    """
    fresh = [f"unseen {question} {n}" for n in range(10 * BATCHES) for question in QUESTIONS]
    _searches(server, [f"before {question}" for question in QUESTIONS])
    batches = [fresh[start : start + 100] for start in range(0, len(fresh), 100)]
    cold = [_cpu_per_search(server, batch) for batch in batches]
    cached = [_cpu_per_search(server, batches[-1], KEPT_SECONDS + 0.5) for _ in range(BATCHES)]
    return [
        Row("CPU of a search, embedding computed, lowest batch", min(cold), "ms", 10),
        Row("the same, median batch", statistics.median(cold), "ms"),
        Row("CPU of a search, embedding cached, lowest batch", min(cached), "ms", 4),
        Row("the same, median batch", statistics.median(cached), "ms"),
    ]


def _cpu_per_search(server: Server, queries: list[str], pause: float = 0) -> float:
    time.sleep(pause)
    before = server.process.cpu_times()
    _searches(server, queries)
    after = server.process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return 1000 * spent / len(queries)


def _searches(server: Server, queries: list[str]) -> None:
    for query in queries:
        answer = server.client.post("/v1/search", json={"query": query}).raise_for_status().json()
        if answer["cached"] or answer["degraded"] or not answer["hits"]:
            raise SystemExit("benchmark: a search was not made, or not in full")


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def print_table(rows: list[Row]) -> int:
    """Print the rows in Markdown; return 1 when a target is missed."""
    print("| figure | value | target |\n|---|---|---|")
    for row in rows:
        target = f"< {row.target:g} {row.unit}" if row.target else ""
        verdict = "" if row.met else " **missed**"
        print(f"| {row.what} | {row.value:.4g} {row.unit} | {target}{verdict} |")
    return 0 if all(row.met for row in rows) else 1


def main() -> int:
    """Run all, print the table."""
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as folder:
        with serving(Path(folder), QUERY_CACHE_TTL=str(KEPT_SECONDS)) as server:
            rows = [Row("first start, empty folder", server.started_seconds, "s")]
            sign_up(server)
            rows += [Row(f"idle memory of {n}", s, "MiB") for n, s in server.resident_mib().items()]
            rows += ingest(server)
            rows += processor_time(server)
        with serving(Path(folder)) as server:
            rows.insert(1, Row("second start", server.started_seconds, "s", 5))
    return print_table(rows)


if __name__ == "__main__":
    sys.exit(main())
