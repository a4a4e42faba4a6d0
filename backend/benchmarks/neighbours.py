"""What one tenant's slow queries and open streams do to another's response times.

`python -m benchmarks.neighbours` from `backend/`: the API is served with its real parts; one
tenant calls at a steady rate, first alone, then beside a tenant that has a hundred slow
statements waiting for its share of the connections and a hundred open streams. The rounds
alternate, and their medians are compared. Exits with 1 when the other raises the p95 by more
than a fifth.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy import text

from assay.adapters.migrations import migrate
from assay.admission.limiter import limits_key
from assay.admission.tiers import TIERS, Tier, encode
from assay.embedded.supervisor import Embedded
from assay.errors import Unavailable
from assay.identity.models import Client
from assay.identity.schemas import SignupRequest, TokenResponse
from assay.main import connect, create_app
from assay.scope import TenantScope
from assay.settings import Settings

ROUNDS = 6
ROUND_SECONDS = 8.0
RATE = 25
"""Calls a second of the measured tenant."""
SLOW = 100
STREAMS = 100
PASSWORD = "correct horse battery"  # noqa: S105 - of workspaces that live for two minutes
_SLEEP = text("select pg_sleep(0.25)")


async def measured() -> tuple[list[float], list[float]]:
    """Return the p95 of each round in milliseconds, alone and beside the greedy tenant."""
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as folder:
        embedded = Embedded(Settings(_env_file=None, mode="embedded", data_dir=Path(folder)))
        await embedded.start()
        try:
            await asyncio.to_thread(migrate, embedded.owner_settings)
            app = create_app(embedded.app_settings)
            async with connect(app, embedded.app_settings), served(app) as url:
                return await rounds(app, url)
        finally:
            await embedded.stop()


async def rounds(app: FastAPI, url: str) -> tuple[list[float], list[float]]:
    """Alternate quiet and loaded rounds."""
    modest, greedy = [await sign_up(app, name) for name in ("modest", "greedy")]
    headers = {"Authorization": f"Bearer {modest.access_token}"}
    alone, beside = [], []
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        for number in range(20):
            await client.post("/v1/collections", json={"name": f"collection {number}"})
        await p95(client)
        for _ in range(ROUNDS):
            alone.append(await p95(client))
            async with load(app, url, greedy):
                beside.append(await p95(client))
    return alone, beside


async def sign_up(app: FastAPI, name: str) -> TokenResponse:
    """Make a workspace whose rate is lifted and whose tier's shares are not."""
    request = SignupRequest(workspace=name, email=f"{name}@example.com", password=PASSWORD)
    tokens: TokenResponse = await app.state.accounts.sign_up(request, Client("127.0.0.1"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://benchmark",
        headers={"Authorization": f"Bearer {tokens.access_token}"},
    ) as client:
        await client.get("/v1/me")  # from now on the session is cached
    lifted = replace(TIERS[Tier.STANDARD], requests_per_minute=10_000_000, progress_streams=STREAMS)
    await app.state.cache.put(limits_key(tokens.tenant.id), encode(lifted), 3600)
    return tokens


async def p95(client: httpx.AsyncClient) -> float:
    """Call at the steady rate for a round; return the p95 in milliseconds."""
    taken: list[float] = []

    async def call() -> None:
        began = time.perf_counter()
        (await client.get("/v1/collections?limit=20")).raise_for_status()
        taken.append(1000 * (time.perf_counter() - began))

    async with asyncio.TaskGroup() as group:
        for _ in range(int(ROUND_SECONDS * RATE)):
            group.create_task(call())
            await asyncio.sleep(1 / RATE)
    return statistics.quantiles(taken, n=20)[-1]


@contextlib.asynccontextmanager
async def load(app: FastAPI, url: str, tokens: TokenResponse) -> AsyncIterator[None]:
    """Keep a hundred slow statements and a hundred streams of one tenant going."""
    scope = TenantScope(tokens.tenant.id)
    headers = {"Authorization": f"Bearer {tokens.access_token}"}
    limits = httpx.Limits(max_connections=None)

    async def slow() -> None:
        while True:
            with contextlib.suppress(Unavailable):
                async with app.state.database.transaction(scope) as tx:
                    await tx.first(_SLEEP)

    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=60, limits=limits
    ) as client, contextlib.AsyncExitStack() as stack:  # fmt: skip
        for _ in range(STREAMS):
            answer = await stack.enter_async_context(client.stream("GET", "/v1/events"))
            answer.raise_for_status()
        tasks = [asyncio.create_task(slow()) for _ in range(SLOW)]
        try:
            await asyncio.sleep(1)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve the application on a free port."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


def main() -> int:
    """Run all, print the table."""
    alone, beside = uvloop.run(measured())
    before, after = statistics.median(alone), statistics.median(beside)
    ratio = after / before
    print("| p95 of `GET /v1/collections?limit=20` | median of rounds | rounds |\n|---|---|---|")
    for name, value, each in (("alone", before, alone), ("beside", after, beside)):
        print(f"| {name} | {value:.2f} ms | {', '.join(f'{one:.2f}' for one in each)} |")
    print(f"| ratio | {ratio:.2f} | target < 1.2{'' if ratio < 1.2 else ' **missed**'} |")  # noqa: PLR2004
    return int(ratio >= 1.2)  # noqa: PLR2004


if __name__ == "__main__":
    sys.exit(main())
