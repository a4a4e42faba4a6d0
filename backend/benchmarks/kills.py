"""`kill -9` at random moments of an upload: nothing acknowledged is lost, nothing is left half.

`python -m benchmarks.kills [--times 20] [--seed 7]` from `backend/`. Three scenes, each that
many times on a data folder that lives through all of them: the whole process group is killed,
one child is killed, only the parent is killed. After each, the service starts (or mends
itself), finishes its work, and the ids in PostgreSQL, the vectors and the files are compared
with the ids that were acknowledged.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from sqlalchemy import text

from assay.adapters.embeddings_local import LocalEmbeddings
from assay.adapters.jobs import Jobs
from assay.adapters.postgres import Database
from assay.adapters.storage import Storage
from assay.adapters.vectors import VectorStore
from assay.documents.reconcile import Reconciler
from assay.embedded.supervisor import Embedded
from assay.scope import TenantScope
from assay.settings import Settings
from benchmarks.server import Server, serving, unfinished

CHILDREN = ("postgres", "redis", "vector_server", "worker")
DRAIN_SECONDS = 180
LEFT_OVER_SECONDS = 10
EMAIL, PASSWORD = "kills@example.com", "correct horse battery"


@dataclass
class Uploads:
    """A client that uploads small documents of its own until stopped; keeps what was promised."""

    url: str
    header: dict[str, str]
    acknowledged: set[UUID]
    random: random.Random
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Upload; a refused or broken connection is no promise."""
        with httpx.Client(base_url=self.url, headers=self.header, timeout=10) as client:
            while not self.stopped.is_set():
                files = [("file", _document(self.random)) for _ in range(self.random.randint(1, 4))]
                try:
                    answer = client.post("/v1/documents", files=files)
                except httpx.TransportError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == httpx.codes.ACCEPTED:
                    items = answer.json()["documents"]
                    self.acknowledged.update(UUID(item["id"]) for item in items)
                time.sleep(0.05)


def _document(source: random.Random) -> tuple[str, bytes]:
    word = source.randbytes(8).hex()
    body = "\n\n".join(f"Paragraph {n} of {word} tells of matter {n}." * 3 for n in range(6))
    return f"{word}.txt", f"{word}\n\n{body}".encode()


def kill(server: Server, scene: str, source: random.Random) -> str:
    """Send SIGKILL as the scene wants; return what was hit."""
    processes = server.processes()
    if scene == "group":
        for process in [server.process, *server.process.children(recursive=True)]:
            _kill(process)
        return "group"
    if scene == "parent":
        _kill(server.process)
        return "parent"
    name = source.choice([each for each in CHILDREN if each in processes])
    _kill(processes[name])
    return name


