"""Limits kept in this process alone: for addresses, and for tenants while Redis is away."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from time import monotonic

from assay.admission.limiter import WINDOW_SECONDS, Window

REMEMBERED = 20_000
"""Keys that are counted; the least recently seen are forgotten first."""


@dataclass(slots=True)
class _Counter:
    seconds: dict[int, int] = field(default_factory=dict)
    """Requests by the second they came in, oldest first."""
    used: int = 0


class LocalWindows:
    """The same sliding minute as in Redis, bounded in memory."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counters: OrderedDict[Hashable, _Counter] = OrderedDict()

    def take(self, key: Hashable, limit: int) -> tuple[bool, Window]:
        """Count a request unless the limit is reached; tell whether it was counted."""
        now = int(self._clock())
        counter = self._counter(key)
        _forget_old(counter, now)
        taken = counter.used < limit
        if taken:
            counter.seconds[now] = counter.seconds.get(now, 0) + 1
            counter.used += 1
        oldest = next(iter(counter.seconds), now)
        left = max(0, limit - counter.used)
        return taken, Window(limit, left, oldest + WINDOW_SECONDS + 1 - now)

    def _counter(self, key: Hashable) -> _Counter:
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = _Counter()
            if len(self._counters) > REMEMBERED:
                self._counters.popitem(last=False)
        else:
            self._counters.move_to_end(key)
        return counter


def _forget_old(counter: _Counter, now: int) -> None:
    for second in list(counter.seconds):
        if second >= now - WINDOW_SECONDS:
            break
        counter.used -= counter.seconds.pop(second)


class LocalLeases:
    """Requests under way by key."""

    def __init__(self) -> None:
        self._open: dict[Hashable, int] = {}

    def take(self, key: Hashable, limit: int) -> bool:
        """Count one more, unless the limit is reached."""
        now = self._open.get(key, 0)
        if now >= limit:
            return False
        self._open[key] = now + 1
        return True

    def release(self, key: Hashable) -> None:
        """Count one less."""
        left = self._open[key] - 1
        if left:
            self._open[key] = left
        else:
            del self._open[key]
