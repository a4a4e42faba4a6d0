"""What the worker uses is charged to the tenant it works for."""

import asyncio

from fastapi import FastAPI

from assay import worker
from assay.adapters.vector_size import bytes_per_passage
from assay.usage.sweep import UsageSweep
from tests.conftest import Tenant
from tests.documents.sample_files import pdf
from tests.library import REPORT, put
from tests.usage.test_usage_api import total


async def test_ingesting_costs_processor_time_of_worker_and_parser(
    app: FastAPI, parts, tenant: Tenant, other: Tenant
):
    async with worker.connect(parts.worker_settings) as runner:
        task = asyncio.create_task(runner.run(alone=True))
        before = await total(app, tenant)
        pages = [["quarterly revenue grew by some percent"] * 40] * 30
        assert (await put(tenant.client, "long.pdf", pdf(pages)))["status"] == "ready"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    after = await total(app, tenant)
    assert after["compute_seconds"] - before["compute_seconds"] > 0.2
    assert after["database_queries"] - before["database_queries"] > 10
    assert (await total(app, other))["compute_seconds"] < 0.2


async def test_storage_is_measured(app: FastAPI, parts, tenant: Tenant):
    async with worker.connect(parts.worker_settings) as runner:
        task = asyncio.create_task(runner.run(alone=True))
        document = await put(tenant.client, "report.txt", REPORT)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    from assay.adapters.postgres import Database

    database = Database(parts.worker_settings)
    await UsageSweep(database, 384).sweep()
    await database.close()
    expected = len(REPORT.encode()) + document["passages"] * bytes_per_passage(384)
    assert (await total(app, tenant))["storage_bytes"] == expected
