"""Bodies of the Qdrant REST calls that the vector process answers, and their engine objects.

The shapes are those of https://api.qdrant.tech. A member that is not modelled here is refused
and never ignored: an ignored filter would hand one tenant the points of another.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

import qdrant_edge as edge
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MAX_LIMIT = 1_000_000
MAX_POINTS = 10_000
DEFAULT_RRF_K = 2
DEFAULT_LIMIT = 10

PointId = Annotated[int, Field(ge=0, lt=2**64)] | UUID
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT)]
Object_co = TypeVar("Object_co", covariant=True)
Finite = Annotated[float, Field(ge=-3.4e38, le=3.4e38)]


class Body(BaseModel):
    """Base of all bodies."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Translatable(Protocol[Object_co]):
    """A body that has an object of the engine for its counterpart."""

    def engine(self) -> Object_co:
        """Return the engine's object."""


def _engine(body: Translatable[Object_co] | None) -> Object_co | None:
    return None if body is None else body.engine()


class Match(Body):
    """A value, or any of several."""

    value: str | int | bool | None = None
    any: list[str] | list[int] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Match":
        if (self.value is None) == (self.any is None):
            raise ValueError("give either value or any")
        return self

    def engine(self) -> edge.MatchValue | edge.MatchAny:
        """Return the engine's object."""
        if self.value is not None:
            return edge.MatchValue(self.value)
        return edge.MatchAny(self.any or [])


class FieldCondition(Body):
    """A payload field that matches."""

    key: str
    match: Match

    def engine(self) -> edge.FieldCondition:
        """Return the engine's object."""
        return edge.FieldCondition(self.key, match=self.match.engine())


class HasIdCondition(Body):
    """One of these points."""

    has_id: set[PointId]

    def engine(self) -> edge.HasIdCondition:
        """Return the engine's object."""
        return edge.HasIdCondition(set(self.has_id))


