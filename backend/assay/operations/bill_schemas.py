"""Bodies of the operator's calls about usage and the state of the parts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from assay.adapters.http import Schema
from assay.admission.tiers import Tier
from assay.operations.schemas import Part
from assay.operations.tenants_schemas import Status
from assay.usage.schemas import Costs


class TenantUsage(Schema):
    """What one tenant used, and its share of the bill."""

    tenant_id: UUID
    name: str = Field(examples=["Acme Research"])
    tier: Tier
    api_calls: int = Field(examples=[1200])
    database_queries: int = Field(examples=[5100])
    vector_searches: int = Field(examples=[400])
    storage_bytes: int = Field(examples=[73400320])
    compute_seconds: float = Field(examples=[3.2])
    input_tokens: int = Field(examples=[120000])
    output_tokens: int = Field(examples=[8000])
    costs: Costs
    status: Status
    revenue: float | None = Field(
        description="At the present tier's price, from its making on; null without a price.",
        examples=[49.0],
    )
    margin: float | None = Field(description="Revenue less costs.", examples=[43.03])


class BillReport(Schema):
    """Usage and costs of every tenant; the shares and what nobody used add up to the bill."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    items: list[TenantUsage]
    next_cursor: None = None
    bill: Costs = Field(description="The infrastructure's bill for the span, and all models.")
    unallocated: Costs = Field(description="Parts of the bill that no tenant used anything of.")
    revenue: float | None = Field(
        description="Of all tenants; null while a tier has no price.", examples=[490.0]
    )
    margin: float | None = Field(description="Revenue less the whole bill.", examples=[65.0])


class Queue(Schema):
    """Jobs of a kind; each kind has places of its own in a worker."""

    name: Literal["documents", "analyses", "webhooks"]
    waiting: int = Field(description="That could start now.", examples=[3])
    running: int = Field(examples=[2])
    later: int = Field(
        description="Whose time has not come: most wait for another attempt.", examples=[0]
    )
    oldest_seconds: float = Field(
        description="How long the oldest of those that could start has waited.", examples=[1.5]
    )


class Failures(Schema):
    """What failed of one tenant for one reason; it names none of the tenant's things."""

    tenant_id: UUID
    tenant_name: str = Field(examples=["Acme Research"])
    kind: Literal["document", "analysis", "webhook"]
    code: str = Field(examples=["encrypted_file"])
    count: int = Field(examples=[2])
    last_at: datetime


class QueueReport(Schema):
    """What waits, as a worker told, and what failed lately."""

    since: datetime = Field(description="From when on failures are counted.")
    queues: list[Queue] | None = Field(description="Null when no worker told within a minute.")
    failures: list[Failures] = Field(description="The latest first; 200 at most.")


class Node(Schema):
    """A node of the vector store."""

    address: str = Field(examples=["10.0.10.17:6333"])
    state: str = Field(examples=["up"])
    breaker: str = Field(examples=["closed"])
    consecutive_failures: int = Field(examples=[0])


class Topology(Schema):
    """The state of every part, as this process sees it."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["0.1.0"])
    api_processes: int = Field(description="That told of themselves lately.", examples=[3])
    parts: dict[str, Part]
    nodes: list[Node]
    queue_depth: int | None = Field(
        description="Jobs that wait, as a worker told; null when none told.", examples=[0]
    )
    queue_oldest_seconds: float | None = Field(examples=[0.0])
