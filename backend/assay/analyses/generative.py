"""The engine that asks a language model, and believes only what it can find on the page.

The model names a quote for each value; the quote is looked up in the document, and what is kept
is the page's own text. What cannot be found is asked for once more and then taken for not found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from assay.adapters.chat import CHARACTERS_PER_TOKEN
from assay.analyses import evidence as places
from assay.analyses import prompts
from assay.analyses.encoding import LABEL
from assay.analyses.engine import Load, Read, Reading, Statement, Task
from assay.analyses.extractive import normalise
from assay.analyses.models import (
    Cell,
    Evidence,
    FieldType,
    Finding,
    Json,
    Kind,
    Page,
    Point,
    Row,
    Source,
    Verdict,
)
from assay.analyses.paid import PaidModel, Unreadable
from assay.analyses.prompts import Prompt
from assay.analyses.retrieval import DocumentRetrieval
from assay.analyses.runs import Held
from assay.analyses.schemas import FieldSpec, Length, Rows

POINTS = {Length.SHORT: 3, Length.MEDIUM: 6, Length.LONG: 12}
"""Points of a summary."""
POINTS_AT_ONCE = 150
"""Points that one call makes fewer of."""
OPENING = 4000
"""Characters from the beginning of a long document, which says what it is."""
AROUND = 600
"""Characters on both sides of a passage that retrieval found."""
OVERLAP = 400
"""Characters that two parts of a very long page have in common."""
FIRST_TRY, SECOND_TRY = 0.9, 0.7
"""Confidence in a value whose quote was found at once, and in one that was asked for again.
Ranks, not measured rates: they depend on the model, and `assay eval` measures them."""
CELL_TOKENS = 160
"""Most that one field's value and quote may take in an answer."""
MAX_OUTPUT_TOKENS = 8192

Keyed = Sequence[tuple[str, FieldSpec]]


