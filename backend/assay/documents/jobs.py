"""Ingests documents: read, cut, embed, index; and removes what a deleted one leaves.

Every step may be repeated: pages and passages replace the earlier ones, passage ids and with
them the vectors' are the same on every run, and a restart goes on after the last batch whose
vectors are stored. No transaction is open while a file is read or text is embedded.
"""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog

from assay.adapters.jobs import Jobs
from assay.adapters.postgres import Database, Row
from assay.adapters.storage import Storage
from assay.adapters.vectors import PassageVector, VectorStore
from assay.documents import quota, repository
from assay.documents.models import INGEST, Run, Stage, passage_id
from assay.documents.parsing import ParsedDocument, ParseFailed, Parser
from assay.documents.quota import Quota
from assay.documents.scratch import scratch_copy
from assay.errors import NotFound, PaymentRequired, Unavailable
from assay.scope import TenantScope
from assay.usage.embeddings import TenantEmbeddings

log = structlog.get_logger()

BATCH = 32
"""Passages embedded and stored at once."""
READING_SHARE = 0.4
"""Progress of a document that is read and not indexed yet."""
MAX_ATTEMPTS = 5
PROGRESS_SECONDS = 0.5
SLICE_SECONDS = 60.0
"""How long a document is indexed before other jobs come in between."""


class _Lost(Exception):
    """The document was deleted, or taken by a later run, while it was processed."""


class _NoRoom(Exception):
    """The document does not fit into the tenant's quota."""


