"""Bodies of the document and collection calls."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from assay.adapters.http import Schema, storable
from assay.documents.models import Stage, Status

SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"


CollectionName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(storable),
    Field(examples=["Annual reports"]),
]
Description = Annotated[
    str,
    StringConstraints(max_length=2000),
    AfterValidator(storable),
    Field(examples=["10-K filings since 2019"]),
]


class DocumentError(Schema):
    """Why a document could not be read; `code` is stable."""

    code: str = Field(examples=["encrypted"])
    message: str = Field(
        examples=["The file is protected with a password. Remove it and upload the file again."]
    )


class Document(Schema):
    """An uploaded file and how far its reading is."""

    id: UUID
    name: str = Field(examples=["report-2022.pdf"])
    mime_type: str = Field(examples=["application/pdf"])
    size_bytes: int = Field(examples=[482133])
    sha256: str = Field(description="SHA-256 of the bytes, in hex.", examples=[SHA256])
    collection_id: UUID | None
    status: Status = Field(description="`ready` documents are searched; `failed` has `error`.")
    stage: Stage = Field(description="What is being done.")
    progress: float = Field(ge=0, le=1, description="Share of the work done.", examples=[0.4])
    error: DocumentError | None
    pages: int | None = Field(description="Known once the file was read.", examples=[160])
    passages: int | None = Field(description="Known once the file was read.", examples=[412])
    duplicate: bool = Field(
        default=False, description="Upload only: the same bytes were in the collection before."
    )
    created_at: datetime


class Upload(Schema):
    """The documents of an upload, in the order of its files."""

    documents: list[Document]


class PageText(Schema):
    """The text of a page; passages and citations count its Unicode code points."""

    page: int = Field(ge=1, examples=[3])
    text: str = Field(examples=["Revenue was 4.2 million dollars in 2022."])


class PageBoxes(Schema):
    """Where a page shows a piece of its text: one box per line, as fractions of the page."""

    boxes: list[tuple[float, float, float, float]] = Field(
        description="x0, y0, x1, y1 from the top left.", examples=[[[0.1, 0.2, 0.6, 0.22]]]
    )


class CollectionCreate(Schema):
    """A new collection."""

    name: CollectionName
    description: Description = ""


class CollectionUpdate(Schema):
    """What to change of a collection; absent members stay."""

    name: CollectionName | None = None
    description: Description | None = None


class Collection(Schema):
    """A named set of documents."""

    id: UUID
    name: str = Field(examples=["Annual reports"])
    description: str = Field(examples=["10-K filings since 2019"])
    documents: int = Field(description="How many documents it holds.", examples=[12])
    created_at: datetime
