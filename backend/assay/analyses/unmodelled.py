"""The engine that asks no model: the documents' structure, patterns and own sentences."""

from collections.abc import Sequence

from assay.analyses.engine import DocumentFailed, Load, Read, Reading, Task
from assay.analyses.estimate import EXTRACTIVE
from assay.analyses.extractive.summary import summarise, summarise_all
from assay.analyses.models import Finding, Kind, Point, Source
from assay.analyses.processes import Processes
from assay.analyses.runs import Held
from assay.analyses.schemas import Length

POINTS = {Length.SHORT: 3, Length.MEDIUM: 6, Length.LONG: 12}
"""Points of a summary."""


class Unmodelled:
    """Computes in processes of its own; nothing it does costs money."""

    name = EXTRACTIVE
    parallel = 1

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    async def read(self, task: Task, source: Source, held: Held) -> Reading:  # noqa: ARG002 - see `Engine`
        """See `Engine`."""
        if task.spec.kind is not Kind.SUMMARY:
            raise DocumentFailed(
                "needs_model",
                "This kind of analysis needs a language model, and none is set up. Ask the"
                " operator to set OPENAI_API_KEY or OPENAI_BASE_URL.",
            )
        points = await self._processes.run(
            summarise, source, points=POINTS[task.spec.length], focus=task.spec.focus
        )
        return Reading(points=points)

    async def summarise(self, task: Task, read: Sequence[Read]) -> Sequence[Point]:
        """See `Engine`."""
        given = [
            (Source(each.document_id, each.name, ()), tuple(each.reading.points)) for each in read
        ]
        return await self._processes.run(
            summarise_all, given, points=POINTS[task.spec.length], focus=task.spec.focus
        )

    async def compare(self, task: Task, read: Sequence[Read], load: Load) -> Sequence[Finding]:
        """See `Engine`."""
        raise NotImplementedError
