"""Who a request speaks for, and from where."""

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


class ActorKind(StrEnum):
    """What does something that the audit log keeps."""

    MEMBER = "member"
    API_KEY = "api_key"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, and from which address."""

    kind: ActorKind
    id: UUID | None
    address: str


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request without credentials comes from."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated request: a member's session, or an API key made by a member."""

    scope: TenantScope
    user_id: UUID
    role: Role
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    address: str = ""

    @property
    def actor(self) -> Actor:
        """Return who the audit log names: the key where one was used, else the member."""
        if self.api_key_id is not None:
            return Actor(ActorKind.API_KEY, self.api_key_id, self.address)
        return Actor(ActorKind.MEMBER, self.user_id, self.address)
