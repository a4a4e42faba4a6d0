"""Calls for load balancers, monitors and operators."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assay.operations.schemas import Health, Readiness
from assay.operations.service import Operations

router = APIRouter(tags=["operations"])


@router.get("/health", summary="Is the process serving?")
async def health() -> Health:
    """Answer without touching any part, so that a slow database takes no task out of service."""
    return Health(status="ok")


@router.get(
    "/ready",
    summary="Is every part there?",
    responses={503: {"model": Readiness, "description": "A part is away; `checks` says which."}},
)
async def ready(request: Request, response: Response) -> Readiness:
    """Ask every part."""
    operations: Operations = request.app.state.operations
    readiness = await operations.readiness()
    response.status_code = 200 if readiness.status == "ok" else 503
    if response.status_code != 200:  # noqa: PLR2004 - HTTP's own number
        response.headers["Retry-After"] = "5"
    return readiness


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    """Return this process's metrics in Prometheus's text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
