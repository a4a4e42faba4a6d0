"""Calls about analyses and their templates."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import Response, StreamingResponse
from starlette.routing import Match
from starlette.types import Scope

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.analyses.exports import MEDIA_TYPES, Format
from assay.analyses.models import DocumentStatus, Kind, Status
from assay.analyses.schemas import (
    Analysis,
    AnalysisCreate,
    AnalysisExtend,
    DocumentPage,
    Estimate,
    Table,
    Template,
    TemplateCreate,
    TemplateUpdate,
)
from assay.analyses.service import Analyses
from assay.analyses.templates_service import Templates
from assay.identity.dependencies import MemberCaller, ViewerCaller

NO_IDS = {"estimate", "templates"}
"""What follows `/v1/analyses/` without being an analysis's id."""


class _Route(APIRoute):
    """Leaves paths that have calls of their own to them, also for methods that they lack."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        if found.get("path_params", {}).get("analysis_id") in NO_IDS:
            return Match.NONE, {}
        return match, found


router = APIRouter(prefix="/v1/analyses", tags=["analyses"], route_class=_Route)


async def _analyses(request: Request) -> Analyses:
    analyses: Analyses = request.app.state.analyses
    return analyses


async def _templates(request: Request) -> Templates:
    analyses: Analyses = request.app.state.analyses
    return analyses.templates


Service = Annotated[Analyses, Depends(_analyses)]
TemplateService = Annotated[Templates, Depends(_templates)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Repeating a call with its key answers the same and starts nothing again.",
    ),
]
TableLimit = Annotated[int, Query(ge=1, le=1000, description="How many rows at the most.")]


_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Rows of the table, or all of it as a file.",
        "content": {
            MEDIA_TYPES[form].split(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for form in (Format.CSV, Format.XLSX)
        },
    }
}


@router.post(
    "",
    status_code=202,
    summary="Ask many documents",
    responses=problems(*ALWAYS, 403, 404, 409, 413),
)
async def create(
    body: AnalysisCreate,
    caller: MemberCaller,
    analyses: Service,
    idempotency_key: IdempotencyKey = None,
) -> Analysis:
    """Queue an analysis: a table of fields, labels, a summary or a comparison.

    Each document is worked on by itself, and what was found is kept at once: read it while the
    analysis runs. Documents that are still being read are waited for. The run pauses by itself
    where the month's budget or the language model does not let it go on; `error` says why.
    """
    return await analyses.create(caller, body, idempotency_key)


@router.get("", summary="List analyses", responses=problems(*ALWAYS))
async def list_analyses(
    caller: ViewerCaller,
    analyses: Service,
    *,
    kind: Kind | None = None,
    status: Status | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> ItemList[Analysis]:
    """List the workspace's analyses without their results, newest first."""
    return await analyses.list(
        caller, kind=kind, status=status, cursor=Cursor.decode(cursor), limit=limit
    )


@router.post(
    "/estimate", summary="Estimate an analysis", responses=problems(*ALWAYS, 403, 404, 413)
)
async def estimate(body: AnalysisCreate, caller: MemberCaller, analyses: Service) -> Estimate:
    """Say what a run would about take, from the documents' lengths and earlier runs."""
    return await analyses.estimate(caller, body)


@router.post(
    "/templates",
    status_code=201,
    summary="Save a template",
    responses=problems(*ALWAYS, 403, 413),
)
async def create_template(
    body: TemplateCreate, caller: MemberCaller, templates: TemplateService
) -> Template:
    """Save a question, for oneself or for the whole workspace."""
    return await templates.create(caller, body)


