"""Sessions of browsers: the refresh token stays in a cookie that only the application can use."""

from http.cookies import SimpleCookie

import httpx
import pytest
from fastapi import FastAPI

from tests.attacks.conftest import refusal
from tests.conftest import PASSWORD, Tenant, client_of

WEB = {"X-Assay-Client": "web"}
REFRESH = "/v1/auth/refresh"


async def log_in(client: httpx.AsyncClient, tenant: Tenant, **headers: str) -> httpx.Response:
    login = {"email": tenant.email, "password": PASSWORD}
    return await client.post("/v1/auth/login", json=login, headers=WEB | headers)


@pytest.fixture
async def browser(app: FastAPI, tenant: Tenant):
    async with client_of(app) as client:
        assert (await log_in(client, tenant)).status_code == 200
        yield client


async def test_a_browser_never_sees_its_refresh_token(anonymous, tenant: Tenant):
    answer = await log_in(anonymous, tenant)
    assert answer.json()["refresh_token"] is None
    cookie = SimpleCookie(answer.headers["set-cookie"])["assay_refresh"]
    assert cookie.value
    assert cookie.value not in answer.text
    assert cookie["httponly"]
    assert (cookie["samesite"].lower(), cookie["path"]) == ("strict", "/v1/auth")
    assert int(cookie["max-age"]) == 30 * 24 * 3600
    assert not cookie["domain"]


async def test_the_cookie_is_kept_to_tls_where_there_is_tls(app, anonymous, tenant: Tenant):
    plain = await log_in(anonymous, tenant)
    assert "secure" not in plain.headers["set-cookie"].lower()
    behind = await log_in(anonymous, tenant, **{"X-Forwarded-Proto": "https"})
    assert "secure" in behind.headers["set-cookie"].lower()


async def test_the_cookie_rotates_and_a_stolen_one_ends_the_session(app, browser):
    stolen = browser.cookies.get("assay_refresh")
    answer = await browser.post(REFRESH, headers=WEB)
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] is None
    assert browser.cookies.get("assay_refresh") not in (None, stolen)
    async with client_of(app) as thief:
        used = await thief.post(REFRESH, headers=WEB | {"Cookie": f"assay_refresh={stolen}"})
        assert refusal(used) == (401, "refresh_token_reused")
    assert refusal(await browser.post(REFRESH, headers=WEB))[0] == 401


async def test_a_request_that_another_site_can_forge_does_nothing(browser):
    """Without the header that no form can set, the cookie counts for nothing."""
    held = browser.cookies.get("assay_refresh")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        headers = {"Content-Type": kind} if kind else {}
        forged = await browser.post(REFRESH, headers=headers, content=b"{}")
        assert forged.status_code in (400, 401, 415, 422), kind
        assert "set-cookie" not in forged.headers
    for site in ("cross-site", "same-site"):
        forged = await browser.post(REFRESH, headers=WEB | {"Sec-Fetch-Site": site})
        assert refusal(forged) == (403, "cross_site")
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Headers": "x-assay-client"}
    assert (
        "access-control-allow-headers"
        not in (await browser.options(REFRESH, headers=asked)).headers
    )
    assert browser.cookies.get("assay_refresh") == held
    own = await browser.post(REFRESH, headers=WEB | {"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 200


async def test_another_site_cannot_log_a_browser_in(anonymous, tenant: Tenant):
    answer = await log_in(anonymous, tenant, **{"Sec-Fetch-Site": "cross-site"})
    assert refusal(answer) == (403, "cross_site")
    assert "set-cookie" not in answer.headers


async def test_the_cookie_opens_no_call(browser):
    assert refusal(await browser.get("/v1/me", headers=WEB))[0] == 401
    assert refusal(await browser.get("/v1/documents", headers=WEB))[0] == 401


async def test_logging_out_ends_the_session_and_drops_the_cookie(browser):
    tokens = (await browser.post(REFRESH, headers=WEB)).json()
    kept = browser.cookies.get("assay_refresh")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = await browser.post("/v1/auth/logout", headers=WEB | bearer)
    assert answer.status_code == 204
    assert browser.cookies.get("assay_refresh") is None
    again = await browser.post(REFRESH, headers=WEB | {"Cookie": f"assay_refresh={kept}"})
    assert refusal(again)[0] == 401


async def test_who_sends_nothing_is_told_what_to_send(anonymous):
    assert refusal(await anonymous.post(REFRESH)) == (422, "validation_error")
    assert refusal(await anonymous.post(REFRESH, headers=WEB)) == (401, "no_session")
    odd = await anonymous.post(REFRESH, headers={"X-Assay-Client": "curl"})
    assert refusal(odd) == (422, "validation_error")


async def test_programs_get_their_token_in_the_body_and_no_cookie(anonymous, tenant: Tenant):
    login = {"email": tenant.email, "password": PASSWORD}
    answer = await anonymous.post("/v1/auth/login", json=login)
    assert answer.json()["refresh_token"]
    assert "set-cookie" not in answer.headers
