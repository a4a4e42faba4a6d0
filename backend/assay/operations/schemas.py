"""Bodies of the operations calls."""

from typing import Literal

from pydantic import Field

from assay.adapters.http import Schema

State = Literal["ok", "degraded", "unavailable"]


class Health(Schema):
    """Whether the process serves, and goes on to."""

    status: Literal["ok", "draining"] = Field(examples=["ok"])


class Part(Schema):
    """How a part answered."""

    status: State = Field(examples=["ok"])
    version: str | None = Field(examples=["16.14"], description="Null where it tells none.")
    latency_ms: float = Field(examples=[1.2], description="How long its answer took.")
    degraded: list[str] = Field(
        examples=[[]], description="Which of its members are away, or what is done in its stead."
    )


class Readiness(Schema):
    """How every part answers; `degraded` still serves."""

    status: State = Field(examples=["ok"])
    checks: dict[str, State] = Field(
        examples=[{"postgres": "ok", "redis": "ok", "vectors": "ok", "files": "ok"}]
    )
    parts: dict[str, Part]
