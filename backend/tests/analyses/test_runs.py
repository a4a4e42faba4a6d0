"""Runs: partial results, pause, cancel, crash, retry, extension, and what makes them wait."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from assay.analyses import jobs as analysis_jobs
from assay.analyses import runs
from assay.analyses.engine import DocumentFailed, Reading
from assay.analyses.jobs import MAX_ATTEMPTS, MOST_STALLS
from assay.analyses.models import Cell, Evidence
from assay.errors import PaymentRequired, Unavailable
from tests.analyses.conftest import (
    EXTRACT,
    Desk,
    FakeEngine,
    ask,
    read,
    scope_of,
    states,
    step,
    table,
)
from tests.conftest import Tenant

NOW = timedelta(0)


@pytest.fixture
def one_by_one(monkeypatch):
    """Let a job take a single document."""

    def going(self) -> bool:
        first = self.run not in begun
        begun.add(self.run)
        return first and self.stopped is None

    begun: set[UUID] = set()
    monkeypatch.setattr(analysis_jobs._Slice, "going", property(going))


def failing(name: str, error: Exception):
    async def before(document: str, _) -> None:
        if document == name:
            raise error

    return before


async def test_what_is_found_is_there_at_once(tenant: Tenant, desk: Desk, one_by_one):
    ids = await desk.some(tenant)
    analysis = await ask(tenant, EXTRACT | {"document_ids": ids})
    assert (analysis["status"], analysis["progress"]["total"]) == ("queued", 3)
    partial = await desk.slice(tenant, analysis, FakeEngine())
    assert partial["status"] == "running"
    assert partial["progress"] == {"total": 3, "done": 1, "failed": 0, "skipped": 0}
    assert partial["result"] == {"rows": 1, "filled": 1, "not_found": 1}
    shown = await table(tenant, analysis)
    assert shown["columns"] == ["Revenue", "Officer"]
    (row,) = shown["rows"]
    assert row["document_id"] == ids[0]
    assert row["cells"]["Officer"] is None
    cell = row["cells"]["Revenue"]
    assert (cell["quote"], cell["page"], cell["start"], cell["end"]) == ("word0", 1, 0, 5)


async def test_a_run_ends_with_its_table_in_the_order_that_was_asked(tenant: Tenant, desk: Desk):
    ids = (await desk.some(tenant, 5))[::-1]
    analysis = await ask(tenant, EXTRACT | {"document_ids": ids})
    done = await desk.finish(tenant, analysis, FakeEngine())
    assert (done["status"], done["engine"], done["error"]) == ("completed", "fake", None)
    assert done["finished_at"] >= done["started_at"]
    first = await table(tenant, analysis, limit=2)
    rest = await table(tenant, analysis, limit=200, cursor=first["next_cursor"])
    assert [each["document_id"] for each in first["rows"] + rest["rows"]] == ids
    assert rest["next_cursor"] is None


async def test_pausing_stops_and_resuming_goes_on(tenant: Tenant, desk: Desk, one_by_one):
    engine = FakeEngine()
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    await desk.slice(tenant, analysis, engine)
    paused = await step(tenant, analysis, "pause")
    assert paused["status"] == "paused"
    assert (await step(tenant, analysis, "pause"))["status"] == "paused"
    await desk.slice(tenant, analysis, engine)
    assert len(engine.seen) == 1
    turn = await desk.turn(tenant, analysis)
    assert (await step(tenant, analysis, "resume"))["status"] == "queued"
    # A job of the turn before that comes late does nothing.
    await desk.jobs(engine).run(scope_of(tenant), analysis["id"], turn=turn, lane=1)
    assert len(engine.seen) == 1
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], sorted(engine.seen)) == ("completed", ["0.txt", "1.txt", "2.txt"])


async def test_cancelling_keeps_what_was_found_and_what_is_being_made(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})

    async def cancel(name: str, _) -> None:
        if name == "1.txt":
            await step(tenant, analysis, "cancel")

    cancelled = await desk.slice(tenant, analysis, FakeEngine(before=cancel))
    assert cancelled["status"] == "cancelled"
    assert cancelled["progress"] == {"total": 3, "done": 3, "failed": 0, "skipped": 1}
    assert await states(tenant, analysis) == {
        "0.txt": "done",
        "1.txt": "done",
        "2.txt": "cancelled",
    }
    assert len((await table(tenant, analysis))["rows"]) == 2
    for name in ("pause", "resume", "extend"):
        refused = await step(tenant, analysis, name, 409)
        assert refused["code"] == "already_cancelled"
    engine = FakeEngine()
    await step(tenant, analysis, "retry")
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], engine.seen) == ("completed", ["2.txt"])


async def test_only_what_failed_is_retried(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    engine = FakeEngine(before=failing("1.txt", DocumentFailed("timeout", "It took too long.")))
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], done["progress"]["failed"]) == ("completed", 1)
    assert (await states(tenant, analysis))["1.txt"] == "timeout"
    again = FakeEngine()
    await step(tenant, analysis, "retry")
    mended = await desk.finish(tenant, analysis, again)
    assert again.seen == ["1.txt"]
    assert mended["progress"] == {"total": 3, "done": 3, "failed": 0, "skipped": 0}
    assert len((await table(tenant, analysis))["rows"]) == 3
    assert (await step(tenant, analysis, "retry", 409))["code"] == "nothing_failed"


async def test_a_run_fails_when_nothing_could_be_done(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant, 1)})
    engine = FakeEngine(before=failing("0.txt", DocumentFailed("model_refused", "It refused.")))
    failed = await desk.finish(tenant, analysis, engine)
    assert failed["status"] == "failed"
    assert failed["error"] == {"code": "model_refused", "message": "It refused."}


async def test_only_new_documents_are_asked(tenant: Tenant, desk: Desk):
    made = await tenant.client.post("/v1/collections", json={"name": "All"})
    collection = made.json()["id"]
    join = "update documents set collection_id = :id where collection_id is null"
    await desk.some(tenant, 2)
    await desk.run(tenant, join, id=collection)
    analysis = await ask(tenant, EXTRACT | {"collection_id": collection})
    await desk.finish(tenant, analysis, FakeEngine())
    assert (await step(tenant, analysis, "extend", 409))["code"] == "nothing_new"
    await desk.put(tenant, "new.txt", "brand new")
    await desk.run(tenant, join, id=collection)
    engine = FakeEngine()
    extended = await step(tenant, analysis, "extend")
    assert (extended["status"], extended["progress"]["total"]) == ("queued", 3)
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], engine.seen) == ("completed", ["new.txt"])
    rows = (await table(tenant, analysis))["rows"]
    assert [row["document_name"] for row in rows] == ["0.txt", "1.txt", "new.txt"]


async def test_a_document_deleted_in_mid_run_is_skipped(tenant: Tenant, desk: Desk):
    ids = await desk.some(tenant)
    analysis = await ask(tenant, EXTRACT | {"document_ids": ids})

    async def delete(name: str, _) -> None:
        if name == "0.txt":
            for each in ids[:2]:
                answer = await tenant.client.delete(f"/v1/documents/{each}")
                assert answer.status_code == 204

    done = await desk.finish(tenant, analysis, FakeEngine(before=delete))
    assert await states(tenant, analysis) == {
        "0.txt": "done",
        "1.txt": "document_deleted",
        "2.txt": "done",
    }
    assert (done["status"], done["progress"]["skipped"]) == ("completed", 1)


async def test_an_analysis_deleted_in_mid_run_leaves_nothing(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    path = f"/v1/analyses/{analysis['id']}"

    async def delete(_: str, __) -> None:
        await tenant.client.delete(path)

    turn = await desk.turn(tenant, analysis)
    jobs = desk.jobs(FakeEngine(before=delete))
    await jobs.run(scope_of(tenant), analysis["id"], turn=turn, lane=0)
    assert (await tenant.client.get(path)).status_code == 404
    for name in ("analysis_documents", "analysis_rows", "analysis_calls"):
        assert await desk.rows(tenant, f"select 1 from {name}") == []
    events = await tenant.client.get("/v1/audit", params={"action": "analysis.deleted"})
    assert [each["target"] for each in events.json()["items"]] == [analysis["id"]]


async def test_an_analysis_is_deleted_while_a_document_of_it_is_kept(
    tenant: Tenant, desk: Desk, monkeypatch
):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    path, deletions, insert = f"/v1/analyses/{analysis['id']}", [], runs.insert_rows

    async def slow(*args) -> None:
        if not deletions:
            deletions.append(asyncio.create_task(tenant.client.delete(path)))
            await asyncio.sleep(0.5)
        await insert(*args)

    monkeypatch.setattr(runs, "insert_rows", slow)
    turn = await desk.turn(tenant, analysis)
    jobs = desk.jobs(FakeEngine())
    await jobs.run(scope_of(tenant), analysis["id"], turn=turn, lane=0)
    assert [(await deletion).status_code for deletion in deletions] == [204]
    assert await desk.rows(tenant, "select 1 from analysis_rows") == []


async def test_documents_that_are_being_read_are_waited_for(tenant: Tenant, desk: Desk):
    ready = await desk.put(tenant, "ready.txt", "all there")
    late = await desk.put(tenant, "late.txt", "soon there", status="processing")
    analysis = await ask(tenant, EXTRACT | {"document_ids": [late, ready]})
    waiting = await desk.slice(tenant, analysis, FakeEngine())
    assert (waiting["status"], waiting["progress"]["done"]) == ("running", 1)
    assert (await desk.queued(analysis))[-1]["wait"] > 0
    await desk.run(tenant, "update documents set status = 'ready'")
    await desk.hasten(tenant)
    assert (await desk.finish(tenant, analysis, FakeEngine()))["progress"]["done"] == 2


async def test_a_document_that_cannot_be_read_is_skipped(tenant: Tenant, desk: Desk):
    broken = await desk.put(tenant, "broken.txt", status="processing")
    await desk.run(
        tenant, "update documents set status = 'failed', error_code = 'x', error_message = 'x'"
    )
    analysis = await ask(tenant, EXTRACT | {"document_ids": [broken]})
    failed = await desk.finish(tenant, analysis, FakeEngine())
    assert (failed["status"], failed["error"]["code"]) == ("failed", "document_unreadable")


async def test_after_a_crash_the_lane_takes_up_what_it_held(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})

    class Killed(BaseException):
        """Ends the job as the end of its process would."""

    with pytest.raises(Killed):
        await desk.slice(tenant, analysis, FakeEngine(before=failing("1.txt", Killed())))  # type: ignore[arg-type]
    assert (await states(tenant, analysis))["1.txt"] == "running"
    engine = FakeEngine()
    other_lane = await desk.slice(tenant, analysis, engine, lane=1)
    assert engine.seen == ["2.txt"]
    assert other_lane["progress"]["done"] == 2
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], engine.seen) == ("completed", ["2.txt", "1.txt"])
    assert len((await table(tenant, analysis))["rows"]) == 3


async def test_a_job_that_was_taken_for_dead_writes_nothing(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant, 1)})
    successor = FakeEngine()

    async def overtaken(_: str, __) -> None:
        await desk.slice(tenant, analysis, successor)

    await desk.slice(tenant, analysis, FakeEngine(before=overtaken))
    assert successor.seen == ["0.txt"]
    done = await read(tenant, analysis)
    assert (done["status"], done["progress"]["done"], done["result"]["rows"]) == ("completed", 1, 1)


async def test_a_spent_budget_pauses_and_keeps_all(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    spent = PaymentRequired("The budget is spent.", code="model_budget_spent")
    paused = await desk.finish(tenant, analysis, FakeEngine(before=failing("1.txt", spent)))
    assert (paused["status"], paused["error"]["code"]) == ("paused", "model_budget_spent")
    assert paused["progress"] == {"total": 3, "done": 1, "failed": 0, "skipped": 0}
    engine = FakeEngine()
    resumed = await step(tenant, analysis, "resume")
    assert resumed["error"] is None
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], engine.seen) == ("completed", ["1.txt", "2.txt"])


async def test_a_busy_model_is_waited_for_as_long_as_it_asks(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    await desk.lose_jobs(analysis)
    busy = Unavailable("The model is busy.", code="model_busy", retry_after=90)
    engine = FakeEngine(before=failing("1.txt", busy))
    waiting = await desk.slice(tenant, analysis, engine)
    assert (waiting["status"], waiting["error"]["code"]) == ("running", "model_busy")
    (queued,) = await desk.queued(analysis)
    assert 80 < queued["wait"] <= 90
    assert (await states(tenant, analysis))["1.txt"] == "pending"
    for _ in range(MOST_STALLS - 1):
        stalled = await desk.slice(tenant, analysis, engine)
    assert (stalled["status"], stalled["error"]["code"]) == ("paused", "model_busy")
    await step(tenant, analysis, "resume")
    done = await desk.finish(tenant, analysis, FakeEngine())
    assert (done["status"], done["error"]) == ("completed", None)


async def test_a_fault_of_one_document_is_tried_a_few_times(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    engine = FakeEngine(before=failing("0.txt", ZeroDivisionError()))
    done = await desk.finish(tenant, analysis, engine)
    assert engine.seen.count("0.txt") == MAX_ATTEMPTS
    assert (done["status"], done["progress"]["failed"]) == ("completed", 1)
    assert (await states(tenant, analysis))["0.txt"] == "internal_error"


async def test_a_quote_that_is_not_on_the_page_is_never_kept(tenant: Tenant, desk: Desk):
    class Liar(FakeEngine):
        async def read(self, task, source, held):
            made_up = Evidence(source.document_id, 1, 0, 5, "other")
            return Reading(rows=[{"Revenue": Cell("x", "x", made_up, 1.0), "Officer": None}])

    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant, 1)})
    done = await desk.finish(tenant, analysis, Liar())
    assert done["result"] == {"rows": 1, "filled": 0, "not_found": 2}


async def test_an_analysis_without_a_job_gets_one(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    assert [each["lane"] for each in await desk.queued(analysis)] == ["0", "1"]
    assert {each["queue_name"] for each in await desk.queued(analysis)} == {"analyses"}
    jobs = desk.jobs(FakeEngine())
    await jobs.sweep(NOW)
    assert len(await desk.queued(analysis)) == 2
    await desk.lose_jobs(analysis)
    await jobs.sweep(NOW)
    assert [each["lane"] for each in await desk.queued(analysis)] == ["0", "1"]
    await step(tenant, analysis, "pause")
    await desk.lose_jobs(analysis)
    await jobs.sweep(NOW)
    assert await desk.queued(analysis) == []


async def test_a_suspended_workspace_rests(tenant: Tenant, desk: Desk, owner):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant)})
    turn = await desk.turn(tenant, analysis)
    await desk.lose_jobs(analysis)
    await owner.execute("update tenants set suspended_at = now() where id = %s", [tenant.id])
    engine = FakeEngine()
    await desk.jobs(engine).run(scope_of(tenant), analysis["id"], turn=turn, lane=0)
    await desk.jobs(engine).sweep(NOW)
    assert (engine.seen, await desk.queued(analysis)) == ([], [])
    await owner.execute("update tenants set suspended_at = null where id = %s", [tenant.id])
    await desk.jobs(engine).sweep(NOW)
    assert len(await desk.queued(analysis)) == 2


@pytest.mark.parametrize("kind", ["summary", "compare"])
async def test_what_is_said_over_all_comes_last(tenant: Tenant, desk: Desk, kind: str):
    ids = await desk.some(tenant, 2)
    analysis = await ask(tenant, {"kind": kind, "document_ids": ids})
    done = await desk.finish(tenant, analysis, FakeEngine())
    assert done["status"] == "completed"
    shown = await table(tenant, analysis)
    if kind == "summary":
        points = done["result"]["overall"]["points"]
        assert [each["citations"][0]["document_name"] for each in points] == ["0.txt", "1.txt"]
        assert [each["document_id"] for each in done["result"]["documents"]] == ids
        assert shown["columns"] == ["summary"]
        assert [row["cells"]["summary"]["quote"] for row in shown["rows"]] == ["word0", "word1"]
    else:
        (finding,) = done["result"]["findings"]
        assert [side["citation"]["quote"] for side in finding["sides"]] == ["word0", "word1"]
        assert shown["columns"] == ["topic", "verdict", "0.txt", "1.txt"]
        assert shown["rows"][0]["cells"]["verdict"]["value"] == "differs"


async def test_a_summary_that_cannot_be_ended_fails_with_its_documents_kept(
    tenant: Tenant, desk: Desk
):
    class Endless(FakeEngine):
        async def summarise(self, task, read):
            raise DocumentFailed("model_output_invalid", "It is no JSON.")

    body = {"kind": "summary", "document_ids": await desk.some(tenant, 2)}
    analysis = await ask(tenant, body)
    failed = await desk.finish(tenant, analysis, Endless())
    assert (failed["status"], failed["error"]["code"]) == ("failed", "model_output_invalid")
    assert len(failed["result"]["documents"]) == 2
    engine = FakeEngine()
    await step(tenant, analysis, "retry")
    done = await desk.finish(tenant, analysis, engine)
    assert (done["status"], engine.seen) == ("completed", [])


async def test_lanes_share_a_run_and_no_document_is_read_twice(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant, 12)})

    async def slowly(_: str, __) -> None:
        await asyncio.sleep(0.01)

    engine = FakeEngine(before=slowly, parallel=3)
    turn = await desk.turn(tenant, analysis)
    runs = (
        desk.jobs(engine).run(scope_of(tenant), analysis["id"], turn=turn, lane=lane)
        for lane in (0, 1)
    )
    await asyncio.gather(*runs)
    assert sorted(engine.seen) == sorted(f"{number}.txt" for number in range(12))
    assert (await desk.finish(tenant, analysis, engine))["progress"]["done"] == 12


async def test_analyses_of_a_deleted_collection_stay(tenant: Tenant, desk: Desk):
    made = await tenant.client.post("/v1/collections", json={"name": "Gone"})
    collection = made.json()["id"]
    await desk.some(tenant, 1)
    await desk.run(tenant, "update documents set collection_id = :id", id=collection)
    analysis = await ask(tenant, EXTRACT | {"collection_id": collection})
    await desk.finish(tenant, analysis, FakeEngine())
    await desk.run(tenant, "delete from documents")
    assert (await tenant.client.delete(f"/v1/collections/{collection}")).status_code == 204
    left = await read(tenant, analysis)
    assert (left["collection_id"], left["result"]["rows"]) == (None, 1)
    assert (await step(tenant, analysis, "extend", 409))["code"] == "no_collection"
    assert Decimal(str(left["usage"]["cost_usd"])) == 0
