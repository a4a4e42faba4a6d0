"""The audit log: what is in it, who reads it, and that nobody changes it."""

import csv
import io
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text

from assay.identity.audit import EXPORT_BATCH, FORMULA_STARTS, Action, inert, record
from assay.identity.models import Actor, ActorKind
from assay.scope import TenantScope
from tests.conftest import PASSWORD, Tenant, client_of


async def add(tenant: Tenant, app, role: str) -> tuple[str, httpx.AsyncClient]:
    email = f"{secrets.token_hex(6)}@example.com"
    body = {"email": email, "role": role, "password": PASSWORD}
    member = (await tenant.client.post("/v1/members", json=body)).json()
    async with client_of(app) as anonymous:
        tokens = await anonymous.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
    return member["id"], client_of(app, tokens.json()["access_token"])


async def events(tenant: Tenant, **params: str) -> list[dict]:
    answer = await tenant.client.get("/v1/audit", params={"limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def actions(tenant: Tenant, **params: str) -> list[str]:
    return [event["action"] for event in await events(tenant, **params)]


async def write(app, tenant: Tenant, count: int, target: str = "x") -> None:
    actor = Actor(ActorKind.SYSTEM, None, "")
    async with app.state.database.transaction(TenantScope(UUID(tenant.id))) as tx:
        for _ in range(count):
            await record(tx, actor, Action.SESSION_ENDED, target)


async def test_a_workspaces_life_is_in_its_log(app, anonymous, tenant: Tenant):
    login = {"email": tenant.email, "password": PASSWORD}
    await anonymous.post("/v1/auth/login", json=login | {"password": "wrong"})
    second = (await anonymous.post("/v1/auth/login", json=login)).json()
    third = (await anonymous.post("/v1/auth/login", json=login)).json()
    async with client_of(app, third["access_token"]) as client:
        await client.post("/v1/auth/logout")
    spent = {"refresh_token": second["refresh_token"]}
    for _ in range(2):
        await anonymous.post("/v1/auth/refresh", json=spent)
    fourth = (await anonymous.post("/v1/auth/login", json=login)).json()
    sessions = (await tenant.client.get("/v1/sessions")).json()["items"]
    await tenant.client.delete(f"/v1/sessions/{sessions[-1]['id']}")
    change = {"current_password": "guess", "new_password": "another long one"}
    await tenant.client.put("/v1/me/password", json=change)
    change["current_password"] = PASSWORD
    await tenant.client.put("/v1/me/password", json=change)
    member_id, _ = await add(tenant, app, "viewer")
    await tenant.client.patch(f"/v1/members/{member_id}", json={"role": "admin"})
    await tenant.client.delete(f"/v1/members/{member_id}")
    key = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()
    await tenant.client.patch(f"/v1/api-keys/{key['id']}", json={"name": "new"})
    file = {"file": ("a.txt", b"some text")}
    document = (await tenant.client.post("/v1/documents", files=file)).json()["documents"][0]
    async with client_of(app, key["key"]) as program:
        await program.delete(f"/v1/documents/{document['id']}")
    await tenant.client.delete(f"/v1/api-keys/{key['id']}")
    collection = (await tenant.client.post("/v1/collections", json={"name": "c"})).json()
    await tenant.client.delete(f"/v1/collections/{collection['id']}")
    asked = (await tenant.client.post("/v1/ask", json={"question": "What was revenue?"})).json()
    await tenant.client.delete(f"/v1/conversations/{asked['conversation_id']}")

    log = [event for event in await events(tenant) if event["action"] != "audit.read"]
    assert [event["action"] for event in reversed(log)] == [
        "tenant.created",
        "login.succeeded",
        "login.failed",
        "login.succeeded",
        "login.succeeded",
        "session.logged_out",
        "session.refresh_token_reused",
        "login.succeeded",
        "session.ended",
        "password.refused",
        "password.changed",
        "member.added",
        "login.succeeded",
        "member.role_changed",
        "member.removed",
        "api_key.created",
        "api_key.renamed",
        "api_key.used",
        "document.deleted",
        "api_key.deleted",
        "collection.deleted",
        "conversation.deleted",
    ]
    by = {event["action"]: event for event in log}
    assert by["member.role_changed"]["details"] == {"before": "viewer", "after": "admin"}
    assert by["member.removed"]["details"]["role"] == "admin"
    assert by["api_key.deleted"]["details"] == {"name": "new"}
    deleted = by["document.deleted"]
    assert (deleted["actor_kind"], deleted["actor_id"]) == ("api_key", key["id"])
    assert deleted["target"] == document["id"]
    assert by["login.failed"]["target"] == by["password.changed"]["actor"] == tenant.email
    assert {event["address"] for event in log} == {"127.0.0.1"}
    whole = str(log)
    for secret in (PASSWORD, "another long one", key["key"], fourth["refresh_token"], "guess"):
        assert secret not in whole


async def test_ending_all_other_sessions_is_one_event(anonymous, tenant: Tenant):
    login = {"email": tenant.email, "password": PASSWORD}
    for _ in range(2):
        await anonymous.post("/v1/auth/login", json=login)
    kept = (await tenant.client.get("/v1/sessions")).json()["items"][0]["id"]
    for _ in range(2):
        await tenant.client.delete("/v1/sessions")
    [event] = await events(tenant, action="session.others_ended")
    assert (event["target"], event["actor"]) == (kept, tenant.email)
    assert event["details"] == {"sessions": 2}


async def test_what_is_rolled_back_is_not_in_the_log(tenant: Tenant):
    collection = (await tenant.client.post("/v1/collections", json={"name": "c"})).json()
    data = {"collection_id": collection["id"]}
    await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"text")}, data=data)
    refused = await tenant.client.delete(f"/v1/collections/{collection['id']}")
    assert refused.json()["code"] == "collection_not_empty"
    assert await actions(tenant, action="collection.deleted") == []


