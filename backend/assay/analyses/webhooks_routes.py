"""Calls about webhooks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.analyses.webhooks_schemas import (
    Delivery,
    Webhook,
    WebhookCreate,
    WebhookCreated,
    WebhookUpdate,
)
from assay.analyses.webhooks_service import Webhooks
from assay.identity.dependencies import AdminCaller

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


async def _webhooks(request: Request) -> Webhooks:
    webhooks: Webhooks = request.app.state.webhooks
    return webhooks


Service = Annotated[Webhooks, Depends(_webhooks)]


@router.post(
    "", status_code=201, summary="Add a webhook", responses=problems(*ALWAYS, 403, 409, 413)
)
async def create(body: WebhookCreate, caller: AdminCaller, webhooks: Service) -> WebhookCreated:
    """Have a URL called when something happens.

    Calls are signed by Standard Webhooks: verify `webhook-signature` with the secret, which is
    shown only now. An event may come more than once, with the same `webhook-id`. What is not
    answered with 200 to 299 within 15 seconds is tried again for about 17 hours; after 5 days of
    failure, or an answer 410, the webhook is switched off. Redirects are not followed.
    """
    return await webhooks.create(caller, body)


@router.get("", summary="List webhooks", responses=problems(*ALWAYS, 403))
async def list_webhooks(
    caller: AdminCaller, webhooks: Service, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[Webhook]:
    """List the workspace's webhooks, oldest first."""
    return await webhooks.list(caller, Cursor.decode(cursor), limit)


@router.get("/{webhook_id}", summary="Read a webhook", responses=problems(*ALWAYS, 403, 404))
async def read(webhook_id: UUID, caller: AdminCaller, webhooks: Service) -> Webhook:
    """Return a webhook with its last delivery, without its secret."""
    return await webhooks.get(caller, webhook_id)


@router.patch(
    "/{webhook_id}", summary="Change a webhook", responses=problems(*ALWAYS, 403, 404, 413)
)
async def change(
    webhook_id: UUID, body: WebhookUpdate, caller: AdminCaller, webhooks: Service
) -> Webhook:
    """Change a webhook, or switch it off and on."""
    return await webhooks.update(caller, webhook_id, body)


@router.delete(
    "/{webhook_id}",
    status_code=204,
    summary="Delete a webhook",
    responses=problems(*ALWAYS, 403, 404),
)
async def delete(webhook_id: UUID, caller: AdminCaller, webhooks: Service) -> None:
    """Delete a webhook; what was not delivered yet is dropped."""
    await webhooks.delete(caller, webhook_id)


@router.post(
    "/{webhook_id}/secret",
    summary="Renew a webhook's secret",
    responses=problems(*ALWAYS, 403, 404),
)
async def renew(webhook_id: UUID, caller: AdminCaller, webhooks: Service) -> WebhookCreated:
    """Give a webhook another secret; the old one ends at once."""
    return await webhooks.renew(caller, webhook_id)


@router.post(
    "/{webhook_id}/test",
    status_code=202,
    summary="Test a webhook",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def test(webhook_id: UUID, caller: AdminCaller, webhooks: Service) -> Delivery:
    """Queue a call of the event `webhook.test`; its outcome stands among the deliveries."""
    return await webhooks.test(caller, webhook_id)


@router.get(
    "/{webhook_id}/deliveries",
    summary="List a webhook's deliveries",
    responses=problems(*ALWAYS, 403, 404),
)
async def list_deliveries(
    webhook_id: UUID,
    caller: AdminCaller,
    webhooks: Service,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> ItemList[Delivery]:
    """Return what a webhook was told in the last 30 days and how that went, newest first."""
    return await webhooks.deliveries(caller, webhook_id, Cursor.decode(cursor), limit)