class Generative:
    """See `Engine`.

    :param prompt_tokens: text of a document that one call is given, about.
    :param parallel: documents that one job has under way at once.
    """

    def __init__(
        self, model: PaidModel, retrieval: DocumentRetrieval, *, prompt_tokens: int, parallel: int
    ) -> None:
        self._model, self._retrieval = model, retrieval
        self._room = prompt_tokens * CHARACTERS_PER_TOKEN
        self.name, self.parallel = model.name, parallel

    async def read(self, task: Task, source: Source, held: Held) -> Reading:
        """See `Engine`."""
        match task.spec.kind:
            case Kind.EXTRACT:
                return Reading(rows=await self._extract(task, source, held))
            case Kind.CLASSIFY:
                return Reading(rows=[{LABEL: await self._classify(task, source, held)}])
            case Kind.SUMMARY:
                return Reading(points=await self._points(task, source, held))
            case _:
                return Reading(statements=await self._statements(task, source, held))

    async def summarise(self, task: Task, read: Sequence[Read]) -> Sequence[Point]:
        """See `Engine`; a single document's points are the whole summary."""
        points = [(each.name, point) for each in read for point in each.reading.points]
        if len(read) == 1:
            return [point for _, point in points]
        while len(points) > POINTS_AT_ONCE:
            batches = _batches(points, POINTS_AT_ONCE)
            points = [
                ("", point)
                for batch in batches
                for point in await self._condense(task, None, batch)
            ]
        return await self._condense(task, None, points)

    async def compare(self, task: Task, read: Sequence[Read], load: Load) -> Sequence[Finding]:  # noqa: ARG002 - see `Engine`
        """See `Engine`."""
        said = [(each, one) for each in read for one in each.reading.statements]
        if not said:
            return []
        texts = [
            (f"[{number}] {document.name} - {one.topic}", one.text)
            for number, (document, one) in enumerate(said)
        ]
        prompt = Prompt(
            stage="compare",
            document_id=None,
            rules=prompts.COMPARE,
            question=prompts.asked_topics(task.spec),
            texts=texts,
            schema=prompts.FINDINGS,
            max_output_tokens=4096,
        )
        found = await self._model.ask(task, None, prompt, _reader("findings"))
        ids = [each.document_id for each in read]
        findings = [_finding(each, said, ids) for each in found]
        return [each for each in findings if any(each.sides.values())]

    async def _extract(self, task: Task, source: Source, held: Held) -> list[Row]:
        fields = [(f"f{number}", field) for number, field in enumerate(task.spec.fields, 1)]
        if task.spec.rows is Rows.ITEM:
            rows: list[Row] = []
            for part in self._parts(source):
                rows += await self._items(task, part, source, held, fields)
            return rows
        queries = {field.name: f"{field.name} {field.description}".strip() for _, field in fields}
        text = await self._text(task, source, queries)
        answer = await self._row(task, source, held, fields, text, "extract")
        row = {field.name: _cell(source, field, answer[key], FIRST_TRY) for key, field in fields}
        doubted = [
            (key, field)
            for key, field in fields
            if row[field.name] is None and _claims(answer[key])
        ]
        if doubted:
            again = await self._row(task, source, held, doubted, text, "extract again")
            for key, field in doubted:
                row[field.name] = _cell(source, field, again[key], SECOND_TRY)
        return [row]

    async def _row(
        self,
        task: Task,
        source: Source,
        held: Held,
        fields: Keyed,
        text: Sequence[tuple[str, str]],
        stage: str,
    ) -> dict[str, Any]:
        question = prompts.asked_fields(fields, task.spec)
        if stage != "extract":
            question += (
                "\n\nQuotes that were given before are not in the text. Copy each word for word,"
                " or answer null."
            )
        prompt = Prompt(
            stage=stage,
            document_id=source.document_id,
            rules=prompts.EXTRACT,
            question=question,
            texts=text,
            schema=prompts.row_schema(fields),
            name="row",
            max_output_tokens=min(MAX_OUTPUT_TOKENS, 200 + CELL_TOKENS * len(fields)),
        )
        return await self._model.ask(
            task, held, prompt, lambda said: _row_of(_object(said), fields)
        )

    async def _items(
        self, task: Task, part: Source, source: Source, held: Held, fields: Keyed
    ) -> list[Row]:
        prompt = Prompt(
            stage="extract items",
            document_id=source.document_id,
            rules=prompts.EXTRACT,
            question=prompts.asked_fields(fields, task.spec)
            + "\n\nGive one row for each item that the text lists.",
            texts=_shown(part),
            schema=prompts.closed({"rows": prompts.listed(prompts.row_schema(fields))}),
            name="rows",
            max_output_tokens=MAX_OUTPUT_TOKENS // 2,
        )

        def read(said: str) -> list[dict[str, Any]]:
            return [_row_of(each, fields) for each in _list(_object(said), "rows")]

        rows: list[Row] = []
        for answer in await self._model.ask(task, held, prompt, read):
            row = {
                field.name: _cell(source, field, answer[key], FIRST_TRY) for key, field in fields
            }
            if any(row.values()):
                rows.append(row)
        return rows

    async def _classify(self, task: Task, source: Source, held: Held) -> Cell | None:
        names = [label.name for label in task.spec.labels]
        queries = {
            label.name: f"{label.name} {label.description}".strip() for label in task.spec.labels
        }
        prompt = Prompt(
            stage="classify",
            document_id=source.document_id,
            rules=prompts.CLASSIFY,
            question=prompts.asked_labels(task.spec),
            texts=await self._text(task, source, queries),
            schema=prompts.label_schema(names),
            name="label",
            max_output_tokens=400,
        )

        def read(said: str) -> dict[str, Any]:
            answer = _object(said)
            _member(answer, "label", str, allowed=names)
            return _placed(answer)

        answer = await self._model.ask(task, held, prompt, read)
        found = _evidence(source, answer)
        if answer["label"] is None or found is None:
            return None
        return Cell(answer["label"], " ".join(found.quote.split()), found, FIRST_TRY)

    async def _points(self, task: Task, source: Source, held: Held) -> Sequence[Point]:
        number = POINTS[task.spec.length]
        points: list[Point] = []
        parts = self._parts(source)
        for part in parts:
            prompt = Prompt(
                stage="summary",
                document_id=source.document_id,
                rules=prompts.SUMMARISE,
                question=prompts.asked_points(task.spec, number),
                texts=_shown(part),
                schema=prompts.POINTS,
            )
            said = await self._model.ask(task, held, prompt, _reader("points"))
            points += _supported(source, said)
        if len(parts) == 1:
            return points[:number]
        return await self._condense(task, held, [(source.name, each) for each in points])

    async def _condense(
        self, task: Task, held: Held | None, points: Sequence[tuple[str, Point]]
    ) -> Sequence[Point]:
        """Return fewer points that rest on what the given ones rest on."""
        if not points:
            return []
        prompt = Prompt(
            stage="condense",
            document_id=held.document_id if held else None,
            rules=prompts.CONDENSE,
            question=prompts.asked_points(task.spec, POINTS[task.spec.length]),
            texts=[(f"[{n}] {name}", point.text) for n, (name, point) in enumerate(points)],
            schema=prompts.CHOSEN,
        )
        said = await self._model.ask(task, held, prompt, _reader("points"))
        condensed = []
        for each in said:
            numbers = [n for n in _numbers(each, "of") if 0 <= n < len(points)]
            found = dict.fromkeys(one for n in numbers for one in points[n][1].evidence)
            if found and each.get("text"):
                condensed.append(Point(str(each["text"]), tuple(found)))
        return condensed

    async def _statements(self, task: Task, source: Source, held: Held) -> Sequence[Statement]:
        statements: dict[str, Statement] = {}
        texts: Sequence[Sequence[tuple[str, str]]]
        if task.spec.topics:
            queries = {topic: topic for topic in task.spec.topics}
            texts = [await self._text(task, source, queries)]
        else:
            texts = [_shown(part) for part in self._parts(source)]
        for text in texts:
            prompt = Prompt(
                stage="statements",
                document_id=source.document_id,
                rules=prompts.STATE,
                question=prompts.asked_topics(task.spec),
                texts=text,
                schema=prompts.STATEMENTS,
            )
            for each in await self._model.ask(task, held, prompt, _reader("statements")):
                found = _evidence(source, each)
                topic = str(each.get("topic") or "").strip()
                if found and topic and each.get("text"):
                    one = Statement(topic, str(each["text"]), found)
                    statements.setdefault(topic.casefold(), one)
        return list(statements.values())

    async def _text(
        self, task: Task, source: Source, queries: Mapping[str, str]
    ) -> list[tuple[str, str]]:
        """Return a document whole, or what retrieval finds in a long one, page by page."""
        if sum(len(page.text) for page in source.pages) <= self._room:
            return _shown(source)
        found = await self._retrieval.find(task.scope, source.document_id, queries)
        ranked = [
            passage
            for rank in range(max(map(len, found.values()), default=0))
            for passages in found.values()
            for passage in passages[rank : rank + 1]
        ]
        spans: dict[int, list[tuple[int, int]]] = {source.pages[0].number: [(0, OPENING)]}
        room = self._room - OPENING
        for passage in ranked:
            room -= passage.end - passage.start + 2 * AROUND
            if room < 0:
                break
            span = max(0, passage.start - AROUND), passage.end + AROUND
            spans.setdefault(passage.page, []).append(span)
        pages = {page.number: page.text for page in source.pages}
        return [
            (f"Page {number}", " ... ".join(pages[number][a:b] for a, b in _joined(spans[number])))
            for number in sorted(spans)
            if number in pages
        ]

    def _parts(self, source: Source) -> list[Source]:
        """Return a document in parts that one call takes each, cut between pages if possible."""
        parts: list[list[Page]] = [[]]
        room = self._room
        for page in _pieces(source.pages, self._room):
            if parts[-1] and len(page.text) > room:
                parts.append([])
                room = self._room
            parts[-1].append(page)
            room -= len(page.text)
        return [Source(source.document_id, source.name, tuple(part)) for part in parts]


