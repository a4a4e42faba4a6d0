"""Calls about the audit log."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response, StreamingResponse

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.identity.audit import AuditFilter, AuditLog
from assay.identity.audit_schemas import AuditEvent
from assay.identity.dependencies import OwnerCaller

router = APIRouter(prefix="/v1/audit", tags=["audit"])


async def _audit(request: Request) -> AuditLog:
    audit: AuditLog = request.app.state.audit
    return audit


async def _chosen(
    *,
    action: Annotated[
        str | None, Query(max_length=100, description="Such as `login.failed`.")
    ] = None,
    actor_id: Annotated[
        UUID | None, Query(description="A member, an API key or an operator.")
    ] = None,
    since: Annotated[
        AwareDatetime | None, Query(alias="from", description="From this moment on.")
    ] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to", description="Before this.")] = None,
) -> AuditFilter:
    return AuditFilter(action, actor_id, since, until)


Log = Annotated[AuditLog, Depends(_audit)]
Chosen = Annotated[AuditFilter, Depends(_chosen)]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events; a cell that could be taken for a formula begins with `'`.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.get("", summary="List security events", responses=problems(*ALWAYS))
async def list_events(
    caller: OwnerCaller, audit: Log, chosen: Chosen, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[AuditEvent]:
    """List what happened to the workspace's access and data, newest first; for owners only."""
    return await audit.list(caller, chosen, Cursor.decode(cursor), limit)


@router.get(
    "/export",
    summary="Export security events",
    response_class=Response,
    responses={**_CSV, **problems(*ALWAYS)},
)
async def export(caller: OwnerCaller, audit: Log, chosen: Chosen) -> Response:
    """Return the events as a CSV file, newest first; for owners only."""
    pieces = await audit.export(caller, chosen)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(pieces, headers=headers, media_type="text/csv")
