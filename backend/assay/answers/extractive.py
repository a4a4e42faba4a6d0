"""Answers without a model: the sentences and rows that best fit the question, quoted and cited.

A piece's score is the share of the question's weight that it, its passage and its heading
cover, joined by how near its embedding is to the question's. When too little is covered, the
answer is that the documents do not say.
"""

import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from assay.answers.language import (
    STOP_STEMS,
    Piece,
    Wanted,
    elsewhen,
    has_figure,
    label,
    moments,
    name_stems,
    neighbours,
    pieces,
    stems,
    wanted,
)
from assay.answers.models import NOT_SAID, Outcome, Quote, Turn
from assay.search.service import Found
from assay.usage.embeddings import TenantEmbeddings

MODEL = "extractive"
MAX_QUOTES = 3
EMBEDDED_PIECES = 16
"""Pieces compared by embedding, best by words first; each costs 2 to 4 ms of processor time."""

# Weight of a term by where it stands: in the piece, elsewhere in its passage, in the heading.
_IN_PIECE, _IN_PASSAGE, _IN_CONTEXT = 1.0, 0.45, 0.65
_WORDS, _MEANING, _RANK = 0.55, 0.35, 0.10
_SETTLED_WEIGHT = 0.15
"""Weight left to a name that holds for the whole document: it tells nothing of a piece."""
_RARE = 3.0
_TOPICS = 0.7
"""Share of the topics in the coverage; the rest is for times and settled names."""
MIN_WORDS = 2
_ROW_LABEL, _FIGURE, _FRAGMENT, _PHRASE = 0.15, 0.08, -0.10, 0.12
_ELSEWHEN = -0.12
"""Half a row's bonus for label and figure: the right row of another quarter loses to this one's."""
_ENDS = ".!?…”\"')"
"""What sentences end with."""
MAX_HEADING = 120
MIN_COVERAGE = {0: 0.0, 1: 0.6, 2: 0.6, 3: 0.52}
"""Share of the topics that an answer has to cover, by how many there are: who names one thing
wants that thing; of many, some are paraphrase."""
MIN_COVERAGE_OF_MANY = 0.42
MIN_SCORE = 0.45
KEEP_SHARE = 0.85
"""A further quote is given only if it scores nearly as well as the best."""


@dataclass(slots=True)
class Candidate:
    """A piece that may be quoted."""

    passage: Found
    piece: Piece
    coverage: float
    topics: float
    rank: int
    elsewhen: bool = False
    """Whether it is of another time than is asked about."""
    near: float = 0.0
    score: float = 0.0

    @property
    def quote(self) -> Quote:
        """The piece as a quote on its page."""
        offset = self.passage.start
        return Quote(self.passage, offset + self.piece.start, offset + self.piece.end)

    @property
    def text(self) -> str:
        """The piece's words."""
        return self.passage.text[self.piece.start : self.piece.end]


