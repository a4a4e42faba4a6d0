"""API keys: guessed, mangled, put elsewhere, and used for more than they are for."""

import hashlib
import secrets
from uuid import UUID

import pytest
from sqlalchemy import text

from assay.scope import TenantScope
from tests.attacks.conftest import refusal, same_answer
from tests.conftest import PASSWORD, Tenant, client_of


@pytest.fixture
async def made(tenant: Tenant) -> dict:
    body = {"name": "nightly", "role": "owner"}
    return (await tenant.client.post("/v1/api-keys", json=body)).json()


async def used(app, credentials: str | bytes, scheme: bytes = b"Bearer "):
    raw = credentials if isinstance(credentials, bytes) else credentials.encode("latin-1")
    async with client_of(app) as client:
        return await client.get("/v1/me", headers={"Authorization": scheme + raw})


async def test_a_near_miss_is_told_nothing_more_than_a_wild_guess(app, made):
    key = made["key"]
    assert (await used(app, key)).status_code == 200
    wild = await used(app, "assay_" + secrets.token_urlsafe(32))
    assert refusal(wild) == (401, "unauthenticated")
    flipped = "A" if key[-5] != "A" else "B"
    near = [
        key[:-5] + flipped + key[-4:], key[:-1], key + "A", key[:12], made["prefix"],
        key[:6] + key[6:].swapcase(), "assay_" + key[:5:-1], "assay_" + key, key + "=", key + "\0",
        "assay_" + made["id"], "assay_" + hashlib.sha256(key.encode()).hexdigest(),
    ]  # fmt: skip
    for guess in near:
        assert same_answer(await used(app, guess), wild), guess
    assert (await used(app, key)).status_code == 200


@pytest.mark.parametrize(
    "mangled",
    [
        "assay_", "assay_'", "assay_' or 1=1 --", "assay_%", "assay_*", "assay_\x00",
        "assay_\xff\xfe", "assay_ x", "assay_../../api-keys", "assay_" + "x" * 1_000_000,
        "assay_" + "\xc3" * 10_000, "ASSAY_x", "assay-x", "Bearer assay_x",
    ],
)  # fmt: skip
async def test_a_mangled_key_is_refused_like_any_other(app, mangled):
    assert refusal(await used(app, mangled))[0] == 401


async def test_nothing_but_digests_is_compared_or_kept(app, tenant: Tenant, made):
    """What is looked up is a hash: how near a guess came shows in no index and no comparison."""
    assert (await used(app, made["key"])).status_code == 200
    secret, hashed = made["key"].removeprefix("assay_"), hashlib.sha256(made["key"].encode())
    async with app.state.database.transaction(TenantScope(UUID(tenant.id))) as tx:
        rows = await tx.all(text("select digest, api_keys::text as row from api_keys"))
    assert [bytes(row["digest"]) for row in rows] == [hashed.digest()]
    assert not any(secret[6:] in row["row"] for row in rows)
    redis = app.state.cache._client
    kept = [name async for name in redis.scan_iter("*", count=1000)]
    values = [await redis.get(name) for name in kept if await redis.type(name) == b"string"]
    assert any(hashed.hexdigest().encode() in name for name in kept)
    assert not any(secret.encode() in each for each in [*kept, *filter(None, values)])


async def test_a_key_is_read_from_the_header_only(app, made):
    key = made["key"]
    async with client_of(app) as client:
        elsewhere = [
            await client.get("/v1/me", params={"api_key": key, "access_token": key, "key": key}),
            await client.get("/v1/me", headers={"X-API-Key": key, "Api-Key": key}),
            await client.get("/v1/me", headers={"Cookie": f"access_token={key}; api_key={key}"}),
            await client.get("/v1/me", headers={"Proxy-Authorization": f"Bearer {key}"}),
            await client.get("/v1/me", auth=("", key)),
            await client.get("/v1/me", auth=(key, "")),
        ]
    schemes = [
        b"",
        b"Basic ",
        b"Token ",
        b"Bearer",
        b"Bearer\t",
        b"Bearer x, Bearer ",
        b"Negotiate ",
    ]
    elsewhere += [await used(app, key, scheme) for scheme in schemes]
    for each in elsewhere:
        assert refusal(each)[0] == 401, each.request.headers
    for scheme in (b"Bearer ", b"bearer ", b"BEARER "):
        assert (await used(app, key, scheme)).status_code == 200


