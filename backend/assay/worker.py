"""Builds the worker from the same parts as the API."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.background import running
from assay.adapters.chat import OpenAIChat
from assay.adapters.embeddings import create_embeddings
from assay.adapters.jobs import JobRunner, Jobs
from assay.adapters.metering import task_factory
from assay.adapters.migrations import check_schema
from assay.adapters.outgoing import Outgoing
from assay.adapters.postgres import Database
from assay.adapters.prices import embedding_price
from assay.adapters.redis import Cache
from assay.adapters.storage import Storage
from assay.adapters.telemetry_running import telemetry
from assay.adapters.vectors import VectorStore
from assay.analyses.engine import Engine
from assay.analyses.generative import Generative
from assay.analyses.jobs import AnalysisJobs
from assay.analyses.paid import PaidModel
from assay.analyses.processes import Processes
from assay.analyses.queueing import RUN
from assay.analyses.retrieval import DocumentRetrieval
from assay.analyses.unmodelled import Unmodelled
from assay.analyses.webhooks_jobs import WebhookJobs
from assay.analyses.webhooks_models import DELIVER, Secrets
from assay.analyses.webhooks_service import Announcements
from assay.documents.jobs import IngestJobs
from assay.documents.models import INGEST, REMOVE
from assay.documents.parsing import Parser
from assay.documents.quota import Quota
from assay.documents.reconcile import Reconciler
from assay.documents.scratch import scratch_folder
from assay.documents.tenant_removal import REMOVE_TENANT, TenantRemoval
from assay.operations.queue import QueueWatch
from assay.settings import Settings
from assay.usage.embeddings import TenantEmbeddings
from assay.usage.ledger import Ledger
from assay.usage.recorder import UsageRecorder
from assay.usage.sweep import UsageSweep


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
    cache, model = Cache(settings), create_embeddings(settings)
    embeddings = TenantEmbeddings(model, Ledger(database), embedding_price(settings))
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
        room=Quota(embeddings.dimensions),
        jobs=jobs,
        scratch=scratch,
    )
    reconciler = Reconciler(
        database=database, storage=storage, jobs=jobs, vectors=vectors, scratch=scratch
    )
    recorder = UsageRecorder(database)
    removal = TenantRemoval(
        database=database, storage=storage, vectors=vectors, cache=cache, jobs=jobs
    )
    processes = Processes(
        number=settings.analysis_processes,
        timeout_seconds=settings.analysis_timeout_seconds,
        memory_bytes=settings.analysis_memory_bytes,
    )
    retrieval = DocumentRetrieval(database, embeddings, vectors)
    chat = OpenAIChat(settings) if settings.uses_model else None
    engine: Engine = Unmodelled(processes, retrieval)
    if chat:
        engine = Generative(
            PaidModel(database, Ledger(database), chat),
            retrieval,
            prompt_tokens=settings.analysis_prompt_tokens,
            parallel=settings.analysis_model_calls,
        )
    analyses = AnalysisJobs(
        database=database,
        jobs=jobs,
        engine=engine,
        lanes=settings.analysis_lanes,
        finished=[Announcements(jobs).analysis_over],
    )
    webhooks = WebhookJobs(
        database=database, jobs=jobs, outgoing=Outgoing(settings), ring=Secrets(settings)
    )
    runner = JobRunner(settings, recorder.job)
    runner.register(INGEST, ingest.ingest)
    runner.register(REMOVE, ingest.remove)
    runner.register(REMOVE_TENANT, removal.remove)
    runner.register(RUN, analyses.run)
    runner.register(DELIVER, webhooks.deliver)
    runner.sweep(reconciler.sweep)
    runner.sweep(analyses.sweep)
    runner.sweep(removal.sweep)
    runner.sweep(UsageSweep(database, embeddings.dimensions).sweep)
    runner.sweep(QueueWatch(runner, cache).sweep)
    try:
        await database.check_role()
        await check_schema(database)
        asyncio.get_running_loop().set_task_factory(task_factory)
        async with telemetry(settings, "worker"), running(recorder.run()):
            yield runner
        await recorder.flush()
    finally:
        await processes.close()
        if chat:
            await chat.close()
        model.close()
        await cache.close()
        await vectors.close()
        await database.close()
