"""The operator's calls about usage and the state of the parts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from assay.adapters.http import ALWAYS, problems
from assay.identity.dependencies import OperatorKey
from assay.operations.bill import BillReports
from assay.operations.bill_schemas import BillReport, QueueReport, Topology
from assay.operations.queue_view import QueueView
from assay.operations.topology import TopologyView
from assay.usage.routes import Since, Until

router = APIRouter(prefix="/v1/admin", tags=["operators"])


@router.get("/usage", summary="Usage and costs of every tenant", responses=problems(*ALWAYS))
async def usage(
    key: OperatorKey, request: Request, since: Since = None, until: Until = None
) -> BillReport:
    """Divide the bill: compute by processor time, storage by bytes, API by requests.

    The bill is `MONTHLY_COMPUTE_USD`, `MONTHLY_STORAGE_USD` and `MONTHLY_API_USD`; what tenants
    pay is `MONTHLY_PRICE_STANDARD_USD` and `MONTHLY_PRICE_PREMIUM_USD`. For operators only.
    """
    reports: BillReports = request.app.state.bill_reports
    return await reports.report(key, since, until)


@router.get("/topology", summary="The state of every part", responses=problems(*ALWAYS))
async def topology(key: OperatorKey, request: Request) -> Topology:
    """Tell how every part and every node of the vector store is. For operators only."""
    view: TopologyView = request.app.state.topology
    return await view.view(key)


@router.get("/queue", summary="What waits and what failed", responses=problems(*ALWAYS))
async def queue(
    key: OperatorKey,
    request: Request,
    days: Annotated[int, Query(ge=1, le=90, description="How far failures are looked for.")] = 7,
) -> QueueReport:
    """Tell what waits for a worker, and what failed for good by tenant and reason.

    It names nothing of a tenant but the tenant itself. For operators only.
    """
    view: QueueView = request.app.state.queue_view
    return await view.view(key, days)
