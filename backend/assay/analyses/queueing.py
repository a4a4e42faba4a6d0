"""How an analysis waits for the worker: as one job for each of its lanes, never one a document.

A job works for a few seconds and puts its successor behind what others wait for, so that runs
of any length take turns. Lanes bound how many jobs of one tenant run at once: jobs of a lane
run one after the other, whichever analysis they are of.
"""

from uuid import UUID

from assay.adapters.jobs import ANALYSES_QUEUE, Jobs
from assay.adapters.postgres import Transaction
from assay.scope import TenantScope

RUN = "analyses.run"
"""Name of the job."""


async def queue_lanes(
    tx: Transaction, jobs: Jobs, scope: TenantScope, analysis_id: UUID, turn: int, lanes: int
) -> None:
    """Queue a job for every lane."""
    for lane in range(lanes):
        await queue_lane(tx, jobs, scope, analysis_id, turn=turn, lane=lane)


async def queue_lane(
    tx: Transaction,
    jobs: Jobs,
    scope: TenantScope,
    analysis_id: UUID,
    *,
    turn: int,
    lane: int,
    wait_seconds: float = 0,
) -> None:
    """Queue the next job of a lane, not to start before some seconds have passed."""
    await jobs.defer(
        tx,
        scope,
        RUN,
        lock=f"{RUN}:{scope.tenant_id}:{lane}",
        queue=ANALYSES_QUEUE,
        wait_seconds=wait_seconds,
        analysis_id=str(analysis_id),
        turn=turn,
        lane=lane,
    )
