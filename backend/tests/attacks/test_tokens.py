"""Access tokens that nobody issued, or that hold no longer."""

import base64
import hmac
import json
import time
from uuid import uuid4

import jwt
import pytest

from tests.attacks.conftest import refusal
from tests.conftest import PASSWORD, Tenant, client_of

CLAIMS = ["iss", "aud", "iat", "exp", "sub", "sid", "tid"]
FAR = 10 * 365 * 24 * 3600
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Forger:
    """Knows everything that is public; with `signed`, the signing key too."""

    def __init__(self, settings, tenant: Tenant) -> None:
        self.genuine = str(tenant.tokens["access_token"])
        self.key = settings.secret_keys[0].get_secret_value()
        self.header = jwt.get_unverified_header(self.genuine)
        self.claims = jwt.decode(self.genuine, options={"verify_signature": False})

    def signed(self, *, without: str = "", **changes: object) -> str:
        claims = {name: value for name, value in (self.claims | changes).items() if name != without}
        return jwt.encode(claims, self.key, "HS256", headers=self.header)

    def headed(self, **headers: object) -> str:
        """Sign with the right key under another header, which the library would refuse to make."""
        return self.raw(self.header | headers)

    def raw(
        self, header: object, key: str = "", digest: str = "sha256", claims: object = None
    ) -> str:
        """Sign by hand what the library would refuse to make."""
        head = f"{encoded(header)}.{encoded(self.claims if claims is None else claims)}"
        mac = hmac.digest((key or self.key).encode(), head.encode(), digest)
        return f"{head}.{encoded(mac)}"


@pytest.fixture
def forger(parts, tenant: Tenant) -> Forger:
    return Forger(parts.app_settings, tenant)


async def answer(app, token: str | bytes):
    raw = token if isinstance(token, bytes) else token.encode("latin-1")
    async with client_of(app) as client:
        return await client.get("/v1/me", headers={"Authorization": b"Bearer " + raw})


async def refused(app, tokens: dict[str, str]) -> None:
    for what, token in tokens.items():
        response = await answer(app, token)
        assert refusal(response)[0] == 401, what
        assert response.headers["www-authenticate"] == "Bearer", what


async def test_the_forger_signs_what_is_accepted(app, forger: Forger, tenant: Tenant):
    """The control of every refusal below: what they change is all that is wrong with them."""
    for token in (forger.genuine, forger.signed(), forger.headed()):
        response = await answer(app, token)
        assert response.status_code == 200, response.text
        assert response.json()["tenant"]["id"] == tenant.id


async def test_no_other_algorithm_is_taken(app, forger: Forger):
    payload, signature = forger.genuine.split(".")[1:]
    nones = {
        f"alg {name}, signature {bool(kept)}": f"{encoded(forger.header | {'alg': name})}.{payload}"
        f".{kept}"
        for name in ("none", "None", "nOnE", "NONE", "", None, [], {}, 0, "HS256 ", "hs256")
        for kept in ("", signature)
    }
    confused = {
        f"{name}, the shared secret as its key": forger.headed(alg=name)
        for name in ("RS256", "PS256", "ES256", "EdDSA", "HS384", "HS512", "A256GCM", "dir")
    }
    by_right_key = {
        "HS384": forger.raw(forger.header | {"alg": "HS384"}, digest="sha384"),
        "HS512": forger.raw(forger.header | {"alg": "HS512"}, digest="sha512"),
        "HS1": forger.raw(forger.header | {"alg": "HS1"}, digest="sha1"),
    }
    await refused(app, nones | confused | by_right_key)


async def test_no_guessable_key_signs(app, forger: Forger):
    guesses = ["\0", "secret", "assay", "assay-api", "HS256", forger.header["kid"], "x" * 64, PEM]
    forged = {key[:20]: forger.raw(forger.header, key=key) for key in guesses}
    jwk = {"kty": "oct", "k": encoded(b"mine"), "kid": forger.header["kid"]}
    inside = {"a key in the header": forger.raw(forger.header | {"jwk": jwk}, key="mine")}
    head, payload, _ = forger.genuine.split(".")
    empty = hmac.digest(b"", f"{head}.{payload}".encode(), "sha256")
    await refused(app, forged | inside | {"the empty key": f"{head}.{payload}.{encoded(empty)}"})


async def test_a_kid_finds_keys_of_the_ring_only(app, forger: Forger):
    kid = forger.header["kid"]
    tricks = [
        None, True, 0, -1, 1.5, "", [], [kid], {}, {"kid": kid}, kid.upper() + "x", kid[:-1],
        kid + "\0", " " + kid, "../../../dev/null", "/dev/null", "/proc/self/environ",
        "file:///etc/passwd", "http://127.0.0.1:1/key", "' or 1=1 --",
        "x' union select 'AAAA' --", "| sleep 10", "__class__", "x" * 100_000, "\u0000", "\ud800",
    ]  # fmt: skip
    await refused(app, {repr(trick)[:60]: forger.headed(kid=trick) for trick in tricks})
    headless = {name: value for name, value in forger.header.items() if name != "kid"}
    pointers = {
        name: forger.raw({**headless, name: "http://127.0.0.1:1/keys"}) for name in ("jku", "x5u")
    }
    await refused(app, {"no kid": forger.raw(headless), **pointers})


