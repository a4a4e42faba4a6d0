"""Webhooks: who is told of what, and the outbox that the telling goes through."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.jobs import WEBHOOKS_QUEUE, Jobs
from assay.adapters.outgoing import Outgoing, Refused
from assay.adapters.postgres import Database, Row, Transaction
from assay.analyses import webhooks_repository as repository
from assay.analyses.models import Status
from assay.analyses.webhooks_models import (
    DELIVER,
    KEPT,
    MOST,
    SALT_BYTES,
    TEST,
    Event,
    Secrets,
)
from assay.analyses.webhooks_schemas import (
    Delivery,
    Webhook,
    WebhookCreate,
    WebhookCreated,
    WebhookUpdate,
)
from assay.errors import Conflict, Forbidden, Invalid, not_found
from assay.identity.audit import Action, record
from assay.identity.models import Caller
from assay.scope import TenantScope


class Announcements:
    """Puts what happened into the transaction in which it happened, for every webhook it is for."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def announce(
        self, tx: Transaction, scope: TenantScope, event: Event, payload: Mapping[str, Any]
    ) -> None:
        """Tell the workspace's webhooks of an event, exactly if the transaction commits.

        :param payload: ids and states, as JSON values; never the text of a document.
        """
        for webhook_id in await repository.told(tx, event):
            await self.queue(tx, scope, webhook_id, event, payload)

    async def analysis_over(
        self, tx: Transaction, scope: TenantScope, analysis_id: UUID, status: Status
    ) -> None:
        """Tell that an analysis ended."""
        payload = {"analysis_id": str(analysis_id), "status": str(status)}
        await self.announce(tx, scope, Event(f"analysis.{status}"), payload)

    async def queue(
        self,
        tx: Transaction,
        scope: TenantScope,
        webhook_id: UUID,
        event: str,
        payload: Mapping[str, Any],
    ) -> UUID:
        """Queue a delivery to one webhook and return its id."""
        delivery_id = uuid7()
        said = {"type": event, "timestamp": datetime.now(UTC).isoformat(), "data": payload}
        body = orjson.dumps(said).decode()
        await repository.add_delivery(tx, delivery_id, webhook_id, event, body, KEPT)
        await self._jobs.defer(
            tx,
            scope,
            DELIVER,
            lock=str(delivery_id),
            queue=WEBHOOKS_QUEUE,
            delivery_id=str(delivery_id),
        )
        return delivery_id