def _kill(process: psutil.Process) -> None:
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def drain(server: Server) -> None:
    """Wait until no document is queued or processing."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        try:
            if server.client.get("/ready").status_code == httpx.codes.OK and not unfinished(server):
                return
        except (httpx.TransportError, KeyError):
            pass  # the part that was killed is on its way back
        time.sleep(0.2)
    raise SystemExit("kills: work was not finished in time")


async def compare(folder: Path, tenant: TenantScope, acknowledged: set[UUID]) -> list[str]:
    """Compare rows, vectors and files with what was acknowledged; return what differs."""
    embedded = Embedded(Settings(_env_file=None, data_dir=folder))  # type: ignore[call-arg]
    await embedded.start()
    try:
        await _sweep_files(embedded.worker_settings)
        return await _differences(embedded.app_settings, tenant, acknowledged)
    finally:
        await embedded.stop()


async def _sweep_files(settings: Settings) -> None:
    """Let the reconciler delete files of uploads that were killed before they were acknowledged.

    The worker does so once they are an hour old; nothing uploads here any more.
    """
    database, vectors = Database(settings), VectorStore(settings, LocalEmbeddings.dimensions)
    try:
        await Reconciler(
            database=database,
            storage=Storage(settings),
            jobs=Jobs(),
            vectors=vectors,
            scratch=settings.data_dir / "tmp",
        ).delete_orphans(timedelta(0))
    finally:
        await vectors.close()
        await database.close()


async def _differences(settings: Settings, tenant: TenantScope, wanted: set[UUID]) -> list[str]:
    database, storage = Database(settings), Storage(settings)
    vectors = VectorStore(settings, LocalEmbeddings.dimensions)
    try:
        async with database.transaction(tenant) as tx:
            rows = await tx.all(text("select id, status, passages, storage_key from documents"))
            counts = await tx.all(
                text("select document_id, count(*) as n from passages group by document_id")
            )
        points = await vectors.documents(tenant)
        files = {path.parent.name for path in (settings.data_dir / "files").rglob("original")}
        held = [row["id"] for row in rows if await storage.get(tenant, row["storage_key"]) is None]
    finally:
        await vectors.close()
        await database.close()
    passages = {row["document_id"]: row["n"] for row in counts}
    checks = {
        "acknowledged, but no row": wanted - {row["id"] for row in rows},
        "not ready": {row["id"] for row in rows if row["status"] != "ready"},
        "row without its file": set(held),
        "file without its row": files - {str(row["id"]) for row in rows},
        "vectors differ from passages": {
            row["id"]
            for row in rows
            if not points.get(row["id"], 0) == passages.get(row["id"], 0) == row["passages"]
        },
        "vectors without a row": set(points) - {row["id"] for row in rows},
    }
    return [
        f"{what}: {sorted(map(str, ids))[:3]} ({len(ids)})" for what, ids in checks.items() if ids
    ]


def once(folder: Path, scene: str, source: random.Random, acknowledged: set[UUID]) -> list[str]:
    """Play one scene; return what differs afterwards."""
    with serving(folder) as server:
        tenant = _enter(server)
        uploads = Uploads(server.url, dict(server.client.headers), acknowledged, source)
        thread = threading.Thread(target=uploads.run)
        thread.start()
        time.sleep(source.uniform(0.1, 2.5))
        hit = kill(server, scene, source)
        survives = hit in CHILDREN
        if survives:
            time.sleep(source.uniform(0.1, 1))
        uploads.stopped.set()
        thread.join()
        left = [] if survives else _left_over(folder)
        if survives:
            drain(server)
    if not survives:
        with serving(folder) as server:
            _enter(server)
            drain(server)
    differences = left + asyncio.run(compare(folder, tenant, acknowledged))
    print(
        f"{scene:7} {hit:14} acknowledged {len(acknowledged):4}  {differences or 'same'}",
        flush=True,
    )
    return differences


def _left_over(folder: Path) -> list[str]:
    """Return processes of the killed service that still run after a few seconds."""
    deadline = time.monotonic() + LEFT_OVER_SECONDS
    while orphans := [process for process in psutil.process_iter() if _belongs(process, folder)]:
        if time.monotonic() > deadline:
            return [f"left running: {process.cmdline()}" for process in orphans]
        time.sleep(0.1)
    return []


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        mentions = [*process.cmdline(), process.environ().get("ASSAY_DATA_DIR", ""), process.cwd()]
    except psutil.Error:
        return False
    return process.pid != os.getpid() and any(str(folder) in each for each in mentions)


def _enter(server: Server) -> TenantScope:
    """Log in to the one workspace of this run, or make it."""
    body = {"email": EMAIL, "password": PASSWORD}
    answer = server.client.post("/v1/auth/login", json=body)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        answer = server.client.post("/v1/signup", json=body | {"workspace": "Kills"})
    tokens = answer.raise_for_status().json()
    server.client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    return TenantScope(UUID(tokens["tenant"]["id"]))


def main() -> int:
    """Play every scene; exit with 1 when anything differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    source, acknowledged, faults = random.Random(arguments.seed), set[UUID](), list[str]()  # noqa: S311
    print(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory(prefix="assay-kills-") as folder:
        for _ in range(arguments.times):
            for scene in ("group", "child", "parent"):
                faults += once(Path(folder), scene, source, acknowledged)
    kills, kept = 3 * arguments.times, len(acknowledged)
    print(f"{kills} kills, {kept} documents acknowledged, faults: {len(faults)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
