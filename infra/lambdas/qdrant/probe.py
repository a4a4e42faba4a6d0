# ruff: noqa: INP001 - Lambda takes modules from the top of a package
"""Asks each node of Qdrant every minute whether it serves, and makes metrics of the answers."""

import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

from client import Qdrant, forget_key, nodes

SECONDS = 5
NAMESPACE = "Assay/Qdrant"
DIMENSIONS = ("Environment", "Node")
METRICS = {"Up": "Count", "ResponseTime": "Milliseconds"}


def handler(_event: object, _context: object) -> dict[str, bool]:
    """Write a line of CloudWatch's embedded metric format for each node; tell which serve."""
    return {_name(node): _probe(node) for node in nodes(SECONDS)}


def _probe(node: Qdrant) -> bool:
    began, reason = time.monotonic(), ""
    try:
        node.check()
    except (OSError, ValueError, LookupError) as error:
        reason = f"{type(error).__name__}: {error}"
        forget_key()
    line = _line(_name(node), up=not reason, milliseconds=(time.monotonic() - began) * 1000)
    print(json.dumps(line | ({"reason": reason} if reason else {})))  # noqa: T201 - Lambda's log
    return not reason


def _line(name: str, *, up: bool, milliseconds: float) -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": unit} for name, unit in METRICS.items()]
    directive = {"Namespace": NAMESPACE, "Dimensions": [list(DIMENSIONS)], "Metrics": metrics}
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "Environment": os.environ["ENVIRONMENT"],
        "Node": name,
        "Up": int(up),
        "ResponseTime": round(milliseconds, 1),
    }


def _name(node: Qdrant) -> str:
    return urlsplit(node.url).hostname or node.url
