"""The page of metrics names what is measured, and all of it."""

import re
from pathlib import Path

import prometheus_client

from assay.adapters.telemetry_emf import EMF_METRICS

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
NAMED = set(re.findall(r"`([A-Za-z_/]+)`", PAGE))


def test_every_metric_of_cloudwatch_is_on_the_page_and_the_other_way_round():
    own = {each.name for each in EMF_METRICS}
    assert own <= NAMED
    said = {name for name in NAMED if re.fullmatch(r"(?:[A-Z][a-z]+){1,3}", name)}
    assert said - {"Assay"} <= own


def test_every_metric_of_prometheus_is_on_the_page_and_the_other_way_round():
    families = list(prometheus_client.REGISTRY.collect())
    own = {each.name for each in families if each.name.startswith("assay_")}
    said = {name.removesuffix("_total") for name in NAMED if name.startswith("assay_")}
    assert said == own - {"assay_event_loop_lag_seconds"}
    process = {each.name for each in families if each.name.startswith("process_")}
    assert {"process_cpu_seconds", "process_resident_memory_bytes"} <= process
