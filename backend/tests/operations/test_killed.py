"""What an API process that is killed takes along: seconds of counters, and no money."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from assay.embedded.supervisor import Embedded
from assay.usage.recorder import FLUSH_SECONDS
from tests.conftest import Tenant
from tests.library import REPORT, put
from tests.openai_server import Fault, OpenAIServer
from tests.operations.processes import serving

pytestmark = pytest.mark.usefixtures("working")

QUESTION = {"question": "What was the total revenue of Northwind Traders in 2023?", "stream": True}
PRICE = {"CHAT_PRICE_INPUT": "10", "CHAT_PRICE_OUTPUT": "10"}
CALLS = 25


@pytest.fixture
async def model() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(delay=0.05) as server:
        server.faults = [Fault.STALL]
        yield server


async def calls(tenant: Tenant) -> int:
    return (await tenant.client.get("/v1/usage")).json()["total"]["api_calls"]


async def test_a_killed_process_loses_seconds_of_counters_and_no_money(
    parts: Embedded, tenant: Tenant, model: OpenAIServer
):
    await put(tenant.client, "northwind.txt", REPORT)
    headers = {"Authorization": str(tenant.client.headers["Authorization"])}
    async with serving(parts, OPENAI_BASE_URL=model.url, **PRICE) as api:
        async with api.client(**headers) as client:
            before = await calls(tenant)
            for _ in range(CALLS):
                assert (await client.get("/v1/me")).status_code == 200
            await asyncio.sleep(2 * FLUSH_SECONDS)
            with contextlib.suppress(httpx.HTTPError):
                async with client.stream("POST", "/v1/ask", json=QUESTION) as answer:
                    async for text in answer.aiter_text():
                        if "event: delta" in text:
                            api.process.kill()
        assert await api.ended() == -9
    assert await calls(tenant) - before >= CALLS
    budget = (await tenant.client.get("/v1/usage")).json()["budget"]
    assert budget["reserved_usd"] > 0
    assert budget["spent_usd"] == budget["reserved_usd"]  # the most that the answer could cost
