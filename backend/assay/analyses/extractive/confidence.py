"""What the confidence of a cell means: how often such cells were right on labelled documents.

A logistic function of what speaks for a value, fitted by `python -m benchmarks.extraction --fit`
on the development halves of the labelled sets, in which every field that a document does not
answer counts too: whatever is given for it is wrong.
"""

import math
from collections.abc import Mapping, Sequence

from assay.analyses.extractive.layout import Relation
from assay.analyses.extractive.places import Candidate, key
from assay.analyses.models import FieldType

MIN_CONFIDENCE = 0.5
"""Below, nothing is given: it would more often be wrong than right."""

_GROUPS: dict[str, frozenset[Relation]] = {
    "inline": frozenset({Relation.INLINE, Relation.DEFINED}),
    "table": frozenset({Relation.FIGURES, Relation.COLUMN, Relation.MATRIX}),
    "under": frozenset({Relation.STACK, Relation.BELOW, Relation.CAPTION}),
    "sentence": frozenset({Relation.SENTENCE}),
    "pattern": frozenset({Relation.PATTERN}),
}

_LONG, _SIZE = 80, 5
WEIGHTS: Mapping[str, float] = {
    "bias": -0.79,
    "boolean": -0.98,
    "choice": 0.42,
    "exact": 0.99,
    "fit": 2.06,
    "inline": 0.06,
    "late": -1.8,
    "long": -1.24,
    "margin": 0.89,
    "named": 0.6,
    "number": -0.81,
    "pattern": -1.07,
    "score": 2.73,
    "sentence": 0.01,
    "shaped": 0.74,
    "size": -0.67,
    "support": 0.81,
    "table": -0.03,
    "text": -0.44,
    "under": -0.23,
    "unfilled": -0.47,
}


def features(
    best: Candidate, every: Sequence[Candidate], kind: FieldType, *, unfilled: float, size: int
) -> dict[str, float]:
    """Return what speaks for and against the best candidate.

    :param size: sentences and lines of the document: the more, the more look right by chance.
    """
    mine = key(best.value)
    rival = max((each.score for each in every if key(each.value) != mine), default=0.0)
    places = {(each.page, each.start) for each in (best, *every) if key(each.value) == mine}
    found = {
        "bias": 1.0,
        "score": best.score,
        "fit": best.fit.score,
        "exact": float(best.fit.exact),
        "named": best.fit.named,
        "margin": best.score - rival,
        "support": math.log(len(places)),
        "shaped": float(best.shaped),
        "unfilled": max(0.0, unfilled - best.fit.score),
        "choice": float(kind is FieldType.CHOICE),
        "boolean": float(kind is FieldType.BOOLEAN),
        "number": float(kind is FieldType.NUMBER),
        "text": float(kind in {FieldType.TEXT, FieldType.LIST}),
        "late": math.log1p(best.page),
        "size": math.log1p(size) / _SIZE,
        "long": float(best.end - best.start > _LONG),
    }
    return found | {name: float(best.relation in group) for name, group in _GROUPS.items()}


def confidence(found: Mapping[str, float]) -> float:
    """Return the estimated probability that a value is right."""
    total = sum(WEIGHTS.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
