"""The operator's queries; the database itself compares the operator's key."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_OPERATOR = text("select gate_operator(:key) as id")
_TENANTS = text("select * from gate_operator_tenants(:key, :tenant, :words, :at, :id, :limit)")
_CREATE = text(
    "select gate_operator_create_tenant(:key, :tenant, :name, :tier, cast(:limits as jsonb),"
    " :owner_id, :email, :password_hash)"
)
_CHANGE = text(
    "select gate_operator_change_tenant(:key, :tenant, :name, :tier, cast(:limits as jsonb),"
    " :suspend) as changed"
)
_DELETE = text("select gate_operator_delete_tenant(:key, :tenant) as deleted")


async def check(gate: Transaction, key: bytes) -> UUID | None:
    """Return the operator who has this key; fail unless there is one."""
    row = await gate.first(_OPERATOR, key=key)
    return row["id"] if row else None


async def tenants(
    gate: Transaction, key: bytes, words: str | None, after: Cursor | None, limit: int
) -> Sequence[Row]:
    """Return tenants, oldest first."""
    return await gate.all(
        _TENANTS,
        key=key,
        tenant=None,
        words=words,
        at=after.at if after else None,
        id=after.id if after else None,
        limit=limit,
    )


async def tenant(gate: Transaction, key: bytes, tenant_id: UUID) -> Row | None:
    """Return one tenant."""
    nothing = dict.fromkeys(("words", "at", "id"))
    return await gate.first(_TENANTS, key=key, tenant=tenant_id, limit=1, **nothing)


async def create(
    gate: Transaction, key: bytes, *, limits: Mapping[str, Any], **values: Any
) -> None:
    """Add a tenant with its owner."""
    await gate.run(_CREATE, key=key, limits=_json(limits), **values)


async def change(
    gate: Transaction,
    key: bytes,
    tenant_id: UUID,
    *,
    limits: Mapping[str, Any] | None,
    **values: Any,
) -> bool:
    """Change a tenant; False when there is none, or it is being deleted."""
    encoded = None if limits is None else _json(limits)
    row = await gate.first(_CHANGE, key=key, tenant=tenant_id, limits=encoded, **values)
    return bool(row and row["changed"])


async def delete(gate: Transaction, key: bytes, tenant_id: UUID) -> bool:
    """Mark a tenant for deletion; False when there is none, or it is marked."""
    row = await gate.first(_DELETE, key=key, tenant=tenant_id)
    return bool(row and row["deleted"])


def _json(limits: Mapping[str, Any]) -> str:
    return orjson.dumps(limits, default=str).decode()
