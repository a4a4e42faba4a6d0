"""A worker that is killed in mid-run: another goes on, and pays for nothing twice."""

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from assay.embedded.supervisor import Embedded
from tests.analyses.conftest import Desk, ask, read, table
from tests.conftest import Tenant
from tests.library import over
from tests.openai_server import OpenAIServer
from tests.operations.processes import BACKEND

DOCUMENTS = 24
LANES, CALLS = 2, 2
AT_ONCE = LANES * CALLS


@contextlib.asynccontextmanager
async def working(
    parts: Embedded, server: OpenAIServer
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "assay.cli", "worker"),
        env=parts.worker_environment()
        | {
            "PYTHONPATH": str(BACKEND),
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-secret",
            "ANALYSIS_LANES": str(LANES),
            "ANALYSIS_MODEL_CALLS": str(CALLS),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.slow
async def test_a_killed_worker_is_followed_by_one_that_pays_nothing_twice(
    parts: Embedded, tenant: Tenant, desk: Desk
):
    names = [f"Case{number:03}" for number in range(DOCUMENTS)]
    ids = [await desk.put(tenant, f"{name}.txt", f"Name: {name}") for name in names]
    body = {"kind": "extract", "fields": [{"name": "Name"}], "document_ids": ids}
    async with OpenAIServer(delay=0.15) as server:
        analysis = await ask(tenant, body)
        async with working(parts, server) as first:
            async with asyncio.timeout(60):
                while (await read(tenant, analysis))["progress"]["done"] < DOCUMENTS // 4:
                    await asyncio.sleep(0.02)
            first.kill()
            await first.wait()
        settled = "select count(*) as n from model_calls where status = 'settled'"
        paid = (await desk.rows(tenant, settled))[0]["n"]
        assert DOCUMENTS // 4 <= paid < DOCUMENTS
        before = of_documents(server, names)
        async with working(parts, server):
            done = await over(tenant.client, analysis["id"])
        asked = of_documents(server, names)
    progress = done["progress"]
    assert (done["status"], progress["done"], progress["failed"]) == ("completed", DOCUMENTS, 0)
    rows = (await table(tenant, analysis))["rows"]
    assert [row["cells"]["Name"]["value"] for row in rows] == names
    # Whatever was settled before the end is not asked for, nor paid, again.
    assert asked.total() - before.total() == DOCUMENTS - paid
    assert all(count <= 1 + (name in before) for name, count in asked.items())
    calls = await desk.rows(tenant, "select status, count(*)::int as n from model_calls group by 1")
    counted = Counter({each["status"]: each["n"] for each in calls})
    assert counted["settled"] == DOCUMENTS
    # What was under way when it died stays counted, at the most that it can have cost.
    assert before.total() - paid <= counted["reserved"] <= AT_ONCE


def of_documents(server: OpenAIServer, names: list[str]) -> Counter[str]:
    """Return how often each document was asked about."""
    prompts = [request.body["messages"][1]["content"] for request in server.requests]
    return Counter(name for prompt in prompts for name in names if name in prompt)
