"""A place in a document that may hold a field's value, and what speaks for it."""

from dataclasses import dataclass

from assay.analyses.extractive.layout import Relation
from assay.analyses.extractive.matching import Fit
from assay.analyses.models import Json

TRUST = {
    Relation.COLON: 1.0,
    Relation.CELL: 0.97,
    Relation.CAPTION: 0.88,
    Relation.DEFINED: 0.85,
    Relation.FIGURES: 0.86,
    Relation.INLINE: 0.84,
    Relation.COLUMN: 0.85,
    Relation.BELOW: 0.78,
    Relation.MATRIX: 0.75,
    Relation.STACK: 0.62,
    Relation.SENTENCE: 0.62,
    Relation.PATTERN: 0.45,
}
"""How often a value in this relation to its label is the label's, at first sight."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a field may have, and what speaks for it."""

    page: int
    start: int
    end: int
    quote_start: int
    quote_end: int
    value: Json
    relation: Relation
    fit: Fit
    score: float
    shaped: bool = False
    """Whether it looks like the description's example."""


def key(value: Json) -> str:
    """Return what equal values share, whatever their case and spaces."""
    return " ".join(str(value).casefold().split())
