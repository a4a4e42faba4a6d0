"""Log-in, sign-up and refresh: what they tell, and what they can be made to do."""

import asyncio
import secrets

import pytest

from tests.attacks.conftest import refusal, same_answer
from tests.conftest import PASSWORD, Tenant, client_of


async def log_in(client, email: str, password: str = PASSWORD):
    return await client.post("/v1/auth/login", json={"email": email, "password": password})


async def test_who_has_an_account_is_not_told(app, anonymous, tenant: Tenant, monkeypatch):
    """The same answer, after the same work: a hash is computed for nobody's password too."""
    verified = []
    genuine = app.state.passwords._verify

    def verify(encoded: str | None, password: str) -> bool:
        verified.append(encoded is not None)
        return genuine(encoded, password)

    monkeypatch.setattr(app.state.passwords, "_verify", verify)
    wrong = await log_in(anonymous, tenant.email, "not the password")
    nobody = await log_in(anonymous, f"{secrets.token_hex(8)}@example.com")
    assert verified == [True, False]
    assert same_answer(wrong, nobody)
    assert refusal(wrong) == (401, "invalid_credentials")
    assert (await log_in(anonymous, tenant.email)).status_code == 200


@pytest.mark.parametrize(
    "password",
    [f"{PASSWORD} ", f" {PASSWORD}", PASSWORD.upper(), PASSWORD[:-1], f"{PASSWORD}\u200b",
     PASSWORD.replace("o", "\u043e"), "' or '1'='1", "x" * 200],
)  # fmt: skip
async def test_a_password_is_compared_as_it_is(anonymous, tenant: Tenant, password):
    assert refusal(await log_in(anonymous, tenant.email, password))[0] == 401
    assert (await log_in(anonymous, tenant.email)).status_code == 200


async def test_a_password_has_a_length_that_can_be_hashed(anonymous, tenant: Tenant):
    """A hash takes time with its input: long ones are refused before it is computed."""
    for password in ("", "x" * 201, "x" * 200_000):
        assert refusal(await log_in(anonymous, tenant.email, password))[0] == 422
    signup = {"workspace": "W", "email": "long@example.com", "password": "x" * 200_000}
    assert refusal(await anonymous.post("/v1/signup", json=signup))[0] == 422


async def test_an_address_is_taken_however_it_is_written(app, anonymous, tenant: Tenant):
    name, _, domain = tenant.email.partition("@")
    for email in (f"{name.upper()}@{domain}", f"{name}@{domain.upper()}", f" {tenant.email} "):
        body = {"workspace": "W", "email": email, "password": "another password"}
        taken = await anonymous.post("/v1/signup", json=body)
        assert refusal(taken)[0] in (409, 422), email
        added = await tenant.client.post("/v1/members", json={"email": email})
        assert refusal(added)[0] in (409, 422), email
    again = await log_in(anonymous, tenant.email)
    assert again.json()["tenant"]["id"] == tenant.id


@pytest.mark.parametrize(
    "email",
    ["local@assay.invalid", "root@localhost", "a@b", "a@127.0.0.1", "a@[127.0.0.1]", "a@example",
     "a@x.test", "@example.com", "a@@example.com", "a b@example.com", "a@example.com\n",
     "a@example.com,b@example.com", "<a@example.com>", "A <a@example.com>", "a@-x.com",
     "a\u0000@example.com", f"a@{'b' * 250}.com"],
)  # fmt: skip
async def test_an_odd_address_is_none(anonymous, tenant: Tenant, email):
    """Among them the command line's own account, which nobody may log in to or take over."""
    body = {"workspace": "W", "email": email, "password": PASSWORD}
    taken = await anonymous.post("/v1/signup", json=body)
    logged_in = await log_in(anonymous, email)
    added = await tenant.client.post("/v1/members", json={"email": email})
    refused = [refusal(each)[0] for each in (taken, logged_in, added)]
    assert refused == [422, 422, 422]


