"""A small run of the generated attempts, and that they would notice a leak."""

from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from benchmarks.cross_tenant import attack, operations
from tests.isolation.tables import Connection

ATTEMPTS = 320


def test_every_call_that_names_anything_is_attempted(app: FastAPI):
    """No place for an id is missed, whatever it is called."""
    attempted = {each.name for each in operations(app.openapi())}
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            if "_id}" in path:
                assert f"{method.upper()} {path}" in attempted
    assert {"POST /v1/search", "POST /v1/ask", "POST /v1/documents", "GET /v1/audit"} <= attempted


@pytest.mark.usefixtures("working")
async def test_no_attempt_succeeds(app: FastAPI, owner: psycopg.AsyncConnection[Any]):
    report = await attack(app, owner, ATTEMPTS, seed=7)
    assert report.breaches == []
    assert report.statuses.total() == ATTEMPTS
    assert report.statuses[429] == 0
    # Most are refused for the id itself, and not for a request that nobody could send.
    assert report.statuses[404] > ATTEMPTS / 2
    assert report.statuses[422] < ATTEMPTS / 10
    assert all(status < 300 or status == 409 for status in report.controls.values())


@pytest.mark.usefixtures("working")
async def test_a_lost_policy_is_noticed(
    app: FastAPI, owner: psycopg.AsyncConnection[Any], superuser: Connection
):
    superuser.execute("create policy more on collections to assay_app using (true)")
    try:
        report = await attack(app, owner, 90, seed=7)
    finally:
        superuser.execute("drop policy more on collections")
    noticed = "\n".join(report.breaches)
    assert "GET /v1/collections/{collection_id}" in noticed
    assert "PATCH /v1/collections/{collection_id}" in noticed
    assert "changed {" in noticed
