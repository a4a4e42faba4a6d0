"""The real parts, one application on them, and tenants to call it with."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import hypothesis
import psycopg
import pytest
from fastapi import FastAPI
from psycopg.types.json import Jsonb

for _name in list(os.environ):
    # A developer's own settings must not reach the tests, nor their model key be spent.
    if _name.startswith(("OPENAI_", "POSTGRES_", "REDIS_", "QDRANT_", "S3_", "AWS_")) and (
        _name != "POSTGRES_PROGRAMS"
    ):
        del os.environ[_name]

# ruff: noqa: E402, I001 - the environment is cleaned before the first import of Assay
from assay import worker
from assay.adapters.telemetry import configure_logging
from assay.adapters.migrations import migrate
from assay.admission.limiter import limits_key
from assay.embedded.supervisor import Embedded
from assay.main import connect, create_app
from assay.settings import Settings

configure_logging("WARNING")
# A slow machine is no fault: Hypothesis would fail an example that takes longer than 200 ms.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

PASSWORD = "correct horse battery"
DATA = Path(os.environ.get("ASSAY_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real documents."""
    if not DATA.is_dir():
        pytest.skip(f"not run: no test data at {DATA}; set ASSAY_TEST_DATA")
    return DATA


@pytest.fixture(scope="session")
async def parts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """PostgreSQL, Redis and the vector process, started for this run."""
    folder = tmp_path_factory.mktemp("assay")
    embedded = Embedded(Settings(_env_file=None, mode="embedded", data_dir=folder, web_dir=None))
    await embedded.start()
    try:
        await asyncio.to_thread(migrate, embedded.owner_settings)
        yield embedded
    finally:
        await embedded.stop()


@pytest.fixture(scope="session")
async def app(parts: Embedded) -> AsyncIterator[FastAPI]:
    """The API on the real parts."""
    settings = parts.app_settings.model_copy(update={"anonymous_per_minute": 1_000_000})
    application = create_app(settings)
    async with connect(application, settings):
        yield application


@pytest.fixture(scope="module")
async def working(parts: Embedded) -> AsyncIterator[None]:
    """A worker beside the API, for one module: others look at the queue themselves."""
    async with worker.connect(parts.worker_settings) as runner:
        task = asyncio.create_task(runner.run(alone=True))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def client_of(app: FastAPI, token: str | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://assay.test",
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=60,
    )


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    async with client_of(app) as client:
        yield client


@dataclass
class Tenant:
    """A workspace and its owner's client."""

    id: str
    user_id: str
    email: str
    tokens: dict[str, object] = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)


NewTenant = Callable[[], Awaitable[Tenant]]


LIFTED = {"requests_per_minute": 1_000_000, "concurrent_requests": 10_000}
"""Limits of the workspaces of tests that are about something else."""
SetLimits = Callable[..., Awaitable[None]]


@pytest.fixture(scope="session")
async def owner(parts: Embedded) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection of the tables' owner; row-level security holds it too, but for the gate's."""
    settings = parts.owner_settings
    connection = await psycopg.AsyncConnection.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_db,
        user=settings.postgres_owner_user,
        password=settings.postgres_owner_password.get_secret_value(),
        autocommit=True,
    )
    async with connection:
        yield connection


@pytest.fixture
def set_limits(app: FastAPI, owner: psycopg.AsyncConnection[Any]) -> SetLimits:
    """Give a workspace another tier or limits, effective at once."""

    async def change(tenant_id: str, tier: str = "standard", **limits: object) -> None:
        query = "update tenants set tier = %s, limits = %s where id = %s"
        await owner.execute(query, [tier, Jsonb(limits), tenant_id])
        await app.state.cache.drop(limits_key(UUID(tenant_id)))

    return change


@pytest.fixture
async def new_tenant(app: FastAPI, set_limits: SetLimits) -> AsyncIterator[NewTenant]:
    """Make fresh workspaces, with their limits lifted."""
    async with contextlib.AsyncExitStack() as stack:

        async def make() -> Tenant:
            email = f"{secrets.token_hex(6)}@example.com"
            body = {"workspace": "Test", "email": email, "password": PASSWORD}
            async with client_of(app) as anonymous:
                response = await anonymous.post("/v1/signup", json=body)
            assert response.status_code == 201, response.text
            tokens = response.json()
            await set_limits(tokens["tenant"]["id"], **LIFTED)
            client = await stack.enter_async_context(client_of(app, tokens["access_token"]))
            return Tenant(tokens["tenant"]["id"], tokens["user"]["id"], email, tokens, client)

        yield make


@pytest.fixture
async def tenant(new_tenant: NewTenant) -> Tenant:
    """A fresh workspace."""
    return await new_tenant()


@pytest.fixture
async def other(new_tenant: NewTenant) -> Tenant:
    """Another fresh workspace, which must see nothing of the first."""
    return await new_tenant()
