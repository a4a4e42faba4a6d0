"""A worker that is killed while it delivers: the event is told all the same."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from fastapi import FastAPI

from assay.adapters.outgoing import Outgoing
from assay.embedded.supervisor import Embedded
from tests.analyses.receiver import SILENCE, answer, receiving
from tests.conftest import Tenant


@contextlib.asynccontextmanager
async def worker(parts: Embedded) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the worker as embedded mode does; whatever still runs at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "assay.cli", "worker"),
        env=parts.worker_environment() | {"WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8"},
        stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
def allowed(parts: Embedded, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {"webhook_private_networks": (ip_network("127.0.0.0/8"),)}
    outgoing = Outgoing(parts.app_settings.model_copy(update=networks))
    monkeypatch.setattr(app.state.webhooks, "_outgoing", outgoing)


@pytest.mark.usefixtures("allowed")
async def test_a_killed_workers_delivery_is_made_by_the_next_one(parts: Embedded, tenant: Tenant):
    async with receiving() as receiver:
        receiver.answers = [SILENCE, answer(204)]
        created = await tenant.client.post("/v1/webhooks", json={"url": receiver.url()})
        webhook = created.json()
        path = f"/v1/webhooks/{webhook['id']}"
        assert (await tenant.client.post(f"{path}/test")).json()["status"] == "pending"
        async with worker(parts) as first:
            await receiver.told(1, seconds=60)
            first.kill()
            await first.wait()
        (delivery,) = (await tenant.client.get(f"{path}/deliveries")).json()["items"]
        assert delivery["status"] == "pending"
        async with worker(parts):
            lost, made = await receiver.told(2, seconds=60)
            async with asyncio.timeout(30):
                while delivery["status"] == "pending":
                    await asyncio.sleep(0.1)
                    (delivery,) = (await tenant.client.get(f"{path}/deliveries")).json()["items"]
    assert delivery["status"] == "delivered"
    assert made.headers["webhook-id"] == lost.headers["webhook-id"] == delivery["id"]
    assert made.body == lost.body
    assert made.verifies(webhook["secret"]), "the worker has the key that the API signs with"
