"""How a process ends: real processes, real signals, requests in every state."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from assay.embedded.supervisor import Embedded
from tests.conftest import Tenant
from tests.library import REPORT, put
from tests.openai_server import Fault, OpenAIServer
from tests.operations.processes import Api, serving

pytestmark = pytest.mark.usefixtures("working")

QUESTION = {"question": "What was the total revenue of Northwind Traders in 2023?"}
EVENT_END = "\r\n\r\n"


@pytest.fixture
async def model() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(delay=0.05) as server:
        yield server


@pytest.fixture
async def asked(tenant: Tenant) -> dict[str, str]:
    """A workspace with a document; the headers of its owner."""
    await put(tenant.client, "northwind.txt", REPORT)
    return {"Authorization": str(tenant.client.headers["Authorization"])}


def events(text: str) -> list[tuple[str, dict]]:
    """Read a stream of events; comments are dropped."""
    read = []
    for block in text.split(EVENT_END):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            read.append((fields["event"], json.loads(fields["data"])))
    return read


async def test_no_request_is_lost_while_one_of_two_processes_ends(parts: Embedded, tenant: Tenant):
    """A small load balancer sends to whoever is healthy, over connections that it keeps."""
    headers = {"Authorization": str(tenant.client.headers["Authorization"])}
    async with serving(parts, DRAIN_SECONDS="2") as old, serving(parts) as new:
        healthy = {old.url, new.url}
        failed, served, closing = [], dict.fromkeys(healthy, 0), 0

        async def check(client: httpx.AsyncClient, api: Api) -> None:
            while True:
                answer = await client.get("/health")
                if answer.status_code != 200:
                    healthy.discard(api.url)
                    return
                await asyncio.sleep(0.05)

        async def send(clients: dict[str, httpx.AsyncClient], number: int) -> None:
            nonlocal closing
            while not done.is_set():
                number += 1
                url = sorted(healthy)[number % len(healthy)]
                try:
                    answer = await clients[url].get("/v1/me")
                except httpx.TransportError as error:
                    failed.append(repr(error))
                    continue
                served[url] += 1
                closing += answer.headers.get("connection") == "close"
                if answer.status_code != 200:
                    failed.append(answer.text)

        done = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            clients = {
                api.url: await stack.enter_async_context(api.client(**headers))
                for api in (old, new)
            }
            probe = await stack.enter_async_context(old.client())
            checking = asyncio.create_task(check(probe, old))
            sending = [asyncio.create_task(send(clients, number)) for number in range(8)]
            while min(served.values()) < 100:
                await asyncio.sleep(0.01)
            old.terminate()
            assert await old.ended() == 0
            before = served[new.url]
            while served[new.url] < before + 100:
                await asyncio.sleep(0.01)
            done.set()
            await asyncio.gather(*sending)
            await checking
        assert failed == []
        assert healthy == {new.url}
        assert closing > 0  # clients were told to go elsewhere before the listener closed


async def test_while_it_drains_health_fails_and_everything_else_is_served(
    parts: Embedded, tenant: Tenant
):
    headers = {"Authorization": str(tenant.client.headers["Authorization"])}
    async with serving(parts, DRAIN_SECONDS="2") as api, api.client(**headers) as client:
        healthy = await client.get("/health")
        assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
        assert (await client.get("/v1/me")).headers.get("connection") is None
        api.terminate()
        await api.draining()
        failing = await client.get("/health")
        assert (failing.status_code, failing.json()) == (503, {"status": "draining"})
        served = await client.get("/v1/me")  # on a new connection, too
        assert served.status_code == 200
        assert served.headers["connection"] == "close"
        assert await api.ended() == 0
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")


async def test_a_request_under_way_is_answered(parts: Embedded, asked, model: OpenAIServer):
    async with serving(parts, OPENAI_BASE_URL=model.url) as api, api.client(**asked) as client:
        await client.get("/health")  # and an idle connection is kept
        asking = asyncio.create_task(client.post("/v1/ask", json=QUESTION))
        await model.asked.wait()
        api.terminate()
        answer = await asking
        assert answer.status_code == 200
        assert "48.2 million" in answer.json()["answer"]
        assert await api.ended() == 0


async def test_a_stream_under_way_finishes(parts: Embedded, asked, model: OpenAIServer):
    async with serving(parts, OPENAI_BASE_URL=model.url) as api, api.client(**asked) as client:
        told = ""
        body = QUESTION | {"stream": True}
        async with client.stream("POST", "/v1/ask", json=body) as answer:
            async for text in answer.aiter_text():
                if "event: delta" in text and "event: delta" not in told:
                    api.terminate()
                told += text
        assert [name for name, _ in events(told)][-1] == "done"
        assert "48.2 million" in events(told)[-1][1]["answer"]
        assert await api.ended() == 0


async def test_a_stream_that_takes_too_long_is_told(parts: Embedded, asked, model: OpenAIServer):
    model.faults = [Fault.STALL]
    settings = {"OPENAI_BASE_URL": model.url, "SHUTDOWN_SECONDS": "4"}
    async with serving(parts, **settings) as api, api.client(**asked) as client:
        told = ""
        body = QUESTION | {"stream": True}
        async with client.stream("POST", "/v1/ask", json=body) as answer:
            async for text in answer.aiter_text():
                if "event: delta" in text and "event: delta" not in told:
                    api.terminate()
                told += text
        name, problem = events(told)[-1]
        assert name == "error"
        assert (problem["code"], problem["status"]) == ("shutting_down", 503)
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert await api.ended() == 0
        async with asyncio.timeout(20):
            await model.disconnected.wait()  # the work was cancelled


async def test_a_request_that_takes_too_long_is_told(parts: Embedded, asked, model: OpenAIServer):
    model.faults = [Fault.HANG]
    settings = {"OPENAI_BASE_URL": model.url, "SHUTDOWN_SECONDS": "4"}
    async with serving(parts, **settings) as api, api.client(**asked) as client:
        asking = asyncio.create_task(client.post("/v1/ask", json=QUESTION))
        await model.asked.wait()
        api.terminate()
        answer = await asking
        assert (answer.status_code, answer.json()["code"]) == (503, "shutting_down")
        assert answer.headers["retry-after"] == "1"
        assert await api.ended() == 0


async def test_a_stream_of_progress_ends_at_once_and_says_when_to_come_back(parts: Embedded, asked):
    """Nothing but its client would end it; 25 seconds of waiting would gain nothing."""
    async with serving(parts) as api, api.client(**asked) as client:
        told = ""
        async with (
            asyncio.timeout(20),
            client.stream("GET", "/v1/events") as answer,
        ):
            async for text in answer.aiter_text():
                if not told:
                    api.terminate()
                told += text
        assert told.endswith(f"retry: 1000{EVENT_END}")
        assert await api.ended() == 0


async def test_a_process_ends_after_as_many_requests_as_it_may_serve(
    parts: Embedded, tenant: Tenant
):
    headers = {"Authorization": str(tenant.client.headers["Authorization"])}
    async with serving(parts, MAX_REQUESTS="20") as api, api.client(**headers) as client:
        answered = 0
        with contextlib.suppress(httpx.TransportError):
            while answered < 1000:
                answered += (await client.get("/v1/me")).status_code == 200
        assert 18 <= answered < 1000
        assert await api.ended() == 0
