"""Collections through the API."""

import pytest

from tests.conftest import Tenant
from tests.documents.conftest import uploaded


async def made(tenant: Tenant, name: str = "Reports") -> dict:
    response = await tenant.client.post("/v1/collections", json={"name": name})
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_collection_is_made_read_changed_and_deleted(tenant: Tenant):
    collection = await made(tenant)
    path = f"/v1/collections/{collection['id']}"
    changed = await tenant.client.patch(path, json={"name": "Letters", "description": "old ones"})
    assert (changed.json()["name"], changed.json()["description"]) == ("Letters", "old ones")
    assert (await tenant.client.get(path)).json()["name"] == "Letters"
    assert (await tenant.client.delete(path)).status_code == 204
    assert (await tenant.client.get(path)).status_code == 404


async def test_names_are_unique_whatever_their_case(tenant: Tenant, other: Tenant):
    await made(tenant)
    second = await made(tenant, "Letters")
    taken = await tenant.client.post("/v1/collections", json={"name": "REPORTS"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    renamed = await tenant.client.patch(f"/v1/collections/{second['id']}", json={"name": "reports"})
    assert renamed.json()["code"] == "name_taken"
    await made(other)


async def test_a_collection_with_documents_stays(tenant: Tenant):
    collection = await made(tenant)
    await uploaded(tenant, "a.txt", b"Some words.", data={"collection_id": collection["id"]})
    refused = await tenant.client.delete(f"/v1/collections/{collection['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "collection_not_empty")
    listed = await tenant.client.get("/v1/documents", params={"collection_id": collection["id"]})
    assert len(listed.json()["items"]) == 1


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_another_tenants_collection_is_an_unknown_one(
    tenant: Tenant, other: Tenant, method: str
):
    theirs = await made(other)
    body = {"name": "Mine"} if method == "PATCH" else None
    answers = []
    for identifier in (theirs["id"], "00000000-0000-7000-8000-000000000000"):
        answer = await tenant.client.request(method, f"/v1/collections/{identifier}", json=body)
        answers.append((answer.status_code, {**answer.json(), "request_id": None}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert (await tenant.client.get("/v1/collections")).json()["items"] == []
    own = await other.client.request(method, f"/v1/collections/{theirs['id']}", json=body)
    assert own.status_code < 300
