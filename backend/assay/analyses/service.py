"""Analyses: ask, follow, steer; the work itself is done by `jobs.py`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.jobs import Jobs
from assay.adapters.postgres import Database, Row, Transaction
from assay.analyses import repository, table, templates_service
from assay.analyses.downloads import Downloads
from assay.analyses.estimate import Estimator
from assay.analyses.models import DocumentStatus, Kind, Status
from assay.analyses.queueing import queue_lanes
from assay.analyses.schemas import (
    Analysis,
    AnalysisCreate,
    AnalysisExtend,
    AnalysisSpec,
    DocumentPage,
    Estimate,
    spec_of,
)
from assay.analyses.templates_service import Templates
from assay.analyses.views import analysis_of, document_of, result_of
from assay.analyses.writing import Writers
from assay.documents.scratch import scratch_folder
from assay.errors import Conflict, Invalid, not_found
from assay.identity.audit import Action, record
from assay.identity.models import Caller
from assay.settings import Settings

FEWEST_COMPARED = 2
MOST_OPEN = 50
"""Analyses of a workspace that are not over."""
_OVER = {Status.COMPLETED, Status.FAILED, Status.CANCELLED}
_GOING = {Status.QUEUED, Status.RUNNING}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of which documents, with its template filled in."""

    spec: AnalysisSpec
    document_ids: Sequence[UUID]
    name: str


