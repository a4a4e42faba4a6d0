"""Password guessing is stopped, and the stop locks nobody else out."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.adapters.redis import Cache
from assay.errors import TooMany
from assay.identity.lock_out import ACCOUNT, NETWORK, PAIR, REMEMBERED, LockOut
from tests.conftest import PASSWORD, Tenant

WRONG = "a guess"


def from_address(app, address: str, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(
        transport=transport, base_url="http://assay.test", headers=headers, timeout=60
    )


async def guess(client: httpx.AsyncClient, email: str, password: str = WRONG):
    return await client.post("/v1/auth/login", json={"email": email, "password": password})


async def fail(app, email: str, address: str, times: int) -> list[int]:
    async with from_address(app, address) as client:
        return [(await guess(client, email)).status_code for _ in range(times)]


def some_address() -> str:
    """An address that no other test has used."""
    return str(ip_address(secrets.randbits(32) | 1 << 31))


@pytest.fixture
def without_hashing(app, monkeypatch):
    """Hundreds of guesses cost a minute of argon2; what counts them comes before it."""

    async def verify(encoded: str | None, password: str) -> bool:
        return encoded is not None and password == PASSWORD

    monkeypatch.setattr(app.state.passwords, "verify", verify)


async def test_guessing_from_one_address_is_stopped(app, tenant: Tenant):
    address = some_address()
    assert await fail(app, tenant.email, address, PAIR.failures) == [401] * PAIR.failures
    async with from_address(app, address) as client:
        for password in ("another guess", PASSWORD):
            refused = await guess(client, tenant.email, password)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
            assert 1 <= int(refused.headers["retry-after"]) <= PAIR.seconds
    async with from_address(app, some_address()) as elsewhere:
        assert (await guess(elsewhere, tenant.email, PASSWORD)).status_code == 200


async def test_many_guesses_at_once_gain_nothing(app, tenant: Tenant):
    async with from_address(app, some_address()) as client:
        answers = await asyncio.gather(*[guess(client, tenant.email) for _ in range(25)])
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * PAIR.failures + [429] * (25 - PAIR.failures)


async def test_one_who_remembers_in_time_begins_anew(app, tenant: Tenant):
    address = some_address()
    for _ in range(3):
        assert await fail(app, tenant.email, address, PAIR.failures - 1) == [401] * 9
        async with from_address(app, address) as client:
            assert (await guess(client, tenant.email, PASSWORD)).status_code == 200


async def test_the_victim_of_many_attackers_still_logs_in(app, tenant, without_hashing):
    home, new = some_address(), some_address()
    async with from_address(app, home) as client:
        assert (await guess(client, tenant.email, PASSWORD)).status_code == 200
    for _ in range(ACCOUNT.failures // PAIR.failures):
        await fail(app, tenant.email, some_address(), PAIR.failures)
    # Over all addresses the account is spent: no attacker's next address gets a guess.
    assert await fail(app, tenant.email, some_address(), 1) == [429]
    async with from_address(app, home) as client:
        assert (await guess(client, tenant.email, "a typing error")).status_code == 401
        assert (await guess(client, tenant.email, PASSWORD)).status_code == 200
    async with from_address(app, new) as client:
        assert (await guess(client, tenant.email, PASSWORD)).status_code == 429


async def test_one_address_cannot_try_many_accounts(app, tenant, without_hashing):
    address = some_address()
    async with from_address(app, address) as client:
        for number in range(NETWORK.failures):
            assert (await guess(client, f"{number}@example.com")).status_code == 401
        assert (await guess(client, tenant.email, PASSWORD)).status_code == 429
    assert await fail(app, tenant.email, some_address(), 1) == [401]


async def test_sign_up_does_not_tell_for_ever_who_has_an_account(app, tenant, monkeypatch):
    async def unhashed(password: str) -> str:
        return "x"

    monkeypatch.setattr(app.state.passwords, "hash", unhashed)
    body = {"workspace": "W", "email": tenant.email, "password": PASSWORD}
    async with from_address(app, some_address()) as client:
        answers = [
            (await client.post("/v1/signup", json=body)).status_code
            for _ in range(NETWORK.failures + 1)
        ]
    assert answers == [409] * NETWORK.failures + [429]


async def test_an_unknown_account_answers_like_a_known_one(app, tenant, without_hashing):
    answers = []
    for email in (tenant.email, f"{secrets.token_hex(6)}@example.com"):
        async with from_address(app, some_address()) as client:
            told = [await guess(client, email) for _ in range(PAIR.failures + 1)]
        answers.append([(each.status_code, {**each.json(), "request_id": None}) for each in told])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP"])
async def test_a_forged_address_changes_nothing(app, tenant, without_hashing, header):
    address = some_address()
    for number in range(PAIR.failures):
        async with from_address(app, address, **{header: f"10.0.0.{number}"}) as client:
            assert (await guess(client, tenant.email)).status_code == 401
    async with from_address(app, address, **{header: "10.0.1.1"}) as client:
        assert (await guess(client, tenant.email)).status_code == 429


async def test_a_subnet_of_ipv6_is_one_address(app, tenant, without_hashing):
    prefix = f"2001:db8:{secrets.randbits(16):x}:{secrets.randbits(16):x}"
    for number in range(PAIR.failures):
        await fail(app, tenant.email, f"{prefix}::{number + 1:x}", 1)
    assert await fail(app, tenant.email, f"{prefix}:ffff::1", 1) == [429]


async def test_a_stolen_session_does_not_guess_the_password(tenant: Tenant, without_hashing):
    change = {"current_password": "a guess", "new_password": "another long one"}
    statuses = [
        (await tenant.client.put("/v1/me/password", json=change)).status_code
        for _ in range(PAIR.failures + 1)
    ]
    assert statuses == [403] * PAIR.failures + [429]
    assert (await tenant.client.get("/v1/me")).status_code == 200


@asynccontextmanager
async def lock_out(parts, clock: Callable[[], float], *, away: bool) -> AsyncIterator[LockOut]:
    """A lock-out of its own: on Redis, or where Redis is away."""
    configured = parts.app_settings
    if away:
        configured = configured.model_copy(update={"redis_port": 1})
    cache = Cache(configured)
    yield LockOut(cache, clock)
    await cache.close()


async def refused(locks: LockOut, email: str, network: str, *, known: bool = False) -> int | None:
    """Return the seconds to wait, None when the attempt is let through."""
    try:
        await locks.attempt(email, network, known=known)
    except TooMany as error:
        return error.retry_after
    return None


@pytest.mark.parametrize("away", [False, True])
async def test_time_frees_one_attempt_after_the_other(parts, away):
    now = 1_000_000.0
    email = secrets.token_hex(8)
    async with lock_out(parts, lambda: now, away=away) as locks:
        for _ in range(PAIR.failures):
            assert await refused(locks, email, "n") is None
            now += 10
        assert await refused(locks, email, "n") == PAIR.seconds - 100
        now += PAIR.seconds - 100
        assert await refused(locks, email, "n") is None
        assert await refused(locks, email, "n") == 10


async def test_guessing_is_stopped_while_redis_is_away(parts):
    async with lock_out(parts, lambda: 0.0, away=True) as locks:
        for _ in range(PAIR.failures):
            assert await refused(locks, "a", "n") is None
        assert await refused(locks, "a", "n")
        assert await refused(locks, "a", "m") is None
        for number in range(ACCOUNT.failures):
            await refused(locks, "a", f"n{number}")
        assert await refused(locks, "a", "elsewhere")
        assert await refused(locks, "a", "home", known=True) is None


async def test_what_is_counted_here_is_bounded(parts):
    async with lock_out(parts, lambda: 0.0, away=True) as locks:
        for number in range(REMEMBERED // 3 + 10):
            await refused(locks, f"a{number}", f"n{number}")
        assert len(locks._local._counters) <= REMEMBERED


steps = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["n", "m"]),
        st.booleans(),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([0, 1, 60, 400]),
    ),
    max_size=60,
)


@settings(max_examples=20, deadline=None)
@given(steps)
async def test_redis_and_this_process_count_alike(parts, steps):
    mark, now = secrets.token_hex(8), 1_000_000.0
    async with (
        lock_out(parts, lambda: now, away=False) as there,
        lock_out(parts, lambda: now, away=True) as here,
    ):
        for email, network, known, right, passing in steps:
            now += passing
            outcomes = [
                await one_attempt(locks, mark + email, mark + network, known=known, right=right)
                for locks in (there, here)
            ]
            assert outcomes[0] == outcomes[1]


async def one_attempt(
    locks: LockOut, email: str, network: str, *, known: bool, right: bool
) -> int | None:
    try:
        attempt = await locks.attempt(email, network, known=known)
    except TooMany as error:
        return error.retry_after
    if right:
        await locks.succeeded(attempt)
    return None
