"""Queries over templates: a member's own, those that are shared, and those of members who left."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_COLUMNS = "id, name, spec, shared, created_by, created_at"
_SEEN = "(shared or created_by = :user_id or created_by is null)"
_INSERT = text(
    "insert into analysis_templates (id, tenant_id, name, spec, shared, created_by)"  # noqa: S608 - a constant
    " values (:id, current_tenant(), :name, cast(:spec as jsonb), :shared, :user_id)"
    f" returning {_COLUMNS}"
)
_GET = text(f"select {_COLUMNS} from analysis_templates where id = :id and {_SEEN}")  # noqa: S608 - constants
_LIST = text(
    f"select {_COLUMNS} from analysis_templates where {_SEEN}"  # noqa: S608 - constants
    " and (cast(:at as timestamptz) is null or (created_at, id) > (:at, :id))"
    " order by created_at, id limit :limit"
)
_UPDATE = text(
    "update analysis_templates set name = coalesce(:name, name),"  # noqa: S608 - a constant
    " shared = coalesce(:shared, shared), spec = coalesce(cast(:spec as jsonb), spec),"
    f" updated_at = now() where id = :id returning {_COLUMNS}"
)
_DELETE = text("delete from analysis_templates where id = :id")
_COUNT = text("select count(*) as n from analysis_templates")


async def insert(tx: Transaction, **values: Any) -> Row:
    """Save a template."""
    row = await tx.first(_INSERT, **values)
    assert row is not None  # noqa: S101 - it was inserted
    return row


async def template(tx: Transaction, template_id: UUID, user_id: UUID) -> Row | None:
    """Return a template that the user may see."""
    return await tx.first(_GET, id=template_id, user_id=user_id)


async def templates(
    tx: Transaction, user_id: UUID, cursor: Cursor | None, limit: int
) -> Sequence[Row]:
    """Return the templates that the user may see, oldest first."""
    return await tx.all(
        _LIST,
        user_id=user_id,
        at=cursor.at if cursor else None,
        id=cursor.id if cursor else None,
        limit=limit,
    )


async def update(tx: Transaction, template_id: UUID, **values: Any) -> Row:
    """Change what is given."""
    row = await tx.first(_UPDATE, id=template_id, **values)
    assert row is not None  # noqa: S101 - it was read in the same transaction
    return row


async def delete(tx: Transaction, template_id: UUID) -> None:
    """Delete a template."""
    await tx.run(_DELETE, id=template_id)


async def count(tx: Transaction) -> int:
    """Return how many templates the workspace has."""
    row = await tx.first(_COUNT)
    return int(row["n"]) if row else 0