class Analyses:
    """What a workspace's members do with analyses."""

    def __init__(
        self, database: Database, jobs: Jobs, estimator: Estimator, settings: Settings
    ) -> None:
        self._database, self._jobs = database, jobs
        self._estimator, self._settings = estimator, settings
        self.templates = Templates(database)
        writers = Writers(settings.export_processes)
        self.downloads = Downloads(database, scratch_folder(settings), writers)

    async def create(self, caller: Caller, body: AnalysisCreate, key: str | None) -> Analysis:
        """Queue an analysis.

        :param key: repeating a call with its key answers the same and starts nothing again.
        :raises Invalid: something is missing, or there are too few or too many documents.
        :raises NotFound: a document, the collection or the template is unknown here.
        :raises Conflict: the key came before with another body; too many analyses are open.
        """
        fingerprint = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        async with self._database.transaction(caller.scope) as tx:
            if key and (before := await repository.by_key(tx, key)):
                return await _replayed(tx, before, fingerprint)
            asked = await self._asked(tx, caller, body)
            await self._check_room(tx)
            row = await repository.insert(
                tx,
                id=uuid7(),
                name=asked.name,
                kind=asked.spec.kind,
                spec=asked.spec.model_dump_json(),
                collection_id=body.collection_id,
                engine=self._estimator.engine,
                created_by=caller.user_id,
                key=key,
                fingerprint=fingerprint,
                total=0,
            )
            if row is None:  # the same call came twice at once
                before = await repository.by_key(tx, key or "")
                if before is None:
                    raise not_found("analysis")
                return await _replayed(tx, before, fingerprint)
            await self._add(tx, row["id"], asked.document_ids)
            await queue_lanes(tx, self._jobs, caller.scope, row["id"], 1, self._lanes)
            made = await _existing(tx, row["id"])
            return analysis_of(made, await result_of(tx, made))

    async def estimate(self, caller: Caller, body: AnalysisCreate) -> Estimate:
        """Say what a run would about take; nothing is kept.

        :raises Invalid: as `create`.
        :raises NotFound: as `create`.
        """
        async with self._database.transaction(caller.scope) as tx:
            asked = await self._asked(tx, caller, body)
            return await self._estimator.estimate(tx, asked.spec, asked.document_ids)

    async def list(
        self,
        caller: Caller,
        *,
        kind: Kind | None,
        status: Status | None,
        cursor: Cursor | None,
        limit: int,
    ) -> ItemList[Analysis]:
        """List analyses without their results, newest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.analyses(
                tx, kind=kind, status=status, cursor=cursor, limit=limit + 1
            )
        return item_list(rows, limit, analysis_of)

    async def get(self, caller: Caller, analysis_id: UUID) -> Analysis:
        """Return an analysis with its result up to now.

        :raises NotFound: it is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _existing(tx, analysis_id)
            return analysis_of(row, await result_of(tx, row))

    async def documents(
        self,
        caller: Caller,
        analysis_id: UUID,
        *,
        status: DocumentStatus | None,
        cursor: str | None,
        limit: int,
    ) -> DocumentPage:
        """Return how far it is with each document, in its order.

        :raises NotFound: it is unknown here.
        """
        after, _ = table.decode(cursor)
        async with self._database.transaction(caller.scope) as tx:
            await _existing(tx, analysis_id)
            rows = await repository.documents(
                tx, analysis_id, status=status, after=after, limit=limit + 1
            )
        kept = rows[:limit]
        following = table.encode((kept[-1]["ordinal"], 0)) if len(rows) > limit else None
        return DocumentPage(items=[document_of(row) for row in kept], next_cursor=following)

    async def table(
        self, caller: Caller, analysis_id: UUID, *, cursor: str | None, limit: int
    ) -> bytes:
        """Return a page of the table, as the JSON of a `Table`.

        :raises NotFound: it is unknown here.
        """
        after = table.decode(cursor)
        async with self._database.transaction(caller.scope) as tx:
            return await table.table(tx, await _existing(tx, analysis_id), after, limit)

    async def pause(self, caller: Caller, analysis_id: UUID) -> Analysis:
        """Stop after the documents that are being read; what was found is kept.

        :raises NotFound: it is unknown here.
        :raises Conflict: it is over.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _held(tx, analysis_id)
            if row["status"] != Status.PAUSED:
                if row["status"] not in _GOING:
                    raise _not_going(row, "paused")
                row = await repository.stand(tx, analysis_id, Status.PAUSED, turns=1)
            return analysis_of(row, await result_of(tx, row))

    async def resume(self, caller: Caller, analysis_id: UUID) -> Analysis:
        """Go on with a paused analysis.

        :raises NotFound: it is unknown here.
        :raises Conflict: it is over.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _held(tx, analysis_id)
            if row["status"] not in _GOING:
                if row["status"] != Status.PAUSED:
                    raise _not_going(row, "resumed")
                row = await self._go_on(tx, caller, row)
            return analysis_of(row, await result_of(tx, row))

    async def cancel(self, caller: Caller, analysis_id: UUID) -> Analysis:
        """End an analysis; what was found, and what is being paid for now, is kept.

        :raises NotFound: it is unknown here.
        :raises Conflict: it is over.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _held(tx, analysis_id)
            if row["status"] != Status.CANCELLED:
                if row["status"] in _OVER:
                    raise _not_going(row, "cancelled")
                left = await repository.skip_rest(tx, analysis_id)
                await repository.count(tx, analysis_id, done=left, skipped=left)
                row = await repository.stand(tx, analysis_id, Status.CANCELLED, turns=1)
            return analysis_of(row, await result_of(tx, row))

    async def retry(self, caller: Caller, analysis_id: UUID) -> Analysis:
        """Try failed and skipped documents again, and no others.

        :raises NotFound: it is unknown here.
        :raises Conflict: it is not over, or nothing failed.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _held(tx, analysis_id)
            if row["status"] not in _OVER:
                raise Conflict(
                    "The analysis is not over. Wait, or cancel it first.", code="not_finished"
                )
            earlier = await repository.again(tx, analysis_id)
            if not earlier and row["status"] == Status.COMPLETED:
                raise Conflict("No document of this analysis failed.", code="nothing_failed")
            failed = earlier.count(DocumentStatus.FAILED)
            skipped = earlier.count(DocumentStatus.SKIPPED)
            await repository.count(
                tx, analysis_id, done=-failed - skipped, failed=-failed, skipped=-skipped
            )
            row = await self._go_on(tx, caller, row)
            return analysis_of(row, await result_of(tx, row))

    async def extend(self, caller: Caller, analysis_id: UUID, body: AnalysisExtend) -> Analysis:
        """Ask the same of further documents; those that are there are not asked again.

        :raises NotFound: the analysis or a document is unknown here.
        :raises Conflict: it was cancelled, has no collection, or there are no further documents.
        :raises Invalid: there are too many.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _held(tx, analysis_id)
            if row["status"] == Status.CANCELLED:
                raise _not_going(row, "extended")
            if body.document_ids is None and row["collection_id"] is None:
                raise Conflict(
                    "This analysis was made of single documents. Name the `document_ids` to add.",
                    code="no_collection",
                )
            ids = await self._further(tx, row, body.document_ids)
            self._check_number(row["kind"], row["total"] + len(ids))
            await self._add(tx, analysis_id, ids)
            if row["status"] != Status.PAUSED:
                row = await self._go_on(tx, caller, row)
            row = await _existing(tx, analysis_id)
            return analysis_of(row, await result_of(tx, row))

    async def delete(self, caller: Caller, analysis_id: UUID) -> None:
        """Delete an analysis with all that it found; a run of it ends.

        :raises NotFound: it is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            if not await repository.delete(tx, analysis_id):
                raise not_found("analysis")
            await record(tx, caller.actor, Action.ANALYSIS_DELETED, analysis_id)

    @property
    def _lanes(self) -> int:
        return self._settings.analysis_lanes

    async def _go_on(self, tx: Transaction, caller: Caller, row: Row) -> Row:
        """Give an analysis new jobs; it is held."""
        if row["status"] in _OVER:
            await self._check_room(tx)
        await repository.forget_overall(tx, row["id"])
        after = await repository.stand(tx, row["id"], Status.QUEUED, turns=1)
        await queue_lanes(tx, self._jobs, caller.scope, row["id"], after["turn"], self._lanes)
        return after

    async def _add(self, tx: Transaction, analysis_id: UUID, ids: Sequence[UUID]) -> None:
        added = await repository.add_documents(tx, analysis_id, ids)
        await repository.count(tx, analysis_id, total=added)

    async def _asked(self, tx: Transaction, caller: Caller, body: AnalysisCreate) -> _Asked:
        spec = await _spec(tx, caller, body)
        if lacking := spec.lacks():
            raise Invalid(lacking, code="incomplete_question")
        ids = await self._documents(tx, body)
        self._check_number(spec.kind, len(ids))
        plural = "document" if len(ids) == 1 else "documents"
        return _Asked(spec, ids, body.name or f"{spec.kind.capitalize()}, {len(ids)} {plural}")

    async def _documents(self, tx: Transaction, body: AnalysisCreate) -> Sequence[UUID]:
        """Return what is asked about, in its order."""
        if body.collection_id and not await repository.knows_collection(tx, body.collection_id):
            raise not_found("collection")
        given = None if body.document_ids is None else list(dict.fromkeys(body.document_ids))
        known = await self._chosen(tx, UUID(int=0), body.collection_id, given)
        if given is None:
            return known
        if len(known) < len(given):
            raise not_found("document")
        return given

    async def _further(
        self, tx: Transaction, row: Row, given: Sequence[UUID] | None
    ) -> Sequence[UUID]:
        if given is not None:
            known = await self._chosen(tx, UUID(int=0), None, list(set(given)))
            if len(known) < len(set(given)):
                raise not_found("document")
        collection_id = row["collection_id"] if given is None else None
        ids = await self._chosen(tx, row["id"], collection_id, given)
        if not ids:
            raise Conflict(
                "There are no further documents: all of them are part of this analysis.",
                code="nothing_new",
            )
        return ids

    async def _chosen(
        self,
        tx: Transaction,
        analysis_id: UUID,
        collection_id: UUID | None,
        ids: Sequence[UUID] | None,
    ) -> Sequence[UUID]:
        most = self._settings.analysis_max_documents + 1
        return await repository.chosen(
            tx, analysis_id=analysis_id, collection_id=collection_id, ids=ids, limit=most
        )

    def _check_number(self, kind: str, number: int) -> None:
        if number == 0:
            raise Invalid(
                "The collection holds no documents. Upload some, or choose another.",
                code="no_documents",
            )
        most = self._settings.analysis_max_documents
        if kind == Kind.COMPARE:
            most = table.MOST_COMPARED
            if number < FEWEST_COMPARED:
                raise Invalid("A comparison needs two documents or more.", code="too_few_documents")
        if number > most:
            raise Invalid(
                f"An analysis of this kind takes up to {most} documents at once. Choose fewer, or"
                " ask in several.",
                code="too_many_documents",
            )

    async def _check_room(self, tx: Transaction) -> None:
        if await repository.open_analyses(tx) >= MOST_OPEN:
            raise Conflict(
                f"{MOST_OPEN} analyses of this workspace are not over. Wait, or cancel some.",
                code="too_many_open",
            )


