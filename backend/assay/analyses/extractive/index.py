"""A document as it is searched for each of its fields."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from assay.analyses.extractive import matching, words
from assay.analyses.extractive.layout import Entry, Layout, Relation, Unit
from assay.analyses.extractive.matching import Fit, Wanted
from assay.analyses.extractive.normalise import Habits
from assay.analyses.models import Passage

MAX_ENTRIES = 60
"""Labels of a document that are looked at for a field, best first."""
MAX_UNITS = 40
"""Sentences and lines that are looked at for a field, best first."""
MIN_FIT = 0.3
_MAX_TERMS = 16
_IN_SECTIONS = frozenset({Relation.COLON, Relation.BELOW})
_TITLE_LINES, _TITLE_LENGTH = 4, 60
_READ = 2000
"""Characters of a place that are read."""


class Postings:
    """Which of many sets of stems a stem is in."""

    def __init__(self, sets: Iterable[Iterable[str]]) -> None:
        self._in: dict[str, list[int]] = defaultdict(list)
        for number, stems in enumerate(sets):
            for term in set(stems):
                self._in[term].append(number)
        self._terms = sorted(self._in)

    def like(self, stem: str) -> Iterator[tuple[str, list[int]]]:
        """Yield the stems that may stand for a stem, each with the sets that it is in."""
        near = {term for term in words.relatives(stem) if term in self._in}
        if len(stem) >= words.MIN_ABBREVIATION:
            at = bisect_left(self._terms, stem)
            while at < len(self._terms) and self._terms[at].startswith(stem):
                near.add(self._terms[at])
                at += 1
        near.update(
            stem[:length]
            for length in range(words.MIN_ABBREVIATION, len(stem))
            if stem[:length] in self._in
        )
        for term in sorted(near):
            yield term, self._in[term]


class Index:
    """A document as it is searched for each of its fields."""

    def __init__(self, layout: Layout, habits: Habits) -> None:
        self.layout = layout
        self.habits = habits
        terms = [words.terms(entry.label)[:_MAX_TERMS] for entry in layout.entries]
        self.weights = matching.Weights(
            [
                each
                for each, entry in zip(terms, layout.entries, strict=True)
                if entry.relation not in {Relation.STACK, Relation.MATRIX}
            ],
            _title(layout),
        )
        self._labelled = Postings(terms)
        self._said = Postings(
            {words.stem(word) for word in words.tokens(self.text(unit))} for unit in layout.units
        )
        self._fits: dict[tuple[Wanted, str, str], Fit] = {}
        self._fields: dict[Wanted, list[tuple[Entry, Fit]]] = {}

    def early(self, page: int) -> float:
        """Return how far a page is trusted by its place: what is asked for tends to come first."""
        return 1.0 if page == 0 else 0.98 - 0.1 * page / len(self.layout.pages)

    def text(self, place: Unit | Entry) -> str:
        """Return the words of a unit, or the value of an entry."""
        return self.layout.pages[place.page].text[place.start : min(place.end, place.start + _READ)]

    def entries(self, about: Wanted) -> list[tuple[Entry, Fit]]:
        """Return the labels that fit a field, best first."""
        if about in self._fields:
            return self._fields[about]
        numbers = {
            n for stem in about.stems for _, posted in self._labelled.like(stem) for n in posted
        }
        scored = []
        for number in sorted(numbers):
            entry = self.layout.entries[number]
            section = entry.header if entry.relation in _IN_SECTIONS else ""
            fit = self.fit(about, entry.label, section)
            if fit.score >= MIN_FIT:
                scored.append((entry, fit))
        scored.sort(key=lambda each: -each[1].score)
        self._fields[about] = scored[:MAX_ENTRIES]
        return self._fields[about]

    def fit(self, about: Wanted, label: str, section: str = "") -> Fit:
        """Return how well a label fits a field."""
        key = (about, label, section)
        if key not in self._fits:
            readings = [each[:_MAX_TERMS] for each in matching.readings(label)]
            self._fits[key] = matching.best_fit(about, readings, self.weights, words.terms(section))
        return self._fits[key]

    def units(self, about: Wanted, found: Sequence[Passage]) -> list[Unit]:
        """Return the sentences and lines that say most of a field's words."""
        gained: dict[int, float] = defaultdict(float)
        count = len(self.layout.units) + 1
        for stems, share in ((about.name, 1.0), (about.described, 0.3)):
            for stem in stems:
                hits: dict[int, float] = {}
                for term, posted in self._said.like(stem):
                    for number in posted:
                        hits[number] = max(hits.get(number, 0.0), words.likeness(stem, term))
                rarity = share * (1 - len(hits) / count) * (0.4 if stem in words.GENERAL else 1.0)
                for number, likeness in hits.items():
                    gained[number] += rarity * likeness
        for number in gained:
            gained[number] += 0.1 * _inside(self.layout.units[number], found)
        best = sorted(gained, key=lambda number: (-gained[number], number))[:MAX_UNITS]
        return [self.layout.units[number] for number in best]


def _title(layout: Layout) -> frozenset[str]:
    """Return the stems of the lines on top of a document that are no labels and no sentences."""
    stems: set[str] = set()
    for line in layout.lines[:_TITLE_LINES]:
        if len(line.text) <= _TITLE_LENGTH and ":" not in line.text and line.text[-1] != ".":
            stems.update(words.terms(line.text))
    return frozenset(stems)


def _inside(unit: Unit, found: Sequence[Passage]) -> bool:
    return any(p.page == unit.page + 1 and p.start <= unit.start < p.end for p in found[:5])
