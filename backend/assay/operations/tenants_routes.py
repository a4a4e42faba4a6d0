"""The operator's calls about tenants."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.identity.dependencies import OperatorKey
from assay.operations.tenants_schemas import (
    TenantAccount,
    TenantCreate,
    TenantCreated,
    TenantUpdate,
)
from assay.operations.tenants_service import Tenants

router = APIRouter(prefix="/v1/admin/tenants", tags=["operators"])


async def _tenants(request: Request) -> Tenants:
    tenants: Tenants = request.app.state.tenants
    return tenants


Service = Annotated[Tenants, Depends(_tenants)]


@router.post("", status_code=201, summary="Make a tenant", responses=problems(*ALWAYS, 409, 413))
async def create(body: TenantCreate, key: OperatorKey, tenants: Service) -> TenantCreated:
    """Make a tenant with its owner, whose temporary password is shown once. For operators only."""
    return await tenants.create(key, body)


@router.get("", summary="List tenants", responses=problems(*ALWAYS))
async def list_tenants(
    key: OperatorKey,
    tenants: Service,
    *,
    q: Annotated[
        str | None, Query(max_length=200, description="Part of the name, in any case.")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> ItemList[TenantAccount]:
    """List every tenant, oldest first. For operators only."""
    return await tenants.list(key, q, Cursor.decode(cursor), limit)


@router.get("/{tenant_id}", summary="Read a tenant", responses=problems(*ALWAYS, 404))
async def get(tenant_id: UUID, key: OperatorKey, tenants: Service) -> TenantAccount:
    """Read one tenant. For operators only."""
    return await tenants.get(key, tenant_id)


@router.patch("/{tenant_id}", summary="Change a tenant", responses=problems(*ALWAYS, 404, 409, 413))
async def change(
    tenant_id: UUID, body: TenantUpdate, key: OperatorKey, tenants: Service
) -> TenantAccount:
    """Change name, tier or limits, suspend or resume. It holds at once. For operators only."""
    return await tenants.change(key, tenant_id, body)


@router.delete(
    "/{tenant_id}",
    status_code=202,
    summary="Delete a tenant with everything",
    responses=problems(*ALWAYS, 404),
)
async def delete(tenant_id: UUID, key: OperatorKey, tenants: Service) -> TenantAccount:
    """Shut a tenant at once; its members, documents, files and vectors are deleted afterwards.

    It cannot be undone. For operators only.
    """
    return await tenants.delete(key, tenant_id)
