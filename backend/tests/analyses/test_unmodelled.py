"""Analyses without a model, from upload to table, by the worker itself."""

from typing import Any

import pytest

from tests.analyses.conftest import ask, table
from tests.conftest import Tenant
from tests.library import OTHER, REPORT, is_verbatim, over, put

pytestmark = pytest.mark.usefixtures("working")


@pytest.fixture
async def ids(tenant: Tenant) -> list[str]:
    named = {"northwind.txt": REPORT, "contoso.txt": OTHER}
    return [(await put(tenant.client, name, text))["id"] for name, text in named.items()]


async def done(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    analysis = await over(tenant.client, (await ask(tenant, body))["id"])
    assert (analysis["status"], analysis["engine"]) == ("completed", "extractive"), analysis
    assert analysis["usage"]["cost_usd"] == 0
    return analysis


async def all_verbatim(tenant: Tenant, citations: list[dict[str, Any]]) -> bool:
    return bool(citations) and all(
        [await is_verbatim(tenant.client, citation) for citation in citations]
    )


async def test_a_summary_quotes_what_it_states(tenant: Tenant, ids: list[str]):
    analysis = await done(tenant, {"kind": "summary", "document_ids": ids})
    result = analysis["result"]
    assert {each["document_name"] for each in result["documents"]} == {
        "northwind.txt",
        "contoso.txt",
    }
    points = [point for each in result["documents"] for point in each["points"]]
    for point in (*points, *result["overall"]["points"]):
        assert await all_verbatim(tenant, point["citations"])


async def test_a_focus_chooses_what_is_about_it(tenant: Tenant, ids: list[str]):
    body = {"kind": "summary", "focus": "Where did the headquarters move?", "length": "short"}
    analysis = await done(tenant, body | {"document_ids": ids})
    texts = [point["text"] for point in analysis["result"]["overall"]["points"]]
    assert any("Porto" in text for text in texts)


async def test_labels_are_given_with_the_passage_that_shows_them(tenant: Tenant, ids: list[str]):
    labels = [
        {"name": "Annual report", "description": "revenue, officers and shares of a company"},
        {"name": "Recipe", "description": "ingredients and steps to cook a dish"},
    ]
    analysis = await done(tenant, {"kind": "classify", "labels": labels, "document_ids": ids})
    rows = (await table(tenant, analysis))["rows"]
    cells = [row["cells"]["label"] for row in rows if row["cells"]["label"]]
    assert {cell["value"] for cell in cells} == {"Annual report"}
    assert await all_verbatim(tenant, cells)
    assert all(0.5 <= cell["confidence"] <= 1 for cell in cells)


async def test_a_comparison_quotes_both_sides(tenant: Tenant, ids: list[str]):
    body = {"kind": "compare", "topics": ["Total revenue in 2023"], "document_ids": ids}
    analysis = await done(tenant, body)
    (finding,) = analysis["result"]["findings"]
    assert finding["verdict"] == "differs"
    citations = [side["citation"] for side in finding["sides"]]
    assert await all_verbatim(tenant, citations)
    assert ["48.2" in citations[0]["quote"], "7.5" in citations[1]["quote"]] == [True, True]
    shown = await table(tenant, analysis)
    assert shown["columns"] == ["topic", "verdict", "northwind.txt", "contoso.txt"]


FORM = """CITY OF LINDEN
Dog Licence
Owner Name: Carla Diaz Licence No: 55-0192
Breed: Border Collie Date Issued: 02/11/2024 Fee: $34.00
"""
TICKETS = """Event,Seats,Price
Concert,4,$310.00
Opera,36,$8.50
"""


async def test_fields_are_found_with_quotes_or_said_to_be_missing(tenant: Tenant):
    licence = (await put(tenant.client, "licence.txt", FORM))["id"]
    fields = [
        {"name": "Owner"},
        {"name": "Issued", "type": "date", "description": "Date of issue"},
        {"name": "Fee", "type": "money"},
        {"name": "Blood type"},
    ]
    analysis = await done(tenant, {"kind": "extract", "fields": fields, "document_ids": [licence]})
    assert (analysis["result"]["filled"], analysis["result"]["not_found"]) == (3, 1)
    (row,) = (await table(tenant, analysis))["rows"]
    cells = row["cells"]
    assert cells.pop("Blood type") is None
    assert {name: cell["value"] for name, cell in cells.items()} == {
        "Owner": "Carla Diaz",
        "Issued": "2024-02-11",
        "Fee": {"amount": "34.00", "currency": "USD"},
    }
    assert await all_verbatim(tenant, list(cells.values()))


async def test_a_table_gives_a_row_for_each_item(tenant: Tenant):
    tickets = (await put(tenant.client, "tickets.csv", TICKETS))["id"]
    fields = [{"name": "Event"}, {"name": "Seats", "type": "number"}]
    body = {"kind": "extract", "rows": "item", "fields": fields, "document_ids": [tickets]}
    rows = (await table(tenant, await done(tenant, body)))["rows"]
    assert [[row["cells"][name]["value"] for name in ("Event", "Seats")] for row in rows] == [
        ["Concert", 4],
        ["Opera", 36],
    ]
    assert await all_verbatim(tenant, [row["cells"]["Event"] for row in rows])
