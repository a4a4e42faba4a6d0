"""Bodies of the calls about analyses and their templates."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from assay.adapters.http import Name, Schema, storable
from assay.analyses.models import DocumentStatus, FieldType, Kind, Status, Verdict

MAX_FIELDS = 50
MAX_LABELS = 50
MAX_TOPICS = 30
MAX_OPTIONS = 100
MAX_NAMED_DOCUMENTS = 5000
"""So many ids fit into the largest body; more documents go by their collection."""

Part = TypeVar("Part")


ShortName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(storable),
]
Explanation = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=1000), AfterValidator(storable)
]
Instructions = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(storable)
]


class Length(StrEnum):
    """How long a summary is."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Rows(StrEnum):
    """What a row of an extraction stands for."""

    DOCUMENT = "document"
    ITEM = "item"


class FieldSpec(Schema):
    """A column: what to look for in every document."""

    name: ShortName = Field(examples=["Registration"])
    type: FieldType = Field(FieldType.TEXT, description="What its values are.")
    description: Explanation = Field(
        "",
        description="What is meant, in words that the documents may use.",
        examples=["The aircraft's registration number"],
    )
    options: Annotated[list[ShortName], Field(max_length=MAX_OPTIONS)] = Field(
        [], description="Of a `choice`: what it may be, two or more.", examples=[["Minor", "None"]]
    )

    @model_validator(mode="after")
    def _options_fit(self) -> "FieldSpec":
        if self.type is not FieldType.CHOICE:
            if self.options:
                msg = f"only a choice has options; the type is {self.type}"
                raise ValueError(msg)
        elif len(self.options) < 2:  # noqa: PLR2004 - else nothing is left to choose
            msg = "a choice needs two or more options"
            raise ValueError(msg)
        _distinct(self.options, str.casefold, "option")
        return self


class LabelSpec(Schema):
    """A class that a document may be put into."""

    name: ShortName = Field(examples=["Engine failure"])
    description: Explanation = Field(
        "", description="When it applies.", examples=["Loss of power for a mechanical reason"]
    )


class AnalysisSpec(Schema):
    """What is asked of each document; each kind has parts of its own."""

    kind: Kind = Field(
        description="`extract` fills `fields`; `classify` chooses among `labels`; `compare` sets"
        " documents side by side, on `topics` if given; `summary` states the main points.",
        examples=["extract"],
    )
    fields: Annotated[list[FieldSpec], Field(max_length=MAX_FIELDS)] = Field(
        [], description="Of `extract`: the columns, each name once."
    )
    rows: Rows = Field(
        Rows.DOCUMENT,
        description="Of `extract`: one row for each document, or one for each item in it.",
    )
    labels: Annotated[list[LabelSpec], Field(max_length=MAX_LABELS)] = Field(
        [], description="Of `classify`: two or more."
    )
    topics: Annotated[list[ShortName], Field(max_length=MAX_TOPICS)] = Field(
        [],
        description="Of `compare`; empty: what the documents themselves treat.",
        examples=[["Notice period", "Liability"]],
    )
    focus: Explanation = Field(
        "", description="Of `summary`: what it is about.", examples=["Risks for the buyer"]
    )
    length: Length = Field(Length.MEDIUM, description="Of `summary`.")
    instructions: Instructions = Field(
        "",
        description="What else the language model should heed; without one they are not used.",
        examples=["Amounts are in thousands."],
    )

    @field_validator("fields", "labels")
    @classmethod
    def _names_once(cls, parts: list[Any]) -> list[Any]:
        _distinct(parts, lambda part: part.name.casefold(), "name")
        return parts

    @field_validator("topics")
    @classmethod
    def _topics_once(cls, topics: list[str]) -> list[str]:
        _distinct(topics, str.casefold, "topic")
        return topics

    @model_validator(mode="after")
    def _parts_fit_the_kind(self) -> "AnalysisSpec":
        kinds = {
            "fields": (self.fields, Kind.EXTRACT),
            "labels": (self.labels, Kind.CLASSIFY),
            "topics": (self.topics, Kind.COMPARE),
            "focus": (self.focus, Kind.SUMMARY),
        }
        for name, (given, kind) in kinds.items():
            if given and self.kind is not kind:
                msg = f"{name} belong to the kind {kind}, not to {self.kind}"
                raise ValueError(msg)
        return self

    def lacks(self) -> str | None:
        """Return what has to be added before this can be asked; None when it is complete."""
        if self.kind is Kind.EXTRACT and not self.fields:
            return "An extraction needs one field or more in `fields`."
        if self.kind is Kind.CLASSIFY and len(self.labels) < 2:  # noqa: PLR2004 - else no choice
            return "A classification needs two labels or more in `labels`."
        return None


