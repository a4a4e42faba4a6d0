"""Places in a document that may hold a field's value, best first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assay.analyses.extractive import values
from assay.analyses.extractive.index import Index
from assay.analyses.extractive.layout import Relation
from assay.analyses.extractive.matching import Wanted
from assay.analyses.extractive.near import near
from assay.analyses.extractive.patterns import defined, patterned
from assay.analyses.extractive.places import TRUST, Candidate
from assay.analyses.models import Passage

_FIRST_OF_MANY = 0.5
_BESIDE_BLANK = 0.4
_FOUND, _NEAR_FIELD = 3, 0.04


def candidates(index: Index, about: Wanted, found: Sequence[Passage]) -> list[Candidate]:
    """Return every place that may hold a field's value, best first."""
    blank = unfilled(index, about)
    every = [
        *(_beside_blank(each, blank) for each in _labelled(index, about)),
        *near(index, about, found),
        *defined(index, about),
        *patterned(index, about),
    ]
    every = [_found_too(each, found[:_FOUND]) for each in every]
    every.sort(key=lambda each: (-each.score, each.page, each.start))
    return every


def _found_too(candidate: Candidate, found: Sequence[Passage]) -> Candidate:
    """Return a candidate trusted a little more in a passage that retrieval holds near the field."""
    for rank, passage in enumerate(found):
        if passage.page == candidate.page + 1 and passage.start <= candidate.start < passage.end:
            return replace(candidate, score=candidate.score * (1 + _NEAR_FIELD / (1 + rank)))
    return candidate


def _beside_blank(candidate: Candidate, blank: float) -> Candidate:
    """Return a candidate trusted less where a label that fits better is there and has no value."""
    if candidate.fit.score > blank - 0.1:
        return candidate
    return replace(candidate, score=candidate.score * _BESIDE_BLANK)


# Values with a label


def _labelled(index: Index, about: Wanted) -> Iterator[Candidate]:
    for entry, fit in index.entries(about):
        text = index.text(entry)
        taken = values.take(text, about, index, entry)
        if taken is None:
            continue
        start, end, value = taken
        trust = TRUST[entry.relation] * (_FIRST_OF_MANY if entry.header == "many" else 1.0)
        score = fit.score * trust * values.suits(text[start:end], about)
        score *= values.purity(text, start, end, about, entry.relation)
        score *= 1.0 if fit.exact else index.early(entry.page)
        first = min(entry.label_start, entry.start)
        last = max(entry.label_end, entry.start + end)
        yield Candidate(
            entry.page, entry.start + start, entry.start + end, first, last, value,
            entry.relation, fit, score, values.shaped(text[start:end], about),
        )  # fmt: skip


def unfilled(index: Index, about: Wanted) -> float:
    """Return how well the best of those labels fits a field that have nothing beside them."""
    return max(
        (
            fit.score
            for entry, fit in index.entries(about)
            if entry.relation in {Relation.COLON, Relation.CELL}
            and values.is_absent(index.text(entry))
        ),
        default=0.0,
    )