class Webhooks:
    """What admins and owners do with webhooks."""

    def __init__(
        self,
        database: Database,
        announcements: Announcements,
        outgoing: Outgoing,
        ring: Secrets,
    ) -> None:
        self._database, self._announcements = database, announcements
        self._outgoing, self._ring = outgoing, ring

    async def create(self, caller: Caller, body: WebhookCreate) -> WebhookCreated:
        """Add a webhook and show its secret for the only time.

        :raises Invalid: its URL must not be called.
        :raises Conflict: the workspace has as many as it may.
        :raises Forbidden: an API key asks.
        """
        _logged_in(caller)
        self._callable(body.url)
        webhook_id, salt = uuid7(), secrets.token_bytes(SALT_BYTES)
        async with self._database.transaction(caller.scope) as tx:
            if await repository.count(tx) >= MOST:
                raise Conflict(
                    f"The workspace has {MOST} webhooks. Delete one first.",
                    code="too_many_webhooks",
                )
            await repository.insert(
                tx,
                id=webhook_id,
                url=body.url,
                description=body.description,
                events=sorted(set(body.events)),
                key_id=self._ring.key_id,
                salt=salt,
                created_by=caller.user_id,
            )
            await record(tx, caller.actor, Action.WEBHOOK_CREATED, webhook_id, _place(body.url))
            row = await _known(tx, webhook_id)
        secret = self._ring.shown(self._ring.key_id, salt)
        return WebhookCreated(**row, secret=secret)

    async def list(self, caller: Caller, cursor: Cursor | None, limit: int) -> ItemList[Webhook]:
        """List the workspace's webhooks, oldest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.webhooks(tx, cursor, limit + 1)
        return item_list(rows, limit, lambda row: Webhook(**row))

    async def get(self, caller: Caller, webhook_id: UUID) -> Webhook:
        """Return a webhook without its secret."""
        async with self._database.transaction(caller.scope) as tx:
            return Webhook(**await _known(tx, webhook_id))

    async def update(self, caller: Caller, webhook_id: UUID, body: WebhookUpdate) -> Webhook:
        """Change a webhook.

        :raises Invalid: its new URL must not be called.
        :raises Forbidden: an API key asks.
        """
        _logged_in(caller)
        if body.url is not None:
            self._callable(body.url)
        async with self._database.transaction(caller.scope) as tx:
            await _known(tx, webhook_id)
            await repository.update(
                tx,
                webhook_id,
                url=body.url,
                events=None if body.events is None else sorted(set(body.events)),
                description=body.description,
                active=body.active,
            )
            changed = body.model_dump(exclude_none=True, exclude={"url"})
            details = changed | (_place(body.url) if body.url else {})
            await record(tx, caller.actor, Action.WEBHOOK_CHANGED, webhook_id, details)
            return Webhook(**await _known(tx, webhook_id))

    async def renew(self, caller: Caller, webhook_id: UUID) -> WebhookCreated:
        """Give a webhook another secret and show it for the only time; the old one ends at once.

        :raises Forbidden: an API key asks.
        """
        _logged_in(caller)
        salt = secrets.token_bytes(SALT_BYTES)
        async with self._database.transaction(caller.scope) as tx:
            row = await _known(tx, webhook_id)
            await repository.renew(tx, webhook_id, self._ring.key_id, salt)
            await record(tx, caller.actor, Action.WEBHOOK_SECRET_RENEWED, webhook_id)
        return WebhookCreated(**row, secret=self._ring.shown(self._ring.key_id, salt))

    async def delete(self, caller: Caller, webhook_id: UUID) -> None:
        """Delete a webhook; what was not delivered yet is dropped.

        :raises Forbidden: an API key asks.
        """
        _logged_in(caller)
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.delete(tx, webhook_id)
            if row is None:
                raise not_found("webhook")
            place = _place(row["url"])
            await record(tx, caller.actor, Action.WEBHOOK_DELETED, webhook_id, place)

    async def deliveries(
        self, caller: Caller, webhook_id: UUID, cursor: Cursor | None, limit: int
    ) -> ItemList[Delivery]:
        """List what a webhook was told in the last 30 days, newest first."""
        async with self._database.transaction(caller.scope) as tx:
            await _known(tx, webhook_id)
            rows = await repository.deliveries(tx, webhook_id, cursor, limit + 1)
        return item_list(rows, limit, lambda row: Delivery(**row))

    async def test(self, caller: Caller, webhook_id: UUID) -> Delivery:
        """Queue a test call.

        :raises Conflict: the webhook is switched off.
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await _known(tx, webhook_id)
            if not row["active"]:
                raise Conflict("The webhook is switched off. Switch it on first.", code="inactive")
            payload = {"webhook_id": str(webhook_id)}
            await self._announcements.queue(tx, caller.scope, webhook_id, TEST, payload)
            (delivery,) = await repository.deliveries(tx, webhook_id, None, 1)
        return Delivery(**delivery)

    def _callable(self, url: str) -> None:
        try:
            self._outgoing.target(url)
        except Refused as error:
            raise Invalid(str(error), code="invalid_url") from error


async def _known(tx: Transaction, webhook_id: UUID) -> Row:
    row = await repository.webhook(tx, webhook_id)
    if row is None:
        raise not_found("webhook")
    return row


def _place(url: str) -> dict[str, str]:
    """Return what the audit log keeps of a URL, whose path may be a secret."""
    return {"host": urlsplit(url).hostname or ""}


def _logged_in(caller: Caller) -> None:
    """Refuse API keys: one that leaked would go on being told after its end."""
    if caller.api_key_id is not None:
        raise Forbidden("An API key cannot manage webhooks. Log in for that.")
