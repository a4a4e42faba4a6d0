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
