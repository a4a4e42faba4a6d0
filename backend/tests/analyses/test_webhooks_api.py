import asyncio
import contextlib
from datetime import timedelta
from ipaddress import ip_network
from uuid import UUID, uuid4

import pytest

from assay import worker
from assay.adapters.jobs import Jobs
from assay.adapters.outgoing import Outgoing
from assay.analyses import webhooks_models, webhooks_repository
from assay.analyses.models import Status
from assay.analyses.webhooks_models import Secrets
from assay.analyses.webhooks_service import Announcements
from assay.scope import TenantScope
from tests.analyses.receiver import answer, receiving
from tests.conftest import client_of
from tests.library import over, put

LOCAL = (ip_network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
async def delivering(parts, app):
    """A worker and an API that an operator allowed to call this machine."""
    allowed = {"webhook_private_networks": LOCAL}
    webhooks, before = app.state.webhooks, app.state.webhooks._outgoing
    webhooks._outgoing = Outgoing(parts.app_settings.model_copy(update=allowed))
    async with worker.connect(parts.worker_settings.model_copy(update=allowed)) as runner:
        task = asyncio.create_task(runner.run(alone=True))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    webhooks._outgoing = before


@pytest.fixture
async def receiver():
    async with receiving() as one:
        yield one


async def made(tenant, url, **body):
    created = await tenant.client.post("/v1/webhooks", json={"url": url, **body})
    assert created.status_code == 201, created.text
    return created.json()


async def deliveries(tenant, webhook):
    listed = await tenant.client.get(f"/v1/webhooks/{webhook['id']}/deliveries")
    return listed.json()["items"]


async def settled(tenant, webhook, status="delivered"):
    """Wait until the newest delivery has a status, and return it."""
    async with asyncio.timeout(30):
        while True:
            items = await deliveries(tenant, webhook)
            if items and items[0]["status"] == status:
                return items[0]
            await asyncio.sleep(0.05)


async def test(tenant, webhook):
    tested = await tenant.client.post(f"/v1/webhooks/{webhook['id']}/test")
    assert tested.status_code == 202, tested.text
    return tested.json()


test.__test__ = False


async def test_a_test_call_is_signed_and_told_of(new_tenant, receiver, delivering):
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url("/hook?x=1"))
    delivery = await test(tenant, webhook)
    (request,) = await receiver.told(1)
    assert request.line == "POST /hook?x=1 HTTP/1.1"
    assert request.verifies(webhook["secret"])
    assert request.headers["webhook-id"] == delivery["id"]
    assert request.headers["content-type"] == "application/json"
    assert request.json["type"] == "webhook.test"
    assert request.json["data"] == {"webhook_id": webhook["id"]}
    done = await settled(tenant, webhook)
    assert (done["attempts"], done["response_status"], done["error"]) == (1, 204, None)
    assert done["next_attempt_at"] is None
    shown = (await tenant.client.get(f"/v1/webhooks/{webhook['id']}")).json()
    assert shown["last_delivery"]["id"] == delivery["id"]


async def test_a_secret_is_shown_once_and_can_be_renewed(new_tenant, receiver, delivering):
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url())
    path = f"/v1/webhooks/{webhook['id']}"
    for answered in (
        await tenant.client.get(path),
        await tenant.client.get("/v1/webhooks"),
        await tenant.client.patch(path, json={"description": "mine"}),
        await tenant.client.get("/v1/audit", params={"limit": 200}),
    ):
        assert webhook["secret"] not in answered.text
    renewed = (await tenant.client.post(f"{path}/secret")).json()
    await test(tenant, webhook)
    (request,) = await receiver.told(1)
    assert request.verifies(renewed["secret"])
    assert not request.verifies(webhook["secret"])


async def test_the_end_of_an_analysis_is_told(new_tenant, receiver, delivering):
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url(), events=["analysis.completed"])
    document = await put(tenant.client, "a.txt", b"The harbour handled four million tonnes.")
    body = {"kind": "summary", "document_ids": [document["id"]]}
    analysis = (await tenant.client.post("/v1/analyses", json=body)).json()
    await over(tenant.client, analysis["id"])
    (request,) = await receiver.told(1)
    assert request.verifies(webhook["secret"])
    assert request.json["type"] == "analysis.completed"
    assert request.json["data"] == {"analysis_id": analysis["id"], "status": "completed"}


async def announced(app, tenant, status, *, commit=True):
    scope = TenantScope(UUID(tenant.id))
    with contextlib.suppress(ZeroDivisionError):
        async with app.state.database.transaction(scope) as tx:
            await Announcements(Jobs()).analysis_over(tx, scope, uuid4(), status)
            if not commit:
                raise ZeroDivisionError


async def test_only_what_was_asked_for_and_what_is_committed_is_told(
    app, new_tenant, receiver, delivering
):
    tenant, other = await new_tenant(), await new_tenant()
    webhook = await made(tenant, receiver.url(), events=["analysis.failed"])
    await announced(app, tenant, Status.COMPLETED)
    await announced(app, tenant, Status.FAILED, commit=False)
    await announced(app, other, Status.FAILED)
    await announced(app, tenant, Status.FAILED)
    await settled(tenant, webhook)
    assert [request.json["type"] for request in receiver.requests] == ["analysis.failed"]
    assert len(await deliveries(tenant, webhook)) == 1


