"""Stops the guessing of passwords, in a way that nobody can use to lock others out.

Failures are counted by account and network together, by network over all accounts, and by
account over all networks. The last count alone would let a stranger lock a person out, so it
does not hold for networks from which the account has logged in lately.

Each attempt counts as a failure from its start, so that many at once gain nothing; success takes
it back. Unknown accounts count like any other.
"""

import hashlib
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assay.adapters.redis import Cache, CacheUnavailable
from assay.errors import TooMany

REMEMBERED = 20_000
"""Counters of this process while Redis is away; the least recently used are forgotten first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures in how many seconds."""

    failures: int
    seconds: int


PAIR = Limit(10, 15 * 60)
NETWORK = Limit(100, 15 * 60)
ACCOUNT = Limit(100, 60 * 60)


@dataclass(frozen=True, slots=True)
class Count:
    """A counter and what it may reach."""

    key: str
    limit: Limit
    refuses: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was let through."""

    name: str
    counts: tuple[Count, ...]


# KEYS: counters. ARGV: attempt, now, then failures, seconds and whether it refuses, of each.
# Returns the seconds to wait, 0 when the attempt was counted.
_TAKE = """
local now, wait = tonumber(ARGV[2]), 0
for i, key in ipairs(KEYS) do
    local most, seconds = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - seconds)
    if ARGV[3 * i + 2] == '1' and redis.call('ZCARD', key) >= most then
        local freed = redis.call('ZRANGE', key, -most, -most, 'WITHSCORES')[2]
        wait = math.max(wait, math.ceil(freed + seconds - now))
    end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, ARGV[1])
    redis.call('EXPIRE', key, ARGV[3 * i + 1])
end
return 0
"""

# KEYS: the pair's counter, which is forgotten, then those that lose one attempt. ARGV: attempt.
_TAKE_BACK = """
redis.call('DEL', KEYS[1])
for i = 2, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
"""


class LockOut:
    """Counts failures in Redis, or in this process while Redis is away."""

    def __init__(self, cache: Cache, clock: Callable[[], float] = time.time) -> None:
        self._take, self._take_back = cache.script(_TAKE), cache.script(_TAKE_BACK)
        self._clock, self._local = clock, LocalCounts()

    async def attempt(self, email: str, network: str, *, known: bool) -> Attempt:
        """Let a guess of an account's password through, or refuse it.

        :param known: the account has logged in from this network lately.
        :raises TooMany: `too_many_attempts`, with the time to wait.
        """
        return await self._let_through(
            Count(_key("pair", email.lower(), network), PAIR),
            Count(_key("network", network), NETWORK),
            Count(_key("account", email.lower()), ACCOUNT, refuses=not known),
        )

    async def probe(self, network: str) -> Attempt:
        """Let through what could tell whether an account exists, or refuse it.

        :raises TooMany: `too_many_attempts`, with the time to wait.
        """
        return await self._let_through(Count(_key("network", network), NETWORK))

    async def succeeded(self, attempt: Attempt) -> None:
        """Take an attempt back; the pair of account and network begins anew."""
        pair = attempt.counts[0].key if len(attempt.counts) > 1 else ""
        keys = [pair, *(count.key for count in attempt.counts if count.key != pair)]
        self._local.take_back(keys, attempt.name)
        try:
            await self._take_back(keys, [attempt.name])
        except CacheUnavailable:
            return

    async def _let_through(self, *counts: Count) -> Attempt:
        attempt, now = Attempt(secrets.token_hex(8), counts), self._clock()
        given: list[str | int | bytes] = [attempt.name, repr(now)]
        for count in counts:
            given += [count.limit.failures, count.limit.seconds, int(count.refuses)]
        try:
            wait = int(await self._take([count.key for count in counts], given))
        except CacheUnavailable:
            wait = self._local.take(counts, attempt.name, now)
        if wait:
            raise _too_many(wait)
        return attempt


class LocalCounts:
    """The same counting in memory, bounded."""

    def __init__(self) -> None:
        self._counters: OrderedDict[str, dict[str, float]] = OrderedDict()

    def take(self, counts: Sequence[Count], name: str, now: float) -> int:
        """Count an attempt and return 0, or return how many seconds to wait."""
        wait = max(self._wait(count, now) for count in counts)
        if not wait:
            for count in counts:
                self._counters.setdefault(count.key, {})[name] = now
                self._counters.move_to_end(count.key)
        while len(self._counters) > REMEMBERED:
            self._counters.popitem(last=False)
        return wait

    def take_back(self, keys: Sequence[str], name: str) -> None:
        """Forget the first counter, and an attempt in the others."""
        self._counters.pop(keys[0], None)
        for key in keys[1:]:
            self._counters.get(key, {}).pop(name, None)

    def _wait(self, count: Count, now: float) -> int:
        counter = self._counters.get(count.key, {})
        for name, at in list(counter.items()):
            if at <= now - count.limit.seconds:
                del counter[name]
        if not count.refuses or len(counter) < count.limit.failures:
            return 0
        freed = list(counter.values())[-count.limit.failures]
        return math.ceil(freed + count.limit.seconds - now)


def _key(*parts: str) -> str:
    """Return where a counter is; addresses are not written out."""
    hidden = hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).hexdigest()
    return f"attempts:{parts[0]}:{hidden}"


def _too_many(wait: int) -> TooMany:
    minutes = math.ceil(wait / 60)
    return TooMany(
        f"Too many attempts. Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}.",
        code="too_many_attempts",
        retry_after=wait,
    )
