"""Fields of a document without a model: by its labels, tables, sentences and typed patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.analyses.extractive import confidence as trust
from assay.analyses.extractive import items, layout, matching, normalise
from assay.analyses.extractive.candidates import candidates, unfilled
from assay.analyses.extractive.index import Index
from assay.analyses.extractive.places import Candidate, key
from assay.analyses.models import Cell, Evidence, Field, Page, Passage, Row, Source

MAX_CHARACTERS = 3_000_000
"""Of a document with more, about a thousand pages, the rest is not read: it bounds the time."""
MAX_QUOTE = 400
"""Longest quote, in characters; a value that is longer is quoted whole."""
_HABITS_FROM = 200_000


@dataclass(frozen=True, slots=True)
class Judged:
    """The best candidate for a field and what its confidence is made of."""

    candidate: Candidate
    features: Mapping[str, float]
    confidence: float


def extract(
    source: Source,
    fields: Sequence[Field],
    found: Mapping[str, Sequence[Passage]],
    *,
    per_item: bool = False,
) -> list[Row]:
    """Find the values of fields in a document.

    :param found: passages that retrieval holds near each field, by the field's name; they decide
        between places that are otherwise alike.
    :param per_item: one row for each item of the table that fits the fields best, instead of one
        for the document.
    :returns: rows whose cells quote the document verbatim; None where nothing was found.
    """
    index = read(source, fields)
    if per_item:
        return _items(source, index, fields)
    return [
        {
            field.name: _cell(source, judge(index, field, found.get(field.name, ())))
            for field in fields
        }
    ]


def _items(source: Source, index: Index, fields: Sequence[Field]) -> list[Row]:
    found: list[Row] = []
    for item in items.rows(index, [matching.wanted(field) for field in fields]):
        row: dict[str, Cell | None] = {}
        for field in fields:
            best = item.get(field.name)
            row[field.name] = None
            if best:
                features = trust.features(
                    best, (), field.type, unfilled=0.0, size=len(index.layout.units)
                )
                row[field.name] = cell(source, best, trust.confidence(features))
        found.append(row)
    return found


def read(source: Source, fields: Sequence[Field]) -> Index:
    """Return a document as it is searched for fields."""
    sample = "\n".join(page.text[:20_000] for page in source.pages[:50])
    return Index(
        layout.read(_within(source.pages), [field.name for field in fields]),
        normalise.habits(sample[:_HABITS_FROM]),
    )


def _within(pages: Sequence[Page]) -> Sequence[Page]:
    """Return the pages that are read, from the first."""
    length = 0
    for number, page in enumerate(pages):
        length += len(page.text)
        if length > MAX_CHARACTERS:
            rest = page.text[: len(page.text) - (length - MAX_CHARACTERS)]
            return [*pages[:number], Page(page.number, rest)]
    return pages


def judge(index: Index, field: Field, found: Sequence[Passage]) -> Judged | None:
    """Return the best candidate for a field, whatever its confidence."""
    about = matching.wanted(field)
    every = candidates(index, about, found)
    whole = _whole(index, field, every)
    if whole:
        every = [whole, *every]
    if not every:
        return None
    features = trust.features(
        every[0],
        every[1:],
        field.type,
        unfilled=unfilled(index, about),
        size=len(index.layout.units),
    )
    return Judged(every[0], features, trust.confidence(features))


_PART, _SURE_PART, _WHOLE = 0.45, 0.6, 0.95


def _whole(index: Index, field: Field, every: Sequence[Candidate]) -> Candidate | None:
    """Return the value of a field that joins two: the place that holds both values in turn."""
    parts = matching.parts(field)
    if not parts or (every and every[0].fit.exact):
        return None
    found = []
    for part in parts:
        best = candidates(index, matching.wanted(part), ())[:1]
        if not best or best[0].fit.score < _PART:
            return None
        found.append(best[0])
    first, second = found
    if first.start == second.start and first.page == second.page:
        return None
    joined = {key(f"{first.value}{mark}{second.value}") for mark in (" ", ", ", " / ")}
    score = min(first.score, second.score)
    for entry in index.layout.entries:
        text = index.text(entry)
        if len(text) < MAX_QUOTE and key(text) in joined:
            return Candidate(
                entry.page, entry.start, entry.end, entry.label_start, entry.end,
                " ".join(text.split()), entry.relation, first.fit,
                max(score, _WHOLE * first.fit.score),
            )  # fmt: skip
    sure = min(first.fit.score, second.fit.score) >= _SURE_PART
    if not sure or first.page != second.page or not 0 <= second.start - first.end < MAX_QUOTE // 2:
        return None
    return Candidate(
        first.page, first.start, second.end, min(first.quote_start, first.start), second.end,
        f"{first.value} {second.value}", first.relation, first.fit, score,
    )  # fmt: skip


def _cell(source: Source, judged: Judged | None) -> Cell | None:
    if judged is None or judged.confidence < trust.MIN_CONFIDENCE:
        return None
    return cell(source, judged.candidate, judged.confidence)


def cell(source: Source, best: Candidate, confidence: float) -> Cell:
    """Return a candidate as a cell with its evidence."""
    page = source.pages[best.page]
    start, end = min(best.quote_start, best.start), max(best.quote_end, best.end)
    if end - start > MAX_QUOTE:
        start, end = _line(page.text, best.start, best.end)
    return Cell(
        value=best.value,
        text=page.text[best.start : best.end],
        evidence=Evidence(source.document_id, page.number, start, end, page.text[start:end]),
        confidence=round(confidence, 3),
    )


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the line around a value, or as much of it as a quote may hold."""
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    right = right if right >= 0 else len(text)
    room = max(0, MAX_QUOTE - (end - start)) // 2
    return max(left, start - room), min(right, end + room)
