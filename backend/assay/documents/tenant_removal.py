"""Deletes a tenant that an operator marked, with everything that belongs to it.

Every step may be repeated, and the tenant's row goes last: what a crash leaves, the sweep finds.
The tenant is shut already, so that nobody adds anything; an upload that was under way at that
moment leaves at the most a file, which the sweep for files without a document deletes.
"""

import structlog
from sqlalchemy import text

from assay.adapters.jobs import Jobs, swept
from assay.adapters.postgres import Database
from assay.adapters.redis import Cache
from assay.adapters.storage import Storage
from assay.adapters.vectors import VectorStore
from assay.errors import Unavailable
from assay.identity.authentication import api_key_cache_key
from assay.scope import TenantScope

log = structlog.get_logger()

REMOVE_TENANT = "tenants.remove"
"""Name of the job; its lock is the tenant's id."""
BATCH = 20
"""Analyses, documents or conversations, deleted in one transaction with all that hangs on them."""

_MARKED = text("select * from gate_deleted_tenants()")
_IS_MARKED = text("select id from tenants where deleted_at is not null")
_DELETE_DOCUMENTS = text(
    "delete from documents where id in (select id from documents order by id limit :batch)"
)
_DELETE_CONVERSATIONS = text(
    "delete from conversations where id in (select id from conversations order by id limit :batch)"
)
_DELETE_ANALYSES = text(
    "delete from analyses where id in (select id from analyses order by id limit :batch)"
)
_DELETE_QUEUED = text(
    "delete from procrastinate_jobs"
    " where status = 'todo' and args ->> 'tenant_id' = :tenant and task_name <> :own"
)
_RUNNING = text(
    "select count(*) as jobs from procrastinate_jobs"
    " where status = 'doing' and args ->> 'tenant_id' = :tenant and task_name <> :own"
)
_KEYS = text("select digest from api_keys")
_TAKE_TIME = text("set local statement_timeout = '10min'")
_REMOVE = text("select gate_remove_tenant(:tenant)")


class TenantRemoval:
    """The job `tenants.remove`, and the sweep that queues it; they need the worker's role."""

    def __init__(
        self,
        *,
        database: Database,
        storage: Storage,
        vectors: VectorStore,
        cache: Cache,
        jobs: Jobs,
    ) -> None:
        self._database, self._storage = database, storage
        self._vectors, self._cache, self._jobs = vectors, cache, jobs

    async def sweep(self) -> None:
        """Queue the removal of tenants that are marked and have no job."""
        async with self._database.gate() as gate:
            rows = await gate.all(_MARKED)
        for row in rows:
            scope = swept(row["tenant_id"])
            async with self._database.transaction(scope) as tx:
                await self._jobs.defer(tx, scope, REMOVE_TENANT, lock=str(scope.tenant_id))

    async def remove(self, scope: TenantScope) -> None:
        """Delete all that a marked tenant has and then the tenant; repeating it does nothing.

        :raises Unavailable: a part is away, or a job of the tenant is still running; the job is
            to be run again later.
        :raises CacheUnavailable: likewise.
        """
        async with self._database.transaction(scope) as tx:
            if await tx.first(_IS_MARKED) is None:
                return
        await self._delete_rows(scope)
        await self._end_jobs(scope)
        await self._vectors.delete_tenant(scope)
        await self._storage.delete_prefix(scope, f"{self._storage.key(scope)}/")
        await self._forget(scope)
        await self._delete_tenant(scope)

    async def _delete_rows(self, scope: TenantScope) -> None:
        """Delete what there may be much of; the rest goes with the tenant's row."""
        for statement in (_DELETE_ANALYSES, _DELETE_DOCUMENTS, _DELETE_CONVERSATIONS):
            deleted = BATCH
            while deleted == BATCH:
                async with self._database.transaction(scope) as tx:
                    deleted = await tx.run(statement, batch=BATCH)

    async def _end_jobs(self, scope: TenantScope) -> None:
        """Drop queued jobs; those that run notice that their document is gone.

        Until then they may write vectors.
        """
        which = {"tenant": str(scope.tenant_id), "own": REMOVE_TENANT}
        async with self._database.gate() as gate:
            await gate.run(_DELETE_QUEUED, **which)
            running = await gate.first(_RUNNING, **which)
        if running and running["jobs"]:
            raise Unavailable("Jobs of the tenant are still running.", code="tenant_busy")

    async def _forget(self, scope: TenantScope) -> None:
        async with self._database.transaction(scope) as tx:
            keys = await tx.all(_KEYS)
        await self._cache.drop(*(api_key_cache_key(bytes(row["digest"])) for row in keys))
        await self._cache.forget(scope)

    async def _delete_tenant(self, scope: TenantScope) -> None:
        async with self._database.gate() as gate:
            await gate.run(_TAKE_TIME)
            await gate.run(_REMOVE, tenant=scope.tenant_id)
        log.info("tenant.removed", tenant_id=str(scope.tenant_id))
