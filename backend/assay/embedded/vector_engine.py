"""Collections of the vector process: each is one shard of Qdrant's engine in its own folder.

An update is in the engine's write-ahead log when it returns, so that a killed process loses
nothing that was acknowledged; flushing only keeps that log, and with it the next start, short.

The engine's `optimize` is never called. Where it builds graphs it holds Python's global lock
for 10 to 15 s at 30,000 points, in which nothing is answered; without it a search among 15,000
passages of one tenant takes 6 ms, and is exact. As a mere vacuum it takes 1 s, but a process
killed shortly after it comes back with every point in two segments (10 of 25 kills). So the
space of deleted vectors is not given back here; Qdrant's server does that by itself.
"""

import asyncio
import fcntl
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import qdrant_edge as edge

from assay.embedded.vector_bodies import (
    Count,
    CreateCollection,
    CreateIndex,
    Delete,
    Facet,
    Point,
    Query,
    Scroll,
    SparseVector,
    Upsert,
)

Result = TypeVar("Result")

READERS = 2
DESCRIPTION = "collection.json"


class InUse(Exception):
    """Another process has the folder open."""


class Refused(Exception):
    """The request does not fit the collection."""


class Collection:
    """One open shard."""

    def __init__(self, folder: Path) -> None:
        description = json.loads((folder / DESCRIPTION).read_bytes())
        self.config = CreateCollection.model_validate(description)
        self._shard = edge.EdgeShard.load(str(folder / "shard"))
        self._dirty = False

    @staticmethod
    def create(folder: Path, config: CreateCollection) -> "Collection":
        """Create in a draft and rename, so that a crash leaves no half of a collection."""
        draft = folder.with_name(f".{folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        shard = edge.EdgeShard.create(str(draft / "shard"), config.engine())
        shard.flush()
        shard.close()
        (draft / DESCRIPTION).write_text(config.model_dump_json())
        draft.rename(folder)
        return Collection(folder)

    def upsert(self, body: Upsert) -> None:
        """Insert or overwrite points, all or none."""
        for point in body.points:
            self._check(point)
        self._update(edge.UpdateOperation.upsert_points([point.engine() for point in body.points]))

    def delete(self, body: Delete) -> None:
        """Delete points."""
        self._update(body.engine())

    def create_index(self, body: CreateIndex) -> None:
        """Create a payload index; one that exists stays."""
        self._update(body.engine())

    def query(self, body: Query) -> list[dict[str, Any]]:
        """Return scored points, best first."""
        points = self._shard.query(body.engine())
        return [
            {
                "id": point.id,
                "version": point.version,
                "score": point.score,
                "payload": point.payload,
            }
            for point in points
        ]

    def scroll(self, body: Scroll) -> dict[str, Any]:
        """Return a page of points."""
        records, following = self._shard.scroll(body.engine())
        points = [{"id": record.id, "payload": record.payload} for record in records]
        return {"points": points, "next_page_offset": following}

    def count(self, body: Count) -> int:
        """Return how many points match."""
        return self._shard.count(body.engine())

    def facet(self, body: Facet) -> list[dict[str, Any]]:
        """Return values with their counts, most frequent first."""
        hits = self._shard.facet(body.engine()).hits
        return [{"value": hit.value, "count": hit.count} for hit in hits]

    def info(self) -> "edge.ShardInfo":
        """Return the shard's figures."""
        return self._shard.info()

    def flush(self) -> None:
        """Bring what changed to the segments and shorten the log."""
        if self._dirty:
            self._dirty = False
            self._shard.flush()

    def close(self) -> None:
        """Flush and release the folder."""
        self.flush()
        self._shard.close()

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._dirty = True
        self._shard.update(operation)

    def _check(self, point: Point) -> None:
        """Refuse what the engine would first log and then fail on, again at each start."""
        for name, vector in point.vector.items():
            if isinstance(vector, SparseVector):
                if name not in self.config.sparse_vectors:
                    raise Refused(f"Not existing vector name error: {name}")
            elif name not in self.config.vectors:
                raise Refused(f"Not existing vector name error: {name}")
            elif len(vector) != (size := self.config.vectors[name].size):
                raise Refused(f"Vector dimension error: expected dim: {size}, got {len(vector)}")


class Engine:
    """All collections of a data folder, behind one writing and two reading threads."""

    def __init__(self, data_dir: Path) -> None:
        """Open the folder and what it holds.

        :raises InUse: another process has it open.
        """
        self._root = data_dir / "collections"
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(data_dir / "lock")
        self._collections = {
            path.name: Collection(path)
            for path in sorted(self._root.iterdir())
            if not path.name.startswith(".")
        }
        self._writer = ThreadPoolExecutor(1, "write")
        self._readers = ThreadPoolExecutor(READERS, "read")

    def get(self, name: str) -> Collection | None:
        """Return an open collection."""
        return self._collections.get(name)

    def names(self) -> list[str]:
        """Return the names of the collections."""
        return sorted(self._collections)

    def create(self, name: str, config: CreateCollection) -> bool:
        """Create a collection; False where the name is taken."""
        if name in self._collections:
            return False
        self._collections[name] = Collection.create(self._root / name, config)
        return True

    async def write(self, work: Callable[[], Result]) -> Result:
        """Run an update in the one thread that changes anything."""
        return await _run(self._writer, work)

    async def read(self, work: Callable[[], Result]) -> Result:
        """Run a search in a thread; the engine lets go of Python's global lock meanwhile."""
        return await _run(self._readers, work)

    def flush(self) -> None:
        """Flush every collection that changed."""
        for collection in list(self._collections.values()):
            collection.flush()

    def close(self) -> None:
        """Finish what runs, flush and let go of the folder."""
        self._readers.shutdown()
        self._writer.shutdown()
        for collection in self._collections.values():
            collection.close()
        os.close(self._lock)


async def _run(executor: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    """Run in a thread; tell a request that does not fit from a fault of the engine.

    The engine raises bare `Exception` for both and marks its own faults by their first word.
    """
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
    except Exception as error:
        if type(error) is Exception and not str(error).startswith("Service"):
            raise Refused(str(error)) from error
        raise


def _lock(path: Path) -> int:
    """Take the folder for this process; the kernel frees it however the process ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise InUse(f"{path.parent} is in use by another vector process") from error
    return descriptor