async def test_two_sign_ups_at_once_make_one_account(anonymous):
    body = {"workspace": "W", "email": f"{secrets.token_hex(6)}@example.com", "password": PASSWORD}
    answers = await asyncio.gather(*(anonymous.post("/v1/signup", json=body) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5


async def test_a_log_in_never_goes_on_with_a_session_that_was_there(anonymous, tenant: Tenant):
    """Nobody can be given a session that somebody else knows beforehand."""
    fixed = {
        "Authorization": tenant.client.headers["authorization"],
        "Cookie": f"session={tenant.tokens['refresh_token']}",
        "X-Session-ID": str(tenant.tokens["refresh_token"]),
    }
    login = {"email": tenant.email, "password": PASSWORD}
    made = (await anonymous.post("/v1/auth/login", json=login, headers=fixed)).json()
    assert made["access_token"] != tenant.tokens["access_token"]
    assert made["refresh_token"] != tenant.tokens["refresh_token"]
    assert len((await tenant.client.get("/v1/sessions")).json()["items"]) == 2


async def test_of_a_refresh_token_used_twice_at_once_one_use_counts(app, anonymous, tenant: Tenant):
    """A thief and the owner at the same moment: at the most one wins, and then both are out."""
    body = {"refresh_token": tenant.tokens["refresh_token"]}
    answers = await asyncio.gather(
        *(anonymous.post("/v1/auth/refresh", json=body) for _ in range(8))
    )
    won = [each.json() for each in answers if each.status_code == 200]
    assert len(won) == 1
    assert {refusal(each)[0] for each in answers if each.status_code != 200} == {401}
    async with client_of(app, won[0]["access_token"]) as client:
        assert (await client.get("/v1/me")).json()["code"] == "session_ended"
    after = {"refresh_token": won[0]["refresh_token"]}
    assert refusal(await anonymous.post("/v1/auth/refresh", json=after))[0] == 401
    assert (await log_in(anonymous, tenant.email)).status_code == 200


async def test_guessed_refresh_tokens_are_all_alike(anonymous, tenant: Tenant):
    genuine = str(tenant.tokens["refresh_token"])
    wild = await anonymous.post("/v1/auth/refresh", json={"refresh_token": "x" * 43})
    assert refusal(wild) == (401, "invalid_refresh_token")
    access = str(tenant.tokens["access_token"])
    for guess in (genuine[:-1], genuine + "A", genuine.swapcase(), access[:200], "assay_x", " "):
        near = await anonymous.post("/v1/auth/refresh", json={"refresh_token": guess})
        assert same_answer(near, wild), guess
    right = await anonymous.post("/v1/auth/refresh", json={"refresh_token": genuine})
    assert right.status_code == 200


async def test_a_colleague_cannot_end_or_see_my_sessions(app, tenant: Tenant, other: Tenant):
    mine = (await tenant.client.get("/v1/sessions")).json()["items"][0]["id"]
    body = {"email": f"admin-{tenant.email}", "role": "admin", "password": PASSWORD}
    await tenant.client.post("/v1/members", json=body)
    async with client_of(app) as anonymous:
        token = (await log_in(anonymous, body["email"])).json()["access_token"]
    async with client_of(app, token) as colleague:
        for client in (colleague, other.client):
            listed = (await client.get("/v1/sessions")).json()["items"]
            assert mine not in [each["id"] for each in listed]
            assert refusal(await client.delete(f"/v1/sessions/{mine}")) == (404, "not_found")
    assert (await tenant.client.get("/v1/me")).status_code == 200


async def test_ending_all_other_sessions_ends_nobody_elses(app, tenant: Tenant, other: Tenant):
    body = {"email": f"admin-{tenant.email}", "role": "admin", "password": PASSWORD}
    await tenant.client.post("/v1/members", json=body)
    async with client_of(app) as anonymous:
        tokens = [(await log_in(anonymous, body["email"])).json() for _ in range(2)]
    asks, ends = (client_of(app, each["access_token"]) for each in tokens)
    async with asks, ends:
        # Naming other people's does not widen it.
        mine = tenant.tokens["user"]["id"]
        params = {"user_id": mine, "member_id": mine, "all": "true"}
        assert (await asks.delete("/v1/sessions", params=params)).status_code == 204
        assert refusal(await ends.get("/v1/me"))[0] == 401
    for bystander in (tenant, other):
        assert (await bystander.client.get("/v1/me")).status_code == 200
        refresh = {"refresh_token": bystander.tokens["refresh_token"]}
        async with client_of(app) as anonymous:
            again = await anonymous.post("/v1/auth/refresh", json=refresh)
        assert again.status_code == 200


async def test_a_stolen_session_does_not_change_the_password(anonymous, tenant: Tenant):
    for current in ("guess", "", PASSWORD.upper()):
        change = {"current_password": current, "new_password": "the thief's own"}
        answer = await tenant.client.put("/v1/me/password", json=change)
        assert refusal(answer)[0] in (403, 422)
    assert (await log_in(anonymous, tenant.email)).status_code == 200
