"""What operators do about tenants, and that nobody else does."""

import secrets
from uuid import uuid4

import httpx
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text

from assay.operations.operators import create_operator, list_operators, revoke_operator
from tests.conftest import PASSWORD, Tenant, client_of

PATH = "/v1/admin/tenants"
CALLS = [
    ("GET", PATH, None),
    ("POST", PATH, {"name": "Mine", "owner_email": "mine@example.com"}),
    ("GET", f"{PATH}/{{id}}", None),
    ("PATCH", f"{PATH}/{{id}}", {"tier": "premium"}),
    ("DELETE", f"{PATH}/{{id}}", None),
    ("GET", "/v1/admin/usage", None),
    ("GET", "/v1/admin/topology", None),
    ("GET", "/v1/admin/queue", None),
]


async def log_in(app, email: str, password: str = PASSWORD) -> httpx.Response:
    async with client_of(app) as client:
        return await client.post("/v1/auth/login", json={"email": email, "password": password})


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_only_operators_pass(app, anonymous, tenant, other, operator, method, path, body):
    path = path.format(id=other.id)
    assert code(await anonymous.request(method, path, json=body)) == (401, "unauthenticated")
    key = (await tenant.client.post("/v1/api-keys", json={"name": "k", "role": "owner"})).json()
    guess = "assay_op_" + secrets.token_urlsafe(32)
    for credentials in (tenant.tokens["access_token"], key["key"], guess, "assay_op_"):
        async with client_of(app, str(credentials)) as client:
            answer = await client.request(method, path, json=body)
        assert code(answer) == (403, "operator_only")
    assert (await other.client.get("/v1/me")).status_code == 200
    body = body and body | (
        {"owner_email": f"{secrets.token_hex(6)}@example.com"} if path == PATH else {}
    )
    assert (await operator.request(method, path, json=body)).status_code < 300


async def test_a_revoked_operator_is_none_at_once(app, parts, operator_key):
    name = f"leaving {secrets.token_hex(4)}"
    key = create_operator(parts.owner_settings, name)
    assert create_operator(parts.owner_settings, name) is None
    async with client_of(app, key) as client:
        assert (await client.get(PATH)).status_code == 200
        assert revoke_operator(parts.owner_settings, name)
        assert code(await client.get(PATH)) == (403, "operator_only")
    assert not revoke_operator(parts.owner_settings, name)
    again = create_operator(parts.owner_settings, name)
    async with client_of(app, again) as client:
        assert (await client.get(PATH)).status_code == 200
    async with client_of(app, key) as client:
        assert (await client.get(PATH)).status_code == 403


async def test_an_operators_key_opens_no_tenant(operator: httpx.AsyncClient):
    assert (await operator.get("/v1/me")).status_code == 401
    assert (await operator.get("/v1/documents")).status_code == 401


async def test_the_applications_role_cannot_read_operators(app, parts, operator_key):
    for statement in ("select * from operators", "update operators set revoked_at = null"):
        with pytest.raises(InsufficientPrivilege):
            async with app.state.database.gate() as gate:
                await gate.run(text(statement))
    assert not any(operator_key in str(each) for each in list_operators(parts.owner_settings))


async def test_a_tenant_is_made_with_its_owner(app, operator):
    email = f"{secrets.token_hex(6)}@example.com"
    body = {"name": "Acme", "owner_email": email, "tier": "premium", "limits": {"connections": 3}}
    made = await operator.post(PATH, json=body)
    assert made.status_code == 201, made.text
    account = made.json()
    assert (account["tier"], account["status"], account["members"]) == ("premium", "active", 1)
    assert account["limits"]["connections"] == account["effective_limits"]["connections"] == 3
    assert account["limits"]["requests_per_minute"] is None
    assert account["effective_limits"]["requests_per_minute"] == 500
    assert account["tier_limits"]["connections"] == 5
    entered = await log_in(app, email, account["owner"]["temporary_password"])
    assert entered.json()["user"] == {
        "id": account["owner"]["id"],
        "email": email,
        "role": "owner",
        "created_at": entered.json()["user"]["created_at"],
    }
    read = (await operator.get(f"{PATH}/{account['id']}")).json()
    assert "owner" not in read
    assert code(await operator.post(PATH, json=body)) == (409, "email_taken")