_FIELDS = [
    {"name": "Date", "type": "date", "description": "Date of the accident"},
    {"name": "Aircraft make", "type": "text"},
]
_EXAMPLE: dict[str, Any] = {"kind": "extract", "name": "Accidents", "fields": _FIELDS}
_ID = "01936f0e-6d2a-7c3e-8000-3f1d2b4c5d6e"


class AnalysisCreate(AnalysisSpec):
    """What to ask, and of which documents."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "collection_id": _ID}]})

    name: Name | None = Field(None, description="Absent: made from the kind and the documents.")
    document_ids: Annotated[
        list[UUID] | None,
        Field(
            min_length=1,
            max_length=MAX_NAMED_DOCUMENTS,
            description="These documents, in this order; or name a `collection_id`.",
        ),
    ] = None
    collection_id: UUID | None = Field(None, description="All documents of a collection.")
    template_id: UUID | None = Field(
        None, description="A saved template of the same kind; what is given here goes before it."
    )

    @model_validator(mode="after")
    def _documents_are_named(self) -> "AnalysisCreate":
        if (self.document_ids is None) == (self.collection_id is None):
            msg = "name either document_ids or a collection_id"
            raise ValueError(msg)
        return self


class AnalysisExtend(Schema):
    """Which documents to add."""

    document_ids: Annotated[
        list[UUID] | None,
        Field(
            min_length=1,
            max_length=MAX_NAMED_DOCUMENTS,
            description="Absent: those that joined the analysis's collection since.",
        ),
    ] = None


class Fault(Schema):
    """Why something failed, waits or stopped; `code` is stable."""

    code: str = Field(examples=["model_busy"])
    message: str = Field(examples=["The language model is busy. Try again in a moment."])


class Progress(Schema):
    """How many documents are through."""

    total: int = Field(examples=[200])
    done: int = Field(description="Through, with whatever outcome.", examples=[120])
    failed: int = Field(description="Of those: failed; `retry` tries them again.", examples=[1])
    skipped: int = Field(
        description="Of those: deleted, unreadable or cancelled, so not looked at.", examples=[0]
    )


class AnalysisUsage(Schema):
    """What the language model was given, gave, and cost up to now."""

    input_tokens: int = Field(examples=[48210])
    output_tokens: int = Field(examples=[2210])
    cost_usd: float = Field(examples=[0.0228])


class SourceQuote(Schema):
    """Where something stands; the quote is verbatim on the page."""

    document_id: UUID
    document_name: str = Field(examples=["report-2022.pdf"])
    page: int = Field(examples=[1])
    quote: str = Field(examples=["Registration: N4321K"])
    start: int = Field(description="First character on the page.", examples=[120])
    end: int = Field(description="One after the last character on the page.", examples=[140])


class TableResult(Schema):
    """What was filled in; the rows are at `/table`."""

    rows: int = Field(examples=[199])
    filled: int = Field(description="Cells with a value.", examples=[1873])
    not_found: int = Field(description="Cells for which nothing was found.", examples=[117])


class SummaryPoint(Schema):
    """A statement and what it rests on."""

    text: str = Field(examples=["The engine lost power during the approach."])
    citations: list[SourceQuote]


class DocumentSummary(Schema):
    """The points of one document."""

    document_id: UUID
    document_name: str = Field(examples=["report-2022.pdf"])
    points: list[SummaryPoint]


class OverallSummary(Schema):
    """The points over all documents."""

    points: list[SummaryPoint]


class SummaryResult(Schema):
    """A summary; while it runs, of the documents that are through."""

    overall: OverallSummary | None = Field(description="Made when all documents are through.")
    documents: list[DocumentSummary] = Field(
        description="The first 200 documents; all are in the table."
    )


class ComparedSide(Schema):
    """What one document says on a topic; null where it says nothing."""

    document_id: UUID
    document_name: str = Field(examples=["offer-a.pdf"])
    text: str | None = Field(examples=["Thirty days"])
    citation: SourceQuote | None


class ComparedTopic(Schema):
    """What the documents say on a topic, and how that stands together."""

    topic: str = Field(examples=["Notice period"])
    verdict: Verdict
    sides: list[ComparedSide]


class CompareResult(Schema):
    """A comparison, made when all documents are through."""

    findings: list[ComparedTopic]


class Analysis(Schema):
    """A question asked of many documents, and how far its answer is."""

    id: UUID
    kind: Kind
    name: str = Field(examples=["Accidents"])
    status: Status
    engine: str = Field(
        description="The language model's name; `extractive`: none was asked.",
        examples=["extractive"],
    )
    progress: Progress
    error: Fault | None = Field(
        description="Why it failed, was paused by itself, or waits at the moment."
    )
    collection_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    usage: AnalysisUsage
    spec: AnalysisSpec
    result: TableResult | SummaryResult | CompareResult | None = Field(
        description="By kind, partial while it runs; null in lists and before there is any."
    )


class AnalysisDocument(Schema):
    """How far an analysis is with one document."""

    document_id: UUID
    document_name: str = Field(examples=["report-2022.pdf"])
    status: DocumentStatus
    error: Fault | None
    attempts: int = Field(description="How often it was tried and failed.", examples=[0])


class DocumentPage(Schema):
    """Documents of an analysis, in its order."""

    items: list[AnalysisDocument]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` for the next page; null at the end."
    )


class TableCell(Schema):
    """A value with what it rests on; topics and verdicts of a comparison rest on nothing."""

    value: str | int | float | bool | list[str] | dict[str, str | None] = Field(
        description="Normalised: dates in ISO 8601, money as `{amount, currency}`.",
        examples=["2016-11-02"],
    )
    text: str | None = Field(
        description="As the document writes it.", examples=["November 2, 2016"]
    )
    document_id: UUID | None
    page: int | None = Field(examples=[1])
    start: int | None = Field(examples=[120])
    end: int | None = Field(examples=[142])
    quote: str | None = Field(description="Verbatim on the page.", examples=["Date: November 2"])
    confidence: float | None = Field(
        description="Estimated probability that the value is right; null for summaries and"
        " comparisons.",
        examples=[0.93],
    )


class TableRow(Schema):
    """A row; of a comparison, a topic, which is no single document's."""

    document_id: UUID | None
    document_name: str | None = Field(examples=["report-2022.pdf"])
    cells: dict[str, TableCell | None] = Field(description="By column; null: not found.")


