"""Collections: named sets of documents."""

from uuid import UUID

from psycopg import IntegrityError
from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, constraint_of
from assay.documents import collections_repository as repository
from assay.documents.schemas import Collection, CollectionCreate, CollectionUpdate
from assay.errors import AssayError, Conflict, not_found
from assay.identity.audit import Action, record
from assay.identity.models import Caller


class Collections:
    """What a workspace's members do with its collections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, caller: Caller, request: CollectionCreate) -> Collection:
        """Make a collection.

        :raises Conflict: the name is taken, whatever its case.
        """
        try:
            async with self._database.transaction(caller.scope) as tx:
                row = await repository.insert(
                    tx,
                    collection_id=uuid7(),
                    name=request.name,
                    description=request.description,
                )
        except IntegrityError as error:
            raise _conflict(error) from error
        return Collection(**(row or {}))

    async def list(self, caller: Caller, cursor: Cursor | None, limit: int) -> ItemList[Collection]:
        """List collections, oldest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.collections(tx, cursor, limit + 1)
        return item_list(rows, limit, lambda row: Collection(**row))

    async def get(self, caller: Caller, collection_id: UUID) -> Collection:
        """Return one collection.

        :raises NotFound: it is unknown here.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.collection(tx, collection_id)
        if row is None:
            raise not_found("collection")
        return Collection(**row)

    async def update(
        self, caller: Caller, collection_id: UUID, request: CollectionUpdate
    ) -> Collection:
        """Change a collection's name or description.

        :raises NotFound: it is unknown here.
        :raises Conflict: the name is taken, whatever its case.
        """
        try:
            async with self._database.transaction(caller.scope) as tx:
                row = await repository.update(
                    tx, collection_id, name=request.name, description=request.description
                )
        except IntegrityError as error:
            raise _conflict(error) from error
        if row is None:
            raise not_found("collection")
        return Collection(**row)

    async def delete(self, caller: Caller, collection_id: UUID) -> None:
        """Delete a collection that holds no documents.

        :raises NotFound: it is unknown here.
        :raises Conflict: it holds documents.
        """
        try:
            async with self._database.transaction(caller.scope) as tx:
                if not await repository.delete(tx, collection_id):
                    raise not_found("collection")
                await record(tx, caller.actor, Action.COLLECTION_DELETED, collection_id)
        except IntegrityError as error:
            raise _conflict(error) from error


def _conflict(error: IntegrityError) -> AssayError | IntegrityError:
    constraint = constraint_of(error)
    if constraint == "collections_name":
        return Conflict("Another collection has this name. Choose another.", code="name_taken")
    if constraint == "documents_tenant_id_collection_id_fkey":
        return Conflict(
            "The collection still holds documents. Delete them first.",
            code="collection_not_empty",
        )
    return error
