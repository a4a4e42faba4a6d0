"""What a document is while it is received, read and indexed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

import orjson

INGEST = "documents.ingest"
REMOVE = "documents.remove"
"""Names of the jobs; both take the document's id as their lock."""


class Status(StrEnum):
    """What can be done with a document."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Stage(StrEnum):
    """What is being done with a document."""

    QUEUED = "queued"
    READING = "reading"
    INDEXING = "indexing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file whose bytes are stored and whose row is not written yet."""

    document_id: UUID
    name: str
    mime_type: str
    size_bytes: int
    sha256: str
    storage_key: str


@dataclass(frozen=True, slots=True)
class ReceivedUpload:
    """Everything that a multipart upload held, in its order."""

    files: Sequence[ReceivedFile]
    collection_id: UUID | None

    def fingerprint(self) -> str:
        """Return what is equal exactly if the same upload is sent again."""
        files = [(file.name, file.sha256) for file in self.files]
        return hashlib.sha256(orjson.dumps([files, str(self.collection_id)])).hexdigest()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the ingest job on a document.

    A worker that was silent too long is taken for dead and its job started again; should it
    wake up, its run no longer holds the document and changes nothing.
    """

    document_id: UUID
    token: UUID


def passage_id(document_id: UUID, ordinal: int) -> UUID:
    """Return the id of a document's passage: the same on every run, so that a retry overwrites."""
    return uuid5(document_id, str(ordinal))