def _pieces(pages: Sequence[Page], room: int) -> Iterator[Page]:
    for page in pages:
        step = room - OVERLAP
        starts = range(0, len(page.text) - OVERLAP, step) if len(page.text) > room else (0,)
        for start in starts:
            yield Page(page.number, page.text[start : start + room])


def _shown(source: Source) -> list[tuple[str, str]]:
    return [(f"Page {page.number}", page.text) for page in source.pages]


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that touch as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _batches(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


# What the model says is checked by hand: a server may ignore the schema that it was given.


def _object(said: str) -> dict[str, Any]:
    try:
        value = orjson.loads(said)
    except ValueError:
        raise Unreadable from None
    if not isinstance(value, dict):
        raise Unreadable
    return value


def _list(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Unreadable
    return value


def _reader(name: str) -> Callable[[str], list[dict[str, Any]]]:
    return lambda said: _list(_object(said), name)


def _member(
    answer: Mapping[str, Any], name: str, kind: type, *, allowed: Sequence[str] | None = None
) -> None:
    value = answer.get(name)
    wrong = value is not None and (
        not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
    )
    if wrong or (value is not None and allowed is not None and value not in allowed):
        raise Unreadable


def _placed(answer: dict[str, Any]) -> dict[str, Any]:
    _member(answer, "quote", str)
    _member(answer, "page", int)
    return answer


def _row_of(answer: Mapping[str, Any], fields: Keyed) -> dict[str, Any]:
    """Return a row whose members have the types that were asked for."""
    row: dict[str, Any] = {}
    for key, field in fields:
        value = answer.get(key)
        if not isinstance(value, dict):
            raise Unreadable
        _placed(value)
        if field.type is FieldType.BOOLEAN:
            _member(value, "value", bool)
        elif field.type is FieldType.CHOICE:
            _member(value, "value", str, allowed=field.options)
        elif field.type is FieldType.LIST:
            items = value.get("items")
            if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
                raise Unreadable
        else:
            _member(value, "text", str)
        row[key] = value
    return row


def _numbers(answer: Mapping[str, Any], name: str) -> list[int]:
    value = answer.get(name)
    return [each for each in value if type(each) is int] if isinstance(value, list) else []


def _claims(answer: Mapping[str, Any]) -> bool:
    """Whether a value was given, be it with a quote that is nowhere."""
    given = (answer.get(name) for name in ("text", "value", "items"))
    return any(each not in (None, "", []) for each in given)


def _evidence(source: Source, answer: Mapping[str, Any]) -> Evidence | None:
    quote, page = answer.get("quote"), answer.get("page")
    if not isinstance(quote, str) or not quote.strip():
        return None
    return places.find(source, quote, page=page if type(page) is int else None)


def _cell(
    source: Source, field: FieldSpec, answer: Mapping[str, Any], confidence: float
) -> Cell | None:
    """Return a value with its quote as the page has it; None where the page does not."""
    found = _evidence(source, answer) if _claims(answer) else None
    if found is None:
        return None
    if field.type in (FieldType.BOOLEAN, FieldType.CHOICE):
        return Cell(answer["value"], " ".join(found.quote.split()), found, confidence)
    if field.type is FieldType.LIST:
        page = places.page_of(source, found.page)
        kept = [each for each in answer["items"] if page and places.locate(page.text, each)]
        text = " ".join(found.quote.split())
        return Cell(kept, text, found, confidence) if kept else None
    within = places.locate(found.quote, answer["text"])
    if within is None:
        return None
    written = found.quote[within[0] : within[1]]
    value = _normalised(written, field, source)
    return None if value is None else Cell(value, written, found, confidence)


def _normalised(written: str, field: FieldSpec, source: Source) -> Json | None:
    sample = "\n".join(page.text[:5000] for page in source.pages[:20])
    return normalise.value(written, field.type, field.options, normalise.habits(sample))


def _supported(source: Source, said: Sequence[Mapping[str, Any]]) -> list[Point]:
    """Return the points whose quotes are in the document."""
    points = []
    for each in said:
        quotes = each.get("quotes")
        found = [
            _evidence(source, quote)
            for quote in (quotes if isinstance(quotes, list) else [])
            if isinstance(quote, dict)
        ]
        kept = tuple(dict.fromkeys(one for one in found if one))
        if kept and isinstance(each.get("text"), str):
            points.append(Point(each["text"], kept))
    return points


def _finding(
    said: Mapping[str, Any], statements: Sequence[tuple[Read, Statement]], ids: Sequence[UUID]
) -> Finding:
    sides: dict[UUID, tuple[str, Evidence] | None] = dict.fromkeys(ids)
    for number in _numbers(said, "statements"):
        if 0 <= number < len(statements):
            document, one = statements[number]
            if sides[document.document_id] is None:
                sides[document.document_id] = one.text, one.evidence
    verdict = said.get("verdict")
    if verdict not in set(Verdict):
        verdict = Verdict.DIFFERS
    silent = sum(side is None for side in sides.values())
    if silent and (verdict == Verdict.AGREES or silent >= len(ids) - 1):
        verdict = Verdict.MISSING
    return Finding(str(said.get("topic") or ""), Verdict(verdict), sides)