async def test_what_a_header_calls_critical_must_be_understood(app, forger: Forger):
    """RFC 7515 section 4.1.11; `b64` (RFC 7797) would sign something else."""
    await refused(
        app,
        {
            "crit": forger.headed(crit=["unheard-of"], **{"unheard-of": True}),
            "b64": forger.headed(crit=["b64"], b64=False),
        },
    )


async def test_every_claim_is_needed_and_of_its_kind(app, forger: Forger):
    kinds = (None, [], {}, True, "x", "", -1)
    await refused(app, {f"no {claim}": forger.signed(without=claim) for claim in CLAIMS})
    wrong = {
        f"{claim}: {kind!r}": forger.raw(forger.header, claims=forger.claims | {claim: kind})
        for claim in ("sub", "sid", "tid", "exp", "iss", "aud")
        for kind in kinds
    }
    await refused(app, wrong)


async def test_a_token_holds_in_its_time_for_its_service(app, forger: Forger):
    now = int(time.time())
    await refused(
        app,
        {
            "expired": forger.signed(exp=now - 1),
            "expired long ago": forger.signed(exp=0),
            "not yet": forger.signed(nbf=now + FAR),
            "issued in the future": forger.signed(iat=now + FAR, exp=now + 2 * FAR),
            "for another service": forger.signed(aud="assay-admin"),
            "for other services": forger.signed(aud=["assay-admin", "assay"]),
            "of another issuer": forger.signed(iss="https://assay.example"),
        },
    )
    expired = await answer(app, forger.signed(exp=now - 1))
    assert refusal(expired) == (401, "token_expired")


async def test_a_session_opens_its_own_tenant_only(app, parts, forger: Forger, other: Tenant):
    """Even with the signing key: the session's row says whose it is."""
    theirs = Forger(parts.app_settings, other).claims
    tokens = {
        "their tenant, own session": forger.signed(tid=theirs["tid"]),
        "their tenant and user, own session": forger.signed(tid=theirs["tid"], sub=theirs["sub"]),
        "own tenant, their session": forger.signed(sid=theirs["sid"]),
        "a session that is none": forger.signed(sid=str(uuid4())),
        "a tenant that is none": forger.signed(tid=str(uuid4())),
        "the user is the session": forger.signed(sid=forger.claims["sub"]),
    }
    await refused(app, tokens)
    assert (await answer(app, forger.genuine)).status_code == 200
    assert (await other.client.get("/v1/me")).json()["tenant"]["id"] == other.id


async def test_a_session_that_ended_opens_nothing(app, anonymous, tenant: Tenant, forger: Forger):
    body = {"email": tenant.email, "password": PASSWORD}
    second = (await anonymous.post("/v1/auth/login", json=body)).json()["access_token"]
    assert (await answer(app, second)).status_code == 200
    sid = jwt.decode(second, options={"verify_signature": False})["sid"]
    assert (await tenant.client.delete(f"/v1/sessions/{sid}")).status_code == 204
    for token in (second, forger.signed(sid=sid)):
        assert refusal(await answer(app, token)) == (401, "session_ended")
    assert (await answer(app, forger.genuine)).status_code == 200


async def test_other_secrets_are_no_access_tokens(app, tenant: Tenant, forger: Forger):
    sid, sub = forger.claims["sid"], forger.claims["sub"]
    secrets = [
        tenant.tokens["refresh_token"],
        sid,
        sub,
        tenant.id,
        forger.key,
        forger.header["kid"],
    ]
    await refused(app, {str(secret)[:12]: str(secret) for secret in secrets})


async def test_shapes_that_break_parsers(app, forger: Forger):
    head, payload, signature = forger.genuine.split(".")
    deep = b'{"alg":"HS256","kid":' + b"[" * 50_000
    twice = b'{"alg":"none","alg":"HS256","kid":"x"}'
    await refused(
        app,
        {
            "a header 50,000 deep": f"{encoded(deep)}.{payload}.{signature}",
            "a header of 50,000 objects": f"{encoded(b'{' * 50_000)}.{payload}.{signature}",
            "a deep payload": f"{head}.{encoded(b'[' * 50_000)}.{signature}",
            "an integer of 10,000 digits": f"{encoded(b'9' * 10_000)}.{payload}.{signature}",
            "a header twice": f"{encoded(twice)}.{payload}.{signature}",
            "no JSON": f"{encoded(b'x')}.{payload}.{signature}",
            "a list": f"{encoded([])}.{payload}.{signature}",
            "bytes": f"{encoded(bytes(range(256)))}.{payload}.{signature}",
            "one million characters": "a" * 1_000_000,
            "one million dots": "." * 1_000_000,
            "a megabyte of signature": f"{head}.{payload}.{'A' * 1_000_000}",
            "encrypted (five parts)": f"{head}.{payload}.{signature}.{payload}.{signature}",
            "two parts": f"{head}.{payload}",
            "blanks": f" {head}. {payload}.{signature}",
            "padding": f"{head}==.{payload}==.{signature}=",
            "above ASCII": f"{head}.{payload}.\u00ff",
            "nothing": "",
        },
    )
    assert (await answer(app, forger.genuine)).status_code == 200
