"""How much texts have in common: weighted word stems, rare ones weighing more."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assay.answers.language import STOP_STEMS, stems

Weights = Mapping[str, float]
"""A text as a vector of length 1 over its stems."""
_MIN_STEM = 2


@lru_cache(maxsize=20_000)
def terms(text: str) -> tuple[str, ...]:
    """Return a text's stems that carry meaning, in order, repeats included."""
    return tuple(
        each
        for each in stems(text)
        if each not in STOP_STEMS and len(each) >= _MIN_STEM and not each.isdigit()
    )


@dataclass(frozen=True, slots=True)
class Corpus:
    """How rare each stem is among texts."""

    rarity: Mapping[str, float]
    unseen: float

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Corpus":
        """Count in how many of the texts each stem stands."""
        holds = Counter(each for text in texts for each in set(terms(text)))
        count = len(texts)
        rarity = {each: math.log((count + 1) / (held + 0.5)) for each, held in holds.items()}
        return cls(rarity, math.log((count + 1) / 0.5))

    def weigh(self, text: str) -> Weights:
        """Return a text as a vector of length 1; empty when it has no telling word."""
        counts = Counter(terms(text))
        raw = {
            each: (1 + math.log(count)) * self.rarity.get(each, self.unseen)
            for each, count in counts.items()
        }
        return unit(raw)


def unit(raw: Mapping[str, float]) -> Weights:
    """Return a vector scaled to length 1."""
    length = math.sqrt(sum(value * value for value in raw.values()))
    return {each: value / length for each, value in raw.items()} if length else {}


def likeness(one: Weights, other: Weights) -> float:
    """Return the cosine of two vectors of length 1."""
    if len(other) < len(one):
        one, other = other, one
    return sum(value * other.get(each, 0.0) for each, value in one.items())


def centre(vectors: Sequence[Weights]) -> Weights:
    """Return the direction that vectors have in common."""
    total: Counter[str] = Counter()
    for vector in vectors:
        total.update(vector)
    return unit(total)
