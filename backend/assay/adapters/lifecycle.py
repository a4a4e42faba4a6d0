"""How an API process ends without losing what it was asked.

First it drains: `/health` fails, so that the load balancer turns away, while everything is served
as ever, with `Connection: close`. Then the listener closes, and what is under way gets the rest of
the time; at its end whatever still runs is told to try again.
"""

import asyncio
import os
import random
import signal
from typing import Protocol


class Exchange(Protocol):
    """A request under way."""

    @property
    def endless(self) -> bool:
        """Whether it is a stream that only its client ends."""
        ...

    def interrupt(self) -> None:
        """End it, telling its client."""
        ...


class Lifecycle:
    """Whether the process is at its end, and what is under way."""

    def __init__(self, max_requests: int = 0) -> None:
        """Begin to serve.

        :param max_requests: about how many to serve before ending; 0 for no bound.
        """
        self.draining = False
        self._open: set[Exchange] = set()
        # Not the same for all: processes that were started together must not end together.
        spread = max_requests // 10
        self._left = max_requests + random.randint(-spread, spread)  # noqa: S311 - no secret

    def begin(self, exchange: Exchange) -> None:
        """Note a request that came in."""
        self._open.add(exchange)
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGTERM)  # the one way to end, with all that belongs to it

    def end(self, exchange: Exchange) -> None:
        """Note that it was answered."""
        self._open.discard(exchange)

    async def drain(self, seconds: float) -> None:
        """Fail health checks for a while."""
        self.draining = True
        await asyncio.sleep(seconds)

    def dismiss(self) -> None:
        """End the streams that nothing but their clients would end."""
        for exchange in [each for each in self._open if each.endless]:
            exchange.interrupt()

    def interrupt(self) -> None:
        """End whatever is still under way."""
        self.draining = True
        for exchange in list(self._open):
            exchange.interrupt()
