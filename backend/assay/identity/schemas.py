"""Bodies of the identity calls."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, EmailStr, Field

from assay.adapters.http import Name, Schema, storable
from assay.identity.models import Role


def _bare(value: object) -> object:
    if isinstance(value, str) and "<" in value:
        msg = "write the address alone, without a name"  # pydantic would drop the name
        raise ValueError(msg)
    return value


Email = Annotated[
    EmailStr, BeforeValidator(_bare), Field(max_length=254, examples=["ada@example.com"])
]
NewPassword = Annotated[
    str,
    Field(min_length=8, max_length=200, examples=["correct horse battery"]),
    AfterValidator(storable),
]
Password = Annotated[
    str,
    Field(min_length=1, max_length=200, examples=["correct horse battery"]),
    AfterValidator(storable),
]


class SignupRequest(Schema):
    """A new workspace and its owner."""

    workspace: Name = Field(examples=["Acme Research"])
    email: Email
    password: NewPassword


class LoginRequest(Schema):
    """An account's credentials."""

    email: Email
    password: Password


class RefreshRequest(Schema):
    """The refresh token of the last log-in or refresh."""

    refresh_token: str = Field(min_length=1, max_length=200, examples=["x3Kf…"])


class PasswordRequest(Schema):
    """A change of one's own password."""

    current_password: Password
    new_password: NewPassword


class Tenant(Schema):
    """A workspace."""

    id: UUID
    name: str = Field(examples=["Acme Research"])
    created_at: datetime


class User(Schema):
    """A member of a workspace."""

    id: UUID
    email: str = Field(examples=["ada@example.com"])
    role: Role
    created_at: datetime


class TokenResponse(Schema):
    """A session: who it is, and the two tokens."""

    tenant: Tenant
    user: User
    access_token: str = Field(description="Send it as `Authorization: Bearer`.")
    refresh_token: str | None = Field(
        description="Good for one refresh; null where it went into a browser's cookie."
    )
    token_type: str = "bearer"  # noqa: S105 - the scheme's name, not a secret
    expires_in: int = Field(description="Seconds the access token lives.", examples=[900])


class Limits(Schema):
    """What the caller may send."""

    max_file_bytes: int = Field(examples=[67108864])
    max_files_per_upload: int = Field(examples=[100])


class MeResponse(Schema):
    """Who calls, and what they may do."""

    user: User
    tenant: Tenant
    limits: Limits


class MemberCreate(Schema):
    """A new member. Without a password, a random one is made and shown once."""

    email: Email
    role: Role = Role.MEMBER
    password: NewPassword | None = None


class MemberCreated(User):
    """The new member."""

    temporary_password: str | None = Field(
        description="Shown once, when the request named no password.", examples=[None]
    )


class MemberUpdate(Schema):
    """A member's new role."""

    role: Role


class ApiKeyCreate(Schema):
    """A new API key."""

    name: Name = Field(examples=["nightly import"])
    role: Role = Field(Role.MEMBER, description="At most your own role.")
    expires_in_days: int | None = Field(None, ge=1, le=3650, examples=[90])


class ApiKeyUpdate(Schema):
    """A new name for an API key."""

    name: Name = Field(examples=["weekly import"])


class ApiKey(Schema):
    """An API key without its secret."""

    id: UUID
    name: str = Field(examples=["nightly import"])
    prefix: str = Field(description="How the key begins, to recognise it.", examples=["assay_Qm3f"])
    role: Role
    user_id: UUID = Field(description="Who made it; it never does more than they may.")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ApiKeyCreated(ApiKey):
    """The new key, with its secret: shown once, stored only as a hash."""

    key: str = Field(examples=["assay_Qm3fX0wWq7…"])


class Session(Schema):
    """A log-in of the caller."""

    id: UUID
    user_agent: str = Field(examples=["Mozilla/5.0"])
    current: bool = Field(description="Whether this very request belongs to it.")
    created_at: datetime
    expires_at: datetime
