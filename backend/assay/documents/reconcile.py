"""Finds what crashes and outages left: work without a job, vectors and files without a document."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from assay.adapters.jobs import Jobs, swept
from assay.adapters.postgres import Database, Row
from assay.adapters.storage import Storage
from assay.adapters.vectors import VectorStore
from assay.documents import repository
from assay.documents.jobs import READING_SHARE
from assay.documents.models import INGEST, REMOVE
from assay.documents.scratch import clean
from assay.scope import TenantScope

log = structlog.get_logger()

IDLE = timedelta(minutes=1)
"""How long a document or removal may be without a job before it gets another one."""
ORPHAN_AGE = timedelta(hours=1)
"""How old a file without a document is deleted; no upload takes this long."""
FULL_SECONDS = 3600.0

_UNFINISHED = text("select * from gate_unfinished(:idle)")
_REMOVALS = text("select * from gate_removals(:idle)")
_TENANTS = text("select * from gate_tenants()")
_HAS_BLOB = text("select gate_has_blob(:keys) as key")


class Reconciler:
    """Sweeps over all tenants; it needs the worker's database role.

    Everything it does may be done twice, and by several workers at once: jobs of one document
    run one after the other, and each looks at what is left to do.
    """

    def __init__(
        self,
        *,
        database: Database,
        storage: Storage,
        jobs: Jobs,
        vectors: VectorStore,
        scratch: Path,
    ) -> None:
        self._database, self._storage = database, storage
        self._jobs, self._vectors, self._scratch = jobs, vectors, scratch
        self._full_at = float("-inf")

    async def sweep(self) -> None:
        """Give lost work a job; once an hour, compare vectors and files with the documents."""
        await self.defer_unfinished()
        await self.defer_removals()
        if time.monotonic() - self._full_at < FULL_SECONDS:
            return
        self._full_at = time.monotonic()
        async with self._database.gate() as tx:
            tenants = await tx.all(_TENANTS)
        for tenant in tenants:
            await self.reconcile(swept(tenant["tenant_id"]))
        await self.delete_orphans()
        await self._storage.delete_unfinished(ORPHAN_AGE)
        await asyncio.to_thread(clean, self._scratch, ORPHAN_AGE)

    async def defer_unfinished(self, idle: timedelta = IDLE) -> None:
        """Queue documents that are unfinished and have no job."""
        async with self._database.gate() as tx:
            rows = await tx.all(_UNFINISHED, idle=idle)
        for row in rows:
            await self._defer(row, INGEST, document_id=str(row["document_id"]))

    async def defer_removals(self, idle: timedelta = IDLE) -> None:
        """Queue removals that have no job."""
        async with self._database.gate() as tx:
            rows = await tx.all(_REMOVALS, idle=idle)
        for row in rows:
            await self._defer(row, REMOVE, removal_id=str(row["removal_id"]))

    async def reconcile(self, scope: TenantScope) -> None:
        """Make a tenant's vectors fit its documents, and forget old idempotency keys.

        Ready documents are read before the vectors, so that one which is indexed meanwhile is
        not taken for incomplete; the other documents after them, so that the vectors of a new
        one are not taken for a deleted one's.
        """
        async with self._database.transaction(scope) as tx:
            await repository.forget_keys(tx)
            ready = await repository.ready_counts(tx)
        indexed = await self._vectors.documents(scope)
        async with self._database.transaction(scope) as tx:
            known = await repository.known(tx, list(indexed))
        for document_id in indexed.keys() - known:
            await self._vectors.delete_document(scope, document_id)
            log.warning("reconcile.vectors_deleted", document_id=str(document_id))
        for document_id, passages in ready.items():
            if indexed.get(document_id, 0) != passages:
                await self._reindex(scope, document_id)

    async def delete_orphans(self, age: timedelta = ORPHAN_AGE) -> None:
        """Delete files that belong to no document and to no removal."""
        async for keys in self._storage.older_than(age):
            originals = {key: _original(key) for key in keys}
            async with self._database.gate() as tx:
                rows = await tx.all(_HAS_BLOB, keys=list(set(originals.values())))
            owned = {row["key"] for row in rows}
            orphans = [key for key, original in originals.items() if original not in owned]
            await self._storage.delete_orphans(orphans)
            if orphans:
                log.warning("reconcile.files_deleted", count=len(orphans))

    async def _reindex(self, scope: TenantScope, document_id: UUID) -> None:
        async with self._database.transaction(scope) as tx:
            if await repository.reindex(tx, document_id, READING_SHARE):
                name = str(document_id)
                await self._jobs.defer(tx, scope, INGEST, lock=name, document_id=name)
                log.warning("reconcile.reindexed", document_id=name)

    async def _defer(self, row: Row, job: str, **args: Any) -> None:
        scope = swept(row["tenant_id"])
        async with self._database.transaction(scope) as tx:
            await self._jobs.defer(tx, scope, job, lock=str(row["document_id"]), **args)
        log.warning("reconcile.requeued", job=job, document_id=str(row["document_id"]))


def _original(key: str) -> str:
    """Return the key of the original that a file belongs to: `{tenant}/{document}/original`."""
    return "/".join([*PurePosixPath(key).parts[:2], "original"])
