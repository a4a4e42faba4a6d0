"""Asks the parts how they are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic, perf_counter

from assay.operations.schemas import Part, Readiness, State

CHECK_SECONDS = 2.0
"""A part that does not answer within this is away."""
CACHE_SECONDS = 1.0
"""How long an answer is given again, so that asking often does not load the parts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part tells of itself."""

    well: bool
    version: str | None = None
    away: tuple[str, ...] = ()
    """Members that are missing while the part still serves."""


Check = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Watched:
    """A part that is asked."""

    check: Check
    stead: str | None = None
    """What is done without it; None where nothing is served without it."""


class Operations:
    """Readiness by part."""

    def __init__(
        self, parts: Mapping[str, Watched], clock: Callable[[], float] = monotonic
    ) -> None:
        self._parts, self._clock = dict(parts), clock
        self._asking: asyncio.Task[Readiness] | None = None
        self._until = 0.0

    async def readiness(self) -> Readiness:
        """Ask every part at once, or give the answer of a moment ago."""
        now = self._clock()
        if self._asking is None or now >= self._until:
            self._asking, self._until = asyncio.create_task(self._ask()), now + CACHE_SECONDS
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Readiness:
        answers = await asyncio.gather(*map(_asked, self._parts.values()))
        parts = dict(zip(self._parts, answers, strict=True))
        states = {name: part.status for name, part in parts.items()}
        return Readiness(status=self._overall(states), checks=states, parts=parts)

    def _overall(self, states: Mapping[str, State]) -> State:
        if any(
            state == "unavailable" and self._parts[name].stead is None
            for name, state in states.items()
        ):
            return "unavailable"
        return "ok" if all(state == "ok" for state in states.values()) else "degraded"


async def _asked(part: Watched) -> Part:
    began = perf_counter()
    try:
        answer = await asyncio.wait_for(part.check(), CHECK_SECONDS)
    except Exception:  # noqa: BLE001 - whatever a part does, the answer is that it is away
        answer = Answer(well=False)
    stead = [part.stead] if part.stead and not answer.well else []
    return Part(
        status=_state(answer),
        version=answer.version,
        latency_ms=round((perf_counter() - began) * 1000, 2),
        degraded=[*answer.away, *stead],
    )


def _state(answer: Answer) -> State:
    if not answer.well:
        return "unavailable"
    return "degraded" if answer.away else "ok"