class Filter(Body):
    """Conditions that must, must not, or of which one should hold."""

    must: "Conditions | None" = None
    must_not: "Conditions | None" = None
    should: "Conditions | None" = None

    @field_validator("*", mode="before")
    @classmethod
    def _single(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value

    def engine(self) -> edge.Filter:
        """Return the engine's object."""
        return edge.Filter(
            must=_engines(self.must),
            must_not=_engines(self.must_not),
            should=_engines(self.should),
        )


Conditions = list[FieldCondition | HasIdCondition | Filter]


def _engines(conditions: Conditions | None) -> list[Any] | None:
    return None if conditions is None else [condition.engine() for condition in conditions]


class SparseVector(Body):
    """The dimensions that are not zero, each once."""

    indices: list[Annotated[int, Field(ge=0, lt=2**32)]]
    values: list[Finite]

    @model_validator(mode="after")
    def _pairs(self) -> "SparseVector":
        if len(self.indices) != len(self.values):
            raise ValueError("indices and values must be of one length")
        if len(set(self.indices)) != len(self.indices):
            raise ValueError("indices must be unique")
        return self

    def engine(self) -> edge.SparseVector:
        """Return the engine's object."""
        return edge.SparseVector(self.indices, self.values)


DenseVector = Annotated[list[Finite], Field(min_length=1)]
Vector = DenseVector | SparseVector


def _vector(vector: Vector) -> list[float] | edge.SparseVector:
    return vector.engine() if isinstance(vector, SparseVector) else vector


class Point(Body):
    """A point with named vectors."""

    id: PointId
    vector: dict[str, Vector]
    payload: dict[str, Any] | None = None

    def engine(self) -> edge.Point:
        """Return the engine's object."""
        vectors: dict[str, Any] = {name: _vector(vector) for name, vector in self.vector.items()}
        return edge.Point(self.id, vectors, self.payload or {})


class Upsert(Body):
    """Points to insert or overwrite."""

    points: Annotated[list[Point], Field(max_length=MAX_POINTS)]


class Delete(Body):
    """Points to delete, by id or by filter."""

    points: list[PointId] | None = None
    filter: Filter | None = None

    @model_validator(mode="after")
    def _one(self) -> "Delete":
        if (self.points is None) == (self.filter is None):
            raise ValueError("give either points or filter")
        return self

    def engine(self) -> edge.UpdateOperation:
        """Return the engine's operation."""
        if self.filter is not None:
            return edge.UpdateOperation.delete_points_by_filter(self.filter.engine())
        return edge.UpdateOperation.delete_points(list(self.points or []))


class Corpus(Body):
    """The points over which the inverse document frequency is taken."""

    corpus: Filter


class SearchParams(Body):
    """How a vector is searched."""

    exact: bool = False
    hnsw_ef: Annotated[int, Field(ge=1, le=10_000)] | None = None
    idf: Corpus | Literal["global"] | None = None

    def engine(self) -> edge.SearchParams:
        """Return the engine's object."""
        corpus = self.idf.corpus.engine() if isinstance(self.idf, Corpus) else None
        return edge.SearchParams(
            exact=self.exact,
            hnsw_ef=self.hnsw_ef,
            idf=None if corpus is None else edge.IdfParams(corpus=corpus),
        )


class Nearest(Body):
    """Points near a vector."""

    nearest: Vector


class Rrf(Body):
    """Parameters of reciprocal rank fusion."""

    k: Annotated[int, Field(ge=1, le=100_000)] = DEFAULT_RRF_K


class RrfQuery(Body):
    """Reciprocal rank fusion of the prefetches (Cormack et al. 2009)."""

    rrf: Rrf


class Prefetch(Body):
    """A search whose hits are fused."""

    query: Vector | Nearest
    using: str
    limit: Limit = DEFAULT_LIMIT
    filter: Filter | None = None
    params: SearchParams | None = None

    def engine(self) -> edge.Prefetch:
        """Return the engine's object."""
        return edge.Prefetch(
            limit=self.limit,
            query=_nearest(self.query, self.using),
            filter=_engine(self.filter),
            params=_engine(self.params),
        )


class Query(Body):
    """A search for a vector, or the fusion of several."""

    query: Nearest | RrfQuery | Vector
    using: str = ""
    prefetch: list[Prefetch] = []
    limit: Limit = DEFAULT_LIMIT
    filter: Filter | None = None
    params: SearchParams | None = None
    with_payload: bool | list[str] = False
    with_vector: Literal[False] = False

    @model_validator(mode="after")
    def _fuses_prefetches(self) -> "Query":
        if isinstance(self.query, RrfQuery) != bool(self.prefetch):
            raise ValueError("rrf needs prefetch, and prefetch needs rrf")
        return self

    def engine(self) -> edge.QueryRequest:
        """Return the engine's object."""
        query: Any = (  # the engine's stub forgets that Rrf is a Fusion
            edge.Fusion.Rrf(k=self.query.rrf.k)
            if isinstance(self.query, RrfQuery)
            else _nearest(self.query, self.using)
        )
        return edge.QueryRequest(
            limit=self.limit,
            query=query,
            prefetches=[prefetch.engine() for prefetch in self.prefetch],
            filter=_engine(self.filter),
            params=_engine(self.params),
            with_payload=self.with_payload,
        )


def _nearest(query: Vector | Nearest, using: str) -> edge.Query:
    vector = query.nearest if isinstance(query, Nearest) else query
    return edge.Query.Nearest(_vector(vector), using=using)


class Count(Body):
    """How many points match."""

    filter: Filter | None = None
    exact: bool = True

    def engine(self) -> edge.CountRequest:
        """Return the engine's object."""
        return edge.CountRequest(exact=self.exact, filter=_engine(self.filter))


class Facet(Body):
    """The values of a payload field with their numbers of points."""

    key: str
    limit: Limit = DEFAULT_LIMIT
    filter: Filter | None = None
    exact: bool = False

    def engine(self) -> edge.FacetRequest:
        """Return the engine's object."""
        return edge.FacetRequest(self.key, self.limit, self.exact, _engine(self.filter))


class Scroll(Body):
    """Points in the order of their ids."""

    limit: Limit = DEFAULT_LIMIT
    offset: PointId | None = None
    filter: Filter | None = None
    with_payload: bool | list[str] = True
    with_vector: Literal[False] = False

    def engine(self) -> edge.ScrollRequest:
        """Return the engine's object."""
        return edge.ScrollRequest(
            offset=self.offset,
            limit=self.limit,
            filter=_engine(self.filter),
            with_payload=self.with_payload,
        )


class IndexKind(StrEnum):
    """Kinds of payload index."""

    KEYWORD = "keyword"
    UUID = "uuid"


class IndexParams(Body):
    """A kind of payload index, and whether its field tells tenants apart."""

    type: IndexKind
    is_tenant: bool = False


class CreateIndex(Body):
    """An index over a payload field."""

    field_name: Annotated[str, Field(min_length=1, max_length=200)]
    field_schema: IndexKind | IndexParams

    def engine(self) -> edge.UpdateOperation:
        """Return the engine's operation."""
        schema = self.field_schema
        params = schema if isinstance(schema, IndexParams) else IndexParams(type=schema)
        kinds = {
            IndexKind.KEYWORD: edge.KeywordIndexParams,
            IndexKind.UUID: edge.UuidIndexParams,
        }
        index = kinds[params.type](is_tenant=params.is_tenant)
        return edge.UpdateOperation.create_field_index(self.field_name, index)


class Hnsw(Body):
    """Shape of the proximity graph; with m = 0 and payload_m there is one for each tenant."""

    m: Annotated[int, Field(ge=0, le=256)] = 16
    ef_construct: Annotated[int, Field(ge=4, le=10_000)] = 100
    full_scan_threshold: Annotated[int, Field(ge=0)] = 10_000
    payload_m: Annotated[int, Field(ge=0, le=256)] | None = None

    def engine(self) -> edge.HnswIndexConfig:
        """Return the engine's object."""
        return edge.HnswIndexConfig(
            m=self.m,
            ef_construct=self.ef_construct,
            full_scan_threshold=self.full_scan_threshold,
            payload_m=self.payload_m,
        )


class DenseParams(Body):
    """A dense vector of a collection."""

    size: Annotated[int, Field(ge=1, le=65_536)]
    distance: Literal["Cosine", "Dot", "Euclid", "Manhattan"]
    hnsw_config: Hnsw = Hnsw()

    def engine(self) -> edge.EdgeVectorParams:
        """Return the engine's object."""
        return edge.EdgeVectorParams(
            size=self.size,
            distance=getattr(edge.Distance, self.distance),
            hnsw_config=self.hnsw_config.engine(),
        )


class SparseParams(Body):
    """A sparse vector of a collection."""

    modifier: Literal["idf", "none"] = "none"

    def engine(self) -> edge.EdgeSparseVectorParams:
        """Return the engine's object."""
        return edge.EdgeSparseVectorParams(
            modifier=edge.Modifier.Idf if self.modifier == "idf" else None
        )


class CreateCollection(Body):
    """The named vectors of a collection."""

    vectors: dict[str, DenseParams]
    sparse_vectors: dict[str, SparseParams] = {}

    def engine(self) -> edge.EdgeConfig:
        """Return the engine's object."""
        return edge.EdgeConfig(
            vectors={name: params.engine() for name, params in self.vectors.items()},
            sparse_vectors={name: params.engine() for name, params in self.sparse_vectors.items()},
        )