@router.get("/templates", summary="List templates", responses=problems(*ALWAYS))
async def list_templates(
    caller: ViewerCaller, templates: TemplateService, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[Template]:
    """List one's own templates and those that are shared, oldest first."""
    return await templates.list(caller, Cursor.decode(cursor), limit)


@router.get("/templates/{template_id}", summary="Read a template", responses=problems(*ALWAYS, 404))
async def read_template(
    template_id: UUID, caller: ViewerCaller, templates: TemplateService
) -> Template:
    """Return a template; another member's own one is unknown."""
    return await templates.get(caller, template_id)


@router.patch(
    "/templates/{template_id}",
    summary="Change a template",
    responses=problems(*ALWAYS, 403, 404, 413),
)
async def change_template(
    template_id: UUID, body: TemplateUpdate, caller: MemberCaller, templates: TemplateService
) -> Template:
    """Change a template's name, question, or who sees it; only its maker and admins may."""
    return await templates.update(caller, template_id, body)


@router.delete(
    "/templates/{template_id}",
    status_code=204,
    summary="Delete a template",
    responses=problems(*ALWAYS, 403, 404),
)
async def delete_template(
    template_id: UUID, caller: MemberCaller, templates: TemplateService
) -> None:
    """Delete a template; only its maker and admins may. Analyses stay as they are."""
    await templates.delete(caller, template_id)


@router.get("/{analysis_id}", summary="Read an analysis", responses=problems(*ALWAYS, 404))
async def read(analysis_id: UUID, caller: ViewerCaller, analyses: Service) -> Analysis:
    """Return an analysis with its progress and what was found up to now."""
    return await analyses.get(caller, analysis_id)


@router.get(
    "/{analysis_id}/documents",
    summary="List an analysis's documents",
    responses=problems(*ALWAYS, 404),
)
async def list_documents(
    analysis_id: UUID,
    caller: ViewerCaller,
    analyses: Service,
    *,
    status: DocumentStatus | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> DocumentPage:
    """Return how far an analysis is with each document, and why some failed."""
    return await analyses.documents(caller, analysis_id, status=status, cursor=cursor, limit=limit)


@router.get(
    "/{analysis_id}/table",
    summary="Read an analysis's table",
    response_model=Table,
    responses=_FILES | problems(*ALWAYS, 404),
)
async def read_table(
    analysis_id: UUID,
    caller: ViewerCaller,
    analyses: Service,
    *,
    form: Annotated[
        Format, Query(alias="format", description="`csv` and `xlsx` hold all rows, as a download.")
    ] = Format.JSON,
    download: Annotated[
        bool, Query(description="Of `json`: all rows, as a download, instead of a page of them.")
    ] = False,
    evidence: Annotated[
        bool, Query(description="Of `csv`: beside each value its page, quote and confidence.")
    ] = False,
    limit: TableLimit = 100,
    cursor: CursorText = None,
) -> Any:
    """Return rows of the table, in the order of the documents; while it runs, up to now.

    A workbook has typed cells, and a sheet with what every value rests on. A CSV's last column,
    `Unsure cells`, names the columns whose values have a confidence below 0.6, with semicolons;
    in JSON each cell has its confidence. Texts that a spreadsheet would take for formulas are made
    inert. One file of a workspace is written at a time; another waits some seconds for it, then
    ends with 429.
    """
    if form is Format.JSON and not download:
        page = await analyses.table(caller, analysis_id, cursor=cursor, limit=limit)
        return Response(page, media_type="application/json")
    file = await analyses.downloads.open(caller, analysis_id, form, evidence=evidence)
    return StreamingResponse(file.pieces, media_type=file.media_type, headers=file.headers)


@router.post(
    "/{analysis_id}/pause",
    status_code=202,
    summary="Pause an analysis",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def pause(analysis_id: UUID, caller: MemberCaller, analyses: Service) -> Analysis:
    """Stop after the documents under way; `resume` goes on with the others."""
    return await analyses.pause(caller, analysis_id)


@router.post(
    "/{analysis_id}/resume",
    status_code=202,
    summary="Resume an analysis",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def resume(analysis_id: UUID, caller: MemberCaller, analyses: Service) -> Analysis:
    """Go on with a paused analysis; nothing that was paid for is paid again."""
    return await analyses.resume(caller, analysis_id)


@router.post(
    "/{analysis_id}/cancel",
    status_code=202,
    summary="Cancel an analysis",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def cancel(analysis_id: UUID, caller: MemberCaller, analyses: Service) -> Analysis:
    """End an analysis; what was found is kept."""
    return await analyses.cancel(caller, analysis_id)


@router.post(
    "/{analysis_id}/retry",
    status_code=202,
    summary="Try failed documents again",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def retry(analysis_id: UUID, caller: MemberCaller, analyses: Service) -> Analysis:
    """Try the failed and skipped documents of an analysis that is over, and no others."""
    return await analyses.retry(caller, analysis_id)


@router.post(
    "/{analysis_id}/extend",
    status_code=202,
    summary="Ask further documents",
    responses=problems(*ALWAYS, 403, 404, 409, 413),
)
async def extend(
    analysis_id: UUID, body: AnalysisExtend, caller: MemberCaller, analyses: Service
) -> Analysis:
    """Ask the same of documents that joined the collection since, or of those named."""
    return await analyses.extend(caller, analysis_id, body)


@router.delete(
    "/{analysis_id}",
    status_code=204,
    summary="Delete an analysis",
    responses=problems(*ALWAYS, 403, 404),
)
async def delete(analysis_id: UUID, caller: MemberCaller, analyses: Service) -> None:
    """Delete an analysis with all that it found; a run of it ends."""
    await analyses.delete(caller, analysis_id)
