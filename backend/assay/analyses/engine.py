"""What an engine of analyses is given for a document, gives back, and how it fails."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from assay.analyses.models import Evidence, Finding, Point, Row, Source
from assay.analyses.runs import Held
from assay.analyses.schemas import AnalysisSpec
from assay.scope import TenantScope


class DocumentFailed(Exception):
    """Nothing could be made of a document, and trying again at once would not help."""

    def __init__(self, code: str, message: str) -> None:
        """Keep what a person is told.

        :param code: stable.
        :param message: a sentence or two that say what to do.
        """
        super().__init__(message)
        self.code, self.message = code, message


class Lost(Exception):
    """The document is not this job's any more: deleted with its analysis, or taken over."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked, for whom."""

    scope: TenantScope
    analysis_id: UUID
    spec: AnalysisSpec
    user_id: UUID | None = None
    """On whose account paid calls are kept."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a document says on a topic, to be compared."""

    topic: str
    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of one document, by the kind of the analysis."""

    rows: Sequence[Row] = ()
    points: Sequence[Point] = ()
    statements: Sequence[Statement] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A document that was read, with what was made of it."""

    document_id: UUID
    name: str
    reading: Reading


Load = Callable[[UUID], Awaitable[Source | None]]
"""Reads a document whole; None when it was deleted."""


class Engine(Protocol):
    """Answers an analysis document by document, and then over all of them."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def parallel(self) -> int:
        """How many documents one job has under way at once."""
        ...

    async def read(self, task: Task, source: Source, held: Held) -> Reading:
        """Return what is asked of one document; every evidence is verbatim.

        :raises DocumentFailed: nothing can be made of it.
        :raises Lost: it is not this job's any more.
        :raises PaymentRequired: the budget does not cover it.
        :raises Unavailable: a part is away; trying later may help.
        """
        ...

    async def summarise(self, task: Task, read: Sequence[Read]) -> Sequence[Point]:
        """Return the points over all documents.

        :raises AssayError: as `read`.
        """
        ...

    async def compare(self, task: Task, read: Sequence[Read], load: Load) -> Sequence[Finding]:
        """Return what the documents say on each topic.

        :raises AssayError: as `read`.
        """
        ...
