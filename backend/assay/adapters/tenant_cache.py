"""A tenant's share of Redis: values with a time to live, the least recently used go first.

Each tenant has its own budget, so that nobody's questions push out another's answers. Equal
work that is under way is done once.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from assay.adapters.redis import Cache, CacheUnavailable
from assay.adapters.telemetry_metrics import cache_read
from assay.scope import TenantScope

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


# KEYS: claim. ARGV: whose, milliseconds.
_CLAIM = "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0"
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


@dataclass(slots=True)
class Turn:
    """One caller's turn at a value: it is there, or this caller makes it for all that wait."""

    value: bytes | None = None
    """None when this caller has to make it."""
    made: bytes | None = None

    def keep(self, value: bytes) -> None:
        """Hand the value to those that wait, and to the cache."""
        self.made = value


class Shared:
    """Equal work is done once for all that ask for it, in this process and in the others.

    Whoever comes first makes the value; the others wait. When the maker fails or leaves, the
    next one makes it. While Redis is away, processes do not know of each other.
    """

    def __init__(self, cache: Cache, seconds: float) -> None:
        """Keep the client.

        :param seconds: how long a value lasts.
        """
        self._values = TenantCache(cache, seconds)
        self._claim, self._release = cache.script(_CLAIM), cache.script(_RELEASE)
        self._making: dict[tuple[UUID, bytes], asyncio.Future[bytes | None]] = {}

    async def peek(self, scope: TenantScope, key: bytes) -> bytes | None:
        """Return a value that is there already."""
        return await self._values.get(scope, key)

    @asynccontextmanager
    async def turn(
        self, scope: TenantScope, key: bytes, *, budget: int, patience: float
    ) -> AsyncIterator[Turn]:
        """Wait for a value, or for the turn to make it.

        :param key: everything that the value depends on; the tenant comes by itself.
        :param budget: bytes that the tenant's values may take.
        :param patience: seconds to wait for another process that makes the value.
        """
        name = scope.tenant_id, key
        value = await self._values.get(scope, key)
        while value is None and (making := self._making.get(name)) is not None:
            value = await asyncio.shield(making)
        if value is not None:
            yield Turn(value)
            return
        made = self._making[name] = asyncio.get_running_loop().create_future()
        turn = Turn()
        try:
            async with self._claimed(scope, key, patience) as found:
                turn.value = found
                yield turn
                if turn.made is not None:
                    await self._values.put(scope, key, turn.made, budget)
        finally:
            del self._making[name]
            made.set_result(turn.made or turn.value)

    @asynccontextmanager
    async def _claimed(
        self, scope: TenantScope, key: bytes, patience: float
    ) -> AsyncIterator[bytes | None]:
        """Claim the value among the processes, or wait for the one that has the claim."""
        claim, token = f"{scope.tenant_id}:claim:{_member(key)}", secrets.token_hex(8)
        deadline = monotonic() + patience
        pause, value = 0.01, None
        try:
            while not await self._claim([claim], [token, round(patience * 1000)]):
                await asyncio.sleep(pause)
                pause = min(0.2, pause * 1.5)
                value = await self._values.get(scope, key)
                if value is not None or monotonic() > deadline:
                    break
        except CacheUnavailable:
            pass
        try:
            yield value
        finally:
            with contextlib.suppress(CacheUnavailable):
                await asyncio.shield(self._release([claim], [token]))
