"""Fields that a client has no say in, in every body that the API takes."""

from uuid import uuid4

import pytest

from tests.attacks.conftest import colleague, refusal
from tests.conftest import PASSWORD, Tenant, client_of

SMUGGLED = {
    "id": "00000000-0000-7000-8000-000000000001",
    "tenant_id": "00000000-0000-7000-8000-000000000002",
    "user_id": "00000000-0000-7000-8000-000000000003",
    "created_at": "2001-01-01T00:00:00Z",
    "cost_usd": 0,
    "usage": {"input_tokens": 0},
    "status": "ready",
    "tier": "premium",
    "limits": {"requests_per_minute": 1_000_000},
    "is_admin": True,
    "operator": True,
    "suspended_at": None,
    "password_hash": "x",
    "digest": "x",
    "__proto__": {"role": "owner"},
    "constructor": {"prototype": {"role": "owner"}},
    "answer": "yes",
    "cached": True,
    "model": "another",
}
BODIES = [
    ("POST", "/v1/signup", {"workspace": "W", "email": "new@example.com", "password": PASSWORD}),
    ("POST", "/v1/auth/login", {"email": "{email}", "password": PASSWORD}),
    ("POST", "/v1/auth/refresh", {"refresh_token": "{refresh}"}),
    ("PUT", "/v1/me/password", {"current_password": PASSWORD, "new_password": "another long one"}),
    ("POST", "/v1/members", {"email": "new@example.com"}),
    ("PATCH", "/v1/members/{member}", {"role": "viewer"}),
    ("POST", "/v1/api-keys", {"name": "k"}),
    ("PATCH", "/v1/api-keys/{key}", {"name": "new"}),
    ("POST", "/v1/collections", {"name": "new"}),
    ("PATCH", "/v1/collections/{collection}", {"name": "new"}),
    ("POST", "/v1/search", {"query": "revenue"}),
    ("POST", "/v1/ask", {"question": "What was revenue?"}),
    ("PATCH", "/v1/conversations/{conversation}", {"title": "new"}),
    ("POST", "/v1/analyses", {"kind": "summary", "document_ids": ["{document}"]}),
    ("POST", "/v1/analyses/estimate", {"kind": "summary", "document_ids": ["{document}"]}),
    ("POST", "/v1/analyses/{analysis}/extend", {"document_ids": ["{further}"]}),
    ("POST", "/v1/analyses/templates", {"kind": "summary", "name": "new"}),
    ("PATCH", "/v1/analyses/templates/{template}", {"name": "new"}),
    ("POST", "/v1/webhooks", {"url": "https://example.com/"}),
    ("PATCH", "/v1/webhooks/{webhook}", {"description": "new"}),
]
"""Bodies that are taken as they are; and with one more member, refused."""


@pytest.fixture
async def names(tenant: Tenant) -> dict[str, str]:
    client = tenant.client
    member = await client.post("/v1/members", json={"email": f"m-{tenant.email}"})
    key = await client.post("/v1/api-keys", json={"name": "kept"})
    collection = await client.post("/v1/collections", json={"name": "kept"})
    asked = await client.post("/v1/ask", json={"question": "Anything?"})
    webhook = await client.post("/v1/webhooks", json={"url": "https://example.com/"})
    files = [("file", (f"{word}.txt", word.encode())) for word in ("one", "two")]
    document, further = (await client.post("/v1/documents", files=files)).json()["documents"]
    question = {"kind": "summary", "document_ids": [document["id"]]}
    analysis = await client.post("/v1/analyses", json=question)
    template = await client.post("/v1/analyses/templates", json={"kind": "summary", "name": "kept"})
    return {
        "document": document["id"],
        "further": further["id"],
        "analysis": analysis.json()["id"],
        "template": template.json()["id"],
        "member": member.json()["id"],
        "key": key.json()["id"],
        "collection": collection.json()["id"],
        "conversation": asked.json()["conversation_id"],
        "webhook": webhook.json()["id"],
        "email": tenant.email,
        "refresh": str(tenant.tokens["refresh_token"]),
    }


