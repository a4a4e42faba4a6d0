"""Documents that change are told to open pages, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import SetLimits, Tenant
from tests.documents.conftest import Pipeline
from tests.library import REPORT
from tests.serving import serve_app


@asynccontextmanager
async def following(url: str, tenant: Tenant) -> AsyncIterator[AsyncIterator[list[dict]]]:
    """Open the stream; yield the lists of changed documents."""
    headers = {"Authorization": tenant.client.headers["authorization"]}
    async with (
        asyncio.timeout(30),
        httpx.AsyncClient(headers=headers, timeout=30) as client,
        client.stream("GET", f"{url}/v1/events") as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")

        async def changes() -> AsyncIterator[list[dict]]:
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line[5:])["documents"]

        yield changes()


async def test_a_page_sees_a_document_become_ready(
    app: FastAPI, tenant: Tenant, other: Tenant, pipeline: Pipeline
):
    async with (
        serve_app(app) as url,
        following(url, tenant) as mine,
        following(url, tenant) as tab,
        following(url, other) as theirs,
    ):
        for stream in (mine, tab, theirs):
            assert await anext(stream) == []
        upload = await tenant.client.post("/v1/documents", files={"file": ("a.txt", REPORT)})
        document = upload.json()["documents"][0]
        await pipeline.ingest(tenant, document)
        for stream in (mine, tab):
            seen: list[dict] = []
            while not seen or seen[-1]["status"] != "ready":
                seen += await anext(stream)
            assert {each["id"] for each in seen} == {document["id"]}
        async with asyncio.timeout(10):
            own = await other.client.post("/v1/documents", files={"file": ("b.txt", REPORT)})
            told = await anext(theirs)
        assert [each["id"] for each in told] == [own.json()["documents"][0]["id"]]


@pytest.mark.parametrize(("tier", "most"), [("standard", 10), ("premium", 50)])
async def test_open_pages_lock_nobody_out_and_have_a_limit_of_their_own(
    app: FastAPI, tenant: Tenant, set_limits: SetLimits, tier: str, most: int
):
    await set_limits(tenant.id, tier, concurrent_requests=1, requests_per_minute=1000)
    async with serve_app(app) as url:
        async with asyncio.timeout(30):
            async with AsyncExitStack() as stack:
                pages = [
                    await stack.enter_async_context(following(url, tenant)) for _ in range(most)
                ]
                assert [await anext(page) for page in pages] == [[]] * most
                refused = await tenant.client.get("/v1/events")
                assert (refused.status_code, refused.json()["code"]) == (
                    429,
                    "too_many_concurrent_requests",
                )
                assert (await tenant.client.get("/v1/me")).status_code == 200
            # Every page was closed: their leases are free, and nobody looks at the database.
            while (await tenant.client.get("/v1/me")).status_code != 200:
                await asyncio.sleep(0.05)
            while app.state.events._watches:
                await asyncio.sleep(0.05)
            async with following(url, tenant) as again:
                assert await anext(again) == []
