"""The calls of Qdrant's REST interface that Assay makes, typed from its OpenAPI description.

Qdrant 1.19, `docs/redoc/v1.19.x/openapi.json` of github.com/qdrant/qdrant. Each class has the
name of its schema there and holds the members that Assay sends, with the documented types and
bounds. A call's section is its page below https://api.qdrant.tech/v-1-19-x/api-reference.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Documented(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


UInt = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
UInt32 = Annotated[int, Field(ge=0, lt=2**32)]
UuidText = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class HnswConfigDiff(Documented):
    m: UInt | None = None
    payload_m: UInt | None = None


class VectorParams(Documented):
    size: Positive
    distance: Literal["Cosine", "Euclid", "Dot", "Manhattan"]
    hnsw_config: HnswConfigDiff | None = None


class SparseVectorParams(Documented):
    modifier: Literal["none", "idf"] | None = None


class CreateCollection(Documented):
    vectors: dict[str, VectorParams]
    sparse_vectors: dict[str, SparseVectorParams] | None = None
    replication_factor: Positive | None = None


class UuidIndexParams(Documented):
    type: Literal["uuid"]
    is_tenant: bool | None = None


class CreateFieldIndex(Documented):
    field_name: str
    field_schema: UuidIndexParams


class SparseVector(Documented):
    indices: list[UInt32]
    values: list[float]


class PointStruct(Documented):
    id: UuidText
    vector: dict[str, list[float] | SparseVector]
    payload: dict[str, Any] | None = None


class PointsList(Documented):
    points: list[PointStruct]


class MatchValue(Documented):
    value: str | int | bool


class MatchAny(Documented):
    any: list[str] | list[int]


class FieldCondition(Documented):
    key: str
    match: MatchValue | MatchAny | None = None


class Filter(Documented):
    must: list[FieldCondition] | None = None


class FilterSelector(Documented):
    filter: Filter


class FacetRequest(Documented):
    key: str
    limit: Positive | None = None
    filter: Filter | None = None
    exact: bool | None = None


class IdfCorpusParams(Documented):
    corpus: Filter


class SearchParams(Documented):
    idf: Literal["global"] | IdfCorpusParams | None = None


class Rrf(Documented):
    k: Positive | None = None


class RrfQuery(Documented):
    rrf: Rrf


class NearestQuery(Documented):
    nearest: list[float] | SparseVector


VectorInput = list[float] | SparseVector


class Prefetch(Documented):
    query: VectorInput | NearestQuery | None = None
    using: str | None = None
    filter: Filter | None = None
    params: SearchParams | None = None
    limit: Positive | None = None


class QueryRequest(Documented):
    prefetch: list[Prefetch] | None = None
    query: VectorInput | NearestQuery | RrfQuery | None = None
    using: str | None = None
    filter: Filter | None = None
    params: SearchParams | None = None
    limit: Positive | None = None
    with_vector: bool | None = None
    with_payload: bool | None = None


@dataclass(frozen=True)
class Call:
    """A call with its body, the query parameters that it knows, and where that is documented."""

    body: type[Documented] | None
    parameters: frozenset[str]
    section: str


WRITE = frozenset({"wait", "ordering", "timeout"})
READ = frozenset({"consistency", "timeout"})
NONE: frozenset[str] = frozenset()

CALLS = {
    ("GET", "/"): Call(None, NONE, "service/root"),
    ("GET", "/readyz"): Call(None, NONE, "service/readyz"),
    ("GET", "/collections/passages"): Call(None, NONE, "collections/get-collection"),
    ("GET", "/collections/passages/exists"): Call(None, NONE, "collections/collection-exists"),
    ("PUT", "/collections/passages"): Call(
        CreateCollection, frozenset({"timeout"}), "collections/create-collection"
    ),
    ("PUT", "/collections/passages/index"): Call(
        CreateFieldIndex, WRITE, "indexes/create-field-index"
    ),
    ("PUT", "/collections/passages/points"): Call(PointsList, WRITE, "points/upsert-points"),
    ("POST", "/collections/passages/points/delete"): Call(
        FilterSelector, WRITE, "points/delete-points"
    ),
    ("POST", "/collections/passages/points/query"): Call(QueryRequest, READ, "search/query-points"),
    ("POST", "/collections/passages/facet"): Call(FacetRequest, READ, "points/facet"),
}
