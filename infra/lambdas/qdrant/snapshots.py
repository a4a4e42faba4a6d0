# ruff: noqa: INP001 - Lambda takes modules from the top of a package
"""Takes a snapshot of every collection of every node and puts it into S3.

Bytes pass through in parts: neither memory nor the function's disk holds a snapshot. What S3 has is
compared with what Qdrant said before the snapshot counts.
"""

import hashlib
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from client import Qdrant, Snapshot, forget_key, nodes

SECONDS = 600
PART = 32 * 1024 * 1024
"""10,000 parts, S3's most, hold 312 GB."""
LEFT_OVER = timedelta(days=1)
"""Age at which a snapshot on a node's disk is taken for one that a run has left."""


class BackupFailed(Exception):
    """Not every collection of every node is in S3."""


class _Counted:
    """A file that is read once, with its size and SHA-256."""

    def __init__(self, source: Any) -> None:
        self._source, self.size, self._hash = source, 0, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part: bytes = self._source.read(size if size >= 0 else None)
        self.size += len(part)
        self._hash.update(part)
        return part

    @property
    def checksum(self) -> str:
        return self._hash.hexdigest()


def handler(_event: object, _context: object) -> dict[str, Any]:
    """Copy all collections; one that fails does not hold the others up.

    :raises BackupFailed: some did fail.
    """
    done: list[str] = []
    failed: list[str] = []
    for node in nodes(SECONDS):
        try:
            collections = node.collections()
        except (OSError, ValueError, LookupError) as error:
            forget_key()
            failed.append(_failure(node, "*", error))
            continue
        for collection in collections:
            try:
                done.append(_back_up(node, collection))
            except Exception as error:  # noqa: BLE001 - whatever it was, the next one gets its turn
                failed.append(_failure(node, collection, error))
    if failed:
        raise BackupFailed("; ".join(failed))
    return {"stored": done}


def _back_up(node: Qdrant, collection: str) -> str:
    began = time.monotonic()
    _clear_left_overs(node, collection)
    snapshot = node.snapshot(collection)
    try:
        key = f"qdrant/{_name(node)}/{collection}/{snapshot.name}"
        size = _copy(node, collection, snapshot, key)
    finally:
        node.delete(collection, snapshot.name)
    _log("snapshot.stored", key=key, bytes=size, seconds=round(time.monotonic() - began, 1))
    return key


def _copy(node: Qdrant, collection: str, snapshot: Snapshot, key: str) -> int:
    s3, bucket = boto3.client("s3"), os.environ["BUCKET"]
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
    with node.open(collection, snapshot.name) as source:
        counted = _Counted(source)
        s3.upload_fileobj(counted, bucket, key, Config=config)
    stored = s3.head_object(Bucket=bucket, Key=key)
    said = (snapshot.size, snapshot.checksum or counted.checksum)
    if (counted.size, counted.checksum) != said or stored["ContentLength"] != snapshot.size:
        s3.delete_object(Bucket=bucket, Key=key)
        raise BackupFailed(f"{counted.size} bytes came of {snapshot.size}, or others")
    return counted.size


def _clear_left_overs(node: Qdrant, collection: str) -> None:
    for each in node.snapshots(collection):
        if each.creation_time and _age(each.creation_time) > LEFT_OVER:
            node.delete(collection, each.name)
            _log("snapshot.left_over_deleted", collection=collection, name=each.name)


def _age(written: str) -> timedelta:
    at = datetime.fromisoformat(written)
    return datetime.now(UTC) - (at if at.tzinfo else at.replace(tzinfo=UTC))


def _failure(node: Qdrant, collection: str, error: Exception) -> str:
    reason = f"{_name(node)}/{collection}: {type(error).__name__}: {error}"
    _log("snapshot.failed", reason=reason)
    return reason


def _name(node: Qdrant) -> str:
    return urlsplit(node.url).hostname or "node"


def _log(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}))  # noqa: T201 - Lambda's log
