"""Jobs exist exactly if their transaction committed, run in the tenant's scope, and are retried."""

import asyncio
import contextlib
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from assay.adapters import jobs as jobs_module
from assay.adapters.jobs import DOCUMENTS_QUEUE, HEARTBEAT_SECONDS, QUEUES, Backoff, JobRunner, Jobs
from assay.adapters.postgres import Database
from assay.scope import TenantScope
from tests.gate import Gate

SCOPE = TenantScope(UUID(int=5))


@pytest.fixture
async def database(parts, app):
    database = Database(parts.app_settings)
    yield database
    await database.close()


@contextlib.asynccontextmanager
async def running(settings, name, job):
    runner = JobRunner(settings, lambda *_: None)
    runner.register(name, job)
    task = asyncio.create_task(runner.run(alone=True))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_job_runs_in_its_tenants_scope_after_the_commit(parts, database):
    name, seen = f"test.{uuid4()}", asyncio.Queue()

    async def job(scope, word):
        await seen.put((scope, word))

    async with running(parts.worker_settings, name, job):
        with contextlib.suppress(LookupError):
            async with database.transaction(SCOPE) as tx:
                await Jobs().defer(tx, SCOPE, name, lock="a", word="rolled back")
                raise LookupError
        async with database.transaction(SCOPE) as tx:
            await Jobs().defer(tx, SCOPE, name, lock="a", word="committed")
        assert await asyncio.wait_for(seen.get(), 20) == (SCOPE, "committed")
        assert seen.empty()


async def test_jobs_of_one_lock_run_one_after_the_other(parts, database):
    name, running_now, done = f"test.{uuid4()}", set(), asyncio.Queue()

    async def job(_scope, which):
        assert which not in running_now
        running_now.add(which)
        await asyncio.sleep(0.05)
        running_now.discard(which)
        await done.put(which)

    async with running(parts.worker_settings, name, job):
        async with database.transaction(SCOPE) as tx:
            for lock in ("a", "a", "b", "a", "b"):
                await Jobs().defer(tx, SCOPE, name, lock=f"{name}{lock}", which=lock)
        finished = [await asyncio.wait_for(done.get(), 20) for _ in range(5)]
    assert sorted(finished) == ["a", "a", "a", "b", "b"]


async def test_a_failed_job_is_tried_again(parts, database, monkeypatch):
    name, attempts, done = f"test.{uuid4()}", [], asyncio.Event()
    monkeypatch.setattr(jobs_module, "MAX_WAIT_SECONDS", 0)

    async def job(_scope):
        attempts.append(1)
        if len(attempts) < 3:
            raise ConnectionError
        done.set()

    async with running(parts.worker_settings, name, job):
        async with database.transaction(SCOPE) as tx:
            await Jobs().defer(tx, SCOPE, name, lock="a")
        await asyncio.wait_for(done.wait(), 30)
    assert len(attempts) == 3


def test_waits_double_up_to_a_bound_and_end():
    strategy = Backoff()

    def wait(attempts):
        job = SimpleNamespace(attempts=attempts, task_name="x", id=1)
        return strategy.get_retry_decision(exception=ValueError(), job=job)

    assert all(wait(attempts) is not None for attempts in range(20))
    assert wait(20) is None


@pytest.mark.parametrize("listen", [True, False], ids=["listening", "asking"])
async def test_every_queue_goes_on_after_an_outage_of_the_database(parts, database, listen):
    name, done = f"test.{uuid4()}", asyncio.Queue()
    gate = Gate(parts.worker_settings.postgres_port)
    await gate.open()
    settings = parts.worker_settings.model_copy(
        update={"postgres_port": gate.port, "jobs_listen": listen}
    )

    async def job(_scope, which):
        await done.put(which)

    async def each_queue():
        async with database.transaction(SCOPE) as tx:
            for queue in QUEUES:
                await Jobs().defer(tx, SCOPE, name, lock=queue, queue=queue, which=queue)
        return {await asyncio.wait_for(done.get(), 60) for _ in QUEUES}

    async with running(settings, name, job):
        assert await each_queue() == set(QUEUES)
        for _ in range(3):
            await gate.close()
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await gate.open()
            assert await each_queue() == set(QUEUES)
    await gate.close()


LOST = ["fetch_job", "finish_job", "retry_job"]


@pytest.mark.parametrize("moment", ["statement", "commit", "answer"])
@pytest.mark.parametrize("statement", LOST)
async def test_a_job_is_done_whatever_statement_is_lost(parts, database, statement, moment):
    """And its lock comes free, and every queue is worked on: the next jobs of it run in each."""
    name, attempts, done = f"test.{uuid4()}", [], asyncio.Queue()
    gate = Gate(parts.worker_settings.postgres_port)
    await gate.open()
    settings = parts.worker_settings.model_copy(update={"postgres_port": gate.port})

    def cut_at_the_statement():
        words = [f"procrastinate_{statement}".encode()]
        if statement == "fetch_job":
            words.append(DOCUMENTS_QUEUE.encode())
        gate.cut_at(*words, moment=moment)

    async def job(_scope, which):
        attempts.append(which)
        if attempts == ["first"] and statement != "fetch_job":
            cut_at_the_statement()
            if statement == "retry_job":
                raise ConnectionError
        await done.put(which)

    async with running(settings, name, job):
        async with database.transaction(SCOPE) as tx:
            await Jobs().defer(tx, SCOPE, name, lock=name, which="first")
        if statement == "fetch_job":
            cut_at_the_statement()
        assert await asyncio.wait_for(done.get(), 90) == "first"
        await asyncio.wait_for(gate.cut.wait(), 60)
        async with database.transaction(SCOPE) as tx:
            for queue in QUEUES:
                await Jobs().defer(tx, SCOPE, name, lock=name, queue=queue, which=queue)
        left = set(QUEUES)
        async with asyncio.timeout(90):
            while left:
                left.discard(await done.get())
    await gate.close()


async def test_a_job_is_begun_once_though_its_worker_lost_a_sign_of_life(
    parts, database, monkeypatch
):
    for name, seconds in {"HEARTBEAT": 0.5, "SWEEP": 0.5, "STALLED": 6}.items():
        monkeypatch.setattr(jobs_module, f"{name}_SECONDS", seconds)
    name, begun, done = f"test.{uuid4()}", [], asyncio.Queue()
    gate = Gate(parts.worker_settings.postgres_port)
    await gate.open()
    settings = parts.worker_settings.model_copy(update={"postgres_port": gate.port})

    async def job(_scope, which):
        begun.append(which)
        await asyncio.wait_for(gate.cut.wait(), 60)
        await asyncio.sleep(10)  # a worker that is silent from here on is taken for dead
        await done.put(which)

    async with running(settings, name, job):
        gate.cut_at(b"procrastinate_update_heartbeat", moment="statement")
        async with database.transaction(SCOPE) as tx:
            for queue in QUEUES:
                await Jobs().defer(tx, SCOPE, name, lock=queue, queue=queue, which=queue)
        for _ in QUEUES:
            await asyncio.wait_for(done.get(), 90)
    await gate.close()
    assert sorted(begun) == sorted(QUEUES)
