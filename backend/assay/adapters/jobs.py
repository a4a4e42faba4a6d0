"""Durable jobs on PostgreSQL through procrastinate: deferred inside the caller's transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import ConnectorException

from assay.adapters.metering import Meter, metered
from assay.adapters.postgres import PatientConnection, Transaction
from assay.scope import TenantScope
from assay.settings import Settings

log = structlog.get_logger()

TenantJob = Callable[..., Coroutine[Any, Any, None]]
"""A coroutine `job(scope, **args)`; args are JSON values."""
Record = Callable[[UUID, Meter], None]
Sweep = Callable[[], Awaitable[None]]
"""A coroutine that looks across tenants for what a crash left."""

HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 15.0
"""A worker silent for this long is dead; its jobs go to another one."""
SWEEP_SECONDS = 10.0
RESTART_SECONDS = 1.0
"""Pause before a queue is worked again after its worker lost the database."""

DOCUMENTS_QUEUE, ANALYSES_QUEUE, WEBHOOKS_QUEUE = "default", "analyses", "webhooks"
"""Each has places of its own in a worker, so that none waits for another. (The first is
procrastinate's own name for the queue of jobs that name none.)"""
QUEUES = (DOCUMENTS_QUEUE, ANALYSES_QUEUE, WEBHOOKS_QUEUE)

MAX_ATTEMPTS = 20
"""A job that failed this often is dropped; what it was for, a sweep finds again."""
MAX_WAIT_SECONDS = 60
"""Longest wait between two attempts, so that work goes on soon after an outage has ended."""

_LANES = """
    select j.queue_name as name,
        count(*) filter (where due) as waiting,
        count(*) filter (where j.status = 'doing') as running,
        count(*) filter (where j.status = 'todo' and not due) as later,
        coalesce(extract(epoch from now()
            - min(coalesce(j.scheduled_at, e.at)) filter (where due)), 0) as oldest
    from procrastinate_jobs j
    left join procrastinate_events e on e.job_id = j.id and e.type = 'deferred'
    cross join lateral (
        select j.status = 'todo' and coalesce(j.scheduled_at, now()) <= now() as due) as startable
    where j.status in ('todo', 'doing')
    group by j.queue_name
"""


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue at a moment."""

    name: str
    waiting: int
    """Jobs that could start now."""
    running: int
    later: int
    """Jobs whose time has not come: most wait for another attempt."""
    oldest_seconds: float
    """How long the oldest of those that could start has waited."""


class Backoff(BaseRetryStrategy):
    """Waits 2, 4, 8 ... seconds between attempts, up to a bound."""

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> RetryDecision | None:
        """Return when to try again, or None to give up."""
        log.warning("job.failed", job=job.task_name, id=job.id, error=type(exception).__name__)
        if job.attempts >= MAX_ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": min(MAX_WAIT_SECONDS, 2 ** (job.attempts + 1))})


def swept(tenant_id: UUID) -> TenantScope:
    """Open the scope of a tenant that a `gate_*` function named to a sweep."""
    return TenantScope(tenant_id)


class Jobs:
    """The sending half, for the API and for jobs that send others."""

    def __init__(self) -> None:
        # Never opened: deferring goes through the caller's own connection.
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector())

    async def defer(
        self,
        tx: Transaction,
        scope: TenantScope,
        name: str,
        *,
        lock: str,
        queue: str = DOCUMENTS_QUEUE,
        wait_seconds: float = 0,
        **args: Any,
    ) -> None:
        """Put a job into the caller's transaction: it exists exactly if that commits.

        :param name: a name that the worker registered.
        :param lock: jobs with the same lock run one after the other.
        :param queue: whose places in a worker it takes.
        :param wait_seconds: it starts no sooner.
        :param args: JSON values for the job.
        """
        deferrer = self._app.configure_task(
            name,
            lock=lock,
            queue=queue,
            schedule_in={"seconds": wait_seconds} if wait_seconds else None,
            connection=tx.driver,
        )
        await deferrer.defer_async(tenant_id=str(scope.tenant_id), **args)


class _Connector(procrastinate.PsycopgConnector):
    """Says how a job ended, and that a worker lives, once more where the connection was lost.

    A job whose end was not told would be running for as long as this process lives, and its lock be
    held; a worker that failed to say once that it lives says it no more, and its jobs are begun
    anew by the next sweep. These statements say what shall be, so that twice is once. What fetches
    a job is not among them: its answer may be lost with the job in it, and only a dead worker's
    jobs are given anew.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Execute a statement that returns nothing."""
        try:
            await super().execute_query_async(query, **arguments)
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.OperationalError):
                raise
            log.warning("job.statement_repeated", error=type(error.__cause__).__name__)
            await self._repeat(query, arguments)

    async def _repeat(self, query: LiteralString, arguments: dict[str, Any]) -> None:
        try:
            await super().execute_query_async(query, **arguments)
        except ConnectorException as error:
            # So the server refuses to end a job that has ended: the first had arrived.
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise


class JobRunner:
    """The receiving half: fetches jobs, opens the tenant's scope, runs the registered coroutine."""

    def __init__(self, settings: Settings, record: Record) -> None:
        """Connect lazily.

        :param record: is told what each job used, also when it failed.
        """
        self._settings, self._record = settings, record
        self._app = procrastinate.App(
            connector=_Connector(
                kwargs={
                    "host": settings.postgres_host,
                    "port": settings.postgres_port,
                    "dbname": settings.postgres_db,
                    "user": settings.postgres_user,
                    "password": settings.postgres_password.get_secret_value(),
                    "prepare_threshold": None,
                },
                connection_class=PatientConnection,
                min_size=1,
                max_size=settings.worker_concurrency
                + settings.analysis_concurrency
                + settings.webhook_concurrency
                + 8,
            )
        )
        self._sweeps: list[Sweep] = []

    def register(self, name: str, job: TenantJob) -> None:
        """Run `job(scope, **args)` for jobs of this name; an error is retried with back-off."""

        async def run(tenant_id: str, **args: Any) -> None:
            scope, meter = TenantScope(UUID(tenant_id)), Meter()
            try:
                await metered(job(scope, **args), meter)
            finally:
                self._record(scope.tenant_id, meter)

        self._app.task(name=name, retry=Backoff())(run)

    def sweep(self, sweep: Sweep) -> None:
        """Call `sweep()` at the start and every few seconds."""
        self._sweeps.append(sweep)

    async def run(self, *, alone: bool) -> None:
        """Work until cancelled; running jobs get `shutdown_seconds` to end, then go back.

        :param alone: no other worker exists, so every job marked running is a dead worker's.
        """
        async with self._app.open_async():
            await self._requeue(0 if alone else STALLED_SECONDS)
            tasks = [
                asyncio.create_task(self._work(DOCUMENTS_QUEUE, self._settings.worker_concurrency)),
                asyncio.create_task(
                    self._work(ANALYSES_QUEUE, self._settings.analysis_concurrency)
                ),
                asyncio.create_task(self._work(WEBHOOKS_QUEUE, self._settings.webhook_concurrency)),
                asyncio.create_task(self._sweep_forever()),
            ]
            try:
                await asyncio.gather(*tasks)
            finally:
                # All give their jobs back before the connections close.
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, queue: str, concurrency: int) -> None:
        """Work on a queue until cancelled, however often the database is lost.

        A worker ends when it cannot fetch. One that cannot listen asks every second.
        """
        while True:
            try:
                await self._app.run_worker_async(
                    queues=[queue],
                    concurrency=concurrency,
                    listen_notify=self._settings.jobs_listen,
                    fetch_job_polling_interval=1.0,
                    delete_jobs="always",
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=self._settings.shutdown_seconds,
                )
            except ConnectorException:
                # Told to end, it may fail to say good-bye, and then this hides the cancellation.
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
            log.warning("job.worker_restarted", queue=queue)
            await asyncio.sleep(RESTART_SECONDS)

    async def lanes(self) -> Sequence[Lane]:
        """Return how each queue is, also one that is empty."""
        rows = await self._app.connector.execute_query_all_async(_LANES)
        found = {
            row["name"]: Lane(
                row["name"], row["waiting"], row["running"], row["later"], float(row["oldest"])
            )
            for row in rows
        }
        return [found.get(name, Lane(name, 0, 0, 0, 0.0)) for name in QUEUES]

    async def _requeue(self, seconds: float) -> None:
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
            await manager.retry_job(job)
            log.info("job.requeued", job=job.task_name, id=job.id)

    async def _sweep_forever(self) -> None:
        while True:
            for sweep in (lambda: self._requeue(STALLED_SECONDS), *self._sweeps):
                try:
                    await sweep()
                except Exception:
                    log.exception("job.sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)
