"""Builds the worker from the same parts as the API."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.embeddings import create_embeddings
from assay.adapters.jobs import JobRunner, Jobs
from assay.adapters.migrations import check_schema
from assay.adapters.postgres import Database
from assay.adapters.storage import Storage
from assay.adapters.vectors import VectorStore
from assay.documents.jobs import IngestJobs
from assay.documents.models import INGEST, REMOVE
from assay.documents.parsing import Parser
from assay.documents.reconcile import Reconciler
from assay.documents.scratch import scratch_folder
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
    database, storage, jobs = Database(settings), Storage(settings), Jobs()
    embeddings = create_embeddings(settings)
    vectors = VectorStore(settings, embeddings.dimensions)
    parser = Parser(
        timeout_seconds=settings.parse_timeout_seconds, memory_bytes=settings.parse_memory_bytes
    )
    scratch = scratch_folder(settings)
    ingest = IngestJobs(
        database=database,
        storage=storage,
        parser=parser,
        embeddings=embeddings,
        vectors=vectors,
        scratch=scratch,
    )
    reconciler = Reconciler(
        database=database, storage=storage, jobs=jobs, vectors=vectors, scratch=scratch
    )
    runner = JobRunner(settings)
    runner.register(INGEST, ingest.ingest)
    runner.register(REMOVE, ingest.remove)
    runner.sweep(reconciler.sweep)
    try:
        await database.check_role()
        await check_schema(database)
        yield runner
    finally:
        embeddings.close()
        await vectors.close()
        await database.close()
