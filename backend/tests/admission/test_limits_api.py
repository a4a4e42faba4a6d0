"""Rates, concurrency and their headers, through the API and the real Redis."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from assay.admission.limiter import Lane, leases_key, limits_key, rate_key
from assay.admission.service import LIMITS_SECONDS
from assay.documents import events
from assay.main import connect, create_app
from tests.conftest import NewTenant, SetLimits, Tenant, client_of


async def asked(client: httpx.AsyncClient, times: int) -> list[int]:
    return [(await client.get("/v1/me")).status_code for _ in range(times)]


@pytest.mark.parametrize(("tier", "rate"), [("standard", 100), ("premium", 500)])
async def test_a_tier_has_its_requests_a_minute_and_no_more(
    tenant: Tenant, set_limits: SetLimits, tier: str, rate: int
):
    await set_limits(tenant.id, tier)
    assert await asked(tenant.client, rate) == [200] * rate
    refused = await tenant.client.get("/v1/me")
    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert refused.headers["ratelimit-limit"] == str(rate)
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]


async def test_the_headers_count_down(tenant: Tenant, set_limits: SetLimits):
    await set_limits(tenant.id, requests_per_minute=3)
    left = [(await tenant.client.get("/v1/me")).headers["ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]


async def test_a_minute_is_any_minute(app: FastAPI, tenant: Tenant, set_limits: SetLimits):
    """Requests of the minute before still count: there is no edge at which all are free again."""
    await set_limits(tenant.id, requests_per_minute=10)
    redis = app.state.cache._client
    now = (await redis.time())[0]
    await redis.hset(rate_key(UUID(tenant.id)), mapping={now - 58: 6, now - 62: 100})
    assert (await asked(tenant.client, 5)).count(200) == 4


async def test_one_tenants_refusals_touch_no_other(
    tenant: Tenant, other: Tenant, set_limits: SetLimits
):
    await set_limits(tenant.id, requests_per_minute=1)
    assert 429 in await asked(tenant.client, 3)
    assert await asked(other.client, 3) == [200] * 3


class Held:
    """Searches that wait until they are told to go on."""

    def __init__(self) -> None:
        self.open, self.entered = asyncio.Event(), asyncio.Semaphore(0)

    async def search(self, *_: object) -> object:
        self.entered.release()
        await self.open.wait()
        raise RuntimeError


@pytest.mark.parametrize(("tier", "most"), [("standard", 20), ("premium", 100)])
async def test_a_tier_has_its_requests_at_once_and_no_more(
    app: FastAPI, tenant: Tenant, set_limits: SetLimits, monkeypatch, tier: str, most: int
):
    await set_limits(tenant.id, tier, requests_per_minute=10_000)
    held = Held()
    monkeypatch.setitem(app.state._state, "search", held)
    calls = [
        asyncio.create_task(tenant.client.post("/v1/search", json={"query": "x"}))
        for _ in range(most)
    ]
    for _ in range(most):
        await held.entered.acquire()
    refused = await tenant.client.get("/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_concurrent_requests")
    assert refused.headers["retry-after"] == "1"
    held.open.set()
    await asyncio.gather(*calls)
    assert (await tenant.client.get("/v1/me")).status_code == 200


async def test_requests_one_after_another_never_collide(tenant: Tenant, set_limits: SetLimits):
    await set_limits(tenant.id, concurrent_requests=1, requests_per_minute=10_000)
    assert await asked(tenant.client, 100) == [200] * 100


async def test_the_lease_of_a_crashed_process_runs_out(
    app: FastAPI, tenant: Tenant, set_limits: SetLimits
):
    await set_limits(tenant.id, concurrent_requests=1, requests_per_minute=10_000)
    redis, key = app.state.cache._client, leases_key(UUID(tenant.id), Lane.REQUEST)
    now = (await redis.time())[0] * 1000
    await redis.zadd(key, {"crashed.1": now + 20_000})
    assert (await tenant.client.get("/v1/me")).status_code == 429
    await redis.zadd(key, {"crashed.1": now - 1})
    assert (await tenant.client.get("/v1/me")).status_code == 200


async def test_leases_that_are_held_are_renewed(app: FastAPI, tenant: Tenant, monkeypatch):
    held = Held()
    monkeypatch.setitem(app.state._state, "search", held)
    call = asyncio.create_task(tenant.client.post("/v1/search", json={"query": "x"}))
    await held.entered.acquire()
    redis, key = app.state.cache._client, leases_key(UUID(tenant.id), Lane.REQUEST)
    await redis.zincrby(key, -15_000, (await redis.zrange(key, 0, 0))[0])
    before = (await redis.zrange(key, 0, 0, withscores=True))[0][1]
    await app.state.admission.renew()
    assert (await redis.zrange(key, 0, 0, withscores=True))[0][1] > before
    held.open.set()
    await call
    async with asyncio.timeout(5):
        while await redis.zcard(key):
            await asyncio.sleep(0.01)


async def test_new_limits_hold_within_seconds_even_when_nobody_tells_redis(
    app: FastAPI, tenant: Tenant
):
    await tenant.client.get("/v1/me")
    assert 0 < await app.state.cache._client.ttl(limits_key(UUID(tenant.id))) <= LIMITS_SECONDS


async def test_a_suspended_tenant_is_refused_at_once(
    app: FastAPI, owner, tenant: Tenant, set_limits: SetLimits
):
    assert (await tenant.client.get("/v1/me")).status_code == 200
    await owner.execute("update tenants set suspended_at = now() where id = %s", [tenant.id])
    await set_limits(tenant.id)
    refused = await tenant.client.get("/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_suspended")
    again = await tenant.client.get("/v1/me")
    assert (again.status_code, again.json()["code"]) == (403, "tenant_suspended")


async def test_evicted_sessions_and_limits_log_nobody_out(app: FastAPI, tenant: Tenant):
    assert (await tenant.client.get("/v1/me")).status_code == 200
    await app.state.cache._client.flushall()
    assert (await tenant.client.get("/v1/me")).status_code == 200


@pytest.fixture(scope="module")
async def without_redis(parts) -> AsyncIterator[FastAPI]:
    """The API while Redis is away; it believes to be one of two processes."""
    settings = parts.app_settings.model_copy(
        update={"redis_port": 1, "api_processes": 2, "anonymous_per_minute": 1_000_000}
    )
    app = create_app(settings)
    async with connect(app, settings):
        yield app


async def test_without_redis_nobody_is_locked_out_and_nobody_unlimited(
    without_redis: FastAPI, tenant: Tenant, other: Tenant, set_limits: SetLimits
):
    await set_limits(tenant.id, requests_per_minute=20)
    async with client_of(without_redis, str(tenant.tokens["access_token"])) as client:
        assert await asked(client, 11) == [200] * 10 + [429]
    async with client_of(without_redis, str(other.tokens["access_token"])) as client:
        assert await asked(client, 3) == [200] * 3


async def test_without_redis_requests_at_once_are_limited(
    without_redis: FastAPI, tenant: Tenant, set_limits: SetLimits, monkeypatch
):
    await set_limits(tenant.id, concurrent_requests=4, requests_per_minute=1000)
    held = Held()
    monkeypatch.setitem(without_redis.state._state, "search", held)
    async with client_of(without_redis, str(tenant.tokens["access_token"])) as client:
        calls = [
            asyncio.create_task(client.post("/v1/search", json={"query": "x"})) for _ in range(2)
        ]
        for _ in calls:
            await held.entered.acquire()
        refused = await client.get("/v1/me")
        assert refused.json()["code"] == "too_many_concurrent_requests"
        held.open.set()
        await asyncio.gather(*calls)
        assert (await client.get("/v1/me")).status_code == 200


@pytest.fixture
async def strict(parts) -> AsyncIterator[FastAPI]:
    """The API with its true limits for addresses."""
    app = create_app(parts.app_settings.model_copy(update={"anonymous_per_minute": 5}))
    async with connect(app, parts.app_settings):
        await app.state.cache._client.flushall()
        yield app
        await app.state.cache._client.flushall()


async def test_calls_without_a_tenant_are_limited_by_address(strict: FastAPI):
    async with client_of(strict) as client:
        body = {"email": "nobody@example.com", "password": "wrong wrong wrong"}
        statuses = [(await client.post("/v1/auth/login", json=body)).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_guessed_keys_are_limited_by_address(strict: FastAPI):
    statuses = []
    for _ in range(6):
        async with client_of(strict, f"assay_{uuid4().hex}") as client:
            statuses.append((await client.get("/v1/me")).status_code)
    assert statuses == [401] * 5 + [429]


def filled(path: str) -> str:
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))


async def test_no_route_goes_uncounted(app: FastAPI, new_tenant: NewTenant, monkeypatch):
    """Every route answers with what is left of a limit: the door counted the call."""
    monkeypatch.setattr(events, "STREAM_SECONDS", 0.05)  # else its answer ends in ten minutes
    tenant = await new_tenant()
    await tenant.client.get("/v1/me")
    paths = app.openapi()["paths"]
    calls = [(method, path) for path, methods in paths.items() for method in methods]
    assert len(calls) > 30
    uncounted = []
    for method, path in [*calls, ("get", "/docs"), ("get", "/openapi.json")]:
        if path == "/v1/auth/logout":
            continue  # it would end the session; it passes the same door
        answer = await tenant.client.request(method, filled(path))
        if "ratelimit-remaining" not in answer.headers:
            uncounted.append((method, path))
    assert not uncounted


async def test_refused_before_anything_is_done(app: FastAPI, tenant: Tenant, set_limits):
    await set_limits(tenant.id, requests_per_minute=1)
    await tenant.client.get("/v1/me")
    for method, path in (("get", "/v1/documents"), ("post", "/v1/search"), ("get", "/v1/none")):
        assert (await tenant.client.request(method, path)).status_code == 429


async def test_two_apps_share_one_count(
    app: FastAPI, parts, tenant: Tenant, set_limits: SetLimits, new_tenant: NewTenant
):
    await set_limits(tenant.id, requests_per_minute=10)
    second = create_app(parts.app_settings)
    async with (
        connect(second, parts.app_settings),
        client_of(second, str(tenant.tokens["access_token"])) as client,
    ):
        statuses = [*(await asked(tenant.client, 6)), *(await asked(client, 6))]
        assert second.state.admission.processes >= 1
    assert statuses == [200] * 10 + [429] * 2
