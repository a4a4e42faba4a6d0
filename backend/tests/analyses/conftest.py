"""Analyses of fresh workspaces, their jobs run one by one as a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from assay.adapters.jobs import Jobs
from assay.adapters.postgres import Database
from assay.analyses.engine import Engine, Read, Reading, Statement, Task
from assay.analyses.jobs import AnalysisJobs
from assay.analyses.models import Cell, Finding, Point, Source, Verdict
from assay.analyses.runs import Held
from assay.scope import TenantScope
from tests.conftest import Tenant

FIELDS = [{"name": "Revenue", "type": "money"}, {"name": "Officer", "type": "text"}]
EXTRACT: dict[str, Any] = {"kind": "extract", "fields": FIELDS}


@dataclass
class FakeEngine:
    """Quotes the first word of each document; before that it does what a test wants."""

    name: str = "fake"
    parallel: int = 1
    seen: list[str] = field(default_factory=list)
    before: Callable[[str, Held], Awaitable[None]] | None = None

    async def read(self, task: Task, source: Source, held: Held) -> Reading:
        self.seen.append(source.name)
        if self.before:
            await self.before(source.name, held)
        found = first_word(source)
        rows = [dict.fromkeys(field.name for field in task.spec.fields)]
        rows[0][task.spec.fields[0].name if task.spec.fields else "label"] = found
        point = Point(found.text, (found.evidence,))
        said = Statement("opening", found.text, found.evidence)
        return Reading(rows=rows, points=[point], statements=[said])

    async def summarise(self, task: Task, read: Sequence[Read]) -> Sequence[Point]:
        return [point for each in read for point in each.reading.points][:3]

    async def compare(self, task: Task, read: Sequence[Read], load: Any) -> Sequence[Finding]:
        sides = {
            each.document_id: (one.text, one.evidence)
            for each in read
            for one in each.reading.statements
        }
        return [Finding("opening", Verdict.DIFFERS, sides)]


def first_word(source: Source) -> Cell:
    from assay.analyses.evidence import evidence_at

    page = source.pages[0]
    word = page.text.split()[0]
    start = page.text.index(word)
    evidence = evidence_at(source, page, start, start + len(word))
    return Cell(word, word, evidence, 0.5)


@dataclass
class Desk:
    """The jobs, run when a test says so; the queue is looked at, not worked."""

    database: Database

    def jobs(self, engine: Engine, **changes: Any) -> AnalysisJobs:
        made = {"database": self.database, "jobs": Jobs(), "engine": engine, "lanes": 2}
        return AnalysisJobs(**made | changes)

    async def slice(
        self, tenant: Tenant, analysis: dict[str, Any], engine: Engine, lane: int = 0
    ) -> dict[str, Any]:
        """Run one job of a lane; return the analysis after it."""
        turn = await self.turn(tenant, analysis)
        await self.jobs(engine).run(scope_of(tenant), analysis["id"], turn=turn, lane=lane)
        return await read(tenant, analysis)

    async def finish(
        self, tenant: Tenant, analysis: dict[str, Any], engine: Engine
    ) -> dict[str, Any]:
        """Run jobs until the analysis does not go on; waits are cut short."""
        for _ in range(50):
            after = await self.slice(tenant, analysis, engine)
            if after["status"] not in ("queued", "running"):
                return after
            await self.hasten(tenant)
        raise AssertionError(after)

    async def hasten(self, tenant: Tenant) -> None:
        await self.run(tenant, "update analysis_documents set retry_at = null")

    async def turn(self, tenant: Tenant, analysis: dict[str, Any]) -> int:
        rows = await self.rows(
            tenant, "select turn from analyses where id = :id", id=analysis["id"]
        )
        return rows[0]["turn"]

    async def rows(self, tenant: Tenant, statement: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.transaction(scope_of(tenant)) as tx:
            return [dict(row) for row in await tx.all(text(statement), **values)]

    async def run(self, tenant: Tenant, statement: str, **values: Any) -> None:
        async with self.database.transaction(scope_of(tenant)) as tx:
            await tx.run(text(statement), **values)

    async def queued(self, analysis: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what waits for an analysis: lane, turn and seconds until it may start."""
        async with self.database.gate() as tx:
            rows = await tx.all(
                text(
                    "select args ->> 'lane' as lane, args ->> 'turn' as turn, queue_name,"
                    " coalesce(extract(epoch from scheduled_at - now()), 0)::float as wait"
                    " from procrastinate_jobs where args ->> 'analysis_id' = :id order by id"
                ),
                id=analysis["id"],
            )
        return [dict(row) for row in rows]

    async def lose_jobs(self, analysis: dict[str, Any]) -> None:
        async with self.database.gate() as tx:
            await tx.run(
                text("delete from procrastinate_jobs where args ->> 'analysis_id' = :id"),
                id=analysis["id"],
            )

    async def put(self, tenant: Tenant, name: str, *pages: str, status: str = "ready") -> str:
        """Write a document as if it had been uploaded and read, without its vectors."""
        async with self.database.transaction(scope_of(tenant)) as tx:
            row = await tx.first(
                text(
                    "insert into documents (id, tenant_id, name, mime_type, size_bytes, sha256,"
                    " storage_key, status, pages, passages) values (gen_random_uuid(),"
                    " current_tenant(), :name, 'text/plain', 1, encode(sha256(:unique), 'hex'),"
                    " 'none', :status, :pages, 0) returning id"
                ),
                name=name,
                unique=f"{tenant.id}{name}".encode(),
                status=status,
                pages=len(pages),
            )
            await tx.run_many(
                text(
                    "insert into pages (tenant_id, document_id, number, text)"
                    " values (current_tenant(), :id, :number, :text)"
                ),
                [
                    {"id": row["id"], "number": number, "text": page}
                    for number, page in enumerate(pages, 1)
                ],
            )
        return str(row["id"])

    async def some(self, tenant: Tenant, number: int = 3) -> list[str]:
        return [await self.put(tenant, f"{n}.txt", f"word{n} is first") for n in range(number)]


def scope_of(tenant: Tenant) -> TenantScope:
    return TenantScope(UUID(tenant.id))


async def ask(tenant: Tenant, body: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = await tenant.client.post("/v1/analyses", json=body, **options)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def read(tenant: Tenant, analysis: dict[str, Any]) -> dict[str, Any]:
    answer = await tenant.client.get(f"/v1/analyses/{analysis['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def step(tenant: Tenant, analysis: dict[str, Any], name: str, status: int = 202, **body: Any):
    path = f"/v1/analyses/{analysis['id']}/{name}"
    answer = await tenant.client.post(path, json=body if name == "extend" else None)
    assert answer.status_code == status, answer.text
    return answer.json()


async def table(tenant: Tenant, analysis: dict[str, Any], **params: Any) -> dict[str, Any]:
    path = f"/v1/analyses/{analysis['id']}/table"
    answer = await tenant.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def states(tenant: Tenant, analysis: dict[str, Any]) -> dict[str, Any]:
    """Return each document's status, or the code of what went wrong, by its name."""
    path = f"/v1/analyses/{analysis['id']}/documents"
    items = (await tenant.client.get(path, params={"limit": 200})).json()["items"]
    return {
        each["document_name"]: each["error"]["code"] if each["error"] else each["status"]
        for each in items
    }


@pytest.fixture(scope="session")
async def desk(parts) -> AsyncIterator[Desk]:
    database = Database(parts.worker_settings)
    yield Desk(database)
    await database.close()