async def test_a_failed_delivery_comes_again_with_the_same_id_and_body(
    new_tenant, receiver, delivering, monkeypatch
):
    monkeypatch.setattr(webhooks_models, "RETRY_SECONDS", (0.1, 0.1, 0.1))
    receiver.answers = [answer(500), answer(302, "Location: /other\r\n"), answer(200)]
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url())
    await test(tenant, webhook)
    done = await settled(tenant, webhook)
    assert done["attempts"] == 3
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert all(request.verifies(webhook["secret"]) for request in receiver.requests)
    assert all(request.line.startswith("POST /hook ") for request in receiver.requests)


async def test_a_delivery_is_given_up_in_the_end_and_says_why(
    new_tenant, receiver, delivering, monkeypatch
):
    monkeypatch.setattr(webhooks_models, "RETRY_SECONDS", (0.1,))
    receiver.answers = [answer(503)]
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url())
    await test(tenant, webhook)
    failed = await settled(tenant, webhook, "failed")
    assert (failed["attempts"], failed["response_status"]) == (2, 503)
    assert "503" in failed["error"]
    assert (await tenant.client.get(f"/v1/webhooks/{webhook['id']}")).json()["active"]


@pytest.mark.parametrize(("status", "reason"), [(500, "failing"), (410, "gone")])
async def test_a_webhook_that_only_fails_or_is_gone_is_switched_off(
    new_tenant, receiver, delivering, monkeypatch, status, reason
):
    monkeypatch.setattr(webhooks_models, "DISABLED_AFTER", timedelta(seconds=0))
    monkeypatch.setattr(webhooks_models, "RETRY_SECONDS", (0.1,))
    receiver.answers = [answer(status)]
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url())
    path = f"/v1/webhooks/{webhook['id']}"
    await test(tenant, webhook)
    await settled(tenant, webhook, "failed")
    shown = (await tenant.client.get(path)).json()
    assert (shown["active"], shown["disabled_reason"]) == (False, reason)
    refused = await tenant.client.post(f"{path}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "inactive")
    events = (await tenant.client.get("/v1/audit", params={"action": "webhook.disabled"})).json()
    assert events["items"][0]["details"] == {"reason": reason}
    again = await tenant.client.patch(path, json={"active": True})
    assert (again.json()["active"], again.json()["disabled_reason"]) == (True, None)


async def test_deliveries_do_not_survive_their_webhook(
    app, new_tenant, receiver, delivering, monkeypatch
):
    monkeypatch.setattr(webhooks_models, "RETRY_SECONDS", (1,))
    receiver.answers = [answer(500)]
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url())
    await test(tenant, webhook)
    await receiver.told(1)
    path = f"/v1/webhooks/{webhook['id']}"
    assert (await tenant.client.delete(path)).status_code == 204
    assert (await tenant.client.get(path)).status_code == 404
    assert (await tenant.client.get(f"{path}/deliveries")).status_code == 404
    await asyncio.sleep(2.5)
    assert len(receiver.requests) == 1


async def test_a_webhook_is_deleted_while_an_attempt_is_kept(
    new_tenant, receiver, delivering, monkeypatch
):
    receiver.answers = [answer(500)]
    tenant = await new_tenant()
    webhook = await made(tenant, receiver.url())
    deletion = asyncio.get_running_loop().create_future()
    outcome = webhooks_repository.outcome

    async def slow(*args, **values):
        await outcome(*args, **values)
        deletion.set_result(
            asyncio.create_task(tenant.client.delete(f"/v1/webhooks/{webhook['id']}"))
        )
        await asyncio.sleep(0.5)

    monkeypatch.setattr(webhooks_repository, "outcome", slow)
    await test(tenant, webhook)
    assert (await (await deletion)).status_code == 204


async def test_only_admins_reach_webhooks_and_only_logged_in_ones_change_them(app, new_tenant):
    tenant = await new_tenant()
    created = await tenant.client.post("/v1/api-keys", json={"name": "k", "role": "admin"})
    member = await tenant.client.post("/v1/api-keys", json={"name": "k", "role": "member"})
    body = {"url": "https://example.com/"}
    async with client_of(app, created.json()["key"]) as by_key:
        assert (await by_key.get("/v1/webhooks")).status_code == 200
        assert (await by_key.post("/v1/webhooks", json=body)).status_code == 403
    async with client_of(app, member.json()["key"]) as by_member:
        assert (await by_member.get("/v1/webhooks")).status_code == 403


async def test_a_workspace_has_a_bounded_number_of_webhooks(new_tenant, monkeypatch):
    monkeypatch.setattr("assay.analyses.webhooks_service.MOST", 2)
    tenant = await new_tenant()
    for _ in range(2):
        await made(tenant, "https://example.com/")
    third = await tenant.client.post("/v1/webhooks", json={"url": "https://example.com/"})
    assert (third.status_code, third.json()["code"]) == (409, "too_many_webhooks")


async def test_what_is_wrong_with_a_webhook_is_said(new_tenant):
    tenant = await new_tenant()
    for body in ({"events": []}, {"events": ["no.such"]}, {"url": ""}, {"secret": "mine"}):
        wrong = await tenant.client.post("/v1/webhooks", json={"url": "https://x.test/", **body})
        assert wrong.status_code == 422, body


def test_a_secret_hangs_on_its_key_of_the_ring_and_its_salt(parts):
    ring = Secrets(parts.app_settings)
    one, two = ring.of(ring.key_id, b"1" * 32), ring.of(ring.key_id, b"2" * 32)
    assert one
    assert one != two
    assert ring.of("retired", b"1" * 32) is None
    assert Secrets(parts.worker_settings).of(ring.key_id, b"1" * 32) == one
