"""Summaries by choosing sentences: every point is the document's own, where it stands.

A sentence is worth more when it is about what the whole document is about, opens its section or
stands under a heading such as "Conclusions", and says something definite; less when it only
points elsewhere or cannot be understood alone. Sentences that say the same are taken once.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from assay.analyses.extractive.labelled import Labelled, labelled_values
from assay.analyses.extractive.relevance import Corpus, Weights, centre, likeness, terms
from assay.analyses.extractive.sentences import Sentence, sentences
from assay.analyses.models import Point, Source

POINTS: Mapping[str, int] = {"short": 3, "medium": 6, "long": 12}
"""How many points a summary of each length has, at most."""
MAX_POINTS_OVER_ALL = 40

Nearness = Mapping[str, float]
"""How near sentences are to a focus in meaning, 0 to 1."""

_CENTRAL, _OPENS, _CUE, _FIGURE, _AMOUNT, _EARLY = 1.0, 0.10, 0.22, 0.06, 0.10, 0.12
_POINTS_ELSEWHERE, _DANGLING, _FORMAL, _HEDGED, _BACK_MATTER = -0.35, -0.15, -0.30, -0.08, -0.45
_LONG_SENTENCE, _SHORT_SENTENCE, _ILL_SIZED = 45, 9, -0.10
_NOVELTY = 0.55
"""How much likeness to what was chosen already takes from a sentence."""
_SAME = 0.72
"""Likeness from which two sentences say the same."""
_SAME_HEADING = -0.10
_FOCUS_WORDS, _FOCUS_MEANING, _FOCUS_BASE = 0.6, 0.4, 0.35
_MIN_FOCUS = 0.3
"""Share of a focus that a sentence has to be about."""
_COMPARED_BY_MEANING = 48
_PROSE_SHARE = 0.2
"""Share of prose below which a document is a form or a table, told by its labelled values."""
_MANY = 2
"""Sentences for each point asked for, with which any document has enough to choose from."""
_RECURS = 0.3
"""Share of the documents from which a sentence is what the form prints, not what one says."""

_CUE_HEADING = re.compile(
    r"\b(?:abstract|summary|overview|conclusions?|findings|results|highlights|recommendations?|"
    r"key\b.*|purpose|objectives?|mission|background|causes?|outcome|analysis)\b",
    re.IGNORECASE,
)
_CUE_WORDS = re.compile(
    r"\b(?:in (?:summary|conclusion|total)|overall|we (?:find|found|show|conclude|propose|present)|"
    r"(?:results?|findings?|data|evidence) (?:show|suggest|indicate)|determine[sd]?|concluded?|"
    r"the (?:main|primary|principal|key)|due (?:primarily|mainly) to|because of|as a result)\b",
    re.IGNORECASE,
)
_BACK_HEADING = re.compile(
    r"\b(?:references|bibliography|acknowledg\w*|exhibits?|signatures?|certifications?|appendi\w+|"
    r"forward-looking|disclaimer|copyright|glossary|index|table of contents|administrative|"
    r"available information|contact|accounting polic\w+|accounting estimates|"
    r"accounting (?:pronouncements|standards)|basis of presentation)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:see|refer to|read in conjunction|described (?:in|under)|set forth in|incorporated|"
    r"discussed in|as follows|following (?:table|tables|discussion)|shown (?:in|below)|"
    r"table (?:below|above)|available (?:at|on|from|here|in)|visit)\b|https?://|www\.|@",
    re.IGNORECASE,
)
_FORMAL_WORDS = re.compile(
    r"\b(?:forward-looking statements?|indicate by check|pursuant to|hereby|herein|thereof|"
    r"in accordance with|notwithstanding|for informational purposes|all rights reserved|"
    r"no obligation|this (?:report|document|form) (?:contains|does not)|generally accepted)\b",
    re.IGNORECASE,
)
_HEDGES = re.compile(r"\b(?:may|might|could|would|can|no assurance)\b", re.IGNORECASE)
_DANGLES = re.compile(
    r"(?:This|These|Those|It|They|He|She|Such|However|Therefore|Moreover|Furthermore|Also|"
    r"Additionally|In addition|For example|For instance|As such|As a result|"
    r"Below|Both|But|And|So|Second|Third|Note)\b|\(\d+\)"
)
_FIGURES = re.compile(r"\b\d{2,}\b")
_AMOUNTS = re.compile(r"[$€£¥]\s?\d|\d[\d.,]*\s?(?:%|percent|million|billion|thousand)")
_TOTALS = re.compile(r"\b(?:total|sum|amount|balance|due|price|cost|net)\b", re.IGNORECASE)
_DATES = re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\b[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}\b")


@dataclass(slots=True)
class _Candidate:
    sentence: Sentence
    weights: Weights
    score: float


def summarise(
    source: Source, *, points: int, focus: str = "", nearness: Nearness | None = None
) -> list[Point]:
    """Return a document's most telling sentences, in its own order.

    :param points: how many at most; fewer where the document says no more.
    :param focus: words or a question: only what is about it is taken. Nothing found: no points.
    :param nearness: of the sentences that `likeliest` returns; words alone decide without it.
    """
    candidates = _candidates(source)
    stated: list[Point] = []
    if focus.strip():
        candidates = _focused(candidates, focus, nearness)
    elif len(candidates) < _MANY * points and _is_form(source, candidates):
        stated = _stated(source)[: max(points // 2, points - len(candidates))]
    chosen = _in_order(_choose(candidates, points - len(stated)))
    return [*stated, *(_point(each.sentence) for each in chosen)]


def likeliest(source: Source, focus: str) -> list[str]:
    """Return the sentences whose nearness in meaning to a focus is worth computing."""
    candidates = _candidates(source)
    shares = _shares(candidates, focus)
    order = sorted(
        range(len(candidates)), key=lambda each: (-shares[each], -candidates[each].score)
    )
    return [candidates[each].sentence.text for each in order[:_COMPARED_BY_MEANING]]


def summarise_all(
    sources: Sequence[tuple[Source, Sequence[Point]]], *, points: int, focus: str = ""
) -> list[Point]:
    """Choose from the summaries of several documents, so that as many as fit are heard.

    Each point begins with its document's name. A sentence that many of the documents share is
    taken for the form's own words and left out, unless a document says nothing else.

    :param points: how many at most; with as many documents, each gives one before any gives two.
    :param focus: what to prefer among the points.
    """
    pool = [(source, point) for source, own in sources for point in own]
    corpus = Corpus.of([point.text for _, point in pool])
    wanted = corpus.weigh(focus)
    vectors = [corpus.weigh(point.text) for _, point in pool]
    shared = _shared(pool, vectors, len(sources))
    middle = centre(vectors)
    worth = [
        _worth(point.text, vector, middle, wanted)
        for (_, point), vector in zip(pool, vectors, strict=True)
    ]
    turns = _turns(pool, worth, shared)
    chosen = _cover(turns, vectors, worth, min(points, MAX_POINTS_OVER_ALL))
    return [_named(*pool[index]) for index in sorted(chosen)]


def _candidates(source: Source) -> list[_Candidate]:
    found = sentences(source)
    corpus = Corpus.of([each.text for each in found])
    vectors = [corpus.weigh(each.text) for each in found]
    middle = centre(vectors)
    return [
        _Candidate(each, vector, _score(each, likeness(vector, middle)))
        for each, vector in zip(found, vectors, strict=True)
    ]


def _score(sentence: Sentence, central: float) -> float:
    text, heading = sentence.text, f"{sentence.section} {sentence.heading}"
    marks = (
        (_OPENS, sentence.first),
        (_CUE, bool(_CUE_HEADING.search(sentence.heading))),
        (_CUE / 2, bool(_CUE_WORDS.search(text))),
        (_FIGURE, bool(_FIGURES.search(text))),
        (_AMOUNT, bool(_AMOUNTS.search(text))),
        (_BACK_MATTER, is_back_matter(heading)),
        (_ILL_SIZED, not _SHORT_SENTENCE <= len(text.split()) <= _LONG_SENTENCE),
    )
    early = _EARLY * math.exp(-6 * sentence.depth)
    return (
        _CENTRAL * central + early + plainness(text) + sum(each for each, is_so in marks if is_so)
    )


def is_back_matter(heading: str) -> bool:
    """Whether what stands under a heading serves the document rather than its subject."""
    return bool(_BACK_HEADING.search(heading))


def plainness(text: str) -> float:
    """Return what a sentence loses, 0 or less, by pointing elsewhere, by form or out of context."""
    marks = (
        (_POINTS_ELSEWHERE, _ELSEWHERE.search(text)),
        (_DANGLING, _DANGLES.match(text)),
        (_FORMAL, _FORMAL_WORDS.search(text)),
        (_HEDGED, _HEDGES.search(text)),
        (_DANGLING, text.endswith("?")),
    )
    return sum(each for each, is_so in marks if is_so)


def _focused(
    candidates: Sequence[_Candidate], focus: str, nearness: Nearness | None
) -> list[_Candidate]:
    """Return what is about the focus, scored by it first."""
    kept = []
    for each, share in zip(candidates, _shares(candidates, focus), strict=True):
        about = share
        if nearness is not None:
            near = max(0.0, nearness.get(each.sentence.text, 0.0))
            about = _FOCUS_WORDS * share + _FOCUS_MEANING * near
        if about >= _MIN_FOCUS:
            kept.append(_Candidate(each.sentence, each.weights, about + _FOCUS_BASE * each.score))
    return kept


def _shares(candidates: Sequence[_Candidate], focus: str) -> list[float]:
    """Return what share of a focus each candidate is about, by its words."""
    corpus = Corpus.of([each.sentence.text for each in candidates])
    wanted = set(terms(focus))
    total = sum(corpus.rarity.get(each, corpus.unseen) for each in wanted) or 1.0
    return [
        sum(corpus.rarity.get(word, corpus.unseen) for word in wanted & _around(each)) / total
        for each in candidates
    ]


def _around(candidate: _Candidate) -> set[str]:
    return set(terms(f"{candidate.sentence.heading} {candidate.sentence.text}"))


def _choose(candidates: Sequence[_Candidate], points: int) -> list[_Candidate]:
    """Take the best, one after another, by what each adds to those taken (MMR)."""
    chosen: list[_Candidate] = []
    left = list(candidates)
    nearest = {id(each): 0.0 for each in left}
    while left and len(chosen) < points:
        headings = {each.sentence.heading for each in chosen if each.sentence.heading}
        best = max(
            left,
            key=lambda each: (
                each.score
                - _NOVELTY * nearest[id(each)]
                + _SAME_HEADING * (each.sentence.heading in headings)
            ),
        )
        chosen.append(best)
        for each in left:
            nearest[id(each)] = max(nearest[id(each)], likeness(each.weights, best.weights))
        left = [each for each in left if each is not best and nearest[id(each)] < _SAME]
    return chosen


def _is_form(source: Source, candidates: Sequence[_Candidate]) -> bool:
    prose = sum(len(each.sentence.text) for each in candidates)
    return prose < _PROSE_SHARE * sum(len(page.text) for page in source.pages)


def _in_order(chosen: Sequence[_Candidate]) -> list[_Candidate]:
    return sorted(chosen, key=lambda each: each.sentence.order)


def _point(sentence: Sentence) -> Point:
    return Point(sentence.text, (sentence.evidence,))


def _stated(source: Source) -> list[Point]:
    """Return a form's labelled values as points, the most telling first."""
    values = sorted(labelled_values(source), key=lambda each: -_tells(each))
    return [Point(" ".join(each.evidence.quote.split()), (each.evidence,)) for each in values]


