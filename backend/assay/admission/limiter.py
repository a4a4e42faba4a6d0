"""The one Redis round trip of a request: session, rate and concurrency lease together."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

WINDOW_SECONDS = 60
LEASE_SECONDS = 30
"""How long a lease outlives its process; living processes renew theirs in time."""
LOOKING_SECONDS = 10
"""How long what is read of a session may take on its way into the cache."""


class Lane(StrEnum):
    """What a lease counts as."""

    REQUEST = "requests"
    PROGRESS = "progress"


def limits_key(tenant_id: UUID) -> str:
    """Return where a tenant's limits are cached; delete it when they change."""
    return f"{tenant_id}:limits"


def rate_key(tenant_id: UUID) -> str:
    """Return where a tenant's requests of the last minute are counted."""
    return f"{tenant_id}:rate"


def leases_key(tenant_id: UUID, lane: Lane) -> str:
    """Return where a tenant's leases are kept, by the time at which they run out."""
    return f"{tenant_id}:leases:{lane}"


def address_key(lane: str, network: str) -> str:
    """Return where calls of an address are counted; the address is not written out."""
    hidden = hashlib.blake2b(network.encode(), digest_size=12).hexdigest()
    return f"address:{lane}:{hidden}"


# A window that slides in steps of a second: requests are counted by the second they came in, and
# a second is forgotten once all of it lies more than a minute back, so no minute, wherever it
# begins, holds more than the limit.
_SLIDE = """
local function slide(key, now)
    local used, oldest, old = 0, now, {}
    local seconds = redis.call('HGETALL', key)
    for i = 1, #seconds, 2 do
        local second = tonumber(seconds[i])
        if second < now - $WINDOW then
            old[#old + 1] = seconds[i]
        else
            used = used + tonumber(seconds[i + 1])
            if second < oldest then oldest = second end
        end
    end
    if #old > 0 then redis.call('HDEL', key, unpack(old)) end
    return used, oldest + $WINDOW + 1 - now
end
local function count(key, now)
    redis.call('HINCRBY', key, now, 1)
    redis.call('EXPIRE', key, $WINDOW + 2)
end
""".replace("$WINDOW", str(WINDOW_SECONDS))

# KEYS: session. ARGV: lane, lease, then pairs of leases' keys and names to give back.
# Redis runs without cluster mode, so keys may be derived from values.
# A session that is not known is marked as looked up; whoever drops it meanwhile drops the mark.
ADMIT = (
    (
        _SLIDE
        + """
for i = 3, #ARGV, 2 do redis.call('ZREM', ARGV[i], ARGV[i + 1]) end
local session = redis.call('GET', KEYS[1])
if not session then
    session = '?' .. ARGV[2]
    redis.call('SET', KEYS[1], session, 'PX', $LOOKING)
end
if string.sub(session, 1, 1) == '?' then return {'session', session} end
local tenant = string.sub(session, 1, 36)
local limits = redis.call('GET', tenant .. ':limits')
if not limits then return {'limits', session} end
if limits == 'suspended' then return {'suspended', session} end
local rate, requests, progress = string.match(limits, '^(%d+) (%d+) (%d+) ')
rate = tonumber(rate)
local time = redis.call('TIME')
local now = tonumber(time[1])
local used, reset = slide(tenant .. ':rate', now)
if used >= rate then return {'rate', session, limits, 0, reset} end
local leases = tenant .. ':leases:' .. ARGV[1]
local milliseconds = now * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', leases, '-inf', milliseconds)
local most = tonumber(ARGV[1] == 'progress' and progress or requests)
if redis.call('ZCARD', leases) >= most then
    return {'concurrency', session, limits, rate - used, reset}
end
redis.call('ZADD', leases, milliseconds + $LEASE, ARGV[2])
redis.call('PEXPIRE', leases, $LEASE)
count(tenant .. ':rate', now)
return {'admitted', session, limits, rate - used - 1, reset}
"""
    )
    .replace("$LEASE", str(LEASE_SECONDS * 1000))
    .replace("$LOOKING", str(LOOKING_SECONDS * 1000))
)

# KEYS: session. ARGV: mark, session, seconds. What was read before a change must not outlive it:
# the change dropped the mark.
KEEP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""

# KEYS: counter. ARGV: limit. Tells whether it is reached, and counts nothing.
FULL = (
    _SLIDE
    + """
local used, reset = slide(KEYS[1], tonumber(redis.call('TIME')[1]))
return {used >= tonumber(ARGV[1]) and 1 or 0, reset}
"""
)

# KEYS: counter. ARGV: limit.
COUNT = (
    _SLIDE
    + """
local now = tonumber(redis.call('TIME')[1])
local used, reset = slide(KEYS[1], now)
if used >= tonumber(ARGV[1]) then return {0, 0, reset} end
count(KEYS[1], now)
return {1, tonumber(ARGV[1]) - used - 1, reset}
"""
)

# KEYS: processes. ARGV: process, then pairs of leases' keys and names, which are told anew where
# Redis forgot them. Returns how many processes told of themselves lately.
RENEW = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for i = 2, #ARGV, 2 do
    redis.call('ZADD', ARGV[i], now + $LEASE, ARGV[i + 1])
    redis.call('PEXPIRE', ARGV[i], $LEASE)
end
redis.call('ZADD', KEYS[1], now + $LEASE, ARGV[1])
redis.call('PEXPIRE', KEYS[1], $LEASE)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZCARD', KEYS[1])
""".replace("$LEASE", str(LEASE_SECONDS * 1000))

# KEYS: processes. ARGV: the process when it leaves, then pairs of leases' keys and names.
RELEASE = """
for i = 2, #ARGV, 2 do redis.call('ZREM', ARGV[i], ARGV[i + 1]) end
if ARGV[1] ~= '' then redis.call('ZREM', KEYS[1], ARGV[1]) end
"""


@dataclass(frozen=True, slots=True)
class Window:
    """What is left of a rate limit, for the `RateLimit-*` headers."""

    limit: int
    remaining: int
    reset: int
    """Whole seconds until the oldest counted request is forgotten and one more is free."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that tell it."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.remaining),
            (b"ratelimit-reset", b"%d" % self.reset),
        ]


def outcome(answer: list[Any]) -> str:
    """Return the first word of the answer of `ADMIT`."""
    return bytes(answer[0]).decode()
