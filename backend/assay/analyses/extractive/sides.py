"""Two statements side by side: whether they say the same, figures by what they mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import cast

from assay.analyses.extractive import normalise
from assay.analyses.extractive.labelled import key
from assay.analyses.extractive.normalise import Habits
from assay.analyses.models import Evidence, FieldType, Json
from assay.answers.language import stem, stems

_FUNCTION_WORDS = frozenset(
    stem(word)
    for word in """a an and are as at be been by for from had has have in is it its of on or our
    shall that the their this to was we were which will with""".split()
)
"""Words without which a sentence says the same; not, all, before or under are none of them."""
_TYPES = (FieldType.DATE, FieldType.MONEY, FieldType.NUMBER)


@dataclass(frozen=True, slots=True)
class Side:
    """What one document says on a topic."""

    text: str
    evidence: Evidence
    habits: Habits
    is_prose: bool

    @property
    def figures(self) -> tuple[str, ...]:
        """The dates, amounts and numbers in it, each in one way of writing, in order."""
        return tuple(each for _, _, each in _figures(self.text, self.habits))

    @property
    def words(self) -> frozenset[str]:
        """The stems of its words other than figures, but for those that only join others."""
        return frozenset(stems(" ".join(self._between()))) - _FUNCTION_WORDS

    @property
    def canonical(self) -> str:
        """Its words and figures without what only the writing changes."""
        between = [key(each) for each in self._between()]
        joined = zip_longest(between, self.figures, fillvalue="")
        return " ".join(part for pair in joined for part in pair if part)

    def _between(self) -> list[str]:
        parts, left = [], 0
        for start, end, _ in _figures(self.text, self.habits):
            parts.append(self.text[left:start])
            left = end
        return [*parts, self.text[left:]]


def say_the_same(one: Side, other: Side) -> bool:
    """Whether two statements agree.

    Figures and dates count by value, words by stem and in any order. To say the same in other
    words is to differ here: a wrong "agrees" would be believed, a wrong "differs" is looked at.
    """
    if one.canonical == other.canonical:
        return True
    if not (one.is_prose and other.is_prose):
        return False
    return one.figures == other.figures and one.words == other.words


def _figures(text: str, habits: Habits) -> Iterator[tuple[int, int, str]]:
    """Yield where a figure stands and what it means."""
    found = sorted(
        (each.start, each.end, _meaning(each.value, text[each.start : each.end + 1]))
        for kind in _TYPES
        for each in normalise.find(text, kind, habits)
    )
    left = 0
    for start, end, meaning in found:
        if start >= left:
            yield start, end, meaning
            left = end


def _meaning(value: Json, written: str) -> str:
    if isinstance(value, dict):
        return f"{value.get('currency') or ''}{_plain(value.get('amount') or '')}"
    if isinstance(value, int | float):
        return _plain(str(value)) + ("%" if re.search(r"%", written) else "")
    return cast("str", value)


def _plain(number: str) -> str:
    """Return a decimal number without what only its writing adds, such as zeros at its end."""
    try:
        return f"{Decimal(number).normalize():f}"
    except InvalidOperation:
        return number