def _tells(labelled: Labelled) -> int:
    value = labelled.value
    return (
        4 * bool(_TOTALS.search(labelled.label) and _AMOUNTS.search(value))
        + 2 * bool(_AMOUNTS.search(value) or _DATES.search(value))
        + bool(_FIGURES.search(value))
    )


Pool = Sequence[tuple[Source, Point]]


def _shared(pool: Pool, vectors: Sequence[Weights], documents: int) -> set[int]:
    """Return the points that stand in many of the documents in the same words."""
    holders: dict[tuple[str, ...], set[object]] = {}
    for source, point in pool:
        holders.setdefault(terms(point.text), set()).add(source.document_id)
    often = max(2, math.ceil(documents * _RECURS))
    return {
        index
        for index, (_, point) in enumerate(pool)
        if not vectors[index] or len(holders[terms(point.text)]) >= often
    }


def _worth(text: str, vector: Weights, middle: Weights, wanted: Weights) -> float:
    figures = _FIGURE * bool(_FIGURES.search(text)) + _AMOUNT * bool(_AMOUNTS.search(text))
    cue = _CUE * bool(_CUE_WORDS.search(text))
    return likeness(vector, middle) + likeness(vector, wanted) + plainness(text) + figures + cue


def _turns(pool: Pool, worth: Sequence[float], shared: set[int]) -> list[list[int]]:
    """Return each document's points, its best first; those that all share come last or never."""
    documents: dict[object, list[int]] = {}
    for index, (source, _) in enumerate(pool):
        documents.setdefault(source.document_id, []).append(index)
    turns = []
    for own in documents.values():
        telling = [index for index in own if index not in shared] or own[:1]
        turns.append(sorted(telling, key=lambda index: -worth[index]))
    return turns


def _cover(
    turns: Sequence[Sequence[int]], vectors: Sequence[Weights], worth: Sequence[float], points: int
) -> list[int]:
    """Take round after round one point of each document, the most telling documents first."""
    chosen: list[int] = []
    for turn in range(max(map(len, turns), default=0)):
        offers = [own[turn] for own in turns if turn < len(own)]
        while offers and len(chosen) < points:
            best = max(
                offers, key=lambda each: worth[each] - _NOVELTY * _near(each, chosen, vectors)
            )
            offers.remove(best)
            if turn == 0 or _near(best, chosen, vectors) < _SAME:
                chosen.append(best)
    return chosen


def _near(index: int, chosen: Sequence[int], vectors: Sequence[Weights]) -> float:
    return max((likeness(vectors[index], vectors[each]) for each in chosen), default=0.0)


def _named(source: Source, point: Point) -> Point:
    return Point(f"{PurePath(source.name).stem}: {point.text}", point.evidence)
