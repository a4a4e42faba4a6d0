"""Which sessions are active in this process, in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from uuid import UUID

IDLE_SECONDS = 300.0
"""A session that was not seen for this long has ended, as far as metrics go."""
MOST = 50_000
"""Sessions remembered; beyond, those not seen for longest count as ended."""


class Sessions:
    """The sessions seen in the last five minutes.

    The load balancer keeps a session at one process, so that the sum over processes is close to
    the number of sessions.
    """

    def __init__(
        self, ended: Callable[[float], None], clock: Callable[[], float] = monotonic
    ) -> None:
        """Start empty.

        :param ended: is told the seconds from a session's first to its last request.
        :param clock: seconds that never go backwards.
        """
        self._ended, self._clock = ended, clock
        self._seen: OrderedDict[UUID, tuple[float, float]] = OrderedDict()
        """First and last time of each, those not seen for longest at the front."""

    def see(self, session_id: UUID) -> None:
        """Note a request of a session."""
        now = self._clock()
        self._forget(now)
        first, _ = self._seen.pop(session_id, (now, now))
        self._seen[session_id] = first, now
        if len(self._seen) > MOST:
            self._end(next(iter(self._seen)))

    def active(self) -> int:
        """Return how many are active now."""
        self._forget(self._clock())
        return len(self._seen)

    def _forget(self, now: float) -> None:
        while self._seen:
            session_id, (_, last) = next(iter(self._seen.items()))
            if now - last <= IDLE_SECONDS:
                return
            self._end(session_id)

    def _end(self, session_id: UUID) -> None:
        first, last = self._seen.pop(session_id)
        self._ended(last - first)
