"""A tenant's share of Redis: values with a time to live, the least recently used go first.

Each tenant has its own budget, so that nobody's questions push out another's answers. Equal
work that is under way in this process is done once.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from assay.adapters.redis import Cache, CacheUnavailable
from assay.adapters.telemetry_metrics import cache_read
from assay.scope import TenantScope

Result = TypeVar("Result")

ENTRY_BYTES = 400
"""What Redis holds for a value beside it: its key, and its members in the three indexes."""
LARGEST_SHARE = 4
"""A value that takes more than this part of the budget is not kept."""

# KEYS: last use, sizes, ends. ARGV: prefix of the values' keys, member.
# Redis may evict one of the indexes by itself; the values then last until their end, uncounted.
_INDEX = """
local used, sizes, ends, prefix, member = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if redis.call('EXISTS', used, sizes, ends) % 3 ~= 0 then redis.call('DEL', used, sizes, ends) end
local function forget(each)
    local size = redis.call('HGET', sizes, each)
    if size then redis.call('HINCRBY', sizes, 'total', -size) end
    redis.call('HDEL', sizes, each)
    redis.call('ZREM', used, each)
    redis.call('ZREM', ends, each)
    redis.call('UNLINK', prefix .. each)
end
"""
_GET = (
    _INDEX
    + """
local value = redis.call('GET', prefix .. member)
if value then redis.call('ZADD', used, 'XX', now, member) else forget(member) end
return value
"""
)
# ARGV further: value, size, milliseconds, budget.
_PUT = (
    _INDEX
    + """
local size, life, budget = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
forget(member)
for _, each in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now)) do forget(each) end
while tonumber(redis.call('HGET', sizes, 'total') or 0) + size > budget do
    local oldest = redis.call('ZRANGE', used, 0, 0)[1]
    if not oldest then return 0 end
    forget(oldest)
end
redis.call('SET', prefix .. member, ARGV[3], 'PX', life)
redis.call('ZADD', used, now, member)
redis.call('ZADD', ends, now + life * 1000, member)
redis.call('HSET', sizes, member, size)
redis.call('HINCRBY', sizes, 'total', size)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 2 * life) end
return 1
"""
)


class TenantCache:
    """Values of tenants, each tenant within its own budget."""

    def __init__(self, cache: Cache, seconds: float) -> None:
        """Keep the client.

        :param seconds: how long a value lasts, whether it is used or not.
        """
        self._get, self._put = cache.script(_GET), cache.script(_PUT)
        self._milliseconds = max(1, round(seconds * 1000))

    async def get(self, scope: TenantScope, key: bytes) -> bytes | None:
        """Return the value of a key, or None when it is absent or Redis is away."""
        try:
            value = await self._get(_indexes(scope), [_prefix(scope), _member(key)])
        except CacheUnavailable:
            value = None
        cache_read("query", hit=value is not None)
        return None if value is None else bytes(value)

    async def put(self, scope: TenantScope, key: bytes, value: bytes, budget: int) -> bool:
        """Keep a value; tell whether it was kept.

        :param budget: bytes that the tenant's values may take; those used least recently go.
        """
        size = len(value) + ENTRY_BYTES
        if size > budget // LARGEST_SHARE:
            return False
        entry: list[str | int | bytes] = [
            _prefix(scope),
            _member(key),
            value,
            size,
            self._milliseconds,
            budget,
        ]
        try:
            return bool(await self._put(_indexes(scope), entry))
        except CacheUnavailable:
            return False


def _prefix(scope: TenantScope) -> str:
    return f"{scope.tenant_id}:query:"


def _indexes(scope: TenantScope) -> list[str]:
    return [f"{scope.tenant_id}:query-{name}" for name in ("used", "sizes", "ends")]


def _member(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[Any]
    waiting: int = 0


class SingleFlight:
    """Does equal work once for all that ask for it at the same time, in this process."""

    def __init__(self) -> None:
        self._flights: dict[bytes, _Flight] = {}

    async def run(self, key: bytes, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return what the work under this key gives, or raise what it raises.

        The work stops when nobody waits for it any more.

        :param key: has to name the tenant, too.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(work()))
            flight.task.add_done_callback(lambda _: self._land(key, flight))
        flight.waiting += 1
        try:
            result: Result = await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()
        return result

    def _land(self, key: bytes, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
