"""Decides whether a request may go on, and keeps count of those that do."""

import asyncio
import contextlib
import math
import secrets
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import text

from assay.adapters.postgres import Database
from assay.adapters.redis import Cache, CacheUnavailable
from assay.admission import tiers
from assay.admission.limiter import (
    ADMIT,
    COUNT,
    FULL,
    KEEP,
    LEASE_SECONDS,
    RELEASE,
    RENEW,
    Lane,
    Window,
    address_key,
    leases_key,
    limits_key,
    outcome,
)
from assay.admission.local import LocalWindows
from assay.admission.tiers import Limits, Tier
from assay.errors import Forbidden, TooMany
from assay.identity.authentication import Authenticator, Credential, LiveSession
from assay.identity.models import Caller
from assay.scope import TenantScope
from assay.settings import Settings

log = structlog.get_logger()

LIMITS_SECONDS = 10
"""How long limits stay cached: an operator's change holds everywhere after that, at the latest."""
LOCAL_SESSION_SECONDS = 10
"""How long this process trusts a session by itself while Redis is away."""
LOCAL_SESSIONS = 10_000
RELEASE_SECONDS = 0.005
"""How long a lease that is given back waits for the next request to take the news along."""
RENEW_SECONDS = LEASE_SECONDS / 3
PROCESSES = "admission:processes"
_ATTEMPTS = 4
"""Round trips, at the most: session and limits may be unknown, and change while they are read."""

_TENANT = text("select tier, limits, suspended_at from tenants where id = current_tenant()")


class LimitReached(TooMany):
    """A rate or a number of requests at once is reached."""

    def __init__(self, detail: str, code: str, retry_after: int, window: Window) -> None:
        super().__init__(detail, code=code, retry_after=retry_after)
        self._window = window

    def headers(self) -> dict[str, str]:
        """Tell the limit beside the time to wait."""
        told = {name.decode(): value.decode() for name, value in self._window.headers()}
        return super().headers() | told


@dataclass(slots=True)
class Admitted:
    """A request under way."""

    caller: Caller
    limits: Limits
    window: Window
    lease: tuple[str, str]
    """Key and name of its lease in Redis, which hears of it later while it is away."""
    released: bool = False


@dataclass(slots=True)
class _Leases:
    """Leases of this process: those held, by name and by number, and those to give back."""

    held: dict[str, str] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)
    back: list[str] = field(default_factory=list)

    def hold(self, key: str, name: str) -> None:
        self.held[name] = key
        self.open[key] += 1

    def give_back(self, key: str, name: str) -> None:
        if self.held.pop(name, None) is None:
            return
        self.open[key] -= 1
        if not self.open[key]:
            del self.open[key]
        self.back += (key, name)

    def take_back(self) -> list[str]:
        back, self.back = self.back, []
        return back


