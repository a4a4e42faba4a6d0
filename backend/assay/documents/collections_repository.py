"""Queries over collections."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_COLUMNS = (
    "c.id, c.name, c.description, c.created_at,"
    " (select count(*) from documents d where d.collection_id = c.id) as documents"
)
_INSERT = text(
    "insert into collections as c (id, tenant_id, name, description)"  # noqa: S608 - a constant
    f" values (:id, current_tenant(), :name, :description) returning {_COLUMNS}"
)
_LIST = text(
    f"select {_COLUMNS} from collections c"  # noqa: S608 - a constant
    " where cast(:at as timestamptz) is null or (c.created_at, c.id) > (:at, :id)"
    " order by c.created_at, c.id limit :limit"
)
_GET = text(f"select {_COLUMNS} from collections c where c.id = :id")  # noqa: S608 - a constant
_UPDATE = text(
    "update collections as c set name = coalesce(:name, c.name),"  # noqa: S608 - a constant
    f" description = coalesce(:description, c.description) where c.id = :id returning {_COLUMNS}"
)
_DELETE = text("delete from collections where id = :id")
_HOLD = text("select id from collections where id = :id for key share")


async def insert(
    tx: Transaction, *, collection_id: UUID, name: str, description: str
) -> Row | None:
    """Write a new collection."""
    return await tx.first(_INSERT, id=collection_id, name=name, description=description)


async def collections(tx: Transaction, cursor: Cursor | None, limit: int) -> Sequence[Row]:
    """Return collections, oldest first."""
    return await tx.all(
        _LIST,
        at=cursor.at if cursor else None,
        id=cursor.id if cursor else None,
        limit=limit,
    )


async def collection(tx: Transaction, collection_id: UUID) -> Row | None:
    """Return one collection."""
    return await tx.first(_GET, id=collection_id)


async def update(
    tx: Transaction, collection_id: UUID, *, name: str | None, description: str | None
) -> Row | None:
    """Change what is not None and return the collection."""
    return await tx.first(_UPDATE, id=collection_id, name=name, description=description)


async def delete(tx: Transaction, collection_id: UUID) -> bool:
    """Delete an empty collection; False when it is unknown."""
    return bool(await tx.run(_DELETE, id=collection_id))


async def hold(tx: Transaction, collection_id: UUID) -> bool:
    """Keep a collection from being deleted until the transaction ends; False when unknown."""
    return await tx.first(_HOLD, id=collection_id) is not None
