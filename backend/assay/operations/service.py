"""Asks the parts how they are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from assay.operations.schemas import Readiness

Check = Callable[[], Awaitable[bool]]

CHECK_SECONDS = 2.0


class Operations:
    """Readiness by part; a part that does not answer in time is away."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)

    async def readiness(self) -> Readiness:
        """Ask every part at once."""
        answers = await asyncio.gather(*map(_ask, self._checks.values()))
        states = dict(zip(self._checks, answers, strict=True))
        return Readiness(
            status="ok" if all(answers) else "unavailable",
            checks={name: "ok" if well else "unavailable" for name, well in states.items()},
        )


async def _ask(check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS)
    except Exception:  # noqa: BLE001 - whatever a part does, the answer is that it is away
        return False
