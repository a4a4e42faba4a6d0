"""Figures of an evaluation, from what was tried and what was found."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from assay.analyses.extractive import normalise
from assay.analyses.models import FieldType, Json

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Filled:
    """One cell: what was found, what is right, whether its quote stands on its page."""

    field: str
    kind: FieldType
    found: Any
    expected: Any
    verbatim: bool | None
    """None where nothing was found."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One search: the grade of each hit in turn, and the grades that there are."""

    gains: Sequence[int]
    ideal: Sequence[int]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer."""

    answerable: bool
    answered: bool
    right: bool
    quotes: int
    verbatim: int


def extraction(cells: Sequence[Filled]) -> Figures:
    """Return precision, recall and F1 of the values, and how many quotes are verbatim."""
    filled = [cell for cell in cells if cell.found is not None]
    said = [cell for cell in cells if cell.expected is not None]
    right = sum(is_right(cell) for cell in filled if cell.expected is not None)
    precision, recall = _share(right, len(filled)), _share(right, len(said))
    silent = len(cells) - len(said)
    return {
        "cells": len(cells),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "invented": _share(sum(cell.expected is None for cell in filled), silent, empty=0.0),
        "citation_validity": _share(sum(bool(cell.verbatim) for cell in filled), len(filled)),
    }


def by_field(cells: Sequence[Filled]) -> dict[str, Figures]:
    """Return the same for each field."""
    names = dict.fromkeys(cell.field for cell in cells)
    return {name: extraction([each for each in cells if each.field == name]) for name in names}


def retrieval(searches: Sequence[Ranked], k: int) -> Figures:
    """Return nDCG@k, recall@k and the mean reciprocal rank."""
    return {
        "queries": len(searches),
        f"ndcg@{k}": _mean([_ndcg(each, k) for each in searches]),
        f"recall@{k}": _mean(
            [sum(gain > 0 for gain in each.gains[:k]) / len(each.ideal) for each in searches]
        ),
        "mrr": _mean([_reciprocal(each.gains[:k]) for each in searches]),
    }


def answers(asked: Sequence[Answered]) -> Figures:
    """Return how often an answer was given and right, or rightly refused."""
    can = [each for each in asked if each.answerable]
    cannot = [each for each in asked if not each.answerable]
    return {
        "questions": len(asked),
        "answered": _share(sum(each.answered for each in can), len(can)),
        "right": _share(sum(each.right for each in can), len(can)),
        "refused": _share(sum(not each.answered for each in cannot), len(cannot)),
        "citation_validity": _share(
            sum(each.verbatim for each in asked), sum(each.quotes for each in asked)
        ),
    }


def is_right(cell: Filled) -> bool:
    """Whether a value is the expected one, both normalised by the field's type."""
    meant = _meant(cell.expected, cell.kind)
    return bool(_key(cell.found, cell.kind) == _key(meant, cell.kind))


def _meant(expected: Any, kind: FieldType) -> Any:
    """Read an expected value that is written as a document would, such as `$1,200`."""
    if isinstance(expected, str) and kind in _READ:
        meant: Json | None = normalise.value(expected, kind)
        return expected if meant is None else meant
    return expected


_READ = {FieldType.NUMBER, FieldType.DATE, FieldType.MONEY, FieldType.BOOLEAN, FieldType.LIST}


def _key(value: Any, kind: FieldType) -> Any:
    """Return what equal values have in common."""
    if kind is FieldType.MONEY and isinstance(value, Mapping):
        return _number(value.get("amount")), value.get("currency")
    if kind is FieldType.MONEY:
        return _number(value), None
    if kind is FieldType.NUMBER:
        return _number(value)
    if kind is FieldType.LIST and isinstance(value, list):
        return sorted(_words(each) for each in value)
    return value if isinstance(value, bool) else _words(value)


def _number(value: Any) -> Decimal | str:
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return str(value)


def _words(value: Any) -> str:
    return " ".join(str(value).casefold().split()).strip(" .,;:")


def _ndcg(search: Ranked, k: int) -> float:
    best = _gain(sorted(search.ideal, reverse=True)[:k])
    return _gain(search.gains[:k]) / best if best else 0.0


def _gain(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _reciprocal(gains: Sequence[int]) -> float:
    return next((1 / rank for rank, gain in enumerate(gains, 1) if gain), 0.0)


def _share(part: float, whole: float, *, empty: float = 1.0) -> float:
    """Return a share of nothing as `empty`: nothing was done wrong."""
    return part / whole if whole else empty


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
