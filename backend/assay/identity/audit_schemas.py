"""Bodies of the audit calls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from assay.adapters.http import Schema
from assay.identity.models import ActorKind


class AuditEvent(Schema):
    """Something that happened to the workspace's access or data."""

    id: UUID
    created_at: datetime
    action: str = Field(examples=["member.role_changed"])
    actor_kind: ActorKind
    actor_id: UUID | None = Field(description="The member, API key or operator that did it.")
    actor: str | None = Field(
        description="The member's address or the key's name, while they are there.",
        examples=["ada@example.com"],
    )
    target: str = Field(
        description="What it was done to.", examples=["01936f0e-6d2a-7c3e-8000-3f1d2b4c5d6e"]
    )
    address: str = Field(description="Where the request came from.", examples=["203.0.113.7"])
    details: dict[str, Any] = Field(examples=[{"before": "member", "after": "admin"}])
