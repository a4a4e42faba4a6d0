"""SQL, filters, cursors, search syntax and characters that a store cannot hold."""

import base64
import json
from uuid import uuid4

import pytest

from assay.errors import Unavailable
from tests.attacks.conftest import refusal
from tests.conftest import Tenant
from tests.library import REPORT, put

pytestmark = pytest.mark.usefixtures("working")

SQL = [
    "'; drop table documents; --",
    "' or '1'='1",
    '" or ""="',
    "') or true) --",
    "x' union select password_hash from users --",
    "1; select pg_sleep(30)",
    "%' or name like '%",
    "\\'; drop table users; --",
    "$$; drop table users; $$",
    "%s %(name)s :id {0} {id} $1",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "${jndi:ldap://127.0.0.1:1/x}",
    "*)(uid=*))(|(uid=*",
    "set app.tenant = '00000000-0000-0000-0000-000000000000'",
]
TSQUERY = [
    "(revenue | profit) & !loss",
    "revenue:* <-> profit:A <2> loss",
    "!!!(((",
    "'rev''enue' & \\ & \\\\",
    "a:b:c:*ABCD",
    "http://example.com/a&b|c?d=!e \\' f",
    "foo-bar-baz/qux_quux.corge@grault.garply",
    "& | ! ( ) < > : * ' \" \\",
    '-revenue +profit ~loss "total revenue"~3 rev^2 [a TO b] /r.*/',
    "'" * 1999,
    "\\" * 2000,
    "&" * 2000,
    "a&" * 1000,
]


def body(text: str, name: str = "name") -> dict:
    """Return a JSON body written by hand, which no client's encoder objects to."""
    return {
        "content": f'{{"{name}": "{text}"}}',
        "headers": {"Content-Type": "application/json"},
    }


@pytest.mark.parametrize("text", SQL + TSQUERY[:8])
async def test_names_and_filters_are_data(tenant: Tenant, other: Tenant, text):
    theirs = (await other.client.post("/v1/collections", json={"name": "theirs"})).json()
    made = await tenant.client.post("/v1/collections", json={"name": text, "description": text})
    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["description"]) == (text.strip(), text)
    document = (
        await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"Some words.")})
    ).json()["documents"][0]
    for query in (text, f"a{text}"):
        found = await tenant.client.get("/v1/documents", params={"q": query})
        assert (found.status_code, found.json()["items"]) == (200, [])
    assert (await tenant.client.get("/v1/documents", params={"q": "A.TX"})).json()["items"]
    for name in ("status", "collection_id", "cursor", "limit"):
        wrong = await tenant.client.get("/v1/documents", params={name: text})
        assert refusal(wrong)[0] == 422, name
    login = {"email": text, "password": text * 3}
    assert refusal(await tenant.client.post("/v1/auth/login", json=login))[0] in (401, 422)
    assert (await other.client.get("/v1/collections")).json()["items"] == [theirs]
    assert (await tenant.client.get(f"/v1/documents/{document['id']}")).status_code == 200


@pytest.mark.parametrize("pattern", ["%", "_", "a_txt", "%txt", "a%", ".*", "a.t.t", "*"])
async def test_a_pattern_is_no_pattern(tenant: Tenant, pattern):
    await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"Some words.")})
    found = await tenant.client.get("/v1/documents", params={"q": pattern})
    assert found.json()["items"] == []
    await tenant.client.post("/v1/documents", files={"file": (f"{pattern}.txt", b"Others.")})
    found = await tenant.client.get("/v1/documents", params={"q": pattern})
    shown = pattern.rpartition("/")[2]
    assert [each["name"] for each in found.json()["items"]] == [f"{shown}.txt"]


@pytest.fixture
def without_vectors(app, monkeypatch):
    """Search goes by PostgreSQL's own full text."""

    async def away(*_args, **_kwargs):
        raise Unavailable("away", code="vectors_unavailable")

    monkeypatch.setattr(app.state.search._vectors, "search", away)


async def searched(tenant: Tenant, text: str) -> list[dict]:
    for mode in ("hybrid", "lexical", "dense"):
        found = await tenant.client.post("/v1/search", json={"query": text, "mode": mode})
        assert found.status_code == 200, found.text
    asked = await tenant.client.post(
        "/v1/ask", json={"question": f"What about Northwind {text}"[:2000]}
    )
    assert asked.status_code == 200, asked.text
    assert all(each["document_name"] == "mine.txt" for each in asked.json()["citations"])
    return found.json()["hits"]


