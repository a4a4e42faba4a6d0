"""Deliveries: each attempt, when the next one is, and when to give up."""

from datetime import UTC, datetime
from uuid import UUID

import structlog

from assay.adapters.jobs import WEBHOOKS_QUEUE, Jobs
from assay.adapters.outgoing import Outgoing, Refused, Unreachable
from assay.adapters.postgres import Database, Row, Transaction
from assay.analyses import webhooks_models as models
from assay.analyses import webhooks_repository as repository
from assay.analyses.webhooks_models import DELIVER, DeliveryStatus, Secrets, signed
from assay.identity.audit import Action, record
from assay.identity.models import Actor, ActorKind
from assay.scope import TenantScope

log = structlog.get_logger()

_GONE = 410
"""The answer of who wants to be told no more (Standard Webhooks)."""


class WebhookJobs:
    """The job `webhooks.deliver`: at least once, with the same id and body each time."""

    def __init__(
        self, *, database: Database, jobs: Jobs, outgoing: Outgoing, ring: Secrets
    ) -> None:
        self._database, self._jobs = database, jobs
        self._outgoing, self._ring = outgoing, ring

    async def deliver(self, scope: TenantScope, delivery_id: str) -> None:
        """Make one attempt and keep what became of it.

        :raises Unavailable: the database is away; the job is to be run again later.
        """
        async with self._database.transaction(scope) as tx:
            row = await repository.to_deliver(tx, UUID(delivery_id))
        if row is None:
            return
        status, error = await self._attempt(row)
        async with self._database.transaction(scope) as tx:
            if not await repository.hold(tx, row["webhook_id"]):
                return
            if error is None:
                await repository.outcome(
                    tx,
                    row["id"],
                    DeliveryStatus.DELIVERED,
                    response_status=status,
                    error=None,
                    wait=None,
                )
                await repository.works(tx, row["webhook_id"])
            else:
                await self._failed(tx, scope, row, status, error)
        log.info(
            "webhook.attempted", delivery_id=delivery_id, status=status, attempt=row["attempts"] + 1
        )

    async def _attempt(self, row: Row) -> tuple[int | None, str | None]:
        """Return the status of the answer, and why that is a failure."""
        secret = self._ring.of(row["key_id"], row["salt"])
        if secret is None:
            return None, "The secret's key was retired. Renew the webhook's secret."
        if not row["active"]:
            return None, "The webhook was switched off."
        if row["suspended"]:
            return None, "The workspace is suspended."
        body = row["body"].encode()
        headers = signed(secret, str(row["id"]), datetime.now(UTC), body)
        try:
            status = await self._outgoing.post(row["url"], headers, body)
        except (Refused, Unreachable) as error:
            return None, str(error)
        if 200 <= status < 300:  # noqa: PLR2004 - success, as HTTP has it
            return status, None
        return status, f"The answer was {status}; only 200 to 299 is a success."

    async def _failed(
        self, tx: Transaction, scope: TenantScope, row: Row, status: int | None, error: str
    ) -> None:
        waits = models.RETRY_SECONDS
        again = row["active"] and status != _GONE and row["attempts"] < len(waits)
        wait = float(waits[row["attempts"]]) if again else None
        await repository.outcome(
            tx,
            row["id"],
            DeliveryStatus.PENDING if again else DeliveryStatus.FAILED,
            response_status=status,
            error=error,
            wait=wait,
        )
        if wait is not None:
            await self._jobs.defer(
                tx,
                scope,
                DELIVER,
                lock=str(row["id"]),
                queue=WEBHOOKS_QUEUE,
                wait_seconds=wait,
                delivery_id=str(row["id"]),
            )
        failing = await repository.fails(tx, row["webhook_id"])
        if status == _GONE:
            await _disable(tx, row["webhook_id"], "gone")
        elif failing >= models.DISABLED_AFTER:
            await _disable(tx, row["webhook_id"], "failing")


async def _disable(tx: Transaction, webhook_id: UUID, reason: str) -> None:
    if await repository.disable(tx, webhook_id, reason):
        actor = Actor(ActorKind.SYSTEM, None, "")
        await record(tx, actor, Action.WEBHOOK_DISABLED, webhook_id, {"reason": reason})