class IngestJobs:
    """The jobs `documents.ingest` and `documents.remove`."""

    def __init__(
        self,
        *,
        database: Database,
        storage: Storage,
        parser: Parser,
        embeddings: TenantEmbeddings,
        vectors: VectorStore,
        room: Quota,
        jobs: Jobs,
        scratch: Path,
    ) -> None:
        """Keep the parts.

        :param room: the tenants' quotas.
        :param jobs: where the rest of a long document is queued.
        :param scratch: folder for copies of documents while they are read.
        """
        self._database, self._storage, self._parser = database, storage, parser
        self._embeddings, self._vectors, self._scratch = embeddings, vectors, scratch
        self._quota, self._jobs = room, jobs

    async def ingest(self, scope: TenantScope, document_id: str) -> None:
        """Make a document searchable, or mark it as failed.

        :raises Unavailable: a part is away; the job is to be run again later.
        :raises Exception: a fault of ours; the job is to be run again, a few times.
        """
        run = Run(UUID(document_id), uuid4())
        async with self._database.transaction(scope) as tx:
            document = await repository.begin(tx, run)
        if document is None:
            return
        try:
            await self._ingest(scope, run, document)
        except _Lost:
            await self._clear_up(scope, run.document_id)
        except ParseFailed as error:
            await self._fail(scope, run, error.code, error.message)
        except _NoRoom:
            await self._fail(scope, run, quota.CODE, quota.MESSAGE)
        except PaymentRequired as error:
            await self._fail(scope, run, error.code, error.detail)
        except NotFound:
            message = "The stored file is gone. Delete the document and upload it again."
            await self._fail(scope, run, "file_missing", message)
        except Unavailable:
            raise
        except Exception:
            if not await self._give_up(scope, run):
                raise
            log.exception("document.given_up", document_id=document_id)

    async def remove(self, scope: TenantScope, removal_id: str) -> None:
        """Delete the vectors and files of a deleted document; repeating it does nothing.

        :raises Unavailable: a part is away; the job is to be run again later.
        """
        identifier = UUID(removal_id)
        async with self._database.transaction(scope) as tx:
            document_id = await repository.removal(tx, identifier)
        if document_id is None:
            return
        await self._vectors.delete_document(scope, document_id)
        await self._storage.delete_prefix(scope, self._storage.key(scope, document_id))
        async with self._database.transaction(scope) as tx:
            await repository.delete_removal(tx, identifier)

    async def _ingest(self, scope: TenantScope, run: Run, document: Row) -> None:
        done, count = document["indexed"], document["passages"]
        if document["stage"] != Stage.INDEXING:
            parsed = await self._read(scope, run, document)
            await self._write(scope, run, parsed)
            done, count = 0, len(parsed.passages)
        if done == 0:
            # An earlier reading may have had more passages than this one.
            await self._vectors.delete_document(scope, run.document_id)
        until = time.monotonic() + SLICE_SECONDS
        while done < count:
            done += await self._index(scope, document, done)
            progress = READING_SHARE + (1 - READING_SHARE) * done / count
            async with self._database.transaction(scope) as tx:
                if not await repository.set_indexed(tx, run, indexed=done, progress=progress):
                    raise _Lost
            if done < count and time.monotonic() >= until:
                await self._hand_on(scope, run)
                return
        async with self._database.transaction(scope) as tx:
            if not await repository.set_ready(tx, run):
                raise _Lost
        log.info("document.ready", document_id=str(run.document_id), passages=count)

    async def _hand_on(self, scope: TenantScope, run: Run) -> None:
        """Queue the rest of a document, behind what others wait for."""
        name = str(run.document_id)
        async with self._database.transaction(scope) as tx:
            if not await repository.lock_document(tx, run):
                raise _Lost
            await self._jobs.defer(tx, scope, INGEST, lock=name, document_id=name)

    async def _read(self, scope: TenantScope, run: Run, document: Row) -> ParsedDocument:
        report = _throttled(lambda share: self._progress(scope, run, share))
        with scratch_copy(self._scratch) as path:
            await self._storage.fetch(scope, document["storage_key"], path)
            return await self._parser.parse(
                path, name=document["name"], mime_type=document["mime_type"], progress=report
            )

    async def _progress(self, scope: TenantScope, run: Run, share: float) -> None:
        async with self._database.transaction(scope) as tx:
            if not await repository.set_progress(tx, run, READING_SHARE * share):
                raise _Lost

    async def _write(self, scope: TenantScope, run: Run, parsed: ParsedDocument) -> None:
        document_id = run.document_id
        rows: list[dict[str, Any]] = [
            {
                "id": passage_id(document_id, passage.ordinal),
                "document_id": document_id,
                "ordinal": passage.ordinal,
                "page": passage.page,
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "context": passage.context,
            }
            for passage in parsed.passages
        ]
        async with self._database.transaction(scope) as tx:
            if not await repository.lock_document(tx, run):
                raise _Lost
            if not await self._quota.takes(tx, len(rows), document_id):
                raise _NoRoom
            await repository.replace_text(
                tx, document_id, pages=parsed.pages, passages=rows, progress=READING_SHARE
            )

    async def _index(self, scope: TenantScope, document: Row, done: int) -> int:
        """Store the vectors of the next batch of passages and return its size."""
        document_id = document["id"]
        async with self._database.transaction(scope) as tx:
            passages = await repository.passages_from(tx, document_id, done, BATCH)
        if not passages:
            raise _Lost
        texts = [indexed_text(passage["context"], passage["text"]) for passage in passages]
        dense = await self._embeddings.passages(scope, texts)
        vectors = [
            PassageVector(
                passage_id=passage["id"],
                document_id=document_id,
                collection_id=document["collection_id"],
                dense=vector,
                text=text,
            )
            for passage, vector, text in zip(passages, dense, texts, strict=True)
        ]
        await self._vectors.upsert(scope, vectors)
        return len(passages)

    async def _clear_up(self, scope: TenantScope, document_id: UUID) -> None:
        """Delete what was stored after the document's own removal, and nothing of a later run."""
        async with self._database.transaction(scope) as tx:
            known = await repository.known(tx, [document_id])
        if not known:
            await self._vectors.delete_document(scope, document_id)

    async def _fail(self, scope: TenantScope, run: Run, code: str, message: str) -> None:
        async with self._database.transaction(scope) as tx:
            await repository.fail(tx, run, code, message)
        log.info("document.failed", document_id=str(run.document_id), code=code)

    async def _give_up(self, scope: TenantScope, run: Run) -> bool:
        """Count a fault of ours; after the last attempt, mark the document as failed."""
        async with self._database.transaction(scope) as tx:
            attempts = await repository.count_attempt(tx, run.document_id)
            if attempts < MAX_ATTEMPTS:
                return False
            message = "Something went wrong on our side. Try again, or tell the operator."
            await repository.fail(tx, run, "internal_error", message)
            return True


def indexed_text(context: str, text: str) -> str:
    """Return what is embedded and searched of a passage."""
    return f"{context}\n{text}" if context else text


def _throttled(
    report: Callable[[float], Awaitable[None]],
) -> Callable[[int, int], Awaitable[None]]:
    """Pass progress on at most every `PROGRESS_SECONDS`, as a share from 0 to 1."""
    reported = time.monotonic()

    async def progress(done: int, total: int) -> None:
        nonlocal reported
        if total and time.monotonic() - reported >= PROGRESS_SECONDS:
            reported = time.monotonic()
            await report(done / total)

    return progress
