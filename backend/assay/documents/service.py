"""Documents: upload, look-up, retry, delete."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import ClientDisconnect
from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.jobs import Jobs
from assay.adapters.postgres import Database, Row, Transaction
from assay.adapters.storage import Storage
from assay.documents import collections_repository, repository
from assay.documents.models import INGEST, REMOVE, ReceivedUpload, Status
from assay.documents.quota import Quota
from assay.documents.schemas import Document, DocumentError, PageText, Upload
from assay.documents.upload import Receiver, client_left
from assay.errors import AssayError, Conflict, Malformed, Unavailable, not_found
from assay.identity.audit import Action, record
from assay.identity.models import Caller
from assay.scope import TenantScope
from assay.settings import Settings

MAX_UPLOAD_SECONDS = 45 * 60
"""Must stay below the age at which the sweep takes a file without a document for lost."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document's original bytes and what the answer has to say of them."""

    name: str
    mime_type: str
    size_bytes: int
    sha256: str
    chunks: AsyncIterator[bytes]


class Documents:
    """What a workspace's members do with its documents."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        jobs: Jobs,
        quota: Quota,
        settings: Settings,
    ) -> None:
        self._database, self._storage = database, storage
        self._jobs, self._quota, self._settings = jobs, quota, settings

    async def upload(
        self,
        caller: Caller,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str,
        content_length: int | None,
        idempotency_key: str | None,
    ) -> Upload:
        """Store the files of a multipart body and queue their ingestion.

        :raises Conflict: the idempotency key came before with something else.
        :raises NotFound: the collection is unknown.
        :raises Forbidden: the tenant's quota is reached.
        :raises AssayError: see `Receiver.receive`.
        """
        async with self._database.transaction(caller.scope) as tx:
            await self._quota.check_upload(tx)
        receiver = Receiver(
            self._storage,
            caller.scope,
            max_file_bytes=self._settings.max_file_bytes,
            max_files=self._settings.max_files_per_upload,
        )
        try:
            async with asyncio.timeout(MAX_UPLOAD_SECONDS):
                received = await receiver.receive(content_type, content_length, chunks)
        except ClientDisconnect as error:
            raise client_left() from error
        except TimeoutError as error:
            raise Malformed(
                "The upload took too long. Send fewer files at once.", code="upload_timeout"
            ) from error
        documents = await self._register(caller, receiver, received, idempotency_key)
        kept = {document.id for document in documents}
        stored = [file.document_id for file in received.files]
        await receiver.discard([each for each in stored if each not in kept])
        return Upload(documents=documents)

    async def list(
        self,
        caller: Caller,
        *,
        status: Status | None,
        collection_id: UUID | None,
        name: str | None,
        cursor: Cursor | None,
        limit: int,
    ) -> ItemList[Document]:
        """List documents, newest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.documents(
                tx,
                status=status,
                collection_id=collection_id,
                name=name,
                cursor=cursor,
                limit=limit + 1,
            )
        return item_list(rows, limit, document_of)

    async def get(self, caller: Caller, document_id: UUID) -> Document:
        """Return one document.

        :raises NotFound: it is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.document(tx, document_id)
        if row is None:
            raise not_found("document")
        return document_of(row)

    async def content(self, caller: Caller, document_id: UUID) -> DocumentFile:
        """Open a document's original bytes.

        :raises NotFound: it is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.stored_file(tx, document_id)
        if row is None:
            raise not_found("document")
        return DocumentFile(
            name=row["name"],
            mime_type=row["mime_type"],
            size_bytes=row["size_bytes"],
            sha256=row["sha256"],
            chunks=await self._storage.read(caller.scope, row["storage_key"]),
        )

    async def page(self, caller: Caller, document_id: UUID, number: int) -> PageText:
        """Return the text of a page.

        :raises NotFound: the document or the page is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            text = await repository.page_text(tx, document_id, number)
        if text is None:
            raise not_found("page")
        return PageText(page=number, text=text)

    async def retry(self, caller: Caller, document_id: UUID) -> Document:
        """Queue a failed document again.

        :raises NotFound: it is unknown here.
        :raises Conflict: it did not fail.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.restart(tx, document_id)
            if row is None:
                if await repository.document(tx, document_id) is None:
                    raise not_found("document")
                raise Conflict(
                    "Only a failed document can be tried again; others go on by themselves.",
                    code="not_failed",
                )
            await self._defer_ingest(tx, caller.scope, document_id)
        return document_of(row)

    async def delete(self, caller: Caller, document_id: UUID) -> None:
        """Delete a document at once; its vectors and bytes follow.

        :raises NotFound: it is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            storage_key = await repository.delete_document(tx, document_id)
            if storage_key is None:
                raise not_found("document")
            await record(tx, caller.actor, Action.DOCUMENT_DELETED, document_id)
            removal_id = uuid7()
            await repository.insert_removal(
                tx, removal_id=removal_id, document_id=document_id, storage_key=storage_key
            )
            await self._jobs.defer(
                tx, caller.scope, REMOVE, lock=str(document_id), removal_id=str(removal_id)
            )

    async def _register(
        self, caller: Caller, receiver: Receiver, received: ReceivedUpload, key: str | None
    ) -> Sequence[Document]:
        """Write rows and jobs; the bytes of a refused upload are deleted.

        When the database goes away, nobody knows whether it committed: the bytes stay, and
        the sweep deletes those that turn out to have no document.
        """
        try:
            async with self._database.transaction(caller.scope) as tx:
                return await self._write(tx, caller, received, key)
        except Unavailable:
            raise
        except AssayError:
            await receiver.discard([file.document_id for file in received.files])
            raise

    async def _write(
        self, tx: Transaction, caller: Caller, received: ReceivedUpload, key: str | None
    ) -> Sequence[Document]:
        if key and not await repository.claim_key(tx, key, received.fingerprint()):
            return await _replay(tx, key, received)
        collection_id = received.collection_id
        if collection_id and not await collections_repository.hold(tx, collection_id):
            raise not_found("collection")
        written: dict[UUID, Document] = {}
        # In the order of their hashes: two equal uploads must not wait for each other.
        for file in sorted(received.files, key=lambda file: file.sha256):
            row = await repository.insert_document(
                tx, file, collection_id=collection_id, created_by=caller.user_id
            )
            if row is None:
                same = await repository.document_by_content(tx, collection_id, file.sha256)
                if same is None:
                    raise Unavailable("The same file was being deleted just now. Try again.")
                written[file.document_id] = document_of(same, duplicate=True)
            else:
                written[file.document_id] = document_of(row)
                await self._defer_ingest(tx, caller.scope, file.document_id)
        documents = [written[file.document_id] for file in received.files]
        if key:
            await repository.complete_key(tx, key, [document.id for document in documents])
        return documents

    async def _defer_ingest(self, tx: Transaction, scope: TenantScope, document_id: UUID) -> None:
        name = str(document_id)
        await self._jobs.defer(tx, scope, INGEST, lock=name, document_id=name)


async def _replay(tx: Transaction, key: str, received: ReceivedUpload) -> Sequence[Document]:
    """Return what the first call with an idempotency key answered with."""
    claimed = await repository.claimed_key(tx, key)
    if claimed is None or claimed["fingerprint"] != received.fingerprint():
        raise Conflict(
            "This Idempotency-Key came before with other files. Use a new one for these.",
            code="idempotency_key_reused",
        )
    rows = await repository.documents_by_id(tx, claimed["document_ids"])
    if len(rows) < len(set(claimed["document_ids"])):
        raise Conflict(
            "The documents of this Idempotency-Key were deleted since. Use a new one to upload"
            " them again.",
            code="idempotency_key_spent",
        )
    # A document that this key made was written in the same transaction, so at the same time.
    return [
        document_of(rows[each], duplicate=rows[each]["created_at"] != claimed["created_at"])
        for each in claimed["document_ids"]
    ]


def document_of(row: Row | Any, *, duplicate: bool = False) -> Document:
    """Return a document as callers see it."""
    fields = dict(row)
    code, message = fields.pop("error_code"), fields.pop("error_message")
    error = DocumentError(code=code, message=message) if code else None
    progress = round(fields.pop("progress"), 3)
    return Document(**fields, progress=progress, error=error, duplicate=duplicate)
