"""Lines for CloudWatch: valid by its specification, and true.

docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
CloudWatch_Embedded_Metric_Format_Specification.html
"""

import asyncio
import contextlib
import io
import json
import time
from decimal import Decimal

import jsonschema_rs
import pytest

from assay.adapters import telemetry_calls
from assay.adapters import telemetry_metrics as metrics
from assay.adapters.telemetry_emf import DIMENSIONS, EMF_METRICS, NAMESPACE, EmfWriter
from assay.settings import Settings

UNITS = {"Seconds", "Milliseconds", "Bytes", "Percent", "Count", "None"}
DIMENSION_SET = {
    "type": "array",
    "maxItems": 30,
    "items": {"type": "string", "minLength": 1, "maxLength": 250},
}
METRIC = {
    "type": "object",
    "required": ["Name"],
    "additionalProperties": False,
    "properties": {
        "Name": {"type": "string", "minLength": 1, "maxLength": 1024},
        "Unit": {"enum": sorted(UNITS)},
        "StorageResolution": {"enum": [1, 60]},
    },
}
DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "additionalProperties": False,
    "properties": {
        "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
        "Dimensions": {"type": "array", "minItems": 1, "items": DIMENSION_SET},
        "Metrics": {"type": "array", "maxItems": 100, "items": METRIC},
    },
}
ROOT = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "additionalProperties": False,
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {"type": "array", "items": DIRECTIVE},
            },
        }
    },
    # Whatever is no dimension has to be a number, or a hundred at the most.
    "additionalProperties": {
        "anyOf": [
            {"type": "number"},
            {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "number"}},
            {"type": "string", "maxLength": 1024},
        ]
    },
}


def check(line: str) -> dict:
    """Validate a line by the specification's rules and return it."""
    assert line.endswith("}\n")
    assert len(line) < 256 * 1024
    root = json.loads(line)
    jsonschema_rs.validate(ROOT, root)
    assert abs(root["_aws"]["Timestamp"] / 1000 - time.time()) < 600
    for directive in root["_aws"]["CloudWatchMetrics"]:
        for name in directive["Dimensions"][0]:
            assert isinstance(root[name], str)
        for metric in directive["Metrics"]:
            assert isinstance(root[metric["Name"]], int | float | list)
    return root


class Output:
    """An EMF writer and what it wrote."""

    def __init__(self, service: str = "api", **settings) -> None:
        self.file = io.StringIO()
        given = Settings(_env_file=None, environment="staging", **settings)
        self.writer = EmfWriter(given, service, self.file)

    def lines(self) -> list[dict]:
        return [check(line) for line in self.file.getvalue().splitlines(keepends=True)]

    def line(self) -> dict:
        self.file.truncate(0)
        self.file.seek(0)
        self.writer.write()
        return self.lines()[0]


@pytest.fixture
def output() -> Output:
    output = Output()
    output.line()  # what other tests sampled is gone with it
    return output


def test_a_line_carries_what_was_counted_since_the_last(output: Output):
    for status in (200, 200, 503):
        metrics.request_began()
        metrics.request_ended("POST", "/v1/search", status, 0.25)
    metrics.token_checked("valid")
    metrics.token_checked("expired")
    metrics.cache_read("query", hit=True)
    metrics.cache_read("value", hit=False)
    metrics.model_called("m", 1.5, failed=False)
    metrics.model_used("m", 1000, 200, Decimal("0.0125"))
    metrics.vectors_searched(0.003, failed=True)
    line = output.line()
    told = {
        "Requests": 3,
        "ServerErrors": 1,
        "Queries": 2,
        "ResponseTime": [250.0] * 3,
        "TokensValid": 1,
        "TokensExpired": 1,
        "TokensInvalid": 0,
        "CacheHits": 1,
        "CacheMisses": 1,
        "ModelCalls": 1,
        "ModelFailures": 0,
        "ModelTime": [1500.0],
        "ModelInputTokens": 1000,
        "ModelOutputTokens": 200,
        "VectorSearches": 1,
        "VectorSearchFailures": 1,
        "VectorSearchTime": [3.0],
    }
    assert {name: line[name] for name in told} == told
    assert line["ModelCost"] == pytest.approx(0.0125)
    assert line["ProcessMemory"] > 1024**2
    assert line["ProcessCpu"] >= 0
    after = output.line()
    assert (after["Requests"], after["ModelCost"]) == (0, 0)
    assert "ResponseTime" not in after


def test_many_requests_are_sampled_and_all_counted(output: Output):
    for _ in range(1000):
        metrics.request_began()
        metrics.request_ended("GET", "/v1/me", 200, 0.01)
    line = output.line()
    assert line["Requests"] == 1000
    assert line["ResponseTime"] == [10.0] * 100


def test_statements_are_counted(output: Output):
    with telemetry_calls.statement("select 1", None):
        pass
    line = output.line()
    assert line["DatabaseQueries"] == 1
    assert len(line["DatabaseQueryTime"]) == 1


def test_dimensions_name_the_installation_and_no_tenant(output: Output):
    line = output.line()
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE == "Assay"
    assert directive["Dimensions"] == [["Environment", "Service"]] == [list(DIMENSIONS)]
    assert (line["Environment"], line["Service"]) == ("staging", "api")


def test_the_worker_tells_of_the_queue_and_not_of_requests():
    metrics.queue_seen(7, 12.5)
    line = Output("worker").line()
    assert (line["JobsWaiting"], line["OldestJobAge"]) == (7, 12.5)
    assert "Requests" not in line


def test_the_table_is_sound():
    names = [each.name for each in EMF_METRICS]
    assert len(names) == len(set(names)) <= 100
    assert {each.unit for each in EMF_METRICS} <= UNITS
    assert {each.dimensions for each in EMF_METRICS} == {DIMENSIONS}
    for service in ("api", "worker"):
        assert any(service in each.services for each in EMF_METRICS)


async def test_it_writes_regularly_and_once_more_at_the_end():
    output = Output(metrics_emf_seconds=0.01)
    running = asyncio.create_task(output.writer.run())
    async with asyncio.timeout(10):
        while len(output.lines()) < 2:
            await asyncio.sleep(0.005)
    written = len(output.lines())
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert len(output.lines()) == written + 1