class Admission:
    """Admits requests of tenants, by one script in Redis or, while it is away, by a local share."""

    def __init__(
        self, database: Database, cache: Cache, authenticator: Authenticator, settings: Settings
    ) -> None:
        self._database, self._cache, self._authenticator = database, cache, authenticator
        self._admit, self._count = cache.script(ADMIT), cache.script(COUNT)
        self._renew, self._release = cache.script(RENEW), cache.script(RELEASE)
        self._keep, self._full = cache.script(KEEP), cache.script(FULL)
        self._guesses = settings.anonymous_per_minute
        self._process = secrets.token_hex(6)
        self._numbers = count()
        self._leases = _Leases()
        self._flushing: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._windows = LocalWindows()
        self._sessions: OrderedDict[str, tuple[float, LiveSession]] = OrderedDict()
        self.processes = settings.api_processes
        """Processes that share the limits; each takes its part while Redis is away."""

    async def admit(self, credential: Credential, lane: Lane, network: str = "") -> Admitted:
        """Let a tenant's request in; `release` has to follow.

        :param network: where the call comes from; from where too many API keys were wrong, none
            is looked up.
        :raises Unauthenticated: the credential does not hold.
        :raises Forbidden: the tenant is suspended.
        :raises LimitReached: with the time to wait.
        """
        lease = f"{self._process}.{next(self._numbers)}"
        try:
            for _ in range(_ATTEMPTS):
                given = [lane, lease, *self._leases.take_back()]
                answer = await self._admit([credential.cache_key], given)
                if await self._learnt(credential, answer, network):
                    continue
                return self._admitted(credential, lane, lease, answer)
        except CacheUnavailable:
            pass
        # Redis is away, or forgets at once what it is told.
        return await self._admit_locally(credential, lane, lease, network)

    def release(self, admitted: Admitted) -> None:
        """Give the lease back; the news travels with the next request, or alone a moment later."""
        if admitted.released:
            return
        admitted.released = True
        self._leases.give_back(*admitted.lease)
        if self._flushing is None:
            loop = asyncio.get_running_loop()
            self._flushing = loop.call_later(RELEASE_SECONDS, self._start_flush)

    async def count(self, key: str, limit: int) -> Window:
        """Count a call that no tenant answers for, such as a log-in of an address.

        :raises LimitReached: with the time to wait.
        """
        try:
            taken, left, reset = await self._count([key], [limit])
            window = Window(limit, left, reset)
        except CacheUnavailable:
            taken, window = self._windows.take(key, self._part(limit))
        if not taken:
            raise _too_many_requests(window)
        return window

    def count_locally(self, key: str, limit: int) -> Window:
        """Count a call that is too cheap for a round trip.

        :raises LimitReached: with the time to wait.
        """
        taken, window = self._windows.take(key, limit)
        if not taken:
            raise _too_many_requests(window)
        return window

    async def run(self) -> None:
        """Renew the leases of this process and tell that it lives, until cancelled."""
        while True:
            with contextlib.suppress(CacheUnavailable):
                await self.renew()
            await asyncio.sleep(RENEW_SECONDS)

    async def renew(self) -> None:
        """Renew every lease held, and learn how many processes share the limits.

        Redis hears of those again that it forgot, or never heard of while it was away.

        :raises CacheUnavailable: Redis is away.
        """
        held = dict(self._leases.held)
        pairs = [each for name, key in held.items() for each in (key, name)]
        self.processes = max(1, await self._renew([PROCESSES], [self._process, *pairs]))
        for name in held.keys() - self._leases.held.keys():
            self._leases.back += (held[name], name)  # released meanwhile, and renewed perhaps after
        self._start_flush()
        await self._cache.drop_again()

    async def close(self) -> None:
        """Give every lease back and leave."""
        for name, key in list(self._leases.held.items()):
            self._leases.give_back(key, name)
        with contextlib.suppress(CacheUnavailable):
            await self._release([PROCESSES], [self._process, *self._leases.take_back()])

    async def limits_of(self, scope: TenantScope) -> Limits:
        """Return a tenant's limits as they are cached, or as the database has them."""
        cached = await self._cache.get(limits_key(scope.tenant_id))
        if cached is not None and cached != tiers.SUSPENDED:
            return tiers.decode(cached)
        return await self._load_limits(scope)

    async def _learnt(self, credential: Credential, answer: list[Any], network: str) -> bool:
        """Tell Redis what it did not know; whether there was something."""
        word = outcome(answer)
        if word == "session":
            await self._may_guess(credential, network)
            live = await self._authenticator.look_up(credential)
            if live.seconds > 0:
                await self._keep([credential.cache_key], [answer[1], live.session, live.seconds])
            caller = self._authenticator.caller(credential, live.session)
            await self._keep_limits(caller.scope, tiers.effective(Tier(live.tier), live.limits))
        elif word == "limits":
            await self._load_limits(self._authenticator.caller(credential, answer[1]).scope)
        return word in {"session", "limits"}

    async def _may_guess(self, credential: Credential, network: str) -> None:
        """Refuse to look up an API key from where too many were wrong.

        Access tokens are not guessed: their signature was checked.
        """
        if credential.token is not None or not network:
            return
        key, limit = address_key("anonymous", network), self._guesses
        try:
            full, reset = await self._full([key], [limit])
            window = Window(limit, 0, reset)
        except CacheUnavailable:
            full, window = self._windows.full(key, self._part(limit))
        if full:
            raise _too_many_requests(window)

    def _admitted(
        self, credential: Credential, lane: Lane, lease: str, answer: list[Any]
    ) -> Admitted:
        word = outcome(answer)
        caller = self._authenticator.caller(credential, answer[1])
        if word == "suspended":
            raise _suspended()
        limits = tiers.decode(answer[2])
        window = Window(limits.requests_per_minute, answer[3], answer[4])
        _check(word, lane, limits, window)
        tenant_id = caller.scope.tenant_id
        self._database.bulkhead.allot(tenant_id, limits.share)
        key = leases_key(tenant_id, lane)
        self._leases.hold(key, lease)
        return Admitted(caller, limits, window, (key, lease))

    async def _admit_locally(
        self, credential: Credential, lane: Lane, lease: str, network: str
    ) -> Admitted:
        """Admit by this process's share of the limits; nobody is locked out, nobody unlimited."""
        live = await self._local_session(credential, network)
        caller = self._authenticator.caller(credential, live.session)
        limits = tiers.effective(Tier(live.tier), live.limits)
        tenant_id = caller.scope.tenant_id
        key = leases_key(tenant_id, lane)
        if self._leases.open[key] >= self._part(_most(limits, lane)):
            _check("concurrency", lane, limits, Window(limits.requests_per_minute, 0, 1))
        taken, window = self._windows.take(tenant_id, self._part(limits.requests_per_minute))
        if not taken:
            raise _too_many_requests(window)
        self._database.bulkhead.allot(tenant_id, limits.share)
        self._leases.hold(key, lease)
        return Admitted(caller, limits, window, (key, lease))

    def _part(self, limit: int) -> int:
        return math.ceil(limit / self.processes)

    async def _local_session(self, credential: Credential, network: str) -> LiveSession:
        known = self._sessions.get(credential.cache_key)
        if known is not None and known[0] > monotonic():
            return known[1]
        self._sessions.pop(credential.cache_key, None)
        await self._may_guess(credential, network)
        live = await self._authenticator.look_up(credential)
        self._sessions[credential.cache_key] = monotonic() + LOCAL_SESSION_SECONDS, live
        if len(self._sessions) > LOCAL_SESSIONS:
            self._sessions.popitem(last=False)
        return live

    async def _load_limits(self, scope: TenantScope) -> Limits:
        async with self._database.transaction(scope) as tx:
            row = await tx.first(_TENANT)
        if row is None or row["suspended_at"] is not None:
            await self._cache.put(limits_key(scope.tenant_id), tiers.SUSPENDED, LIMITS_SECONDS)
            raise _suspended()
        limits = tiers.effective(Tier(row["tier"]), row["limits"])
        await self._keep_limits(scope, limits)
        return limits

    async def _keep_limits(self, scope: TenantScope, limits: Limits) -> None:
        await self._cache.put(limits_key(scope.tenant_id), tiers.encode(limits), LIMITS_SECONDS)

    def _start_flush(self) -> None:
        self._flushing = None
        if self._leases.back:
            task = asyncio.get_running_loop().create_task(self._flush())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _flush(self) -> None:
        with contextlib.suppress(CacheUnavailable):
            await self._release([PROCESSES], ["", *self._leases.take_back()])


def _most(limits: Limits, lane: Lane) -> int:
    return limits.progress_streams if lane is Lane.PROGRESS else limits.concurrent_requests


def _check(word: str, lane: Lane, limits: Limits, window: Window) -> None:
    if word == "rate":
        raise _too_many_requests(window)
    if word == "concurrency":
        what = "streams of progress" if lane is Lane.PROGRESS else "requests"
        raise LimitReached(
            f"Your workspace has {_most(limits, lane)} {what} under way, as many as its tier"
            " allows. Try again when one has ended.",
            "too_many_concurrent_requests",
            1,
            window,
        )


def _too_many_requests(window: Window) -> LimitReached:
    return LimitReached(
        f"The limit of {window.limit} requests a minute is reached. Try again in {window.reset} s.",
        "rate_limited",
        window.reset,
        window,
    )


def _suspended() -> Forbidden:
    return Forbidden("This workspace is suspended. Ask the operator.", code="tenant_suspended")
