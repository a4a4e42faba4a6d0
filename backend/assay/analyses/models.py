"""What an analysis asks of documents and what it gets, whichever engine answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

Json = str | int | float | bool | list[str] | dict[str, str | None]
"""A normalised value; see `Cell.value`."""


class Kind(StrEnum):
    """What is made of the documents."""

    SUMMARY = "summary"
    EXTRACT = "extract"
    COMPARE = "compare"
    CLASSIFY = "classify"


class Status(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DocumentStatus(StrEnum):
    """How far a run is with one of its documents."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class FieldType(StrEnum):
    """What a field's values are."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MONEY = "money"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table: what to look for in every document."""

    name: str
    type: FieldType
    description: str = ""
    options: tuple[str, ...] = ()
    """What a choice may be; empty for other types."""


@dataclass(frozen=True, slots=True)
class Label:
    """A class that a document may be put into."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text; offsets count its code points."""

    number: int
    """From 1."""
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A document, read whole."""

    document_id: UUID
    name: str
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A place in a document that retrieval found for a field or topic."""

    page: int
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verbatim words that something rests on: `quote` is the page's `text[start:end]`."""

    document_id: UUID
    page: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that was found, with what it rests on."""

    value: Json
    """Normalised by type: a date is `YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where no more is said; a
    number an int or a float; money `{"amount": "1234.50", "currency": "USD"}`, the currency None
    where none is named; a boolean itself; a choice one of the field's options; a list its items."""
    text: str
    """The value as written in the document: a piece of the quote."""
    evidence: Evidence
    confidence: float
    """The estimated probability, 0 to 1, that the value is right."""


Row = Mapping[str, Cell | None]
"""The cells by the names of their fields; None where nothing was found."""


@dataclass(frozen=True, slots=True)
class Point:
    """One statement of a summary, and at least one place that it rests on."""

    text: str
    evidence: tuple[Evidence, ...]


class Verdict(StrEnum):
    """How documents stand to one another on a topic."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """What compared documents say on one topic."""

    topic: str
    verdict: Verdict
    sides: Mapping[UUID, tuple[str, Evidence] | None]
    """What each document says and where; None where it says nothing."""
