"""A circuit breaker (Nygard, Release It!, 2nd edition, section 5.2) with a clock of the caller's.

Purgatory, the library for asyncio, lets every waiting call through when it half-opens, which
is what a node that is coming back can bear least, and measures time by the wall clock.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NewType

Permit = NewType("Permit", int)
"""Leave to make one call; to be settled exactly once."""


class BreakerState(StrEnum):
    """What happens to the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Refuses calls for a while after several failed in a row; then lets one through."""

    def __init__(self, *, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        """Start closed.

        :param failures: how many in a row open it.
        :param seconds: how long it stays open.
        :param clock: seconds that never go backwards.
        """
        self._threshold, self._seconds, self._clock = failures, seconds, clock
        self._failures = 0
        self._epoch = 0
        """Grows with every change of state, so that late outcomes are told apart."""
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """The state now."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        waited = self._clock() - self._opened_at
        return BreakerState.HALF_OPEN if waited >= self._seconds else BreakerState.OPEN

    @property
    def failures(self) -> int:
        """Failures in a row up to now."""
        return self._failures

    def admit(self) -> Permit | None:
        """Return leave for one call, or None where it must not be made."""
        state = self.state
        if state is BreakerState.OPEN or self._probing:
            return None
        if state is BreakerState.HALF_OPEN:
            self._probing = True
        return Permit(self._epoch)

    def succeeded(self, permit: Permit) -> None:
        """Tell that the call was answered."""
        if permit == self._epoch:
            self._failures = 0
            if self._opened_at is not None:
                self._change(None)

    def failed(self, permit: Permit) -> None:
        """Tell that the call failed."""
        if permit == self._epoch:
            self._failures += 1
            if self._opened_at is not None or self._failures >= self._threshold:
                self._change(self._clock())

    def gave_up(self, permit: Permit) -> None:
        """Tell that the caller did not wait for the outcome; the next call may try instead."""
        if permit == self._epoch:
            self._probing = False

    def _change(self, opened_at: float | None) -> None:
        self._opened_at = opened_at
        self._epoch += 1
        self._probing = False
