"""Files of the tenants, in a folder or in S3, through obstore."""

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


class Storage:
    """Objects under `{tenant}/`; a key of one tenant cannot be read with another's scope."""

    def __init__(self, settings: Settings) -> None:
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
        self._inner = obstore.open_writer_async(store, key, buffer_size=PART_BYTES)

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
            return  # The unfinished multipart upload is never completed.
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