async def test_two_credentials_never_mix(app, tenant: Tenant, other: Tenant):
    """Whichever header counts, it counts for the whole request."""
    await tenant.client.post("/v1/collections", json={"name": "mine"})
    await other.client.post("/v1/collections", json={"name": "theirs"})
    names = {tenant.id: ["mine"], other.id: ["theirs"]}
    both = [("Authorization", each.client.headers["authorization"]) for each in (tenant, other)]
    for headers in (both, both[::-1]):
        async with client_of(app) as client:
            me = await client.get("/v1/me", headers=headers)
            listed = await client.get("/v1/collections", headers=headers)
        if me.status_code != 200:
            assert refusal(me) == refusal(listed)
            continue
        seen = [each["name"] for each in listed.json()["items"]]
        assert seen == names[me.json()["tenant"]["id"]]


async def test_a_leaked_key_cannot_outlive_itself(app, tenant: Tenant, made):
    """It makes no successor, touches no other key, and ends no session of its maker."""
    body = {"name": "short", "role": "viewer", "expires_in_days": 1}
    short = (await tenant.client.post("/v1/api-keys", json=body)).json()
    session = (await tenant.client.get("/v1/sessions")).json()["items"][0]["id"]
    change = {"current_password": PASSWORD, "new_password": "another long one"}
    for key in (short["key"], made["key"]):
        async with client_of(app, key) as thief:
            assert (await thief.get("/v1/me")).status_code == 200
            attempts = [
                await thief.post("/v1/api-keys", json={"name": "forever", "role": "viewer"}),
                await thief.patch(f"/v1/api-keys/{made['id']}", json={"name": "mine now"}),
                await thief.delete(f"/v1/api-keys/{made['id']}"),
                await thief.delete(f"/v1/sessions/{session}"),
                await thief.delete("/v1/sessions"),
                await thief.put("/v1/me/password", json=change),
            ]
            assert [refusal(each)[0] for each in attempts] == [403] * 6
            assert refusal(await thief.post("/v1/auth/logout"))[0] == 409
    listed = (await tenant.client.get("/v1/api-keys")).json()["items"]
    assert sorted(each["name"] for each in listed) == ["nightly", "short"]
    # The control: whoever logged in does all of it.
    path = f"/v1/api-keys/{made['id']}"
    assert (await tenant.client.patch(path, json={"name": "weekly"})).status_code == 200
    assert (await tenant.client.delete(path)).status_code == 204
    assert (await tenant.client.put("/v1/me/password", json=change)).status_code == 204
    assert (await tenant.client.delete(f"/v1/sessions/{session}")).status_code == 204


async def test_a_viewers_key_changes_nothing(app, tenant: Tenant):
    kept = (await tenant.client.post("/v1/collections", json={"name": "kept"})).json()
    body = {"name": "reader", "role": "viewer"}
    key = (await tenant.client.post("/v1/api-keys", json=body)).json()["key"]
    async with client_of(app, key) as viewer:
        assert (await viewer.get("/v1/collections")).json()["items"] == [kept]
        path = f"/v1/collections/{kept['id']}"
        attempts = [
            await viewer.post("/v1/collections", json={"name": "x"}),
            await viewer.patch(path, json={"name": "x"}),
            await viewer.delete(path),
            await viewer.post("/v1/members", json={"email": "x@example.com"}),
            await viewer.patch(f"/v1/members/{tenant.user_id}", json={"role": "viewer"}),
            await viewer.delete(f"/v1/members/{tenant.user_id}"),
            await viewer.post("/v1/documents", files={"file": ("a.txt", b"some words")}),
            await viewer.get("/v1/api-keys"),
        ]
    assert [refusal(each) for each in attempts] == [(403, "forbidden")] * len(attempts)
    assert (await tenant.client.get("/v1/collections")).json()["items"] == [kept]
    assert (await tenant.client.get("/v1/documents")).json()["items"] == []


async def test_an_expired_key_is_a_wrong_one(app, tenant: Tenant, made):
    assert (await used(app, made["key"])).status_code == 200
    async with app.state.database.transaction(TenantScope(UUID(tenant.id))) as tx:
        await tx.run(text("update api_keys set expires_at = now() - interval '1 second'"))
    await app.state.cache._client.flushall()
    wild = await used(app, "assay_" + secrets.token_urlsafe(32))
    assert same_answer(await used(app, made["key"]), wild)
