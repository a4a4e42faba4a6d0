"""Sign-up, log-in, refresh, log-out, sessions, passwords."""

import base64
import hmac
import json
import time
from dataclasses import replace
from uuid import uuid4

import httpx
import jwt
import pytest

from assay.identity.models import Role
from assay.settings import Settings, Signup
from tests.conftest import PASSWORD, Tenant, client_of


def refreshed(anonymous: httpx.AsyncClient, token: object):
    return anonymous.post("/v1/auth/refresh", json={"refresh_token": token})


async def test_sign_up_answers_with_a_working_session(tenant: Tenant):
    assert tenant.tokens["token_type"] == "bearer"
    me = (await tenant.client.get("/v1/me")).json()
    assert me["user"] == {**tenant.tokens["user"], "role": "owner"}
    assert me["tenant"]["id"] == tenant.id
    assert me["limits"]["max_file_bytes"] > 0


async def test_an_address_has_one_account_whatever_its_case(anonymous, tenant: Tenant):
    body = {"workspace": "B", "email": tenant.email.upper(), "password": PASSWORD}
    response = await anonymous.post("/v1/signup", json=body)
    assert response.status_code == 409
    assert response.json()["code"] == "email_taken"


@pytest.mark.parametrize(
    "change",
    [
        {"password": "short"},
        {"password": "x" * 201},
        {"email": "nobody"},
        {"workspace": "  "},
        {"workspace": "x" * 201},
        {"workspace": "a\x00b"},
        {"workspace": 7},
        {"surprise": True},
    ],
)
async def test_sign_up_tells_what_is_wrong(anonymous, change):
    body = {"workspace": "B", "email": "b@example.com", "password": PASSWORD} | change
    response = await anonymous.post("/v1/signup", json=body)
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "validation_error"
    assert next(iter(change)) in problem["errors"][0]["location"]
    assert response.headers["content-type"] == "application/problem+json"


async def test_log_in_does_not_tell_which_half_is_wrong(anonymous, tenant: Tenant):
    wrong = [
        {"email": tenant.email, "password": "not the password"},
        {"email": "nobody-at-all@example.com", "password": PASSWORD},
    ]
    answers = [await anonymous.post("/v1/auth/login", json=body) for body in wrong]
    assert [answer.status_code for answer in answers] == [401, 401]
    bodies = [{**answer.json(), "request_id": None} for answer in answers]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "invalid_credentials"
    right = {"email": tenant.email, "password": PASSWORD}
    assert (await anonymous.post("/v1/auth/login", json=right)).status_code == 200


async def test_refresh_rotates_and_reuse_ends_the_whole_session(anonymous, app, tenant: Tenant):
    first = tenant.tokens["refresh_token"]
    second = (await refreshed(anonymous, first)).json()
    async with client_of(app, second["access_token"]) as client:
        assert (await client.get("/v1/me")).status_code == 200
        stolen = await refreshed(anonymous, first)
        assert (stolen.status_code, stolen.json()["code"]) == (401, "refresh_token_reused")
        # The thief and the owner are both out: neither successor nor access token holds.
        assert (await refreshed(anonymous, second["refresh_token"])).status_code == 401
        assert (await client.get("/v1/me")).json()["code"] == "session_ended"


async def test_a_spent_refresh_token_is_told_of_once(anonymous, tenant: Tenant):
    spent = tenant.tokens["refresh_token"]
    assert (await refreshed(anonymous, spent)).status_code == 200
    for _ in range(3):
        assert (await refreshed(anonymous, spent)).status_code == 401
    back = {"email": tenant.email, "password": PASSWORD}
    token = (await anonymous.post("/v1/auth/login", json=back)).json()["access_token"]
    log = await anonymous.get("/v1/audit", headers={"Authorization": f"Bearer {token}"})
    actions = [event["action"] for event in log.json()["items"]]
    assert actions.count("session.refresh_token_reused") == 1


