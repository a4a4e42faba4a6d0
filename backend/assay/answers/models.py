"""What the answer engines take and give."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from assay.adapters.chat import ChatUsage
from assay.scope import TenantScope
from assay.search.service import Found

NOT_SAID = "The documents do not say."
"""The whole answer when nothing in the documents supports one."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim piece of a passage, as offsets on its page."""

    passage: Found
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words themselves."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def place(self) -> tuple[UUID, int, int, int]:
        """What makes two quotes the same: document, page and offsets."""
        return self.passage.document_id, self.passage.page, self.start, self.end


@dataclass(slots=True)
class Outcome:
    """What an engine has said so far; complete once its stream has ended."""

    model: str
    text: str = ""
    quotes: list[Quote] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    call_id: UUID | None = None
    """The ledger's entry, while it is reserved."""

    @property
    def answered(self) -> bool:
        """Whether anything in the documents supports the answer."""
        return bool(self.quotes)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that stands on its own, what was said before, and what was found for it."""

    scope: TenantScope
    question: str
    asked: str
    history: tuple[tuple[str, str], ...]
    passages: tuple[Found, ...]
    settled: tuple[str, ...] = ()
    """Names in the question that hold for the whole of each document found."""


class Engine(Protocol):
    """Makes an answer out of passages."""

    @property
    def passages(self) -> int:
        """How many passages it wants."""
        ...

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    def most(self, turn: Turn) -> ChatUsage | None:
        """Return the most that the answer can cost; None where no paid model is asked."""
        ...

    def answer(self, turn: Turn, outcome: Outcome) -> AsyncIterator[str]:
        """Yield pieces of the answer and fill in the outcome on the way."""
        ...
