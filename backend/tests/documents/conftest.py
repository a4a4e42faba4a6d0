"""Documents of fresh workspaces, and their jobs run one by one as a test says."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from assay.adapters.embeddings import FakeEmbeddings
from assay.adapters.jobs import Jobs
from assay.adapters.postgres import Database
from assay.adapters.storage import Storage
from assay.adapters.vectors import VectorStore
from assay.documents.jobs import IngestJobs
from assay.documents.parsing import Parser
from assay.documents.quota import Quota
from assay.documents.reconcile import Reconciler
from assay.documents.scratch import scratch_folder
from assay.scope import TenantScope
from assay.usage.embeddings import TenantEmbeddings
from assay.usage.ledger import Ledger
from tests.conftest import Tenant

DIMENSIONS = 384


async def upload(client: httpx.AsyncClient, *files: tuple[str, bytes], **options: Any):
    parts = [("file", (name, content)) for name, content in files]
    return await client.post("/v1/documents", files=parts, **options)


async def uploaded(tenant: Tenant, name: str, content: bytes, **options: Any) -> dict[str, Any]:
    response = await upload(tenant.client, (name, content), **options)
    assert response.status_code == 202, response.text
    (document,) = response.json()["documents"]
    return document


def scope_of(tenant: Tenant) -> TenantScope:
    return TenantScope(UUID(tenant.id))


@dataclass
class Pipeline:
    """The worker's half, with its parts in reach."""

    database: Database
    storage: Storage
    vectors: VectorStore
    jobs: IngestJobs
    reconciler: Reconciler
    parts: Mapping[str, Any]

    async def ingest(self, tenant: Tenant, document: dict[str, Any]) -> dict[str, Any]:
        await self.jobs.ingest(scope_of(tenant), document["id"])
        response = await tenant.client.get(f"/v1/documents/{document['id']}")
        return response.json()

    def with_parts(self, **changed: Any) -> IngestJobs:
        return IngestJobs(**{**self.parts, **changed})

    async def rows(self, tenant: Tenant, statement: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.transaction(scope_of(tenant)) as tx:
            return [dict(row) for row in await tx.all(text(statement), **values)]

    async def run(self, tenant: Tenant, statement: str, **values: Any) -> None:
        async with self.database.transaction(scope_of(tenant)) as tx:
            await tx.run(text(statement), **values)

    async def queued(self, document_id: str) -> list[str]:
        """Names of the jobs that wait for a document."""
        async with self.database.gate() as tx:
            rows = await tx.all(
                text("select task_name from procrastinate_jobs where lock = :lock order by id"),
                lock=document_id,
            )
        return [row["task_name"] for row in rows]

    async def lose_jobs(self, document_id: str) -> None:
        async with self.database.gate() as tx:
            await tx.run(
                text("delete from procrastinate_jobs where lock = :lock"), lock=document_id
            )

    def files(self, tenant: Tenant) -> list[str]:
        folder = self.storage._folder / tenant.id
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture(scope="session")
async def pipeline(parts) -> AsyncIterator[Pipeline]:
    settings = parts.worker_settings
    database, storage = Database(settings), Storage(settings)
    vectors = VectorStore(settings, DIMENSIONS)
    await vectors.prepare()
    scratch = scratch_folder(settings)
    made = {
        "database": database,
        "storage": storage,
        "parser": Parser(timeout_seconds=60, memory_bytes=2 * 1024**3),
        "embeddings": TenantEmbeddings(FakeEmbeddings(DIMENSIONS), Ledger(database), Decimal(0)),
        "vectors": vectors,
        "room": Quota(DIMENSIONS),
        "jobs": Jobs(),
        "scratch": scratch,
    }
    reconciler = Reconciler(
        database=database, storage=storage, jobs=Jobs(), vectors=vectors, scratch=scratch
    )
    yield Pipeline(database, storage, vectors, IngestJobs(**made), reconciler, made)
    await vectors.close()
    await database.close()
