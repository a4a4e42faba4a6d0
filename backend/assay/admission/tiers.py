"""What a tier promises, and what an operator may change for one tenant."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson

from assay.adapters.bulkhead import Share

MIB = 1024**2
GIB = 1024**3


class Tier(StrEnum):
    """What a tenant pays for."""

    STANDARD = "standard"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tenant may use."""

    requests_per_minute: int
    """In any 60 seconds, over all processes."""
    concurrent_requests: int
    """At the same moment, over all processes; an answer's stream counts until it ends."""
    progress_streams: int
    """Open streams of progress, which count here and not among the requests."""
    query_cache_bytes: int
    """Size of the tenant's cached searches and answers."""
    vector_bytes: int
    """Size of the tenant's vectors, as `assay.adapters.vectors` reckons it."""
    connections: int
    """Database connections of its own in each process."""
    connection_overflow: int
    """More of them, while others leave some."""
    model_budget_usd: Decimal
    """Spent on paid models in a calendar month (UTC)."""

    @property
    def share(self) -> Share:
        """The share of the database."""
        return Share(self.connections, self.connection_overflow)


TIERS = {
    Tier.STANDARD: Limits(
        requests_per_minute=100,
        concurrent_requests=20,
        progress_streams=10,
        query_cache_bytes=32 * MIB,
        vector_bytes=2 * GIB,
        connections=2,
        connection_overflow=5,
        model_budget_usd=Decimal(25),
    ),
    Tier.PREMIUM: Limits(
        requests_per_minute=500,
        concurrent_requests=100,
        progress_streams=50,
        query_cache_bytes=128 * MIB,
        vector_bytes=10 * GIB,
        connections=5,
        connection_overflow=10,
        model_budget_usd=Decimal(250),
    ),
}
"""The seed's figures; those for progress streams and model budgets are ours."""

SUSPENDED = b"suspended"
"""What is cached in place of a suspended tenant's limits."""

_NAMES = frozenset(field.name for field in fields(Limits))


def effective(tier: Tier, overrides: Mapping[str, Any]) -> Limits:
    """Return the limits of a tenant: its tier's, except where an operator set others.

    :param overrides: as `tenants.limits` holds them; unknown members and nulls are passed over.
    """
    known: dict[str, Any] = {
        name: Decimal(str(value)) if name == "model_budget_usd" else int(value)
        for name, value in overrides.items()
        if name in _NAMES and value is not None
    }
    return replace(TIERS[tier], **known)


def encode(limits: Limits) -> bytes:
    """Return limits as they are cached; what the script of `limiter` reads stands in front."""
    head = f"{limits.requests_per_minute} {limits.concurrent_requests} {limits.progress_streams} "
    return head.encode() + orjson.dumps(asdict(limits), default=str)


@lru_cache(maxsize=4096)
def decode(cached: bytes) -> Limits:
    """Read what `encode` wrote."""
    values = orjson.loads(cached[cached.index(b"{") :])
    values["model_budget_usd"] = Decimal(values["model_budget_usd"])
    return Limits(**values)
