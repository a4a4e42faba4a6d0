"""What a session may do is never older than its last change, whatever happens meanwhile."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from assay.admission import limiter
from assay.admission.limiter import Lane, leases_key
from assay.identity.authentication import Authenticator, LiveSession
from assay.main import connect, create_app
from tests.conftest import PASSWORD, SetLimits, Tenant, client_of

Changed = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture
async def member(app: FastAPI, tenant: Tenant) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """An admin of the workspace, logged in and not seen by the cache yet."""
    email = f"{secrets.token_hex(6)}@example.com"
    body = {"email": email, "role": "admin", "password": PASSWORD}
    made = (await tenant.client.post("/v1/members", json=body)).json()
    async with client_of(app) as anonymous:
        login = await anonymous.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    async with client_of(app, login.json()["access_token"]) as client:
        yield made["id"], client


def before_it_is_kept(monkeypatch, change: Changed) -> None:
    """Have something happen after a session was read, and before it is in the cache."""
    look_up = Authenticator.look_up

    async def slow(self: Authenticator, credential: Any) -> LiveSession:
        monkeypatch.setattr(Authenticator, "look_up", look_up)
        live = await look_up(self, credential)
        assert (await change()).is_success
        return live

    monkeypatch.setattr(Authenticator, "look_up", slow)


async def test_a_role_read_before_its_change_is_not_kept(member, tenant: Tenant, monkeypatch):
    user_id, client = member
    change = {"json": {"role": "viewer"}}
    before_it_is_kept(monkeypatch, lambda: tenant.client.patch(f"/v1/members/{user_id}", **change))
    assert (await client.get("/v1/me")).json()["user"]["role"] == "viewer"
    refused = await client.post("/v1/members", json={"email": "late@example.com"})
    assert refused.status_code == 403


async def test_a_session_read_before_its_end_is_not_kept(member, tenant: Tenant, monkeypatch):
    user_id, client = member
    before_it_is_kept(monkeypatch, lambda: tenant.client.delete(f"/v1/members/{user_id}"))
    assert [(await client.get("/v1/me")).status_code for _ in range(2)] == [401, 401]


async def test_a_key_read_before_its_deletion_is_not_kept(
    app: FastAPI, tenant: Tenant, monkeypatch
):
    key = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()
    before_it_is_kept(monkeypatch, lambda: tenant.client.delete(f"/v1/api-keys/{key['id']}"))
    async with client_of(app, key["key"]) as program:
        assert [(await program.get("/v1/me")).status_code for _ in range(2)] == [401, 401]


async def test_many_that_look_up_at_once_are_all_let_in(app: FastAPI, tenant: Tenant):
    await app.state.cache._client.flushall()
    answers = await asyncio.gather(*(tenant.client.get("/v1/me") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert {"ratelimit-remaining"} <= set(answers[0].headers)


async def test_a_look_up_that_takes_too_long_is_not_kept_and_refuses_nobody(
    app: FastAPI, tenant: Tenant, monkeypatch
):
    keep = app.state.admission._keep
    kept: list[int] = []

    async def late(keys: Any, arguments: Any) -> Any:
        await app.state.cache._client.delete(*keys)  # as when its mark has run out
        kept.append(await keep(keys, arguments))
        return kept[-1]

    monkeypatch.setattr(app.state.admission, "_keep", late)
    await app.state.cache._client.flushall()
    assert (await tenant.client.get("/v1/me")).status_code == 200
    assert set(kept) == {0}
    assert app.state.authenticator._session_seconds > limiter.LOOKING_SECONDS


async def test_a_session_that_ends_while_redis_is_away_is_forgotten_when_it_is_back(
    app: FastAPI, member, tenant: Tenant, monkeypatch
):
    """Another process, which has Redis, must not go on with it for an hour."""
    user_id, client = member
    assert (await client.get("/v1/me")).status_code == 200
    cache = app.state.cache

    async def away(*_: object) -> bool:
        return False

    monkeypatch.setattr(cache, "_done", away)
    assert (await tenant.client.delete(f"/v1/members/{user_id}")).status_code == 204
    assert (await client.get("/v1/members")).status_code == 200  # what was to be mended
    monkeypatch.undo()
    await app.state.admission.renew()
    assert (await client.get("/v1/me")).status_code == 401
    assert cache._undropped == {}


async def test_what_could_not_be_forgotten_is_itself_forgotten_in_the_end(
    app: FastAPI, monkeypatch
):
    cache = app.state.cache
    monkeypatch.setattr(cache, "_longest", 0)
    monkeypatch.setattr(cache, "_breaker", type("Open", (), {"allows": lambda _: False})())
    assert await cache.drop(f"{uuid4()}:session:x") is True  # it has ended by itself by now
    assert cache._undropped == {}


async def test_streams_that_redis_forgot_are_counted_again(
    app: FastAPI, tenant: Tenant, set_limits: SetLimits, monkeypatch
):
    await set_limits(tenant.id, concurrent_requests=2, requests_per_minute=1000)
    entered, leave = asyncio.Event(), asyncio.Event()

    class Held:
        async def search(self, *_: object) -> object:
            entered.set()
            await leave.wait()
            raise RuntimeError

    monkeypatch.setitem(app.state._state, "search", Held())
    call = asyncio.create_task(tenant.client.post("/v1/search", json={"query": "x"}))
    await entered.wait()
    redis, key = app.state.cache._client, leases_key(UUID(tenant.id), Lane.REQUEST)
    await redis.flushall()
    assert await redis.zcard(key) == 0
    await app.state.admission.renew()
    assert await redis.zcard(key) == 1
    leave.set()
    await call
    async with asyncio.timeout(5):
        while await redis.zcard(key):
            await asyncio.sleep(0.01)


async def test_a_lease_released_while_it_is_renewed_does_not_stay(
    app: FastAPI, tenant: Tenant, monkeypatch
):
    admission = app.state.admission
    renew = admission._renew
    key = leases_key(UUID(tenant.id), Lane.REQUEST)
    admission._leases.hold(key, "short.1")

    async def slow(keys: Any, arguments: Any) -> Any:
        admission._leases.give_back(key, "short.1")
        await admission._flush()  # the news overtakes the renewal
        return await renew(keys, arguments)

    monkeypatch.setattr(admission, "_renew", slow)
    await admission.renew()
    async with asyncio.timeout(5):
        while await app.state.cache._client.zcard(key):
            await asyncio.sleep(0.01)


async def test_what_was_open_before_redis_went_counts_in_the_process_share(
    parts, tenant: Tenant, set_limits: SetLimits, monkeypatch
):
    """An outage gives nobody a second set of requests at once."""
    await set_limits(tenant.id, concurrent_requests=2, requests_per_minute=1000)
    app = create_app(parts.app_settings)
    entered, leave = asyncio.Semaphore(0), asyncio.Event()

    class Held:
        async def search(self, *_: object) -> object:
            entered.release()
            await leave.wait()
            raise RuntimeError

    async with connect(app, parts.app_settings):
        monkeypatch.setitem(app.state._state, "search", Held())
        async with client_of(app, str(tenant.tokens["access_token"])) as client:
            calls = [
                asyncio.create_task(client.post("/v1/search", json={"query": "x"}))
                for _ in range(2)
            ]
            for _ in calls:
                await entered.acquire()
            app.state.admission.processes = 1
            for _ in range(3):
                app.state.cache._breaker.failed()
            refused = await client.get("/v1/me")
            assert refused.json()["code"] == "too_many_concurrent_requests"
            leave.set()
            await asyncio.gather(*calls)
            assert (await client.get("/v1/me")).status_code == 200


@pytest.fixture
async def strict(parts) -> AsyncIterator[FastAPI]:
    """The API that takes five wrong guesses of an address."""
    settings = parts.app_settings.model_copy(update={"anonymous_per_minute": 5})
    app = create_app(settings)
    async with connect(app, settings):
        await app.state.cache._client.flushall()
        yield app
        await app.state.cache._client.flushall()


async def guess(app: FastAPI, key: str) -> int:
    async with client_of(app, key) as client:
        return (await client.get("/v1/me")).status_code


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_after_too_many_guesses_not_even_the_right_key_is_looked_up(
    strict: FastAPI, tenant: Tenant, redis: str, monkeypatch
):
    key = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()["key"]
    await strict.state.cache._client.flushall()
    if redis == "away":
        monkeypatch.setattr(strict.state.cache._breaker, "allows", lambda: False)
        monkeypatch.setattr(strict.state.admission, "processes", 1)
    wrong = [f"assay_{secrets.token_urlsafe(32)}" for _ in range(8)]
    looked_up = 0
    look_up = strict.state.authenticator.look_up

    async def counted(credential: Any) -> LiveSession:
        nonlocal looked_up
        looked_up += 1
        return await look_up(credential)

    monkeypatch.setattr(strict.state.authenticator, "look_up", counted)
    statuses = [await guess(strict, each) for each in wrong]
    assert statuses == [401] * 5 + [429] * 3
    assert (looked_up, await guess(strict, key), looked_up) == (5, 429, 5)


async def test_guessing_stops_no_session_and_no_key_in_use(strict: FastAPI, tenant: Tenant):
    key = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()["key"]
    token = str(tenant.tokens["access_token"])
    assert await guess(strict, key) == 200
    assert 429 in [await guess(strict, f"assay_{uuid4().hex}") for _ in range(7)]
    assert await guess(strict, key) == 200
    await strict.state.cache.drop(f"{tenant.id}:limits")
    assert await guess(strict, token) == 200
