"""Members, roles and API keys."""

import asyncio
import secrets

import pytest

from tests.conftest import PASSWORD, Tenant, client_of


async def add(tenant: Tenant, app, role: str):
    """Add a member; return their id and client."""
    email = f"{secrets.token_hex(6)}@example.com"
    body = {"email": email, "role": role, "password": PASSWORD}
    member = await tenant.client.post("/v1/members", json=body)
    assert member.status_code == 201, member.text
    assert member.json()["temporary_password"] is None
    async with client_of(app) as anonymous:
        login = {"email": email, "password": PASSWORD}
        tokens = (await anonymous.post("/v1/auth/login", json=login)).json()
    return member.json()["id"], client_of(app, tokens["access_token"])


async def test_a_temporary_password_is_shown_once_and_works(anonymous, tenant: Tenant):
    email = f"{secrets.token_hex(6)}@example.com"
    member = (await tenant.client.post("/v1/members", json={"email": email})).json()
    assert member["role"] == "member"
    login = {"email": email, "password": member["temporary_password"]}
    assert (await anonymous.post("/v1/auth/login", json=login)).status_code == 200
    read = (await tenant.client.get(f"/v1/members/{member['id']}")).json()
    assert "temporary_password" not in read


@pytest.mark.parametrize(
    ("role", "method", "path", "body", "allowed"),
    [
        ("viewer", "GET", "/v1/members", None, True),
        ("viewer", "GET", "/v1/api-keys", None, False),
        ("viewer", "POST", "/v1/members", {"email": "x1@example.com"}, False),
        ("member", "POST", "/v1/members", {"email": "x2@example.com"}, False),
        ("member", "POST", "/v1/api-keys", {"name": "k"}, True),
        ("member", "POST", "/v1/api-keys", {"name": "k", "role": "admin"}, False),
        ("admin", "POST", "/v1/api-keys", {"name": "k", "role": "admin"}, True),
        ("admin", "POST", "/v1/members", {"email": "x3@example.com", "role": "owner"}, False),
    ],
)
async def test_roles_bound_what_a_member_may_do(app, tenant, role, method, path, body, allowed):
    _, client = await add(tenant, app, role)
    if body and "email" in body:
        body = body | {"email": secrets.token_hex(4) + body["email"]}
    response = await client.request(method, path, json=body)
    assert (response.status_code < 300) is allowed, response.text
    if not allowed:
        assert response.json()["code"] == "forbidden"


async def test_an_admin_cannot_touch_an_owner(app, tenant: Tenant):
    _, admin = await add(tenant, app, "admin")
    path = f"/v1/members/{tenant.user_id}"
    assert (await admin.patch(path, json={"role": "viewer"})).status_code == 403
    assert (await admin.delete(path)).status_code == 403


async def test_the_last_owner_stays(app, tenant: Tenant):
    path = f"/v1/members/{tenant.user_id}"
    for attempt in (tenant.client.delete(path), tenant.client.patch(path, json={"role": "admin"})):
        response = await attempt
        assert (response.status_code, response.json()["code"]) == (409, "last_owner")
    second, client = await add(tenant, app, "owner")
    # Two owners who remove each other at the same moment: one of them must remain.
    results = await asyncio.gather(
        tenant.client.delete(f"/v1/members/{second}"), client.delete(path)
    )
    assert sorted(result.status_code for result in results) in ([204, 401], [204, 404], [204, 409])


async def test_a_role_change_holds_from_the_next_request_on(app, tenant: Tenant):
    member_id, client = await add(tenant, app, "admin")
    assert (await client.get("/v1/members")).status_code == 200
    change = await tenant.client.patch(f"/v1/members/{member_id}", json={"role": "viewer"})
    assert change.json()["role"] == "viewer"
    assert (await client.post("/v1/members", json={"email": "y@example.com"})).status_code == 403
    assert (await client.get("/v1/me")).json()["user"]["role"] == "viewer"


async def test_a_removed_member_is_out_at_once(app, tenant: Tenant):
    member_id, client = await add(tenant, app, "member")
    key = (await client.post("/v1/api-keys", json={"name": "k"})).json()["key"]
    async with client_of(app, key) as program:
        assert (await program.get("/v1/me")).status_code == 200
        assert (await tenant.client.delete(f"/v1/members/{member_id}")).status_code == 204
        assert (await client.get("/v1/me")).status_code == 401
        assert (await program.get("/v1/me")).status_code == 401


async def test_an_api_key_works_is_shown_once_and_dies_with_its_deletion(app, tenant: Tenant):
    created = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()
    path = f"/v1/api-keys/{created['id']}"
    async with client_of(app, created["key"]) as program:
        assert (await program.get("/v1/me")).json()["user"]["role"] == "member"
        read = (await tenant.client.get(path)).json()
        assert "key" not in read
        assert read["last_used_at"] is not None
        assert created["key"].startswith(read["prefix"])
        renamed = await tenant.client.patch(path, json={"name": "new"})
        assert renamed.json()["name"] == "new"
        assert (await program.post("/v1/auth/logout")).json()["code"] == "no_session"
        assert (await tenant.client.delete(path)).status_code == 204
        assert (await program.get("/v1/me")).status_code == 401
    assert (await tenant.client.delete(path)).status_code == 404


async def test_only_the_hash_of_a_key_is_stored(app, tenant: Tenant):
    from sqlalchemy import text

    created = (await tenant.client.post("/v1/api-keys", json={"name": "k"})).json()
    service = app.state.api_keys
    from uuid import UUID

    from assay.scope import TenantScope

    async with service._database.transaction(TenantScope(UUID(tenant.id))) as tx:
        rows = await tx.all(text("select api_keys::text as row from api_keys"))
    assert rows
    assert not any(created["key"][12:] in row["row"] for row in rows)


async def test_a_key_never_outranks_its_maker(app, tenant: Tenant):
    member_id, client = await add(tenant, app, "admin")
    body = {"name": "k", "role": "admin"}
    key = (await client.post("/v1/api-keys", json=body)).json()["key"]
    await tenant.client.patch(f"/v1/members/{member_id}", json={"role": "viewer"})
    async with client_of(app, key) as program:
        assert (await program.get("/v1/me")).json()["user"]["role"] == "viewer"


async def test_members_see_their_own_keys_and_admins_all(app, tenant: Tenant):
    _, client = await add(tenant, app, "member")
    mine = (await client.post("/v1/api-keys", json={"name": "mine"})).json()
    theirs = (await tenant.client.post("/v1/api-keys", json={"name": "theirs"})).json()
    listed = (await client.get("/v1/api-keys")).json()["items"]
    assert [key["id"] for key in listed] == [mine["id"]]
    assert (await client.get(f"/v1/api-keys/{theirs['id']}")).status_code == 404
    assert len((await tenant.client.get("/v1/api-keys")).json()["items"]) == 2
