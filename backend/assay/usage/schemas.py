"""Bodies of the usage call."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from assay.adapters.http import Schema
from assay.admission.tiers import Tier

Granularity = Literal["hour", "day"]


class Costs(Schema):
    """Money in USD."""

    compute: float = Field(examples=[1.24], description="By processor time.")
    storage: float = Field(examples=[0.31], description="By bytes held.")
    api: float = Field(examples=[0.92], description="By requests.")
    model: float = Field(examples=[3.5], description="Paid for models, directly.")
    total: float = Field(examples=[5.97])


class UsagePeriod(Schema):
    """What was used in an hour or a day."""

    start: datetime
    api_calls: int = Field(examples=[1200])
    database_queries: int = Field(examples=[5100])
    vector_searches: int = Field(examples=[400])
    storage_bytes: int = Field(examples=[73400320], description="Held at the period's end.")
    compute_seconds: float = Field(examples=[3.2], description="Processor time.")
    input_tokens: int = Field(examples=[120000])
    output_tokens: int = Field(examples=[8000])
    costs: Costs


class Budget(Schema):
    """Money for models in the present month, in USD."""

    limit_usd: float = Field(examples=[25.0])
    spent_usd: float = Field(examples=[3.5], description="Settled and reserved together.")
    reserved_usd: float = Field(examples=[0.02], description="Of calls under way.")
    left_usd: float = Field(examples=[21.5])
    resets_at: datetime


class Allowance(Schema):
    """What the workspace's tier allows, with an operator's changes, and what of it is held."""

    tier: Tier
    requests_per_minute: int = Field(description="In any 60 seconds.", examples=[100])
    concurrent_requests: int = Field(description="At the same moment.", examples=[20])
    progress_streams: int = Field(description="Open streams of progress.", examples=[10])
    query_cache_bytes: int = Field(description="Of kept answers.", examples=[33554432])
    vector_bytes: int = Field(description="Of the documents' vectors.", examples=[2147483648])
    vector_bytes_held: int = Field(description="What they take now.", examples=[41943040])
    documents: int = Field(examples=[120])


class UsageReport(Schema):
    """Usage and costs of a workspace, oldest period first; empty periods are left out."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    granularity: Granularity
    items: list[UsagePeriod]
    next_cursor: None = None
    total: UsagePeriod
    budget: Budget
    limits: Allowance