async def _spec(tx: Transaction, caller: Caller, body: AnalysisCreate) -> AnalysisSpec:
    """Return what is asked; a template gives what the body leaves out.

    :raises NotFound: the template is unknown here.
    :raises Invalid: it is of another kind.
    """
    if body.template_id is None:
        return spec_of(body)
    saved = await templates_service.seen(tx, caller, body.template_id)
    if saved["spec"]["kind"] != body.kind:
        raise Invalid(
            f"The template is for the kind {saved['spec']['kind']}, not for {body.kind}.",
            code="template_of_another_kind",
        )
    given: dict[str, Any] = body.model_dump(mode="json", exclude_unset=True)
    own = {name: given[name] for name in AnalysisSpec.model_fields if name in given}
    return AnalysisSpec(**saved["spec"] | own)


async def _existing(tx: Transaction, analysis_id: UUID) -> Row:
    row = await repository.analysis(tx, analysis_id)
    if row is None:
        raise not_found("analysis")
    return row


async def _held(tx: Transaction, analysis_id: UUID) -> Row:
    row = await repository.lock(tx, analysis_id)
    if row is None:
        raise not_found("analysis")
    return row


async def _replayed(tx: Transaction, row: Row, fingerprint: str) -> Analysis:
    """Return what the first call with an idempotency key made."""
    if row["fingerprint"] != fingerprint:
        raise Conflict(
            "This Idempotency-Key came before with another body. Use a new one for this.",
            code="idempotency_key_reused",
        )
    return analysis_of(row, await result_of(tx, row))


def _not_going(row: Row, done: str) -> Conflict:
    return Conflict(
        f"The analysis is {row['status']} and cannot be {done}.", code=f"already_{row['status']}"
    )