async def test_a_made_up_refresh_token_is_refused(anonymous):
    response = await refreshed(anonymous, "made-up")
    assert (response.status_code, response.json()["code"]) == (401, "invalid_refresh_token")


async def test_log_out_ends_the_session_at_once(anonymous, tenant: Tenant):
    assert (await tenant.client.get("/v1/me")).status_code == 200
    assert (await tenant.client.post("/v1/auth/logout")).status_code == 204
    assert (await tenant.client.get("/v1/me")).json()["code"] == "session_ended"
    assert (await refreshed(anonymous, tenant.tokens["refresh_token"])).status_code == 401


async def test_a_lost_session_cache_logs_nobody_out(app, tenant: Tenant):
    assert (await tenant.client.get("/v1/me")).status_code == 200
    await app.state.cache._client.flushall()
    assert (await tenant.client.get("/v1/me")).status_code == 200


async def test_sessions_are_listed_and_can_be_ended(anonymous, app, tenant: Tenant):
    body = {"email": tenant.email, "password": PASSWORD}
    second = (
        await anonymous.post("/v1/auth/login", json=body, headers={"User-Agent": "Other\x7f 1.0"})
    ).json()
    listed = (await tenant.client.get("/v1/sessions")).json()["items"]
    assert [session["current"] for session in listed] == [True, False]
    assert listed[1]["user_agent"] == "Other 1.0"
    path = f"/v1/sessions/{listed[1]['id']}"
    assert (await tenant.client.delete(path)).status_code == 204
    async with client_of(app, second["access_token"]) as client:
        assert (await client.get("/v1/me")).status_code == 401
    assert (await tenant.client.delete(path)).status_code == 404


async def test_all_other_sessions_end_at_once(anonymous, app, tenant: Tenant):
    login = {"email": tenant.email, "password": PASSWORD}
    others = [(await anonymous.post("/v1/auth/login", json=login)).json() for _ in range(2)]
    for _ in range(2):  # also when there is nothing more to end
        assert (await tenant.client.delete("/v1/sessions")).status_code == 204
    for each in others:
        async with client_of(app, each["access_token"]) as client:
            assert (await client.get("/v1/me")).json()["code"] == "session_ended"
        assert (await refreshed(anonymous, each["refresh_token"])).status_code == 401
    listed = (await tenant.client.get("/v1/sessions")).json()["items"]
    assert [session["current"] for session in listed] == [True]
    assert (await refreshed(anonymous, tenant.tokens["refresh_token"])).status_code == 200


