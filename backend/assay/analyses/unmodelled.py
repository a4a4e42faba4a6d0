"""The engine that asks no model: the documents' structure, patterns and own sentences."""

from collections.abc import Sequence
from uuid import UUID

from assay.analyses.encoding import LABEL
from assay.analyses.engine import DocumentFailed, Load, Read, Reading, Task
from assay.analyses.estimate import EXTRACTIVE
from assay.analyses.extractive.classify import classify, meaning, spoken, telling
from assay.analyses.extractive.compare import compare
from assay.analyses.extractive.compare import likeliest as likeliest_sides
from assay.analyses.extractive.fields import extract
from assay.analyses.extractive.summary import likeliest, summarise, summarise_all
from assay.analyses.models import Cell, Field, Finding, Kind, Label, Passage, Point, Row, Source
from assay.analyses.processes import Processes
from assay.analyses.retrieval import DocumentRetrieval
from assay.analyses.runs import Held
from assay.analyses.schemas import Length, Rows

POINTS = {Length.SHORT: 3, Length.MEDIUM: 6, Length.LONG: 12}
"""Points of a summary."""
FEWEST_COMPARED = 2
TOO_FEW = "Fewer than two of the documents are left to compare. Add others with `extend`."


class Unmodelled:
    """See `Engine`; computes in processes of its own, and nothing it does costs money."""

    name = EXTRACTIVE
    parallel = 1

    def __init__(self, processes: Processes, retrieval: DocumentRetrieval) -> None:
        self._processes, self._retrieval = processes, retrieval

    async def read(self, task: Task, source: Source, held: Held) -> Reading:  # noqa: ARG002 - see `Engine`
        """See `Engine`."""
        match task.spec.kind:
            case Kind.EXTRACT:
                return Reading(rows=await self._rows(task, source))
            case Kind.CLASSIFY:
                return Reading(rows=[{LABEL: await self._classify(task, source)}])
            case Kind.SUMMARY:
                return Reading(points=await self._points(task, source))
            case _:
                return Reading()

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
        loaded = [await load(each.document_id) for each in read]
        sources = [source for source in loaded if source is not None]
        if len(sources) < FEWEST_COMPARED:
            raise DocumentFailed("document_deleted", TOO_FEW)
        topics = task.spec.topics
        found = await self._places(task, sources)
        nearness = {}
        if topics:
            sentences = await self._processes.run(likeliest_sides, sources, found)
            for topic, texts in sentences.items():
                near = await self._retrieval.nearness(task.scope, texts, [topic])
                nearness[topic] = {text: value[0] for text, value in zip(texts, near, strict=True)}
        return await self._processes.run(
            compare, sources, topics=topics, found=found, nearness=nearness
        )

    async def _places(
        self, task: Task, sources: Sequence[Source]
    ) -> dict[str, dict[UUID, list[Passage]]]:
        """Return the passages for each topic in each document."""
        found: dict[str, dict[UUID, list[Passage]]] = {topic: {} for topic in task.spec.topics}
        for source in sources if found else ():
            queries = {topic: topic for topic in found}
            places = await self._retrieval.find(task.scope, source.document_id, queries)
            for topic, passages in places.items():
                found[topic][source.document_id] = passages
        return found

    async def _rows(self, task: Task, source: Source) -> Sequence[Row]:
        fields = [
            Field(each.name, each.type, each.description, tuple(each.options))
            for each in task.spec.fields
        ]
        queries = {each.name: f"{each.name} {each.description}".strip() for each in fields}
        found = await self._retrieval.find(task.scope, source.document_id, queries)
        per_item = task.spec.rows is Rows.ITEM
        return await self._processes.run(extract, source, fields, found, per_item=per_item)

    async def _classify(self, task: Task, source: Source) -> Cell | None:
        labels = [Label(each.name, each.description) for each in task.spec.labels]
        passages = await self._processes.run(telling, source, labels)
        nearness = await self._retrieval.nearness(
            task.scope, [spoken(each) for each in passages], [meaning(each) for each in labels]
        )
        return await self._processes.run(classify, passages, labels, nearness)

    async def _points(self, task: Task, source: Source) -> Sequence[Point]:
        focus = task.spec.focus
        nearness = None
        if focus:
            sentences = await self._processes.run(likeliest, source, focus)
            near = await self._retrieval.nearness(task.scope, sentences, [focus])
            nearness = {sentence: value[0] for sentence, value in zip(sentences, near, strict=True)}
        return await self._processes.run(
            summarise, source, points=POINTS[task.spec.length], focus=focus, nearness=nearness
        )
