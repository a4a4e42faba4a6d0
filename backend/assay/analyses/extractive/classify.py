"""Which of some labels a document is about, by meaning and by words, with the passage that says so.

Each label, with its description, is compared with passages of the document: the beginning, those
that use the labels' words, and some in between. The best passages decide, not the average: a
long document says what it is in few places.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.analyses.evidence import evidence_at
from assay.analyses.extractive.relevance import Corpus, terms
from assay.analyses.models import Cell, Evidence, Label, Source
from assay.documents import layout

Nearness = Sequence[Sequence[float]]
"""For each passage its nearness in meaning to each label, -1 to 1."""

MAX_PASSAGES = 16
"""Passages that are compared, each for 10 to 40 ms of processor time."""
MAX_PASSAGE = 500
"""Longest passage, in characters."""
_FIRST = 4
_BEST = 3
"""Passages whose mean decides: one alone may mention anything."""
_MEANING, _WORDS = 0.7, 0.3

# Of the estimate that the best label is right, by its score and by its lead over the next: the
# logistic regression that `python -m benchmarks.classification` fits and reports on.
_BASE, _BY_SCORE, _BY_LEAD = -2.85, 5.87, 3.65
MIN_CONFIDENCE = 0.5
"""Below it no label is given: more likely than not it would be wrong."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a document stands to the labels, before it is decided whether that is enough."""

    label: Label
    score: float
    lead: float
    evidence: Evidence


def classify(
    passages: Sequence[Evidence], labels: Sequence[Label], nearness: Nearness | None = None
) -> Cell | None:
    """Return the label that a document is about; None where none is likelier right than wrong.

    The value is the label's name; the evidence is the passage that speaks most for it.

    :param passages: the document's `telling` passages.
    :param nearness: of each passage's `spoken` text to each label's `meaning`, both embedded;
        without it words alone decide.
    """
    reading = read(passages, labels, nearness)
    if reading is None:
        return None
    confidence = estimate(reading.score, reading.lead)
    if confidence < MIN_CONFIDENCE:
        return None
    text = spoken(reading.evidence)
    return Cell(reading.label.name, text, reading.evidence, round(confidence, 3))


def estimate(score: float, lead: float) -> float:
    """Return the estimated probability that the best label is the right one."""
    return 1 / (1 + math.exp(-(_BASE + _BY_SCORE * score + _BY_LEAD * lead)))


def telling(source: Source, labels: Sequence[Label]) -> list[Evidence]:
    """Return the passages to compare: the first, those with the labels' words, some in between."""
    passages = list(_passages(source))
    if len(passages) <= MAX_PASSAGES:
        return passages
    rest = list(range(_FIRST, len(passages)))
    meanings = [meaning(label) for label in labels]
    shares = _by_words([spoken(passages[index]) for index in rest], meanings)
    order = sorted(rest, key=lambda index: -max(shares[index - _FIRST], default=0.0))
    half = (MAX_PASSAGES - _FIRST) // 2
    spread = [rest[len(rest) * step // half] for step in range(half)]
    chosen = dict.fromkeys([*range(_FIRST), *order[:half], *spread])
    return [passages[index] for index in sorted(chosen)]


def meaning(label: Label) -> str:
    """Return a label with its description, as it is embedded."""
    return f"{label.name}: {label.description}" if label.description else label.name


def spoken(passage: Evidence) -> str:
    """Return a passage on one line, as it is embedded."""
    return " ".join(passage.quote.split())


def read(
    passages: Sequence[Evidence], labels: Sequence[Label], nearness: Nearness | None
) -> Reading | None:
    """Return how a document stands to the best of the labels; None where it says nothing."""
    if not passages or not labels:
        return None
    by_words = _by_words([spoken(each) for each in passages], [meaning(each) for each in labels])
    scores = [
        [_MEANING * max(0.0, near) + _WORDS * words for near, words in zip(*pair, strict=True)]
        for pair in zip(nearness or by_words, by_words, strict=True)
    ]
    means = [_mean_of_best([row[index] for row in scores]) for index in range(len(labels))]
    best = max(range(len(labels)), key=lambda index: means[index])
    others = [mean for index, mean in enumerate(means) if index != best]
    strongest = max(range(len(passages)), key=lambda row: scores[row][best])
    lead = means[best] - max(others, default=0.0)
    return Reading(labels[best], means[best], lead, passages[strongest])


def _mean_of_best(scores: Sequence[float]) -> float:
    best = sorted(scores, reverse=True)[:_BEST]
    return sum(best) / len(best)


def _by_words(texts: Sequence[str], meanings: Sequence[str]) -> list[list[float]]:
    """Return what share of a label's telling words each text holds.

    A word that several labels have in common tells less.
    """
    corpus = Corpus.of(meanings)
    weighed = [corpus.weigh(meaning) for meaning in meanings]
    rows = []
    for text in texts:
        words = set(terms(text))
        rows.append(
            [
                sum(value * value for word, value in weights.items() if word in words) ** 0.5
                for weights in weighed
            ]
        )
    return rows


def _passages(source: Source) -> Iterator[Evidence]:
    """Yield the text of the pages in pieces that end at lines, without running heads and feet."""
    furniture = layout.furniture([page.text for page in source.pages])
    for page in source.pages:
        begin = end = -1
        for start, stop in _lines(page.text):
            if layout.anonymous(page.text[start:stop]) in furniture:
                continue
            if begin >= 0 and stop - begin > MAX_PASSAGE:
                yield evidence_at(source, page, begin, end)
                begin = -1
            begin = start if begin < 0 else begin
            end = stop
        if begin >= 0:
            yield evidence_at(source, page, begin, end)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    for raw in text.split("\n"):
        stripped = raw.strip()
        start = position + len(raw) - len(raw.lstrip())
        for left in range(0, len(stripped), MAX_PASSAGE):
            yield start + left, start + min(left + MAX_PASSAGE, len(stripped))
        position += len(raw) + 1
