"""What a process counts, for Prometheus and CloudWatch alike.

Labels have few values: routes are templates, statuses are classes, and no tenant is named.
"""

import asyncio
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Literal
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram, Summary

from assay.adapters.telemetry_sessions import Sessions

SAMPLE = 100
"""Values that a sample holds; CloudWatch takes no more in one line."""
LAG_SECONDS = 0.5
"""Time between two looks at the event loop."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

_REQUESTS = Histogram(
    "assay_http_request_seconds",
    "Requests by route, and the seconds until their answers began (streams) or ended",
    ["method", "route", "status"],
    buckets=_BUCKETS,
)
_ACTIVE = Gauge("assay_http_requests_active", "Requests under way")
_CONNECTIONS = Gauge("assay_http_connections", "Connections of clients, idle ones included")
_QUERIES = Counter("assay_queries", "Searches and questions that were answered", ["kind"])
_SESSIONS = Gauge("assay_sessions_active", "Sessions seen in the last five minutes")
_SESSION_SECONDS = Summary(
    "assay_session_seconds", "Seconds between first and last request of sessions that ended"
)
_TOKENS = Counter("assay_tokens_checked", "Access tokens checked", ["outcome"])
_STATEMENTS = Histogram(
    "assay_database_statement_seconds", "Statements, and the seconds they took", buckets=_BUCKETS
)
_VECTORS = Histogram(
    "assay_vector_search_seconds", "Vector searches, and the seconds they took", buckets=_BUCKETS
)
_VECTOR_FAILURES = Counter("assay_vector_search_failures", "Vector searches that failed")
_CACHE = Counter("assay_cache_reads", "Reads of the cache", ["cache", "outcome"])
_MODEL_CALLS = Histogram(
    "assay_model_call_seconds",
    "Calls of models, and the seconds they took",
    ["model", "outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60),
)
_MODEL_TOKENS = Counter("assay_model_tokens", "Tokens of models", ["model", "direction"])
_MODEL_COST = Counter("assay_model_cost_usd", "USD paid to models", ["model"])
_JOBS = Gauge("assay_jobs_waiting", "Jobs that wait for a worker, and could start")
_OLDEST_JOB = Gauge("assay_jobs_oldest_seconds", "Age of the oldest job that could start")
_LAG = Histogram(
    "assay_event_loop_lag_seconds",
    "How much later than asked the event loop came back",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)


class Sample:
    """A fair sample of many values, in milliseconds (Vitter 1985, algorithm R)."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._count = 0

    def add(self, seconds: float) -> None:
        """Take a value, perhaps in place of another."""
        self._count += 1
        if len(self._values) < SAMPLE:
            self._values.append(round(seconds * 1000, 3))
            return
        place = random.randrange(self._count)  # noqa: S311 - a sample, not a secret
        if place < SAMPLE:
            self._values[place] = round(seconds * 1000, 3)

    def take(self) -> list[float]:
        """Return the sample and begin a new one."""
        values, self._values, self._count = self._values, [], 0
        return values


RESPONSE_TIMES, STATEMENT_TIMES, VECTOR_TIMES = Sample(), Sample(), Sample()
MODEL_TIMES, LAGS = Sample(), Sample()

_sessions = Sessions(_SESSION_SECONDS.observe)
_SESSIONS.set_function(_sessions.active)

Outcome = Literal["valid", "expired", "invalid"]
_KINDS = {"/v1/search": "search", "/v1/ask": "ask"}


def request_began() -> None:
    """Count a request that is under way from now on."""
    _ACTIVE.inc()


def request_ended(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request that was answered.

    :param route: the path's template.
    :param seconds: until the answer ended or, of a stream, began.
    """
    _ACTIVE.dec()
    method = method if method in _METHODS else "other"
    _REQUESTS.labels(method, route, f"{status // 100}xx").observe(seconds)
    RESPONSE_TIMES.add(seconds)
    if method == "POST" and status < 300 and (kind := _KINDS.get(route)):  # noqa: PLR2004 - success
        _QUERIES.labels(kind).inc()


def request_passed() -> None:
    """Count a request that is of no interest, such as a probe, as no longer under way."""
    _ACTIVE.dec()


def session_seen(session_id: UUID) -> None:
    """Note a request of a session."""
    _sessions.see(session_id)


def watch_connections(count: Callable[[], int]) -> None:
    """Take the number of open connections from a function."""
    _CONNECTIONS.set_function(count)


def token_checked(outcome: Outcome) -> None:
    """Count an access token that was checked."""
    _TOKENS.labels(outcome).inc()


def statement_ran(seconds: float) -> None:
    """Count a statement of the database."""
    _STATEMENTS.observe(seconds)
    STATEMENT_TIMES.add(seconds)


def vectors_searched(seconds: float, *, failed: bool) -> None:
    """Count a search of the vector store."""
    _VECTORS.observe(seconds)
    VECTOR_TIMES.add(seconds)
    if failed:
        _VECTOR_FAILURES.inc()


def cache_read(cache: Literal["value", "query"], *, hit: bool) -> None:
    """Count a read of the cache."""
    _CACHE.labels(cache, "hit" if hit else "miss").inc()


def model_called(model: str, seconds: float, *, failed: bool) -> None:
    """Count a call of a model.

    :param model: as the settings name it, so that there are few.
    """
    _MODEL_CALLS.labels(model, "failed" if failed else "answered").observe(seconds)
    MODEL_TIMES.add(seconds)


def model_used(model: str, input_tokens: int, output_tokens: int, cost_usd: Decimal) -> None:
    """Count what a call of a model used."""
    _MODEL_TOKENS.labels(model, "input").inc(input_tokens)
    _MODEL_TOKENS.labels(model, "output").inc(output_tokens)
    _MODEL_COST.labels(model).inc(float(cost_usd))


def queue_seen(waiting: float, oldest_seconds: float) -> None:
    """Note how many jobs wait, and since when."""
    _JOBS.set(waiting)
    _OLDEST_JOB.set(oldest_seconds)


async def watch_event_loop() -> None:
    """Measure how late the event loop is, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        asked = loop.time() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        late = max(0.0, loop.time() - asked)
        _LAG.observe(late)
        LAGS.add(late)
