"""A tenant's share of this process's database connections (the bulkhead pattern).

Each tenant may always use its own connections, and some more (its overflow) while enough are
left for the others. Who has to wait waits in its own line, first come, first served; lines
take turns. So a tenant with a hundred slow queries waits for itself.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from uuid import UUID

REMEMBERED = 10_000
"""Tenants whose share is remembered; the least recently told are forgotten first."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many connections a tenant may use."""

    connections: int = 2
    """Its own."""
    overflow: int = 5
    """More of them, while others leave some."""


STANDARD = Share()
"""The seed's figures for the tier `standard`; who has no tenant yet counts as one of it."""


@dataclass(slots=True)
class _Line:
    used: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Bulkhead:
    """Hands out places; `capacity` connections exist, of which `kept` stay out of overflows."""

    def __init__(self, capacity: int) -> None:
        self._capacity, self._kept = capacity, capacity // 5
        self._used = 0
        self._lines: dict[UUID | None, _Line] = {}
        self._shares: OrderedDict[UUID, Share] = OrderedDict()

    def allot(self, tenant_id: UUID, share: Share) -> None:
        """Set a tenant's share; it holds from its next connection on."""
        if self._shares.get(tenant_id) == share:
            return
        self._shares[tenant_id] = share
        self._shares.move_to_end(tenant_id)
        if len(self._shares) > REMEMBERED:
            self._shares.popitem(last=False)

    async def enter(self, tenant_id: UUID | None, seconds: float) -> None:
        """Take a place; `leave` has to give it back.

        :raises TimeoutError: none came free in time.
        """
        line = self._lines.get(tenant_id)
        if line is None:
            line = self._lines[tenant_id] = _Line()
        if not line.waiting and self._may_enter(tenant_id, line):
            self._take(line)
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(place)
        try:
            async with asyncio.timeout(seconds):
                await place
        except BaseException:
            if place.done() and not place.cancelled():
                self.leave(tenant_id)  # it was given at the very moment of giving up
            else:
                line.waiting.remove(place)
                self._forget(tenant_id, line)
            raise

    def leave(self, tenant_id: UUID | None) -> None:
        """Give a place back, to the next of the same tenant or of another."""
        line = self._lines[tenant_id]
        line.used -= 1
        self._used -= 1
        self._admit(tenant_id)
        self._forget(tenant_id, line)

    def _admit(self, last: UUID | None) -> None:
        """Let those enter that may now; the tenant that had its turn comes last."""
        waiting = [key for key, line in self._lines.items() if line.waiting and key != last]
        for key in [*waiting, last]:
            line = self._lines.get(key)
            while line and line.waiting and self._may_enter(key, line):
                place = line.waiting.popleft()
                if not place.done():
                    self._take(line)
                    place.set_result(None)

    def _may_enter(self, tenant_id: UUID | None, line: _Line) -> bool:
        share = STANDARD if tenant_id is None else self._shares.get(tenant_id, STANDARD)
        if line.used < share.connections:
            return True  # the pool itself makes it wait when every connection is in use
        spare = self._capacity - self._kept - self._used
        return line.used < share.connections + share.overflow and spare > 0

    def _take(self, line: _Line) -> None:
        line.used += 1
        self._used += 1

    def _forget(self, tenant_id: UUID | None, line: _Line) -> None:
        if not line.used and not line.waiting:
            self._lines.pop(tenant_id, None)