async def test_search_syntax_is_words(tenant: Tenant, other: Tenant):
    await put(tenant.client, "mine.txt", REPORT)
    await put(other.client, "theirs.txt", REPORT.replace("Northwind", "Fabrikam"))
    for text in SQL + TSQUERY:
        hits = await searched(tenant, text)
        assert {hit["document_name"] for hit in hits} <= {"mine.txt"}
    assert await searched(tenant, "revenue")


async def test_search_syntax_is_words_in_full_text_too(
    tenant: Tenant, other: Tenant, without_vectors
):
    await put(tenant.client, "mine.txt", REPORT)
    await put(other.client, "theirs.txt", REPORT.replace("Northwind", "Fabrikam"))
    for text in SQL + TSQUERY:
        hits = await searched(tenant, text)
        assert {hit["document_name"] for hit in hits} <= {"mine.txt"}
    assert await searched(tenant, "revenue")


@pytest.mark.parametrize(
    "name",
    [
        'What did "Foo\\Bar" say?', "What did O'Brien\\ say?", "What did A:* & B | !C say?",
        "Who is X\\", "What is «\\»?", "What of Northwind' | Traders:*?", "Foo\\x27 & Bar?",
        "Was 'Northwind''Traders' sold?", "Northwind \\:*", "E'Northwind\\'' ?",
    ],
)  # fmt: skip
async def test_names_in_a_question_are_words(tenant: Tenant, name):
    """They are looked up on their own, by a query that is put together from them."""
    await put(tenant.client, "mine.txt", REPORT)
    asked = await tenant.client.post("/v1/ask", json={"question": name})
    assert asked.status_code == 200, asked.text


@pytest.mark.parametrize(
    "value",
    [
        {"$gt": ""}, {"$ne": None}, {"$where": "sleep(10)"}, ["a"], [["a"]], 7, 7.5, True, None,
        {"name": "a"}, {"__class__": "x"},
    ],
)  # fmt: skip
async def test_operators_are_no_values(tenant: Tenant, value):
    await tenant.client.post("/v1/collections", json={"name": "kept"})
    attempts = [
        await tenant.client.post("/v1/collections", json={"name": value}),
        await tenant.client.post("/v1/search", json={"query": value}),
        await tenant.client.post("/v1/search", json={"query": "x", "document_ids": value or {}}),
        await tenant.client.post("/v1/search", json={"query": "x", "document_ids": [value]}),
        await tenant.client.post("/v1/search", json={"query": "x", "mode": value}),
        await tenant.client.post("/v1/ask", json={"question": value}),
        await tenant.client.post("/v1/auth/login", json={"email": value, "password": value}),
        await tenant.client.post("/v1/auth/login", json={"email": tenant.email, "password": value}),
        await tenant.client.post("/v1/auth/refresh", json={"refresh_token": value}),
    ]
    assert [refusal(each)[0] for each in attempts] == [422] * len(attempts)


async def test_a_foreign_filter_finds_nothing_and_says_nothing(tenant: Tenant, other: Tenant):
    mine = await put(tenant.client, "mine.txt", REPORT)
    theirs = await put(other.client, "theirs.txt", REPORT)
    for ids in ([theirs["id"]], [mine["id"], theirs["id"]], [str(uuid4())]):
        for path, field in (("/v1/search", "query"), ("/v1/ask", "question")):
            request = {field: "total revenue", "document_ids": ids}
            response = await tenant.client.post(path, json=request)
            assert refusal(response) == (404, "not_found")
            assert "theirs" not in response.text
    request = {"query": "total revenue", "document_ids": [mine["id"]] * 1000}
    found = await tenant.client.post("/v1/search", json=request)
    assert {hit["document_id"] for hit in found.json()["hits"]} == {mine["id"]}


def cursor(*values: object) -> str:
    raw = json.dumps(values[0] if len(values) == 1 else list(values)).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


