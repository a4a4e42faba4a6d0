"""The size of a tenant's vectors, held to its tier."""

from sqlalchemy import text

from assay.adapters.postgres import Transaction
from assay.adapters.vector_size import bytes_per_passage
from assay.admission.tiers import Tier, effective
from assay.errors import Forbidden

CODE = "vector_quota_reached"

_HELD = text(
    "select tier, limits, (select coalesce(sum(passages), 0) from documents"
    "  where id is distinct from cast(:apart as uuid)) as passages"
    " from tenants where id = current_tenant()"
)
# Readings of one tenant come one after another here, or two could both take the last place.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(current_tenant()::text, 4743))")


class Quota:
    """Counts what passages take; the store itself keeps no account by tenant."""

    def __init__(self, dimensions: int) -> None:
        self._each = bytes_per_passage(dimensions)

    async def check_upload(self, tx: Transaction) -> None:
        """Refuse files when there is no room for a single passage more.

        :raises Forbidden: the quota is reached.
        """
        if await self._room(tx) < self._each:
            raise Forbidden(MESSAGE, code=CODE)

    async def takes(self, tx: Transaction, passages: int, document_id: object) -> bool:
        """Tell whether a document's passages fit, and let no other come between."""
        await tx.first(_LOCK)
        return passages * self._each <= await self._room(tx, document_id)

    async def _room(self, tx: Transaction, apart: object = None) -> int:
        row = await tx.first(_HELD, apart=apart)
        if row is None:
            return 0
        limit = effective(Tier(row["tier"]), row["limits"]).vector_bytes
        return limit - int(row["passages"]) * self._each


MESSAGE = (
    "Your workspace's documents fill the space of its tier. Delete some, or ask the operator for"
    " more."
)