async def test_tenants_are_listed_by_pages_and_by_name(operator):
    mark = secrets.token_hex(4)
    for number in range(3):
        email = f"{secrets.token_hex(6)}@example.com"
        await operator.post(PATH, json={"name": f"{mark} {number}", "owner_email": email})
    found, cursor = [], None
    while True:
        params = {"q": mark.upper(), "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await operator.get(PATH, params=params)).json()
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [f"{mark} {number}" for number in range(3)]


async def test_limits_hold_at_once_and_go_back_to_the_tiers(operator, tenant, set_limits):
    await set_limits(tenant.id)
    path = f"{PATH}/{tenant.id}"

    async def told() -> str:
        return (await tenant.client.get("/v1/me")).headers["ratelimit-limit"]

    assert await told() == "100"
    changed = await operator.patch(path, json={"limits": {"requests_per_minute": 7000}})
    assert changed.json()["effective_limits"]["requests_per_minute"] == 7000
    assert await told() == "7000"
    both = await operator.patch(path, json={"limits": {"model_budget_usd": 0.1}, "name": "New"})
    assert both.json()["limits"]["requests_per_minute"] == 7000
    assert both.json()["effective_limits"]["model_budget_usd"] == 0.1
    back = await operator.patch(path, json={"limits": {"requests_per_minute": None}})
    assert back.json()["limits"]["requests_per_minute"] is None
    assert (back.json()["name"], back.json()["limits"]["model_budget_usd"]) == ("New", 0.1)
    assert await told() == "100"
    await operator.patch(path, json={"tier": "premium"})
    assert await told() == "500"


@pytest.mark.parametrize(
    "limits",
    [
        {"requests_per_minute": 0},
        {"requests_per_minute": 1_000_001},
        {"concurrent_requests": 10_001},
        {"connections": 0},
        {"connection_overflow": 101},
        {"model_budget_usd": -1},
        {"model_budget_usd": "NaN"},
        {"vector_bytes": "much"},
        {"surprise": 1},
    ],
)
async def test_limits_are_bounded(operator, tenant, limits):
    answer = await operator.patch(f"{PATH}/{tenant.id}", json={"limits": limits})
    assert code(answer) == (422, "validation_error")


async def test_a_suspended_tenant_is_out_at_once_and_back_again(app, operator, tenant: Tenant):
    body = {"name": "k", "role": "owner"}
    key = (await tenant.client.post("/v1/api-keys", json=body)).json()["key"]
    path = f"{PATH}/{tenant.id}"
    async with client_of(app, key) as program:
        for client in (tenant.client, program):
            assert (await client.get("/v1/me")).status_code == 200
        suspended = await operator.patch(path, json={"suspended": True})
        assert suspended.json()["status"] == "suspended"
        for client in (tenant.client, program):
            assert code(await client.get("/v1/me")) == (403, "tenant_suspended")
        assert code(await log_in(app, tenant.email)) == (403, "tenant_suspended")
        assert (await log_in(app, tenant.email, "wrong")).status_code == 401
        async with client_of(app) as anonymous:
            token = {"refresh_token": tenant.tokens["refresh_token"]}
            assert (await anonymous.post("/v1/auth/refresh", json=token)).status_code == 401
        await operator.patch(path, json={"suspended": False})
        for client in (tenant.client, program):
            assert (await client.get("/v1/me")).status_code == 200
    assert (await log_in(app, tenant.email)).status_code == 200


async def test_an_unknown_tenant_is_told(operator):
    path = f"{PATH}/{uuid4()}"
    assert code(await operator.get(path)) == (404, "not_found")
    assert code(await operator.patch(path, json={"tier": "premium"})) == (404, "not_found")
    assert code(await operator.delete(path)) == (404, "not_found")


async def test_what_operators_change_is_in_the_tenants_log(operator, tenant, set_limits):
    await set_limits(tenant.id)
    path = f"{PATH}/{tenant.id}"
    await operator.patch(path, json={"tier": "premium", "limits": {"connections": 4}})
    await operator.patch(path, json={"tier": "premium", "suspended": True})
    await operator.patch(path, json={"suspended": False})
    events = (await tenant.client.get("/v1/audit")).json()["items"]
    by = {event["action"]: event for event in events if event["actor_kind"] == "operator"}
    assert set(by) == {
        "tenant.tier_changed",
        "tenant.limits_changed",
        "tenant.suspended",
        "tenant.resumed",
    }
    assert by["tenant.tier_changed"]["details"] == {"before": "standard", "after": "premium"}
    assert by["tenant.limits_changed"]["details"] == {"before": {}, "after": {"connections": 4}}