ID = "00000000-0000-7000-8000-000000000000"
NOW = "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "tampered",
    [
        cursor(NOW, "' or 1=1 --"), cursor("' or 1=1 --", ID), cursor("now()", ID),
        cursor("2026-01-01", ID), cursor("2026-01-01T00:00:00", ID), cursor(NOW), cursor({}),
        cursor(NOW, ID, ID), cursor(NOW, None), cursor(None, ID), cursor([NOW], [ID]),
        cursor({"at": NOW}, ID), cursor("infinity", ID), cursor(1e300, ID), cursor("NaN", ID),
        cursor(NOW, "0" * 1000), "=" * 10, "%00", "a" * 201, "..", "\u00e9", "_-_-",
    ],
)  # fmt: skip
async def test_a_tampered_cursor_is_refused(tenant: Tenant, tampered):
    for path in ("members", "documents", "collections", "conversations", "api-keys", "sessions"):
        response = await tenant.client.get(f"/v1/{path}", params={"cursor": tampered})
        assert refusal(response)[0] == 422, path


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", 1, -1, 1e10],
)
async def test_a_cursor_at_the_end_of_time_lists_own_rows_or_none(
    tenant: Tenant, other: Tenant, at
):
    await other.client.post("/v1/collections", json={"name": "theirs"})
    await tenant.client.post("/v1/collections", json={"name": "mine"})
    response = await tenant.client.get("/v1/collections", params={"cursor": cursor(at, ID)})
    if response.status_code != 200:
        assert refusal(response)[0] == 422
    else:
        assert [each["name"] for each in response.json()["items"]] in (["mine"], [])


async def test_another_tenants_cursor_lists_own_rows(tenant: Tenant, other: Tenant):
    for each in (other, tenant):
        for name in "abc":
            await each.client.post("/v1/collections", json={"name": name})
    first = (await other.client.get("/v1/collections", params={"limit": 1})).json()
    page = {"cursor": first["next_cursor"]}
    rest = (await other.client.get("/v1/collections", params=page)).json()["items"]
    assert [each["name"] for each in rest] == ["b", "c"]
    seen = (await tenant.client.get("/v1/collections", params=page)).json()["items"]
    own = (await tenant.client.get("/v1/collections")).json()["items"]
    assert [each for each in seen if each not in own] == []
    assert len(own) == 3


@pytest.mark.parametrize("escaped", ["a\\u0000b", "\\ud800", "a\\udfff\\ud800b", "\\udc00\\u0000"])
async def test_what_no_store_holds_is_refused(tenant: Tenant, escaped):
    send = tenant.client.request
    collection = (await tenant.client.post("/v1/collections", json={"name": "kept"})).json()
    attempts = [
        await send("POST", "/v1/collections", **body(escaped)),
        await send("PATCH", f"/v1/collections/{collection['id']}", **body(escaped, "description")),
        await send("POST", "/v1/api-keys", **body(escaped)),
        await send("POST", "/v1/search", **body(escaped, "query")),
        await send("POST", "/v1/ask", **body(escaped, "question")),
        await send("POST", "/v1/auth/refresh", **body(escaped, "refresh_token")),
        await send("POST", "/v1/auth/login", **body(escaped, 'password":"x","email')),
        await send("POST", "/v1/auth/login", **body(escaped, 'email":"a@example.com","password')),
        await send("POST", "/v1/signup", **body(escaped, 'workspace":"w","email')),
        await send("POST", "/v1/members", **body(f"{escaped}@example.com", "email")),
        await send("POST", "/v1/collections", **body("x", escaped)),
    ]
    refused = [refusal(each)[0] for each in attempts]
    # No refresh token holds a NUL, so one that does is only unknown.
    assert set(refused) <= {401, 422}
    assert refused.count(401) <= 1
    listed = (await tenant.client.get("/v1/collections")).json()["items"]
    assert listed == [collection]


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "q=%ff%fe", "q=%ed%a0%80", "q=%c0%ae"])
async def test_odd_bytes_in_a_query_find_nothing(tenant: Tenant, query):
    await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"Some words.")})
    response = await tenant.client.get(f"/v1/documents?{query}")
    if response.status_code != 200:
        assert refusal(response)[0] == 422
    else:
        assert response.json()["items"] == []
    assert len((await tenant.client.get("/v1/documents?q=a")).json()["items"]) == 1


@pytest.mark.parametrize("key", [b"' or 1=1 --", b"\xff\xfe", b"../../x", b"%s", b"x" * 255])
async def test_an_idempotency_key_is_the_tenants_own(tenant: Tenant, other: Tenant, key):
    headers = {"Idempotency-Key": key}
    files = {"file": ("secret.txt", b"Words that only one tenant has.")}
    first = await tenant.client.post("/v1/documents", files=files, headers=headers)
    again = await tenant.client.post("/v1/documents", files=files, headers=headers)
    theirs = await other.client.post("/v1/documents", files=files, headers=headers)
    mine, same, copy = (each.json()["documents"][0] for each in (first, again, theirs))
    assert same["id"] == mine["id"]
    assert copy["id"] != mine["id"]
    assert copy["duplicate"] is False  # nobody learns what others have
