"""Files of the tenants, in a folder or in S3, through obstore."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from assay.errors import Unavailable, not_found
from assay.scope import TenantScope
from assay.settings import Settings

if TYPE_CHECKING:
    from obstore import GetResult  # it exists for type checkers only

PART_BYTES = 5 * 1024 * 1024
"""Smallest part that S3's multipart upload accepts; also what one upload holds in memory."""
READ_BYTES = 256 * 1024
PARTS_IN_FLIGHT = 2
_STAGED = re.compile(r".+#[0-9]+")
"""How obstore names a local file that is still being written."""


class Storage:
    """Objects under `{tenant}/`; a key of one tenant cannot be read with another's scope."""

    def __init__(self, settings: Settings) -> None:
        self._folder = None if settings.s3_bucket else settings.data_dir / "files"
        self._store = _store(settings)

    def key(self, scope: TenantScope, *parts: UUID | str) -> str:
        """Return the key of an object of this tenant."""
        return "/".join([str(scope.tenant_id), *map(str, parts)])

    def writer(self, key: str) -> "Writer":
        """Return a writer; the object exists only after a clean exit of its `async with`."""
        return Writer(self._store, key)

    async def read(self, scope: TenantScope, key: str) -> AsyncIterator[bytes]:
        """Open an object and return its bytes in chunks.

        :raises NotFound: it is gone.
        :raises Unavailable: the store does not answer.
        """
        self._own(scope, key)
        try:
            response = await obstore.get_async(self._store, key)
        except FileNotFoundError as error:
            raise not_found("file") from error
        except BaseError as error:
            raise _unavailable() from error
        return _chunks(response)

    async def fetch(self, scope: TenantScope, key: str, target: Path) -> None:
        """Copy an object into a local file."""
        chunks = await self.read(scope, key)
        with target.open("wb") as file:
            async for chunk in chunks:
                file.write(chunk)

    async def put(self, scope: TenantScope, key: str, content: bytes) -> None:
        """Write a small object whole."""
        self._own(scope, key)
        try:
            await obstore.put_async(self._store, key, content)
        except BaseError as error:
            raise _unavailable() from error

    async def get(self, scope: TenantScope, key: str) -> bytes | None:
        """Read a small object whole, or None."""
        self._own(scope, key)
        try:
            response = await obstore.get_async(self._store, key)
            return bytes(await response.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _unavailable() from error

    async def delete_prefix(self, scope: TenantScope, prefix: str) -> None:
        """Delete every object under a prefix; nothing there is no error."""
        self._own(scope, prefix)
        try:
            paths = [
                item["path"] async for batch in obstore.list(self._store, prefix) for item in batch
            ]
            if paths:
                await obstore.delete_async(self._store, paths)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _unavailable() from error

    async def older_than(self, age: timedelta) -> AsyncIterator[list[str]]:
        """List the keys of every tenant's originals written longer ago than `age`, in batches."""
        limit = datetime.now(UTC) - age
        async for batch in obstore.list(self._store):
            yield [item["path"] for item in batch if item["last_modified"] < limit]

    async def delete_orphans(self, keys: list[str]) -> None:
        """Delete objects that the reconciler found no row for."""
        if keys:
            await obstore.delete_async(self._store, keys)

    async def delete_unfinished(self, age: timedelta) -> None:
        """Delete what writers left that were killed longer ago than `age`.

        In S3 a lifecycle rule (`AbortIncompleteMultipartUpload`) does this.
        """
        if self._folder:
            await asyncio.to_thread(_delete_staged, self._folder, time.time() - age.total_seconds())

    async def healthy(self) -> bool:
        """Tell whether the store answers."""
        try:
            async for _ in obstore.list(self._store, "health", chunk_size=1):
                break
        except (BaseError, OSError):
            return False
        return True

    @staticmethod
    def _own(scope: TenantScope, key: str) -> None:
        if not key.startswith(f"{scope.tenant_id}/"):
            msg = "a storage key of another tenant"
            raise PermissionError(msg)


class Writer:
    """Streams one object; an error or a cancellation leaves nothing behind."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store, self._key = store, key
        self._inner = obstore.open_writer_async(
            store, key, buffer_size=PART_BYTES, max_concurrency=PARTS_IN_FLIGHT
        )

    async def __aenter__(self) -> Self:
        """Start."""
        return self

    async def write(self, chunk: bytes) -> None:
        """Append bytes."""
        try:
            await self._inner.write(chunk)
        except BaseError as error:
            raise _unavailable() from error

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Make the object visible, or drop what was written."""
        if kind is not None:
            # Dropping it aborts the write; the error's traceback would keep it alive.
            del self._inner
            return
        try:
            await self._inner.close()
        except BaseError as failure:
            raise _unavailable() from failure


async def _chunks(response: "GetResult") -> AsyncIterator[bytes]:
    try:
        async for chunk in response.stream(min_chunk_size=READ_BYTES):
            yield bytes(chunk)
    except BaseError as error:
        raise _unavailable() from error


def _delete_staged(folder: Path, before: float) -> None:
    """Delete staged files, and folders that are empty, last changed before a time."""
    for path in sorted(folder.rglob("*"), reverse=True):
        with contextlib.suppress(OSError):  # Another process was faster, or it is in use.
            if path.stat().st_mtime >= before:
                continue
            if path.is_dir():
                path.rmdir()
            elif _STAGED.fullmatch(path.name):
                path.unlink()


def _unavailable() -> Unavailable:
    return Unavailable("The file store does not answer right now.", code="storage_unavailable")


def _store(settings: Settings) -> ObjectStore:
    if not settings.s3_bucket:
        folder = settings.data_dir / "files"
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(folder)
    if settings.s3_endpoint:
        return S3Store(
            settings.s3_bucket,
            endpoint=settings.s3_endpoint,
            region=settings.aws_region,
            client_options={"allow_http": settings.s3_endpoint.startswith("http://")},
        )
    return S3Store(settings.s3_bucket, region=settings.aws_region)
