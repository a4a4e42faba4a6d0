"""Analyses that change are told to open pages, in the stream that tells of documents."""

import asyncio
import json

import httpx
from fastapi import FastAPI

from tests.analyses.conftest import EXTRACT, Desk, FakeEngine, ask
from tests.conftest import Tenant
from tests.serving import serve_app


async def test_a_page_sees_an_analysis_go_on_and_end(
    app: FastAPI, tenant: Tenant, other: Tenant, desk: Desk
):
    headers = {"Authorization": tenant.client.headers["authorization"]}
    foreign = await ask(other, EXTRACT | {"document_ids": await desk.some(other, 1)})
    async with (
        serve_app(app) as url,
        asyncio.timeout(30),
        httpx.AsyncClient(headers=headers, timeout=30) as client,
        client.stream("GET", f"{url}/v1/events") as answer,
    ):
        lines = answer.aiter_lines()
        while not (await anext(lines)).startswith("data:"):
            pass
        analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant, 1)})
        await desk.finish(tenant, analysis, FakeEngine())
        await desk.finish(other, foreign, FakeEngine())
        event, seen = "", []
        while not seen or seen[-1]["status"] != "completed":
            line = await anext(lines)
            if line.startswith("event:"):
                event = line[6:].strip()
            if line.startswith("data:") and event == "analyses":
                seen += json.loads(line[5:])["analyses"]
    assert {each["id"] for each in seen} == {analysis["id"]}
    assert seen[-1]["progress"]["done"] == 1
    assert all(each["result"] is None for each in seen)
