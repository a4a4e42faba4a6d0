"""Bodies of the operator's calls about tenants."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer

from assay.adapters.http import Name, Schema
from assay.admission.tiers import Tier
from assay.identity.schemas import Email

Dollars = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, decimal_places=2, examples=[50]),
    PlainSerializer(float, return_type=float),
]


class Status(StrEnum):
    """Whether a tenant may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"


class TenantLimits(Schema):
    """What a tenant may use; null means what its tier gives."""

    requests_per_minute: int | None = Field(
        None, ge=1, le=1_000_000, description="In any 60 seconds.", examples=[500]
    )
    concurrent_requests: int | None = Field(
        None, ge=1, le=10_000, description="At the same moment.", examples=[100]
    )
    progress_streams: int | None = Field(
        None, ge=1, le=10_000, description="Open streams of progress.", examples=[50]
    )
    query_cache_bytes: int | None = Field(
        None, ge=0, le=2**40, description="Size of its cached answers.", examples=[134217728]
    )
    vector_bytes: int | None = Field(
        None, ge=0, le=2**50, description="Size of its vectors.", examples=[10737418240]
    )
    connections: int | None = Field(
        None, ge=1, le=100, description="Its database connections in a process.", examples=[5]
    )
    connection_overflow: int | None = Field(
        None, ge=0, le=100, description="More, while others leave some.", examples=[10]
    )
    model_budget_usd: Dollars | None = Field(
        None, description="For paid models in a calendar month (UTC)."
    )


class EffectiveLimits(Schema):
    """What holds for a tenant: its own limits, and its tier's where it has none."""

    requests_per_minute: int = Field(examples=[500])
    concurrent_requests: int = Field(examples=[100])
    progress_streams: int = Field(examples=[50])
    query_cache_bytes: int = Field(examples=[134217728])
    vector_bytes: int = Field(examples=[10737418240])
    connections: int = Field(examples=[5])
    connection_overflow: int = Field(examples=[10])
    model_budget_usd: Dollars


class TenantCreate(Schema):
    """A new tenant and its owner."""

    name: Name = Field(examples=["Acme Research"])
    owner_email: Email
    tier: Tier = Tier.STANDARD
    limits: TenantLimits = Field(TenantLimits(), description="Where it differs from its tier.")


class TenantUpdate(Schema):
    """A change of a tenant; what is absent or null stays, except in the limits."""

    name: Name | None = Field(None, examples=["Acme Research"])
    tier: Tier | None = None
    limits: TenantLimits | None = Field(
        None, description="A limit that is absent stays; one that is null goes back to the tier's."
    )
    suspended: bool | None = Field(None, description="Whether nobody may use it.", examples=[True])


class TenantAccount(Schema):
    """A tenant as operators see it."""

    id: UUID
    name: str = Field(examples=["Acme Research"])
    tier: Tier
    status: Status
    limits: TenantLimits
    tier_limits: EffectiveLimits = Field(description="What its tier gives.")
    effective_limits: EffectiveLimits
    members: int = Field(examples=[12])
    documents: int = Field(examples=[340])
    file_bytes: int = Field(description="Bytes of the originals.", examples=[734003200])
    passages: int = Field(examples=[51200])
    created_at: datetime
    suspended_at: datetime | None


class TenantOwner(Schema):
    """The first owner of a new tenant."""

    id: UUID
    email: str = Field(examples=["ada@example.com"])
    temporary_password: str = Field(description="Shown once.", examples=["hK3v9mQp2LxW8tRz"])


class TenantCreated(TenantAccount):
    """The new tenant, with its owner's temporary password."""

    owner: TenantOwner