async def test_only_owners_read_it_and_their_own_only(app, anonymous, tenant, other: Tenant):
    for path in ("/v1/audit", "/v1/audit/export"):
        assert (await anonymous.get(path)).status_code == 401
        for role in ("admin", "member", "viewer"):
            _, client = await add(tenant, app, role)
            assert (await client.get(path)).json()["code"] == "forbidden"
        answer = await other.client.get(path)
        assert answer.status_code == 200
        assert tenant.email not in answer.text
        assert tenant.id not in answer.text
        assert other.id in answer.text


async def test_reading_and_exporting_are_events_themselves(tenant: Tenant):
    await events(tenant, action="login.failed")
    await tenant.client.get("/v1/audit/export")
    found = await events(tenant)
    assert [event["action"] for event in found[:2]] == ["audit.exported", "audit.read"]
    assert found[1]["details"] == {"action": "login.failed"}


async def test_it_is_filtered_and_paged(app, tenant: Tenant):
    await write(app, tenant, 5)
    member_id, client = await add(tenant, app, "owner")
    await client.post("/v1/api-keys", json={"name": "k"})
    assert await actions(tenant, actor_id=member_id) == ["api_key.created", "login.succeeded"]
    assert set(await actions(tenant, action="session.ended")) == {"session.ended"}
    now = datetime.now(UTC)
    late, early = (now + timedelta(hours=1)).isoformat(), (now - timedelta(hours=1)).isoformat()
    assert await actions(tenant, **{"from": late}) == []
    assert await actions(tenant, to=early) == []
    assert len(await actions(tenant, **{"from": early, "to": late, "action": "session.ended"})) == 5
    seen, cursor = [], None
    while True:
        params = {"limit": 2, "action": "session.ended"} | ({"cursor": cursor} if cursor else {})
        page = (await tenant.client.get("/v1/audit", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    naive = await tenant.client.get("/v1/audit", params={"from": "2024-01-01T00:00:00"})
    assert naive.status_code == 422


async def test_the_export_is_whole_and_opens_as_a_table(app, tenant: Tenant):
    await write(app, tenant, EXPORT_BATCH + 7)
    answer = await tenant.client.get("/v1/audit/export", params={"action": "session.ended"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == EXPORT_BATCH + 7
    assert {row["action"] for row in rows} == {"session.ended"}
    assert sorted((row["created_at"] for row in rows), reverse=True) == [
        row["created_at"] for row in rows
    ]


@pytest.mark.parametrize("start", FORMULA_STARTS)
async def test_the_export_holds_no_formula(tenant: Tenant, app, start: str):
    formula = f"{start}cmd|'/c calc'!A1,\"x\"\n=1+1"
    await write(app, tenant, 1, formula)
    answer = await tenant.client.get("/v1/audit/export", params={"action": "session.ended"})
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert row["target"] == f"'{formula}"


@given(st.text())
def test_no_cell_is_a_formula(cell: str):
    shown = inert(cell)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert shown in (cell, f"'{cell}")


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_events set action = 'nothing'",
        "delete from audit_events",
        "truncate audit_events",
        "insert into audit_events values (gen_random_uuid(), gen_random_uuid(), now(), 'member')",
    ],
)
@pytest.mark.parametrize("role", ["app", "worker"])
async def test_nobody_changes_deletes_or_forges_events(parts, tenant: Tenant, statement, role):
    from assay.adapters.postgres import Database

    settings = parts.app_settings if role == "app" else parts.worker_settings
    database = Database(settings)
    before = await events(tenant)
    try:
        with pytest.raises(InsufficientPrivilege):
            async with database.transaction(TenantScope(UUID(tenant.id))) as tx:
                await tx.run(text(statement))
    finally:
        await database.close()
    assert (await events(tenant))[-len(before) :] == before