class Extractive:
    """The engine that needs no model; it says so in the answer's `model`."""

    passages = 24
    name = MODEL

    def __init__(self, embeddings: TenantEmbeddings) -> None:
        self._embeddings = embeddings

    def most(self, _: Turn) -> None:
        """See `Engine`: quoting costs no money."""
        return

    async def answer(self, turn: Turn, outcome: Outcome) -> AsyncIterator[str]:
        """Yield the quotes, or that the documents do not say."""
        outcome.model = MODEL
        chosen = await self.choose(turn)
        if not chosen:
            outcome.text = NOT_SAID
            yield NOT_SAID
            return
        for number, candidate in enumerate(chosen, 1):
            line = _line(candidate, number)
            piece = line if number == 1 else f"\n\n{line}"
            outcome.quotes.append(candidate.quote)
            outcome.text += piece
            yield piece

    async def choose(self, turn: Turn) -> list[Candidate]:
        """Return the pieces to quote, best first; none when they would not answer."""
        about, settled = wanted(turn.question), name_stems(turn.settled)
        candidates = rank_by_words(about, turn.passages, settled)[:EMBEDDED_PIECES]
        if not candidates:
            return []
        await self._score(turn, about, candidates)
        sound = [each for each in candidates if supports(about, each, settled)]
        sound.sort(key=lambda each: each.score, reverse=True)
        kept = sound[:1]
        for each in sound[1:]:
            if len(kept) == MAX_QUOTES or each.score < KEEP_SHARE * sound[0].score:
                break
            if _adds(each, kept) and _keeps_to_it(about, each, kept[0]):
                kept.append(each)
        return kept

    async def _score(self, turn: Turn, about: Wanted, candidates: Sequence[Candidate]) -> None:
        query = np.asarray(await self._embeddings.query(turn.scope, turn.question))
        texts = [f"{_heading(each.passage)} {each.text}" for each in candidates]
        near = np.asarray(await self._embeddings.passages(turn.scope, texts)) @ query
        for each, similarity in zip(candidates, near, strict=True):
            each.near = float(similarity)
            each.score = (
                _WORDS * each.coverage
                + _MEANING * each.near
                + _RANK / (1 + each.rank / 4)
                + _fitness(about, each)
            )


def rank_by_words(
    about: Wanted, passages: Sequence[Found], settled: frozenset[str] = frozenset()
) -> list[Candidate]:
    """Return every piece of the passages, those that cover the question best first."""
    if not about.terms:
        return []
    weights = _weights(about, passages, settled)
    topics = about.topics(settled)
    found = [
        candidate
        for rank, passage in enumerate(passages)
        for candidate in _candidates(about, topics, weights, passage, rank)
    ]
    found.sort(key=lambda each: each.coverage + _fitness(about, each), reverse=True)
    return found


def supports(about: Wanted, best: Candidate, settled: frozenset[str] = frozenset()) -> bool:
    """Tell whether a piece is good enough to be an answer rather than a guess.

    The years and the names that are asked about must stand in its passage or heading, unless a
    name holds for the whole document; and enough of the topics must be covered.
    """
    if _only_leads_on(about, best):
        return False
    surroundings = set(stems(f"{best.passage.context} {best.passage.text}"))
    if not about.years | (name_stems(about.names) - settled) <= surroundings:
        return False
    needed = MIN_COVERAGE.get(len(about.topics(settled)), MIN_COVERAGE_OF_MANY)
    return best.topics >= needed and best.score >= MIN_SCORE


def _fitness(about: Wanted, candidate: Candidate) -> float:
    """Return what the form of a piece adds: figures where one is asked for, whole sentences."""
    text = candidate.text
    bonus = _PHRASE * _phrases(about, text) + _ELSEWHEN * candidate.elsewhen
    if about.figure and has_figure(text):
        bonus += _FIGURE
    if candidate.piece.is_row:
        bonus += _ROW_LABEL * _labelled(about, candidate) if about.figure else 0
    elif not text[0].isupper() or text[-1] not in _ENDS:
        bonus += _FRAGMENT
    return bonus


def _labelled(about: Wanted, row: Candidate) -> float:
    """Return the share of a row's own words that are asked about."""
    words = {each for each in stems(label(row.text)) if each not in STOP_STEMS}
    return len(words & about.terms) / len(words) if words else 0.0


def _phrases(about: Wanted, text: str) -> float:
    """Return the share of the question's neighbouring terms that are neighbours here too."""
    if not about.phrases:
        return 0.0
    return len(about.phrases & neighbours(stems(text))) / len(about.phrases)


def _weights(about: Wanted, passages: Sequence[Found], settled: frozenset[str]) -> dict[str, float]:
    """Return how telling each term is: the rarer among what was found, the more."""
    occurs: Counter[str] = Counter()
    for passage in passages:
        occurs.update(about.terms & set(stems(f"{passage.context} {passage.text}")))
    count = len(passages)
    return {
        term: _SETTLED_WEIGHT
        if term in settled
        else 1 + min(1.0, math.log((count + 1) / (occurs[term] + 0.5)) / _RARE)
        for term in about.terms
    }


