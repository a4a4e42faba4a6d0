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

MIN_CONFIDENCE = 0.35
"""Below, nothing is given: it would more often be wrong than right."""

_GROUPS: dict[str, frozenset[Relation]] = {
    "inline": frozenset({Relation.INLINE, Relation.DEFINED}),
    "table": frozenset({Relation.FIGURES, Relation.COLUMN, Relation.MATRIX}),
    "under": frozenset({Relation.STACK, Relation.BELOW, Relation.CAPTION}),
    "sentence": frozenset({Relation.SENTENCE}),
    "pattern": frozenset({Relation.PATTERN}),
}

_LONG = 80
WEIGHTS: Mapping[str, float] = {
    "bias": -5.15,
    "boolean": -1.58,
    "choice": 0.72,
    "exact": 1.45,
    "fit": 4.49,
    "inline": -0.29,
    "long": -0.89,
    "margin": 0.58,
    "named": -0.35,
    "number": -2.33,
    "pattern": 1.61,
    "score": 4.61,
    "sentence": 1.07,
    "shaped": 1.35,
    "support": 0.22,
    "table": -0.73,
    "text": -0.7,
    "under": 0.93,
    "unfilled": 0.17,
}


def features(
    best: Candidate, every: Sequence[Candidate], kind: FieldType, *, unfilled: float
) -> dict[str, float]:
    """Return what speaks for and against the best candidate."""
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
        "long": float(best.end - best.start > _LONG),
    }
    return found | {name: float(best.relation in group) for name, group in _GROUPS.items()}


def confidence(found: Mapping[str, float]) -> float:
    """Return the estimated probability that a value is right."""
    total = sum(WEIGHTS.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