class Table(Schema):
    """What was found, in the order of the documents; while it runs, up to now."""

    columns: list[str] = Field(examples=[["Date", "Aircraft make"]])
    rows: list[TableRow]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` for the next page; null at the end."
    )


class Estimate(Schema):
    """What a run will about take."""

    documents: int = Field(examples=[200])
    unready: int = Field(
        description="Of those: not read yet, which the run waits for, or unreadable.", examples=[3]
    )
    input_tokens: int = Field(examples=[1_240_000])
    output_tokens: int = Field(examples=[60_000])
    cost_usd: float = Field(examples=[0.59])
    seconds: float = Field(examples=[95.0])
    budget_left_usd: float | None = Field(
        description="What this month's budget has left; null where no model is asked.",
        examples=[12.5],
    )


class TemplateCreate(AnalysisSpec):
    """What to save."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "shared": True}]})

    name: Name
    shared: bool = Field(default=False, description="For the whole workspace, not only oneself.")


class TemplateUpdate(Schema):
    """What to change; what is absent or null stays."""

    name: Name | None = Field(None, examples=["Accident reports"])
    shared: bool | None = Field(None, examples=[True])
    spec: AnalysisSpec | None = Field(None, description="In place of all that was asked.")


class Template(AnalysisSpec):
    """A saved question."""

    id: UUID
    name: str = Field(examples=["Accident reports"])
    shared: bool
    mine: bool = Field(description="Whether the caller made it, and so may change it.")
    created_by: UUID | None = Field(description="Null: a member who left; then it is everybody's.")
    created_at: datetime


def spec_of(value: AnalysisSpec) -> AnalysisSpec:
    """Return only what is asked, of a body that says more."""
    return AnalysisSpec.model_validate(value.model_dump(include=set(AnalysisSpec.model_fields)))


def _distinct(parts: Sequence[Part], key: Callable[[Part], Hashable], what: str) -> None:
    seen: set[Hashable] = set()
    for part in parts:
        if key(part) in seen:
            msg = f"each {what} may be there once; {key(part)!r} is there twice"
            raise ValueError(msg)
        seen.add(key(part))
