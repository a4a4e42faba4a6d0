"""What is stored of a passage, asked and found."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from assay.scope import TenantScope

COLLECTION = "passages"
DENSE = "dense"
SPARSE = "bm25"
TENANT = "tenant_id"
DOCUMENT = "document_id"
COLLECTION_ID = "collection_id"
INDEXES = frozenset((TENANT, DOCUMENT, COLLECTION_ID))
"""The fields that are filtered by, each with an index of its own."""


class SearchMode(StrEnum):
    """What a search goes by."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class PassageVector:
    """What is stored of a passage; `text` gives its words and is not kept."""

    passage_id: UUID
    document_id: UUID
    collection_id: UUID | None
    dense: list[float]
    text: str


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """A search; None in `collection_ids` or `document_ids` leaves them unlimited.

    Without `dense`, a hybrid search goes by the words alone.
    """

    text: str
    dense: list[float] | None
    mode: SearchMode
    limit: int
    collection_ids: tuple[UUID, ...] | None = None
    document_ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class VectorHit:
    """A passage found; scores of different modes do not compare."""

    passage_id: UUID
    score: float


Filter = NewType("Filter", dict[str, Any])
"""A filter of Qdrant's that names a tenant; only `within` makes one."""


def within(
    scope: TenantScope,
    collection_ids: tuple[UUID, ...] | None = None,
    document_ids: tuple[UUID, ...] | None = None,
) -> Filter:
    """Return the only kind of filter that is ever sent: one that names the tenant."""
    must: list[dict[str, Any]] = [{"key": TENANT, "match": {"value": str(scope.tenant_id)}}]
    for key, ids in ((COLLECTION_ID, collection_ids), (DOCUMENT, document_ids)):
        if ids is not None:
            must.append({"key": key, "match": {"any": [str(identifier) for identifier in ids]}})
    return Filter({"must": must})
