"""Builds the worker from the same parts as the API."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.jobs import JobRunner
from assay.adapters.migrations import check_schema
from assay.adapters.postgres import Database
from assay.settings import Settings


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; jobs that do not end in time go back to the queue."""
    async with connect(settings) as runner:
        work = asyncio.create_task(runner.run(alone=settings.sole_worker))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, work.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await work


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[JobRunner]:
    """Connect the parts and register every job and sweep."""
    database = Database(settings)
    try:
        await database.check_role()
        await check_schema(database)
        yield JobRunner(settings)
    finally:
        await database.close()
