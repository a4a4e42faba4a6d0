"""A run over a thousand documents holds up nobody's upload, and nobody's own small run."""

import asyncio

import pytest

from tests.analyses.conftest import Desk, ask, read, step
from tests.conftest import Tenant
from tests.library import REPORT, over, put

pytestmark = pytest.mark.usefixtures("working")
MANY = 1000


@pytest.mark.slow
async def test_a_thousand_documents_let_others_in_between(
    tenant: Tenant, other: Tenant, desk: Desk
):
    ids = [await desk.put(tenant, f"{number}.txt", REPORT) for number in range(MANY)]
    greedy = [
        await ask(tenant, {"kind": "summary", "document_ids": ids, "name": str(number)})
        for number in range(3)
    ]
    async with asyncio.timeout(60):
        while not (await read(tenant, greedy[0]))["progress"]["done"]:
            await asyncio.sleep(0.05)
    document = await put(other.client, "report.txt", REPORT)
    assert document["status"] == "ready"
    small = await ask(other, {"kind": "summary", "document_ids": [document["id"]]})
    assert (await over(other.client, small["id"]))["status"] == "completed"
    own = await put(tenant.client, "own.txt", f"{REPORT} Again.")
    assert own["status"] == "ready"
    # Nobody waited for the end: most of it is still to do.
    left = [await read(tenant, each) for each in greedy]
    assert {each["status"] for each in left} <= {"queued", "running"}
    assert sum(each["progress"]["done"] for each in left) < MANY
    # Runs of one tenant take turns too: the last begins long before the first ends.
    async with asyncio.timeout(60):
        while not (await read(tenant, greedy[-1]))["progress"]["done"]:
            await asyncio.sleep(0.1)
    assert (await read(tenant, greedy[0]))["status"] == "running"
    for each in greedy:
        await step(tenant, each, "cancel")
