"""Redis as a cache that may vanish: every failure is a miss, never an error."""

import hashlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Protocol, cast

import redis.asyncio as redis
import structlog
from redis.exceptions import NoScriptError, RedisError, ResponseError

from assay.adapters.redis_wire import Part, Wire
from assay.adapters.telemetry_metrics import cache_read
from assay.scope import TenantScope
from assay.settings import Settings

log = structlog.get_logger()

FAILURES = 3
"""Failures in a row after which Redis is left alone."""
PAUSE_SECONDS = 5.0
"""How long it is left alone before one command tries it again."""


class CacheUnavailable(Exception):
    """Redis is away, too slow, or full; do without it."""


class Script(Protocol):
    """A Lua script that runs as one step in Redis."""

    async def __call__(self, keys: Sequence[str], arguments: Sequence[Part]) -> Any:
        """Run it and return its answer, with texts as bytes.

        :raises CacheUnavailable: Redis did not answer; the script may have run.
        """


class Breaker:
    """Leaves a failing part alone for a while, then lets one call try (circuit breaker)."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_from = 0.0

    def allows(self) -> bool:
        """Whether a call may be tried now; after a pause, the first that asks is the probe."""
        if self._failures < FAILURES:
            return True
        now = self._clock()
        if now < self._closed_from:
            return False
        self._closed_from = now + PAUSE_SECONDS
        return True

    def succeeded(self) -> None:
        """Note that a call was answered."""
        self._failures = 0

    def failed(self) -> None:
        """Note that a call was not answered."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._closed_from = self._clock() + PAUSE_SECONDS


class Cache:
    """Small values with a time to live; the callers keep the truth elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._breaker = Breaker()
        self._undropped: dict[str, float] = {}
        """What is to be forgotten, and when it has ended by itself."""
        self._longest = settings.session_cache_seconds
        self._wire = Wire(settings, self._failed)
        self._reader_breaker = Breaker()
        self._reader = _reader(settings, self._reader_breaker)
        # For what walks over all keys or tells of the server: no request waits behind it.
        self._client = redis.Redis(
            host=settings.redis_host,
            port=settings.redis_port,
            password=settings.redis_password.get_secret_value() or None,
            ssl=settings.redis_tls,
            socket_timeout=1,
            socket_connect_timeout=1,
        )

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when it is absent or Redis is away."""
        try:
            value = cast("bytes | None", await self._ask("GET", key))
        except CacheUnavailable:
            value = None
        cache_read("value", hit=value is not None)
        return value

    async def get_stale(self, key: str) -> bytes | None:
        """Return a value that may be a moment behind: a replica's, where there is one.

        Not for what decides anything: a session that ended may still stand there.
        """
        if self._reader is not None and self._reader_breaker.allows():
            try:
                value = cast("bytes | None", await self._reader.call("GET", key))
            except RedisError as error:
                log.warning("cache.replica_unavailable", error=type(error).__name__)
            else:
                self._reader_breaker.succeeded()
                cache_read("value", hit=value is not None)
                return value
        return await self.get(key)

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep a value for some seconds, if Redis is there."""
        await self._done("SET", key, value, "EX", seconds)

    async def drop(self, *keys: str) -> bool:
        """Forget values at once; False when Redis is away and may still hold them.

        Then `drop_again` does it later: it may be a session that ended.
        """
        ends = monotonic() + self._longest
        self._undropped.update(dict.fromkeys(keys, ends))
        return await self.drop_again()

    async def drop_again(self) -> bool:
        """Forget what could not be forgotten while Redis was away; False while it still is."""
        now = monotonic()
        self._undropped = {key: ends for key, ends in self._undropped.items() if ends > now}
        keys = list(self._undropped)
        if keys and not await self._done("DEL", *keys):
            return False
        for key in keys:
            self._undropped.pop(key, None)
        return True

    async def forget(self, scope: TenantScope) -> None:
        """Drop everything that begins with a tenant's id.

        :raises CacheUnavailable: Redis is away.
        """
        try:
            async for key in self._client.scan_iter(match=f"{scope.tenant_id}:*", count=1000):
                await self._client.unlink(key)
        except (RedisError, OSError) as error:
            raise CacheUnavailable from error

    def script(self, source: str) -> Script:
        """Return a function that runs a Lua script; Redis is given its text once."""
        # Redis names scripts by this digest; nothing is trusted to it.
        digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

        async def run(keys: Sequence[str], arguments: Sequence[Part]) -> Any:
            given = (len(keys), *keys, *arguments)
            try:
                return await self._ask("EVALSHA", digest, *given)
            except NoScriptError:
                return await self._ask("EVAL", source, *given)

        return run

    async def version(self) -> str | None:
        """Return the server's version, or None where it does not answer."""
        try:
            return str((await self._client.info("server"))["redis_version"])
        except (RedisError, OSError, KeyError):
            return None

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()
        if self._reader is not None:
            await self._reader.close()
        await self._client.aclose()

    async def _done(self, *command: Part) -> bool:
        try:
            await self._ask(*command)
        except CacheUnavailable:
            return False
        return True

    async def _ask(self, *command: Part) -> Any:
        if not self._breaker.allows():
            raise CacheUnavailable
        try:
            answer = await self._wire.call(*command)
        except NoScriptError:
            raise
        except ResponseError as error:
            # Redis that refuses a command, being full, is there.
            log.warning("cache.refused", error=str(error).partition(" ")[0])
            raise CacheUnavailable from error
        except RedisError as error:
            raise CacheUnavailable from error
        self._breaker.succeeded()
        return answer

    def _failed(self, error: RedisError) -> None:
        self._breaker.failed()
        log.warning("cache.unavailable", error=type(error).__name__)


def _reader(settings: Settings, breaker: Breaker) -> Wire | None:
    if not settings.redis_reader_host:
        return None
    replica = settings.model_copy(update={"redis_host": settings.redis_reader_host})
    return Wire(replica, lambda _: breaker.failed())
