"""Bodies of the operations calls."""

from typing import Literal

from pydantic import Field

from assay.adapters.http import Schema


class Health(Schema):
    """The process serves."""

    status: Literal["ok"] = Field(examples=["ok"])


class Readiness(Schema):
    """Whether every part answers."""

    status: Literal["ok", "unavailable"] = Field(examples=["ok"])
    checks: dict[str, Literal["ok", "unavailable"]] = Field(
        examples=[{"postgres": "ok", "redis": "ok", "vectors": "ok", "files": "ok"}]
    )
