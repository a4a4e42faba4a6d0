"""The usage call."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from assay.adapters.http import ALWAYS, problems
from assay.identity.dependencies import ViewerCaller
from assay.usage.schemas import Granularity, UsageReport
from assay.usage.service import Usage

router = APIRouter(prefix="/v1", tags=["usage"])

Since = Annotated[
    datetime | None,
    Query(alias="from", description="Thirty days before `to` when absent; cut to the hour."),
]
Until = Annotated[
    datetime | None, Query(alias="to", description="Now when absent; cut to the hour.")
]


@router.get("/usage", summary="What we used, and what it cost", responses=problems(*ALWAYS))
async def usage(
    caller: ViewerCaller,
    request: Request,
    since: Since = None,
    until: Until = None,
    granularity: Granularity = "day",
) -> UsageReport:
    """Tell what the workspace used by hour or day, its share of the bill, and its model budget.

    Counters are some seconds behind; money is exact.
    """
    service: Usage = request.app.state.usage
    return await service.report(caller.scope, since, until, granularity)