def _candidates(
    about: Wanted,
    topics: frozenset[str],
    weights: dict[str, float],
    passage: Found,
    rank: int,
) -> list[Candidate]:
    terms, asked = about.terms, about.moments
    context, whole = set(stems(passage.context)), set(stems(passage.text))
    dated = f"{passage.context} {passage.text}" if asked.dates else ""
    timed, near = any(asked), moments(context | whole, dated)
    around = {
        term: max(_IN_CONTEXT * (term in context), _IN_PASSAGE * (term in whole)) for term in terms
    }
    found = []
    for piece in pieces(passage.text):
        text = passage.text[piece.start : piece.end]
        words = set(stems(text))
        if len(words) < MIN_WORDS:
            continue
        about_it = _share(topics, weights, words, around)
        in_time = _share(terms - topics, weights, words, around)
        coverage = _TOPICS * about_it + (1 - _TOPICS) * in_time
        other = timed and elsewhen(asked, moments(words, text if asked.dates else ""), near)
        found.append(Candidate(passage, piece, coverage, about_it, rank, other))
    return found


def _share(
    terms: frozenset[str], weights: dict[str, float], words: set[str], around: dict[str, float]
) -> float:
    """Return the share of the terms' weight that is covered, 1.0 when there are none."""
    total = sum(weights[term] for term in terms)
    if total == 0:
        return 1.0
    held = sum(weights[term] * (_IN_PIECE if term in words else around[term]) for term in terms)
    return held / total


def _adds(candidate: Candidate, kept: Sequence[Candidate]) -> bool:
    """Whether a piece says something that the kept ones do not say already."""
    words = set(stems(candidate.text))
    for each in kept:
        other = set(stems(each.text))
        if len(words & other) > 0.7 * min(len(words), len(other)):
            return False
    return True


def _keeps_to_it(about: Wanted, candidate: Candidate, best: Candidate) -> bool:
    """Whether a further piece is as much about what is asked as the best is.

    A score makes up for one thing with another; that is right for the best, which has to be
    something, but a further quote that is of another time or another figure only misleads.
    """
    if (candidate.elsewhen and not best.elsewhen) or _is_heading(candidate):
        return False
    if not about.figure or _asked(about, candidate) - _asked(about, best):
        return True
    if candidate.piece.is_row:
        return _labelled(about, candidate) >= (_labelled(about, best) if best.piece.is_row else 1.0)
    return _phrases(about, candidate.text) >= _phrases(about, best.text)


def _asked(about: Wanted, candidate: Candidate) -> frozenset[str]:
    """Return the topics that stand in the piece itself."""
    return about.topics() & frozenset(stems(candidate.text))


def _is_heading(candidate: Candidate) -> bool:
    """Whether a piece is what its own passage stands under."""
    return candidate.text in candidate.passage.context.split("\n")


def _only_leads_on(about: Wanted, candidate: Candidate) -> bool:
    """Whether a piece only repeats what is asked or says that something follows, as headings do."""
    text = candidate.text
    if candidate.piece.is_row or text[-1] in _ENDS:
        return False
    return text[-1] == ":" or STOP_STEMS.union(about.terms).issuperset(stems(text))


def _heading(passage: Found) -> str:
    """Return the heading or table header that a passage stands under, without the document."""
    title = PurePath(passage.document_name).stem
    return " ".join(passage.context.removeprefix(title).split()).rstrip(" :")


def _line(candidate: Candidate, number: int) -> str:
    quote = " ".join(candidate.text.split())
    heading = _heading(candidate.passage) if candidate.piece.is_row else ""
    if len(heading) > MAX_HEADING:
        heading = "… " + heading[-MAX_HEADING:].partition(" ")[2]
    return f"{heading}: “{quote}” [{number}]" if heading else f"“{quote}” [{number}]"
