"""Bodies of the search call."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from assay.adapters.http import Schema, storable
from assay.adapters.vectors import SearchMode

MAX_QUERY = 2000
MAX_IDS = 1000


Query = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUERY),
    AfterValidator(storable),
]
Ids = Annotated[
    list[UUID] | None,
    Field(
        min_length=1,
        max_length=MAX_IDS,
        description="Absent: everything. An empty list is an error.",
    ),
]


class SearchRequest(Schema):
    """What to find, and where."""

    query: Query = Field(examples=["share repurchases in the third quarter"])
    limit: int = Field(10, ge=1, le=50)
    mode: SearchMode = Field(
        SearchMode.HYBRID,
        description="By meaning (`dense`), by words (`lexical`), or both (`hybrid`).",
    )
    collection_ids: Ids = None
    document_ids: Ids = None


class Hit(Schema):
    """A passage found."""

    passage_id: UUID
    document_id: UUID
    document_name: str = Field(examples=["2022 Q3 AAPL.pdf"])
    page: int = Field(examples=[14])
    text: str = Field(examples=["The Company repurchased 143 million shares …"])
    start: int = Field(description="First character on the page.", examples=[120])
    end: int = Field(description="One after the last character on the page.", examples=[980])
    score: float = Field(description="Comparable within one answer only.", examples=[0.031])


class SearchResponse(Schema):
    """The best passages, best first."""

    hits: list[Hit]
    degraded: bool = Field(
        description="The vector search is away; these come from full-text search.", examples=[False]
    )
    cached: bool = Field(description="Whether this answer was kept from before.", examples=[False])
