"""A real `assay serve` on a fresh data folder, and a workspace to call it with."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

BACKEND = Path(__file__).parents[1]
DATA = Path(os.environ.get("ASSAY_TEST_DATA", BACKEND.parents[1] / "shared" / "data"))
START_SECONDS = 300
"""When nobody waits any more; how long a start may take is a figure of its own."""
MEBIBYTE = 1024 * 1024


class DataMissing(SystemExit):
    """The measured documents are not there; a benchmark without them must fail."""


def documents(*parts: str) -> Path:
    """Return a folder or file of the real data, or fail saying what is missing."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        raise DataMissing(f"benchmark: {path} is missing; set ASSAY_TEST_DATA to the data folder")
    return path


@dataclass
class Server:
    """A running `assay serve`."""

    url: str
    process: psutil.Process
    started_seconds: float
    client: httpx.Client
    folder: Path

    def processes(self) -> dict[str, psutil.Process]:
        """Return Assay's processes by what they are; PostgreSQL's own children count with it."""
        found = {"api": self.process}
        for child in self.process.children():
            found[_name(child)] = child
        return found

    def resident_mib(self) -> dict[str, float]:
        """Return the memory of each part: a process with those it started.

        Proportional set size, so that what PostgreSQL's processes share counts once.
        """
        return {
            name: round(sum(map(_pss, [process, *_descendants(name, process)])) / MEBIBYTE, 1)
            for name, process in self.processes().items()
        }


def _descendants(name: str, process: psutil.Process) -> list[psutil.Process]:
    return [] if name == "api" else process.children(recursive=True)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _name(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    for mark in ("vector_server", "worker", "redis", "postgres"):
        if mark in command:
            return mark
    return process.name()


@contextmanager
def serving(folder: Path | None = None, **environment: str) -> Iterator[Server]:
    """Start `assay serve` on a fresh (or the given) data folder; stop it afterwards."""
    data = folder or Path(tempfile.mkdtemp(prefix="assay-benchmark-"))
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    env = {**os.environ, "ASSAY_DATA_DIR": str(data), "PYTHONPATH": str(BACKEND), **environment}
    env |= {"LOG_LEVEL": "WARNING"}
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "assay.cli", "serve", "--port", str(port)],
        env=env,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(url, process)
        started = time.perf_counter() - began
        with httpx.Client(base_url=url, timeout=120) as client:
            yield Server(url, psutil.Process(process.pid), started, client, data)
    finally:
        process.terminate()
        process.wait(60)
        if folder is None:
            shutil.rmtree(data, ignore_errors=True)


def sign_up(server: Server) -> None:
    """Make a workspace and let the server's client speak for its owner."""
    body = {
        "workspace": "Benchmark",
        "email": f"benchmark-{time.time_ns()}@example.com",
        "password": "correct horse battery",
    }
    answer = server.client.post("/v1/signup", json=body)
    answer.raise_for_status()
    lift(server, answer.json()["tenant"]["id"])
    renew(server, answer.json())


def lift(server: Server, tenant_id: str, **limits: int) -> None:
    """Give a workspace room for what a benchmark sends, or the limits given, as an operator."""
    key = json.loads((server.folder / "operator.json").read_text())["operator_key"]
    lifted = limits or {"requests_per_minute": 1_000_000, "concurrent_requests": 10_000}
    server.client.patch(
        f"/v1/admin/tenants/{tenant_id}",
        json={"limits": lifted},
        headers={"Authorization": f"Bearer {key}"},
    ).raise_for_status()


def renew(server: Server, tokens: dict[str, str]) -> None:
    """Use an API key from now on: it outlives an access token."""
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    key = server.client.post(
        "/v1/api-keys", json={"name": "benchmark", "role": "owner"}, headers=header
    )
    server.client.headers["Authorization"] = f"Bearer {key.json()['key']}"


def upload(server: Server, paths: list[Path]) -> list[dict[str, object]]:
    """Send files in one request; return the documents."""
    files = [("file", (path.name, path.open("rb"))) for path in paths]
    answer = server.client.post("/v1/documents", files=files)
    answer.raise_for_status()
    return list(answer.json()["documents"])


def unfinished(server: Server) -> int:
    """Return how many documents are not yet ready or failed."""
    return sum(
        len(
            server.client.get("/v1/documents", params={"status": status, "limit": 200}).json()[
                "items"
            ]
        )
        for status in ("queued", "processing")
    )


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"benchmark: `assay serve` ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/health", timeout=1).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise SystemExit("benchmark: `assay serve` did not answer in time")


def _free_port() -> int:
    import socket  # noqa: PLC0415 - used once

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
