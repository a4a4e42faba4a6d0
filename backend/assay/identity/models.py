"""Who a request speaks for."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from assay.scope import TenantScope


class Role(StrEnum):
    """What a member may do; each role includes the ones after it."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other may."""
        ranks = list(Role)
        return ranks.index(self) <= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated request: a member's session, or an API key made by a member."""

    scope: TenantScope
    user_id: UUID
    role: Role
    session_id: UUID | None = None
    api_key_id: UUID | None = None
