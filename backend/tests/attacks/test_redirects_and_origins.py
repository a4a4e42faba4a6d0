"""Hosts that a request makes up, redirects that would follow it, other sites' pages."""

import pytest

from tests.attacks.conftest import refusal, talk
from tests.conftest import Tenant

EVIL = "evil.example"
ORIGINS = [f"https://{EVIL}", "null", "http://localhost:3000", "http://assay.test", "file://", "*"]


@pytest.mark.parametrize(
    "target",
    [
        "/health/", "/docs/", "/v1/documents/", "/v1/me/", "/v1/auth/login/", "/openapi.json/",
        f"//{EVIL}/health/", f"/\\{EVIL}/health/", f"/%2f%2f{EVIL}/", f"/https://{EVIL}/",
        f"/v1/documents/%0d%0aLocation:%20https://{EVIL}/", f"/docs?next=https://{EVIL}",
        f"/v1/me?redirect=https://{EVIL}&return_to=//{EVIL}", f"/@{EVIL}/health/",
        "/docs/oauth2-redirect",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_answer_leads_to_another_host(served, target, method):
    answer = await talk(
        served,
        f"{method} {target} HTTP/1.1\r\nHost: {EVIL}\r\nX-Forwarded-Host: {EVIL}\r\n"
        f"X-Forwarded-Proto: javascript\r\nForwarded: host={EVIL}\r\nX-Original-URL: //{EVIL}/\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n".encode(),
    )
    head, _, content = answer.lower().partition(b"\r\n\r\n")
    assert int(head.split()[1]) not in range(300, 400), head
    assert b"location:" not in head
    assert EVIL.encode() not in head + content
    assert b"200 OK" in await talk(
        served, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )


async def test_the_description_names_no_host_of_the_requests(served):
    answer = await talk(
        served,
        f"GET /openapi.json HTTP/1.1\r\nHost: {EVIL}\r\nX-Forwarded-Prefix: //{EVIL}\r\n"
        "Connection: close\r\n\r\n".encode(),
    )
    assert b"200 OK" in answer
    assert EVIL.encode() not in answer


@pytest.mark.parametrize("origin", ORIGINS)
async def test_no_other_site_reads_an_answer(app, tenant: Tenant, origin):
    """No origin is allowed, least of all every one; so browsers keep the answers to themselves."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    for path in ("/v1/documents", "/v1/me", "/v1/auth/login", "/v1/auth/refresh", "/health"):
        answers = [
            await tenant.client.options(path, headers=asked),
            await tenant.client.get(path, headers={"Origin": origin}),
            await tenant.client.post(path, headers={"Origin": origin}),
        ]
        for answer in answers:
            assert not [name for name in answer.headers if name.startswith("access-control")]
        assert refusal(answers[0]) == (405, "method_not_allowed")
    assert (await tenant.client.get("/v1/me")).status_code == 200


async def test_a_form_of_another_site_is_no_call(tenant: Tenant, anonymous):
    """What a page can send without asking first: forms and plain text, and no header of its own."""
    forged = b'{"name": "forged"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        headers = {"Content-Type": kind} if kind else {}
        sent = await tenant.client.post("/v1/collections", content=forged, headers=headers)
        assert refusal(sent)[0] in (400, 415, 422), kind
    # Cookies open nothing, so a browser has nothing that it would send by itself.
    token = str(tenant.tokens["access_token"])
    cookies = {"Cookie": f"access_token={token}; session={token}; Authorization=Bearer {token}"}
    sent = await anonymous.post("/v1/collections", json={"name": "x"}, headers=cookies)
    assert refusal(sent) == (401, "unauthenticated")
    assert (await tenant.client.get("/v1/collections")).json()["items"] == []
    made = await tenant.client.post("/v1/collections", json={"name": "own"})
    assert made.status_code == 201


@pytest.mark.parametrize(
    "override", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]
)
async def test_a_header_changes_no_method(tenant: Tenant, override):
    made = (await tenant.client.post("/v1/collections", json={"name": "kept"})).json()
    path = f"/v1/collections/{made['id']}"
    params = {"_method": "DELETE"}
    await tenant.client.get(path, headers={override: "DELETE"}, params=params)
    answer = await tenant.client.post(path, headers={override: "DELETE"}, params=params)
    assert refusal(answer) == (405, "method_not_allowed")
    assert (await tenant.client.get(path)).json() == made


async def test_odd_methods_are_refused(tenant: Tenant):
    for method in ("TRACE", "CONNECT", "PROPFIND", "SEARCH", "DEBUG", "PURGE", "OPTIONS"):
        assert refusal(await tenant.client.request(method, "/v1/me"))[0] == 405, method


async def test_tokens_are_never_kept_by_a_cache(anonymous, tenant: Tenant):
    """RFC 6749 section 5.1 asks it of every answer with a token."""
    login = {"email": tenant.email, "password": "correct horse battery"}
    logged_in = await anonymous.post("/v1/auth/login", json=login)
    token = {"refresh_token": logged_in.json()["refresh_token"]}
    for answer in (
        logged_in,
        await anonymous.post("/v1/auth/refresh", json=token),
        await tenant.client.post("/v1/api-keys", json={"name": "k"}),
        await tenant.client.get("/v1/me"),
        await anonymous.get("/v1/me"),
    ):
        assert answer.headers["cache-control"] == "no-store"
