"""The search call."""

from fastapi import APIRouter, Request, Response

from assay.adapters.http import ALWAYS, problems
from assay.admission.tiers import Limits
from assay.identity.dependencies import ViewerCaller
from assay.search.schemas import SearchRequest, SearchResponse
from assay.search.service import Search

router = APIRouter(prefix="/v1", tags=["search"])


@router.post(
    "/search",
    summary="Find passages",
    response_model=SearchResponse,
    responses=problems(*ALWAYS, 404, 413),
)
async def search(body: SearchRequest, caller: ViewerCaller, request: Request) -> Response:
    """Find the passages that fit best, by meaning, by words, or by both."""
    service: Search = request.app.state.search
    limits: Limits = request.scope["state"]["limits"]
    # Encoded by the service: the framework would check the answer against its own model once more.
    found = await service.search(caller.scope, body, limits.query_cache_bytes)
    return Response(found, media_type="application/json")
