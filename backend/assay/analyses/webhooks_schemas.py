"""Bodies of the calls about webhooks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from assay.adapters.http import Schema, storable
from assay.adapters.outgoing import MAX_URL
from assay.analyses.webhooks_models import DeliveryStatus, Event

Url = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_URL),
    AfterValidator(storable),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(storable)
]
Events = Annotated[list[Event], Field(min_length=1, max_length=len(Event))]

_URL = "https://example.com/assay"
_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 - an example


class WebhookCreate(Schema):
    """Where to be told, and of what."""

    url: Url = Field(
        description="Called with POST over HTTPS; its address has to be public.", examples=[_URL]
    )
    events: Events = Field(
        list(Event), description="Absent: all.", examples=[[Event("analysis.completed")]]
    )
    description: Description = Field("", examples=["Our data warehouse"])


class WebhookUpdate(Schema):
    """What to change; what is absent stays."""

    url: Url | None = Field(None, examples=[_URL])
    events: Events | None = None
    description: Description | None = None
    active: bool | None = Field(
        None, description="True switches it on again, also after Assay has switched it off."
    )


class Delivery(Schema):
    """One event for one webhook."""

    id: UUID = Field(description="Sent as `webhook-id`, the same at each attempt.")
    event: str = Field(examples=["analysis.completed"])
    status: DeliveryStatus
    attempts: int = Field(examples=[1])
    response_status: int | None = Field(description="Of the last answer.", examples=[200])
    error: str | None = Field(description="Why the last attempt failed.", examples=[None])
    next_attempt_at: datetime | None = Field(description="Null when there will be none.")
    created_at: datetime
    updated_at: datetime


class Webhook(Schema):
    """A place that is told of events."""

    id: UUID
    url: str = Field(examples=[_URL])
    events: list[Event]
    description: str
    active: bool
    disabled_reason: str | None = Field(
        description="Why Assay has switched it off: `failing` or `gone`; null if it has not.",
        examples=[None],
    )
    created_by: UUID | None
    created_at: datetime
    last_delivery: Delivery | None


class WebhookCreated(Webhook):
    """A webhook with its secret, which is shown only here."""

    secret: str = Field(
        description="Verifies `webhook-signature` by Standard Webhooks.", examples=[_SECRET]
    )
