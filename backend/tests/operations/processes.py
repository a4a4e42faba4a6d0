"""API processes of their own, as a container runs them, on the parts that the tests share."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from assay.embedded.supervisor import Embedded

BACKEND = Path(__file__).parents[2]
SECONDS = 60


@dataclass
class Api:
    """A running `assay serve` in services mode."""

    process: asyncio.subprocess.Process
    url: str
    log: list[str] = field(default_factory=list)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for its end and return its exit code."""
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()

    def client(self, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=SECONDS)

    async def draining(self) -> None:
        """Wait until it says that it drains."""
        async with self.client() as client, asyncio.timeout(SECONDS):
            while (await client.get("/health")).json()["status"] != "draining":
                await asyncio.sleep(0.01)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log if line.startswith("{")]


def environment(parts: Embedded) -> dict[str, str]:
    settings = parts.app_settings
    return parts.worker_environment() | {
        "PYTHONPATH": str(BACKEND),
        "POSTGRES_USER": settings.postgres_user,
        "POSTGRES_PASSWORD": settings.postgres_password.get_secret_value(),
        "ASSAY_SECRET_KEY": settings.secret_keys[0].get_secret_value(),
        "PORT": "0",
        "DRAIN_SECONDS": "0",
    }


@contextlib.asynccontextmanager
async def serving(parts: Embedded, **more: str) -> AsyncIterator[Api]:
    """Serve; whatever still runs at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "assay.cli", "serve"),
        env=environment(parts) | more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    reading: list[asyncio.Task[None]] = []
    try:
        api = Api(process, "")
        api.url = await _address(api)
        reading = [
            asyncio.create_task(_read(stream, api.log))
            for stream in (process.stdout, process.stderr)
        ]
        yield api
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await asyncio.gather(*reading)


async def _address(api: Api) -> str:
    async with asyncio.timeout(SECONDS):
        while line := (await api.process.stderr.readline()).decode():
            api.log.append(line)
            if line.startswith("Assay serves"):
                return line.split()[2]
    raise AssertionError("".join(api.log))


async def _read(stream: asyncio.StreamReader, log: list[str]) -> None:
    async for line in stream:
        log.append(line.decode())  # noqa: PERF401 - each as it comes
