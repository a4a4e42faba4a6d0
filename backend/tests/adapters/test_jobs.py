"""Jobs exist exactly if their transaction committed, run in the tenant's scope, and are retried."""

import asyncio
import contextlib
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from assay.adapters import jobs as jobs_module
from assay.adapters.jobs import Backoff, JobRunner, Jobs
from assay.adapters.postgres import Database
from assay.scope import TenantScope

SCOPE = TenantScope(UUID(int=5))


@pytest.fixture
async def database(parts, app):
    database = Database(parts.app_settings)
    yield database
    await database.close()


@contextlib.asynccontextmanager
async def running(parts, name, job):
    runner = JobRunner(parts.worker_settings, lambda *_: None)
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

    async with running(parts, name, job):
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

    async with running(parts, name, job):
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

    async with running(parts, name, job):
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
