"""Calls about collections."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.documents.collections_service import Collections
from assay.documents.schemas import Collection, CollectionCreate, CollectionUpdate
from assay.identity.dependencies import AdminCaller, MemberCaller, ViewerCaller

router = APIRouter(prefix="/v1/collections", tags=["collections"])


async def _collections(request: Request) -> Collections:
    collections: Collections = request.app.state.collections
    return collections


Service = Annotated[Collections, Depends(_collections)]


@router.post(
    "", status_code=201, summary="Make a collection", responses=problems(*ALWAYS, 403, 409, 413)
)
async def create(body: CollectionCreate, caller: MemberCaller, collections: Service) -> Collection:
    """Make a collection. Its name is unique in the workspace, whatever its case."""
    return await collections.create(caller, body)


@router.get("", summary="List collections", responses=problems(*ALWAYS))
async def list_collections(
    caller: ViewerCaller, collections: Service, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[Collection]:
    """List the workspace's collections, oldest first."""
    return await collections.list(caller, Cursor.decode(cursor), limit)


@router.get("/{collection_id}", summary="Read a collection", responses=problems(*ALWAYS, 404))
async def get(collection_id: UUID, caller: ViewerCaller, collections: Service) -> Collection:
    """Return one collection."""
    return await collections.get(caller, collection_id)


@router.patch(
    "/{collection_id}",
    summary="Change a collection",
    responses=problems(*ALWAYS, 403, 404, 409, 413),
)
async def update(
    collection_id: UUID, body: CollectionUpdate, caller: MemberCaller, collections: Service
) -> Collection:
    """Change a collection's name or description; what is absent or null stays."""
    return await collections.update(caller, collection_id, body)


@router.delete(
    "/{collection_id}",
    status_code=204,
    summary="Delete a collection",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def delete(collection_id: UUID, caller: AdminCaller, collections: Service) -> None:
    """Delete an empty collection; one that holds documents is refused."""
    await collections.delete(caller, collection_id)
