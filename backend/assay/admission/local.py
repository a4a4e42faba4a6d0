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
        return taken, _window(counter, limit, now)

    def full(self, key: Hashable, limit: int) -> tuple[bool, Window]:
        """Tell whether a limit is reached, and count nothing."""
        now = int(self._clock())
        counter = self._counters.get(key, _Counter())
        _forget_old(counter, now)
        return counter.used >= limit, _window(counter, limit, now)

    def _counter(self, key: Hashable) -> _Counter:
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = _Counter()
            if len(self._counters) > REMEMBERED:
                self._counters.popitem(last=False)
        else:
            self._counters.move_to_end(key)
        return counter


def _window(counter: _Counter, limit: int, now: int) -> Window:
    oldest = next(iter(counter.seconds), now)
    return Window(limit, max(0, limit - counter.used), oldest + WINDOW_SECONDS + 1 - now)


def _forget_old(counter: _Counter, now: int) -> None:
    for second in list(counter.seconds):
        if second >= now - WINDOW_SECONDS:
            break
        counter.used -= counter.seconds.pop(second)
