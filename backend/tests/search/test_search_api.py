"""Search through the API, on the real engine."""

import json
from uuid import uuid4

import pytest

from assay.errors import Unavailable
from assay.search.schemas import SearchResponse
from tests.conftest import Tenant
from tests.library import OTHER, REPORT, put

pytestmark = pytest.mark.usefixtures("working")


async def search(tenant: Tenant, query: str, **more):
    answer = await tenant.client.post("/v1/search", json={"query": query} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_the_passage_is_found_and_stands_on_its_page(tenant: Tenant, mode):
    report = await put(tenant.client, "northwind.txt", REPORT)
    await put(tenant.client, "contoso.txt", OTHER)
    found = await search(tenant, "shares repurchased by Northwind", mode=mode, limit=3)
    assert (found["degraded"], found["cached"]) == (False, False)
    # It is encoded by hand; the description of the API comes from the model.
    assert SearchResponse.model_validate_json(json.dumps(found)).model_dump(mode="json") == found
    best = found["hits"][0]
    assert (best["document_id"], best["document_name"]) == (report["id"], "northwind.txt")
    page = (await tenant.client.get(f"/v1/documents/{report['id']}/pages/1")).json()
    assert page["text"][best["start"] : best["end"]] == best["text"]
    assert [hit["score"] for hit in found["hits"]] == sorted(
        (hit["score"] for hit in found["hits"]), reverse=True
    )


async def test_filters_narrow_the_search(tenant: Tenant):
    collection = (await tenant.client.post("/v1/collections", json={"name": "c"})).json()["id"]
    upload = await tenant.client.post(
        "/v1/documents",
        files={"file": ("northwind.txt", REPORT.encode())},
        data={"collection_id": collection},
    )
    inside = upload.json()["documents"][0]["id"]
    outside = (await put(tenant.client, "contoso.txt", OTHER))["id"]
    from tests.library import finished

    await finished(tenant.client, inside)
    for filters, expected in (
        ({"document_ids": [outside]}, {outside}),
        ({"collection_ids": [collection]}, {inside}),
        ({"collection_ids": [collection], "document_ids": [outside]}, set()),
        ({}, {inside, outside}),
    ):
        hits = (await search(tenant, "total revenue", **filters))["hits"]
        assert {hit["document_id"] for hit in hits} == expected, filters


async def test_another_tenants_passages_are_never_found(tenant: Tenant, other: Tenant):
    theirs = await put(other.client, "secret.txt", REPORT)
    assert (await search(other, "Northwind revenue"))["hits"]
    assert (await search(tenant, "Northwind revenue"))["hits"] == []
    bodies = []
    for identifier in (theirs["id"], str(uuid4())):
        body = {"query": "revenue", "document_ids": [identifier]}
        answer = await tenant.client.post("/v1/search", json=body)
        bodies.append((answer.status_code, {**answer.json(), "request_id": None}))
    assert bodies[0] == bodies[1]
    assert bodies[0][0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "   "},
        {"query": "x" * 2001},
        {"query": "a\x00b"},
        {"query": "a", "limit": 0},
        {"query": "a", "limit": 51},
        {"query": "a", "mode": "magic"},
        {"query": "a", "document_ids": []},
        {"query": "a", "collection_ids": []},
        {"query": "a", "document_ids": ["x"]},
        {"query": ["a"]},
    ],
)
async def test_wrong_values_are_named(tenant: Tenant, body):
    answer = await tenant.client.post("/v1/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_error")


@pytest.mark.parametrize("query", ["???", "the of and", "🦀", "' or 1=1 --", "* : & | !", "\\"])
async def test_odd_queries_are_answered(tenant: Tenant, query):
    await put(tenant.client, "northwind.txt", REPORT)
    for mode in ("hybrid", "dense", "lexical"):
        await search(tenant, query, mode=mode)


async def test_without_the_vector_engine_full_text_answers(app, tenant: Tenant, monkeypatch):
    report = await put(tenant.client, "northwind.txt", REPORT)

    async def away(*_):
        raise Unavailable("away", code="vectors_unavailable")

    monkeypatch.setattr(app.state.search._vectors, "search", away)
    found = await search(tenant, "Who is the chief financial officer?")
    assert found["degraded"] is True
    assert found["hits"][0]["document_id"] == report["id"]
    assert (await search(tenant, "the of and"))["hits"] == []


async def test_a_deleted_document_is_not_found(tenant: Tenant):
    report = await put(tenant.client, "northwind.txt", REPORT)
    assert (await search(tenant, "Northwind"))["hits"]
    assert (await tenant.client.delete(f"/v1/documents/{report['id']}")).status_code == 204
    assert (await search(tenant, "Northwind"))["hits"] == []
