"""Metrics for CloudWatch: a line of its embedded metric format on standard output.

CloudWatch Logs makes metrics of such lines by itself, so that no call is made and no agent runs.
A metric costs by its combinations of dimensions, hence there are two with one value each, and
tenants are found in the log lines of requests instead.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

import orjson
from prometheus_client import REGISTRY

from assay.adapters import telemetry_metrics as metrics
from assay.settings import Settings

NAMESPACE = "Assay"
DIMENSIONS = ("Environment", "Service")
API, WORKER = "api", "worker"
BOTH = (API, WORKER)

Samples = dict[str, float]
"""Sums of the present values over all labels, by `name` and by `name label=value`."""
Value = float | list[float] | None
Read = Callable[[Samples, Samples, float], Value]
"""Makes a value of the samples now, those of the last line, and the seconds between."""


@dataclass(frozen=True, slots=True)
class EmfMetric:
    """A metric as CloudWatch has it."""

    name: str
    unit: str
    read: Read
    services: Sequence[str] = (API,)
    dimensions: tuple[str, ...] = DIMENSIONS


def _now(name: str) -> Read:
    return lambda now, _, __: now.get(name, 0)


def _grown(*names: str) -> Read:
    return lambda now, then, _: sum(now.get(name, 0) - then.get(name, 0) for name in names)


def _mean(name: str) -> Read:
    total, count = _grown(f"{name}_sum"), _grown(f"{name}_count")

    def read(now: Samples, then: Samples, seconds: float) -> Value:
        added = count(now, then, seconds)
        return float(total(now, then, seconds)) / added if added else None  # type: ignore[arg-type,operator]

    return read


def _sampled(sample: metrics.Sample) -> Read:
    return lambda *_: sample.take() or None


def _processor(now: Samples, then: Samples, seconds: float) -> Value:
    name = "process_cpu_seconds_total"
    return 100 * (now.get(name, 0) - then.get(name, 0)) / seconds


EMF_METRICS = (
    # Application: what ECS, RDS, ElastiCache and the load balancer do not report themselves.
    EmfMetric("ProcessCpu", "Percent", _processor, BOTH),
    EmfMetric("ProcessMemory", "Bytes", _now("process_resident_memory_bytes"), BOTH),
    EmfMetric("EventLoopLag", "Milliseconds", _sampled(metrics.LAGS), BOTH),
    EmfMetric("Requests", "Count", _grown("assay_http_request_seconds_count")),
    EmfMetric("ServerErrors", "Count", _grown("assay_http_request_seconds_count status=5xx")),
    EmfMetric("ActiveRequests", "Count", _now("assay_http_requests_active")),
    EmfMetric("ActiveConnections", "Count", _now("assay_http_connections")),
    EmfMetric("CacheHits", "Count", _grown("assay_cache_reads_total outcome=hit")),
    EmfMetric("CacheMisses", "Count", _grown("assay_cache_reads_total outcome=miss")),
    EmfMetric("VectorSearches", "Count", _grown("assay_vector_search_seconds_count")),
    EmfMetric("VectorSearchTime", "Milliseconds", _sampled(metrics.VECTOR_TIMES)),
    EmfMetric("VectorSearchFailures", "Count", _grown("assay_vector_search_failures_total")),
    EmfMetric("JobsWaiting", "Count", _now("assay_jobs_waiting"), (WORKER,)),
    EmfMetric("OldestJobAge", "Seconds", _now("assay_jobs_oldest_seconds"), (WORKER,)),
    # Custom.
    EmfMetric("ActiveSessions", "Count", _now("assay_sessions_active")),
    EmfMetric("ResponseTime", "Milliseconds", _sampled(metrics.RESPONSE_TIMES)),
    EmfMetric("DatabaseQueries", "Count", _grown("assay_database_statement_seconds_count"), BOTH),
    EmfMetric("DatabaseQueryTime", "Milliseconds", _sampled(metrics.STATEMENT_TIMES), BOTH),
    EmfMetric("TokensValid", "Count", _grown("assay_tokens_checked_total outcome=valid")),
    EmfMetric("TokensInvalid", "Count", _grown("assay_tokens_checked_total outcome=invalid")),
    EmfMetric("TokensExpired", "Count", _grown("assay_tokens_checked_total outcome=expired")),
    # Business. Queries a minute are the sum over a period of one minute.
    EmfMetric("Queries", "Count", _grown("assay_queries_total")),
    EmfMetric("SessionDuration", "Seconds", _mean("assay_session_seconds")),
    EmfMetric("ModelCalls", "Count", _grown("assay_model_call_seconds_count"), BOTH),
    EmfMetric(
        "ModelFailures", "Count", _grown("assay_model_call_seconds_count outcome=failed"), BOTH
    ),
    EmfMetric("ModelTime", "Milliseconds", _sampled(metrics.MODEL_TIMES), BOTH),
    EmfMetric(
        "ModelInputTokens", "Count", _grown("assay_model_tokens_total direction=input"), BOTH
    ),
    EmfMetric(
        "ModelOutputTokens", "Count", _grown("assay_model_tokens_total direction=output"), BOTH
    ),
    EmfMetric("ModelCost", "None", _grown("assay_model_cost_usd_total"), BOTH),  # USD
)
"""All metrics; dashboards and alarms are held against this table."""


class EmfWriter:
    """Writes what was counted since the last line."""

    def __init__(self, settings: Settings, service: str, output: TextIO | None = None) -> None:
        """Begin to count.

        :param service: `api` or `worker`, which choose the metrics.
        :param output: standard output unless given.
        """
        self._settings, self._service = settings, service
        self._output = output or sys.stdout
        self._metrics = [each for each in EMF_METRICS if service in each.services]
        self._then, self._at = _samples(), time.monotonic()

    async def run(self) -> None:
        """Write a line every so often, and a last one when cancelled."""
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(self._settings.metrics_emf_seconds)
                self.write()
        self.write()

    def write(self) -> None:
        """Write a line."""
        self._output.write(orjson.dumps(self._line()).decode() + "\n")
        self._output.flush()

    def _line(self) -> dict[str, object]:
        then, at = self._then, self._at
        self._then, self._at = _samples(), time.monotonic()
        seconds = max(self._at - at, 0.001)
        read = {each: each.read(self._then, then, seconds) for each in self._metrics}
        values = {each: value for each, value in read.items() if value is not None}
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [list(DIMENSIONS)],
            "Metrics": [{"Name": each.name, "Unit": each.unit} for each in values],
        }
        return {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            "Environment": self._settings.environment,
            "Service": self._service,
            **{each.name: value for each, value in values.items()},
        }


def _samples() -> Samples:
    sums: Samples = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            keys = [f" {name}={value}" for name, value in sample.labels.items() if name != "le"]
            for key in ["", *keys]:
                sums[sample.name + key] = sums.get(sample.name + key, 0) + sample.value
    return sums
