"""Receives uploads: bytes go to storage as they arrive, rows are written afterwards."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.storage import Storage
from assay.documents import formats, names
from assay.documents.models import ReceivedFile, ReceivedUpload
from assay.documents.multipart import MultipartReader, Part
from assay.errors import Invalid, Malformed, TooLarge, Unavailable
from assay.scope import TenantScope

_MAX_FIELD_BYTES = 200
_PART_OVERHEAD_BYTES = 16 * 1024
"""Boundaries and headers of a part; more than any client sends."""


class Receiver:
    """Receives one upload of one tenant.

    A refusal of any of its files, a broken body or a client that leaves refuses the whole
    upload, and what was stored of it is deleted before the error is raised.
    """

    def __init__(
        self, storage: Storage, scope: TenantScope, *, max_file_bytes: int, max_files: int
    ) -> None:
        self._storage, self._scope = storage, scope
        self._max_file_bytes, self._max_files = max_file_bytes, max_files
        self._begun: list[UUID] = []

    async def receive(
        self, content_type: str, content_length: int | None, chunks: AsyncIterator[bytes]
    ) -> ReceivedUpload:
        """Store every file of a multipart body.

        :param content_length: bytes of the body, where the client told them.
        :raises TooLarge: a file, or surely one of the files.
        :raises UnsupportedMedia: the body is no form, or a file is of no known kind.
        :raises Invalid: no file, an empty one, too many, or a field that does not fit.
        :raises Malformed: the body cannot be read to its end.
        """
        largest = self._max_files * (self._max_file_bytes + _PART_OVERHEAD_BYTES)
        if content_length is not None and content_length > largest:
            raise self._too_large()
        try:
            return await self._parts(MultipartReader(content_type, chunks))
        except BaseException:
            await self.discard(self._begun)
            raise

    async def discard(self, document_ids: list[UUID]) -> None:
        """Delete the stored bytes of files that become no documents.

        What cannot be deleted now is found by the sweep for files without a document.
        """
        for document_id in document_ids:
            with contextlib.suppress(Unavailable):
                await self._storage.delete_prefix(
                    self._scope, self._storage.key(self._scope, document_id)
                )

    async def _parts(self, reader: MultipartReader) -> ReceivedUpload:
        files: list[ReceivedFile] = []
        fields: dict[str, str] = {}
        while part := await reader.next_part():
            if part.name == "file":
                file = await self._file(part, reader, len(files))
                files += [file] if file else []
            elif part.name == "collection_id" and part.name not in fields:
                fields[part.name] = await _field(reader)
            else:
                raise _unexpected()
        if not files:
            raise Invalid("The upload has no part named `file`.", code="no_file")
        return ReceivedUpload(files, _collection_id(fields.get("collection_id", "")))

    async def _file(
        self, part: Part, reader: MultipartReader, received: int
    ) -> ReceivedFile | None:
        head = await self._head(reader)
        if not head and not part.filename:
            return None  # A browser's form with nothing chosen.
        if received == self._max_files:
            raise Invalid(
                f"One upload may have {self._max_files} files at the most. Send the rest in"
                " another one.",
                code="too_many_files",
            )
        name = names.clean(part.filename or "")
        mime_type = formats.detect(name, head[: formats.HEAD_BYTES])
        document_id = uuid7()
        self._begun.append(document_id)
        key = self._storage.key(self._scope, document_id, "original")
        size, sha256 = await self._store(key, head, reader)
        return ReceivedFile(document_id, name, mime_type, size, sha256, key)

    async def _head(self, reader: MultipartReader) -> bytes:
        """Return the first bytes of a part: as many as its format shows in, or all."""
        head = bytearray()
        while len(head) < formats.HEAD_BYTES and (chunk := await reader.read()):
            head += chunk
        return bytes(head)

    async def _store(self, key: str, head: bytes, reader: MultipartReader) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        async with self._storage.writer(key) as writer:
            chunk = head
            while chunk:
                size += len(chunk)
                if size > self._max_file_bytes:
                    raise self._too_large()
                digest.update(chunk)
                await writer.write(chunk)
                chunk = await reader.read()
        return size, digest.hexdigest()

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"A file may have {self._max_file_bytes} bytes at the most. Split it, or leave it out.",
            code="file_too_large",
        )


async def _field(reader: MultipartReader) -> str:
    content = bytearray()
    while chunk := await reader.read():
        content += chunk
        if len(content) > _MAX_FIELD_BYTES:
            raise _unexpected()
    return content.decode("utf-8", "replace").strip()


def _collection_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise Invalid("`collection_id` is not a UUID.", code="validation_error") from error


def _unexpected() -> Invalid:
    return Invalid(
        "An upload has parts named `file` and at most one short `collection_id`, nothing else.",
        code="unexpected_field",
    )


def client_left() -> Malformed:
    """Return the answer that nobody reads any more."""
    return Malformed("The client left before the upload was complete.", code="client_left")
