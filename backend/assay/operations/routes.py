"""Calls for load balancers, monitors and operators."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assay.errors import NotFound
from assay.operations.queue import learn_queue
from assay.operations.schemas import Health, Readiness
from assay.operations.service import Operations

router = APIRouter(tags=["operations"])


@router.get(
    "/health",
    summary="Is the process serving?",
    responses={503: {"model": Health, "description": "It is about to end (`draining`)."}},
)
async def health() -> Health:
    """Answer without touching any part, so that a slow database takes no task out of service.

    While it drains, everything else is still served.
    """
    # `adapters.asgi` answers before a request comes here; this describes it.
    return Health(status="ok")


@router.get(
    "/ready",
    summary="How is every part?",
    responses={503: {"model": Readiness, "description": "Nothing is served without a part."}},
)
async def ready(request: Request, response: Response) -> Readiness:
    """Tell how every part answered, at most a second ago.

    A part that can be done without for a while is `unavailable` in `checks`, and the whole is
    `degraded`.
    """
    operations: Operations = request.app.state.operations
    readiness = await operations.readiness()
    if readiness.status == "unavailable":
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return readiness


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        404: {"description": "The request came through a proxy."},
    },
)
async def metrics(request: Request) -> Response:
    """Return this process's metrics in Prometheus's text format.

    Only directly: what came through a proxy gets a 404, unless `METRICS_PROXIED` is set.
    """
    state = request.app.state
    if "x-forwarded-for" in request.headers and not state.metrics_proxied:
        raise NotFound("There is nothing at this path. `/openapi.json` lists every call.")
    await learn_queue(state.cache)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
