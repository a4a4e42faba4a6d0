"""Metrics of our own: what is deployed asks for exactly what is written.

Both sides are real: the application, the probe and the agent's configuration on the node say what
is written, the account's alarms, dashboards and scaling say what is asked for.
"""

import base64
import gzip
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SECONDS = 60
Metric = tuple[str, str, frozenset[tuple[str, str]]]


def written_in(line: dict) -> set[Metric]:
    """Return what CloudWatch makes of a line of its embedded metric format."""
    return {
        (each["Namespace"], metric["Name"], frozenset((key, line[key]) for key in keys))
        for each in line["_aws"]["CloudWatchMetrics"]
        for keys in each["Dimensions"]
        for metric in each["Metrics"]
    }


@pytest.fixture(scope="module")
def from_the_application(aws, environment) -> set[Metric]:
    """What both services write with the configuration that their tasks are given."""
    python = ROOT / ".venv/bin/python"
    assert python.exists(), "the application is not installed: run make .venv/.installed-dev"
    path = f"/assay/{environment}/configuration/"
    names = [f"{path}{key}" for key in ("ENVIRONMENT", "METRICS_EMF")]
    kept = aws("ssm").get_parameters(Names=names, WithDecryption=True)["Parameters"]
    given = {each["Name"].removeprefix(path): each["Value"] for each in kept}
    assert given["METRICS_EMF"] == "true"
    found = set()
    for service in ("api", "worker"):
        ran = subprocess.run(
            [python, ROOT / "infra/tests/emit.py", service],
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **given},
            stdout=subprocess.PIPE,
            timeout=SECONDS,
            check=True,
        )
        found |= written_in(json.loads(ran.stdout))
    return found


@pytest.fixture
def from_the_probe(aws, name, endpoint, monkeypatch, capsys) -> set[Metric]:
    """What the function writes that asks Qdrant, with the variables that it was deployed with."""
    call = aws("lambda").get_function_configuration
    given = call(FunctionName=f"{name}-qdrant-probe")["Environment"]["Variables"]
    keys = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated"}
    for key, text in {
        **given,
        **keys,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(key, text)
    monkeypatch.syspath_prepend(ROOT / "infra/lambdas/qdrant")
    assert list(importlib.import_module("probe").handler({}, None).values()) == [False]
    lines = capsys.readouterr().out.splitlines()
    for module in ("probe", "client"):
        sys.modules.pop(module)
    return set().union(*(written_in(json.loads(line)) for line in lines))


@pytest.fixture(scope="module")
def from_the_agent(aws) -> set[Metric]:
    """What the agent on the node writes, by its configuration there."""
    wanted = [{"Name": "tag:Service", "Values": ["qdrant"]}]
    (reservation,) = aws("ec2").describe_instances(Filters=wanted)["Reservations"]
    key = reservation["Instances"][0]["InstanceId"]
    kept = aws("ec2").describe_instance_attribute(InstanceId=key, Attribute="userData")
    text = gzip.decompress(base64.b64decode(kept["UserData"]["Value"]))
    (file,) = [
        each
        for each in yaml.safe_load(text)["write_files"]
        if each["path"].endswith("cloudwatch-agent.json")
    ]
    metrics = json.loads(base64.b64decode(file["content"]))["metrics"]
    # The agent adds these two to each disk; the device is left out on request.
    added = {"disk": {"path": "/qdrant", "fstype": "ext4"}, "mem": {}}
    assert metrics["metrics_collected"]["disk"]["resources"] == ["/qdrant"]
    assert metrics["metrics_collected"]["disk"]["drop_device"] is True
    return {
        (
            metrics["namespace"],
            each["rename"],
            frozenset({**collected["append_dimensions"], **added[kind]}.items()),
        )
        for kind, collected in metrics["metrics_collected"].items()
        for each in collected["measurement"]
    }


def ours(namespace: str) -> bool:
    return namespace.partition("/")[0] == "Assay"


def asked_by_alarms(aws) -> set[Metric]:
    pages = aws("cloudwatch").get_paginator("describe_alarms").paginate()
    plain = [each for page in pages for each in page["MetricAlarms"]]
    queried = [
        one["MetricStat"]["Metric"]
        for each in plain
        for one in each.get("Metrics", [])
        if "MetricStat" in one
    ]
    return {
        (
            each["Namespace"],
            each["MetricName"],
            frozenset((one["Name"], one["Value"]) for one in each["Dimensions"]),
        )
        for each in [*plain, *queried]
        if ours(each.get("Namespace", ""))
    }


def asked_by_scaling(aws) -> set[Metric]:
    found = aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")
    rules = [
        each.get("TargetTrackingScalingPolicyConfiguration", {})
        for each in found["ScalingPolicies"]
    ]
    metrics = [rule.get("CustomizedMetricSpecification") for rule in rules]
    return {
        (
            each["Namespace"],
            each["MetricName"],
            frozenset((one["Name"], one["Value"]) for one in each["Dimensions"]),
        )
        for each in metrics
        if each
    }


def asked_by_dashboards(aws, name) -> set[Metric]:
    found = set()
    for kind in ("application", "custom", "business"):
        body = aws("cloudwatch").get_dashboard(DashboardName=f"{name}-{kind}")["DashboardBody"]
        for widget in json.loads(body)["widgets"]:
            for namespace, metric, *rest in widget["properties"].get("metrics", []):
                if ours(namespace):
                    found.add(
                        (namespace, metric, frozenset(zip(rest[::2], rest[1::2], strict=True)))
                    )
    return found


@pytest.fixture
def written(from_the_application, from_the_probe, from_the_agent) -> set[Metric]:
    return from_the_application | from_the_probe | from_the_agent


def test_every_alarm_asks_for_a_metric_that_is_written(aws, written, environment):
    asked = asked_by_alarms(aws)
    assert asked - written == set()
    names = {metric for _, metric, _ in asked}
    assert names >= {"ModelTime", "OldestJobAge", "TokensInvalid", "Up", "DiskUsed"}
    assert ("ResponseTime" in names) is (environment == "production")


def test_scaling_asks_for_a_metric_that_is_written(aws, written, environment):
    asked = asked_by_scaling(aws)
    assert asked - written == set()
    wanted = {"ActiveConnections"} if environment == "production" else set()
    assert {metric for _, metric, _ in asked} == wanted


def test_every_dashboard_shows_metrics_that_are_written(aws, written, name):
    asked = asked_by_dashboards(aws, name)
    assert asked - written == set()
    assert len(asked) > 20
