"""What the attacks have in common: forged requests, raw connections, what an answer may say."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import Tenant, client_of
from tests.serving import serve_app

LEAKS = ("Traceback", "psycopg", "sqlalchemy", "SELECT ", "pg_catalog", 'File "')
"""Words that only our own inside would say."""


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Return status and code of a problem, after a look at what it says."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert not any(leak in response.text for leak in LEAKS), response.text
    problem = response.json()
    assert problem["status"] == response.status_code < 500, response.text
    return response.status_code, problem["code"]


def same_answer(one: httpx.Response, two: httpx.Response) -> bool:
    """Tell whether nothing but the request's own id differs."""
    bodies = [{**each.json(), "request_id": None} for each in (one, two)]
    heads = [
        {
            name: value
            for name, value in each.headers.items()
            if not name.startswith(("x-request-id", "ratelimit", "date"))
        }
        for each in (one, two)
    ]
    return one.status_code == two.status_code and bodies[0] == bodies[1] and heads[0] == heads[1]


async def role_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/v1/me")).json()["user"]["role"])


async def colleague(app, tenant: Tenant, role: str) -> httpx.AsyncClient:
    """Return a client of a new member of a workspace."""
    body = {"email": f"{role}-{tenant.email}", "role": role, "password": "correct horse battery"}
    added = await tenant.client.post("/v1/members", json=body)
    assert added.status_code == 201, added.text
    async with client_of(app) as anonymous:
        login = {"email": body["email"], "password": body["password"]}
        tokens = (await anonymous.post("/v1/auth/login", json=login)).json()
    return client_of(app, tokens["access_token"])


@pytest.fixture
async def served(app) -> AsyncIterator[str]:
    """The address of a real server around the application."""
    async with serve_app(app) as url:
        yield url


async def talk(url: str, request: bytes, *, seconds: float = 20) -> bytes:
    """Send bytes over a connection of their own; return all until the server closes it.

    End a request that keeps its connection with `Connection: close`.
    """
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(request)
        async with asyncio.timeout(seconds):
            await writer.drain()
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