async def test_a_session_list_is_paged(anonymous, tenant: Tenant):
    for _ in range(2):
        body = {"email": tenant.email, "password": PASSWORD}
        await anonymous.post("/v1/auth/login", json=body)
    seen, cursor = [], None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await tenant.client.get("/v1/sessions", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 3


@pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "W10", "WyJhIiwiYiJd", "e30"])
async def test_a_made_up_cursor_is_refused(tenant: Tenant, cursor):
    response = await tenant.client.get("/v1/members", params={"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")


async def test_a_new_password_ends_the_other_sessions(anonymous, app, tenant: Tenant):
    login = {"email": tenant.email, "password": PASSWORD}
    elsewhere = (await anonymous.post("/v1/auth/login", json=login)).json()
    wrong = {"current_password": "guess", "new_password": "another long one"}
    refused = await tenant.client.put("/v1/me/password", json=wrong)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    change = {"current_password": PASSWORD, "new_password": "another long one"}
    assert (await tenant.client.put("/v1/me/password", json=change)).status_code == 204
    assert (await tenant.client.get("/v1/me")).status_code == 200
    async with client_of(app, elsewhere["access_token"]) as client:
        assert (await client.get("/v1/me")).status_code == 401
    assert (await anonymous.post("/v1/auth/login", json=login)).status_code == 401
    login["password"] = "another long one"
    assert (await anonymous.post("/v1/auth/login", json=login)).status_code == 200


def _part(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signature(key: bytes, head: str, payload: str) -> str:
    mac = hmac.digest(key, f"{head}.{payload}".encode(), "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def forgeries(settings: Settings, tenant: Tenant, victim: Tenant) -> dict[str, str]:
    """Return access tokens that must not work, by what is wrong with them."""
    genuine = str(tenant.tokens["access_token"])
    head, payload, signature = genuine.split(".")
    header = jwt.get_unverified_header(genuine)
    claims = jwt.decode(genuine, options={"verify_signature": False})
    key = settings.secret_keys[0].get_secret_value()

    def signed(changes: dict, secret: str = key, **headers: object) -> str:
        return jwt.encode(claims | changes, secret, "HS256", headers=header | headers)

    without = {name: claims[name] for name in claims if name != "exp"}
    return {
        "alg none": f"{_part(header | {'alg': 'none'})}.{payload}.",
        "alg none, old signature": f"{_part(header | {'alg': 'none'})}.{payload}.{signature}",
        "another key": signed({}, "y" * 40),
        "empty key": f"{head}.{payload}.{_signature(b'', head, payload)}",
        "unknown kid": signed({}, kid="0123456789ab"),
        "kid is a path": signed({}, kid="../../dev/null"),
        "kid is SQL": signed({}, kid="' or 1=1 --"),
        "no kid": jwt.encode(claims, key, "HS256"),
        "another algorithm": jwt.encode(claims, key * 2, "HS512", headers=header),
        "another audience": signed({"aud": "elsewhere"}),
        "another issuer": signed({"iss": "elsewhere"}),
        "expired": signed({"exp": int(time.time()) - 1}),
        "never expires": jwt.encode(without, key, "HS256", headers=header),
        "ids are no ids": signed({"tid": "x"}),
        "session unknown": signed({"sid": str(uuid4())}),
        "swapped tenant": f"{head}.{_part(claims | {'tid': victim.id})}.{signature}",
        "cut off": genuine[:-4],
        "nothing": "..",
        "no token": "hello",
        "binary": "\u00ff\u00fe",
    }


async def test_forged_access_tokens_are_refused(app, parts, tenant: Tenant, other: Tenant):
    assert (await tenant.client.get("/v1/me")).status_code == 200
    for what, token in forgeries(parts.app_settings, tenant, other).items():
        header = {"Authorization": b"Bearer " + token.encode("latin-1")}
        async with client_of(app) as client:
            response = await client.get("/v1/me", headers=header)
        assert response.status_code == 401, what
        assert response.headers["www-authenticate"] == "Bearer"


async def test_a_signing_key_rotates_without_logging_anybody_out(parts, tenant: Tenant):
    from assay.identity.tokens import TokenRing

    old = parts.app_settings
    new_key = type(old.secret_keys[0])("n" * 40)
    rotated = TokenRing(old.model_copy(update={"secret_keys": (new_key, *old.secret_keys)}))
    said = rotated.verify(str(tenant.tokens["access_token"]))
    assert str(said.tenant_id) == tenant.id
    fresh = rotated.issue(replace(said))
    assert jwt.get_unverified_header(fresh)["kid"] != jwt.get_unverified_header(
        str(tenant.tokens["access_token"])
    )
    dropped = TokenRing(old.model_copy(update={"secret_keys": (new_key,)}))
    assert dropped.verify(fresh) == said
    with pytest.raises(Exception, match="not valid"):
        dropped.verify(str(tenant.tokens["access_token"]))


def test_roles_are_ordered():
    assert [role for role in Role if Role.ADMIN.includes(role)] == ["admin", "member", "viewer"]


async def test_closed_sign_up_is_refused(app, monkeypatch, anonymous):
    accounts = app.state.accounts
    closed = accounts._settings.model_copy(update={"signup": Signup.CLOSED})
    monkeypatch.setattr(accounts, "_settings", closed)
    body = {"workspace": "B", "email": "closed@example.com", "password": PASSWORD}
    response = await anonymous.post("/v1/signup", json=body)
    assert (response.status_code, response.json()["code"]) == (403, "signup_closed")