def filled(value: object, names: dict[str, str]) -> object:
    if isinstance(value, dict):
        return {key: filled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    return value.format(**names) if isinstance(value, str) and "{" in value else value


async def state(client) -> list[object]:
    """All that the attacks could have changed."""
    paths = (
        *("/v1/me", "/v1/members", "/v1/api-keys", "/v1/collections", "/v1/conversations"),
        *("/v1/analyses", "/v1/analyses/templates", "/v1/webhooks"),
    )
    answers = [(await client.get(path)).json() for path in paths]
    for key in answers[2]["items"]:
        key.pop("last_used_at")
    return answers


def test_every_call_with_a_body_is_attacked(app):
    described = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
        and not path.startswith("/v1/admin")
    }
    shapes = {(method, path.split("{")[0]) for method, path, _ in BODIES}
    assert {(method, path.split("{")[0]) for method, path in described} == shapes


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=lambda each: str(each)[:30])
async def test_a_member_that_is_not_in_the_contract_is_refused(
    tenant: Tenant, names, method, path, body
):
    path, body = path.format(**names), filled(body, names)
    before = await state(tenant.client)
    for name, value in SMUGGLED.items():
        response = await tenant.client.request(method, path, json=body | {name: value})
        assert refusal(response) == (422, "validation_error"), name
        assert name in response.text
    assert await state(tenant.client) == before
    if "email" in body and "@" in str(body["email"]) and body["email"] != tenant.email:
        body["email"] = f"{uuid4().hex}@example.com"
    control = await tenant.client.request(method, path, json=body)
    assert control.status_code < 300, control.text


async def test_names_in_the_query_set_nothing(tenant: Tenant, other: Tenant):
    params = {"tenant_id": other.id, "tenant": other.id, "user_id": other.user_id, "role": "owner"}
    made = await tenant.client.post("/v1/collections", json={"name": "mine"}, params=params)
    assert made.status_code == 201
    assert (await other.client.get("/v1/collections", params=params)).json()["items"] == []
    me = (await tenant.client.get("/v1/me", params=params)).json()
    assert me["tenant"]["id"] == tenant.id
    headers = {"X-Tenant-ID": other.id, "X-User-ID": other.user_id, "X-Role": "owner"}
    me = (await tenant.client.get("/v1/me", headers=headers)).json()
    assert (me["tenant"]["id"], me["user"]["id"]) == (tenant.id, tenant.user_id)


async def test_an_upload_takes_files_and_a_collection_only(tenant: Tenant):
    for name in ("id", "tenant_id", "status", "created_at", "sha256", "storage_key", "mime_type"):
        response = await tenant.client.post(
            "/v1/documents", files={"file": ("a.txt", b"Some words.")}, data={name: "x"}
        )
        assert refusal(response) == (422, "unexpected_field"), name
    assert (await tenant.client.get("/v1/documents")).json()["items"] == []
    control = await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"Some words.")})
    assert control.json()["documents"][0]["status"] == "queued"


async def test_nobody_gives_or_takes_a_role_above_their_own(app, tenant: Tenant):
    """The one role that a body may name is held to the caller's."""
    admin, member = await colleague(app, tenant, "admin"), await colleague(app, tenant, "member")
    own = (await admin.get("/v1/me")).json()["user"]["id"]
    attempts = [
        await admin.patch(f"/v1/members/{own}", json={"role": "owner"}),
        await admin.post("/v1/members", json={"email": "o@example.com", "role": "owner"}),
        await admin.patch(f"/v1/members/{tenant.user_id}", json={"role": "viewer"}),
        await admin.delete(f"/v1/members/{tenant.user_id}"),
        await admin.post("/v1/api-keys", json={"name": "k", "role": "owner"}),
        await member.patch(f"/v1/members/{own}", json={"role": "viewer"}),
        await member.post("/v1/members", json={"email": "v@example.com", "role": "viewer"}),
        await member.post("/v1/api-keys", json={"name": "k", "role": "admin"}),
    ]
    assert [refusal(each)[0] for each in attempts] == [403] * len(attempts)
    roles = {
        each["email"]: each["role"] for each in (await admin.get("/v1/members")).json()["items"]
    }
    assert roles == {
        tenant.email: "owner",
        f"admin-{tenant.email}": "admin",
        f"member-{tenant.email}": "member",
    }
    control = await tenant.client.patch(f"/v1/members/{own}", json={"role": "owner"})
    assert control.json()["role"] == "owner"


async def test_odd_roles_are_no_roles(tenant: Tenant):
    for role in (
        "OWNER",
        "owner ",
        "root",
        "",
        None,
        0,
        ["owner"],
        {"role": "owner"},
        "own\u0435r",
    ):
        body = {"email": "x@example.com", "role": role}
        assert refusal(await tenant.client.post("/v1/members", json=body))[0] == 422, role
    control = await tenant.client.post("/v1/members", json={"email": f"v-{tenant.email}"})
    assert control.json()["role"] == "member"


async def test_of_two_members_of_one_name_one_counts_everywhere(app, tenant: Tenant):
    """A filter before us and we must not read two different values."""
    raw = b'{"name": "k", "role": "viewer", "role": "owner"}'
    admin = await colleague(app, tenant, "admin")
    response = await admin.post(
        "/v1/api-keys", content=raw, headers={"Content-Type": "application/json"}
    )
    assert refusal(response)[0] == 403  # the last one, which is above an admin's
    async with client_of(app) as anonymous:
        assert (await anonymous.get("/v1/api-keys")).status_code == 401
