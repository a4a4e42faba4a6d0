"""What is asked for and refused, who may do it, templates, estimates; by the public calls."""

from typing import Any
from uuid import uuid4

import pytest

from assay.settings import Settings
from tests.analyses.conftest import EXTRACT, FIELDS, Desk, FakeEngine, ask, step
from tests.attacks.conftest import colleague
from tests.conftest import Tenant

LABELS = [{"name": "Report"}, {"name": "Letter"}]


@pytest.fixture
async def document(tenant: Tenant, desk: Desk) -> str:
    return await desk.put(tenant, "report.txt", "word " * 400)


async def refused(tenant: Tenant, body: dict[str, Any], status: int = 422) -> dict[str, Any]:
    answers = [
        await tenant.client.post(f"/v1/analyses{path}", json=body) for path in ("", "/estimate")
    ]
    assert {each.status_code for each in answers} == {status}, answers[0].text
    first, second = (each.json() for each in answers)
    assert first["code"] == second["code"]
    assert (await tenant.client.get("/v1/analyses")).json()["items"] == []
    return first


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"kind": "guess"}, "kind"),
        ({"kind": "extract", "fields": "all"}, "fields"),
        ({"kind": "extract", "fields": [{"name": " "}]}, "name"),
        ({"kind": "extract", "fields": [{"name": "x" * 101}]}, "name"),
        ({"kind": "extract", "fields": [{"name": "A\x00"}]}, "name"),
        ({"kind": "extract", "fields": [{"name": "Sum"}] * 2}, "twice"),
        (
            {
                "kind": "extract",
                "fields": [{"name": "Sum", "type": "money"}, {"name": "SUM", "type": "date"}],
            },
            "twice",
        ),
        ({"kind": "extract", "fields": [{"name": "a", "type": "colour"}]}, "type"),
        ({"kind": "extract", "fields": [{"name": "a", "type": "choice"}]}, "two or more options"),
        (
            {"kind": "extract", "fields": [{"name": "a", "type": "choice", "options": ["x", "X"]}]},
            "twice",
        ),
        (
            {"kind": "extract", "fields": [{"name": "a", "type": "date", "options": ["x", "y"]}]},
            "only a choice has options",
        ),
        ({"kind": "extract", "fields": [{"name": str(n)} for n in range(51)]}, "fields"),
        ({"kind": "summary", "fields": FIELDS}, "belong to the kind extract"),
        ({"kind": "extract", "fields": FIELDS, "labels": LABELS}, "belong to the kind classify"),
        ({"kind": "classify", "labels": [LABELS[0], LABELS[0]]}, "twice"),
        ({"kind": "summary", "topics": ["Price"]}, "belong to the kind compare"),
        ({"kind": "compare", "topics": ["Price", "price"]}, "twice"),
        ({"kind": "summary", "length": "endless"}, "length"),
        ({"kind": "extract", "fields": FIELDS, "rows": "page"}, "rows"),
        ({"kind": "summary", "surprise": 1}, "surprise"),
    ],
)
async def test_a_question_that_contradicts_itself_is_refused(
    tenant: Tenant, document: str, question: dict[str, Any], told: str
):
    problem = await refused(tenant, question | {"document_ids": [document]})
    assert problem["code"] == "validation_error"
    assert told in problem["detail"]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"kind": "extract"}, "incomplete_question"),
        ({"kind": "extract", "fields": []}, "incomplete_question"),
        ({"kind": "classify", "labels": LABELS[:1]}, "incomplete_question"),
        ({"kind": "compare"}, "too_few_documents"),
    ],
)
async def test_a_question_that_lacks_something_says_what(
    tenant: Tenant, document: str, question: dict[str, Any], code: str
):
    assert (await refused(tenant, question | {"document_ids": [document]}))["code"] == code


async def test_documents_have_to_be_named(tenant: Tenant, document: str):
    both = {"document_ids": [document], "collection_id": str(uuid4())}
    for named in ({}, both, {"document_ids": []}, {"document_ids": ["x"]}):
        assert (await refused(tenant, EXTRACT | named))["code"] == "validation_error"
    for unknown in ({"document_ids": [document, str(uuid4())]}, {"collection_id": str(uuid4())}):
        assert (await refused(tenant, EXTRACT | unknown, 404))["code"] == "not_found"
    made = await tenant.client.post("/v1/collections", json={"name": "Empty"})
    empty = {"collection_id": made.json()["id"]}
    assert (await refused(tenant, EXTRACT | empty))["code"] == "no_documents"


async def test_ten_thousand_documents_run_and_more_are_refused_with_the_number(
    tenant: Tenant, desk: Desk
):
    made = await tenant.client.post("/v1/collections", json={"name": "Many"})
    collection = made.json()["id"]
    insert = (
        "insert into documents (id, tenant_id, collection_id, name, mime_type, size_bytes, sha256,"
        " storage_key, status) select gen_random_uuid(), current_tenant(), :id, n || '.txt', 'x',"
        " 1, encode(sha256((current_tenant()::text || n)::bytea), 'hex'), 'none', 'ready'"
        " from generate_series(cast(:first as int), cast(:last as int)) n"
    )
    await desk.run(tenant, insert, id=collection, first=1, last=10_000)
    question = EXTRACT | {"collection_id": collection}
    analysis = await ask(tenant, question)
    assert analysis["progress"]["total"] == 10_000
    assert len(await desk.queued(analysis)) == Settings(_env_file=None).analysis_lanes
    estimate = await tenant.client.post("/v1/analyses/estimate", json=question)
    assert estimate.json()["documents"] == 10_000
    assert (await tenant.client.delete(f"/v1/analyses/{analysis['id']}")).status_code == 204
    await desk.run(tenant, insert, id=collection, first=10_001, last=10_001)
    problem = await refused(tenant, question)
    assert problem["code"] == "too_many_documents"
    assert "10000" in problem["detail"]


async def test_too_many_ids_are_refused(tenant: Tenant):
    body = EXTRACT | {"document_ids": [str(uuid4()) for _ in range(10_000)]}
    answer = await tenant.client.post("/v1/analyses", json=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_repeated_call_starts_nothing_again(tenant: Tenant, document: str):
    body, headers = EXTRACT | {"document_ids": [document]}, {"Idempotency-Key": "once"}
    first = await ask(tenant, body, headers=headers)
    assert (await ask(tenant, body, headers=headers))["id"] == first["id"]
    other = await tenant.client.post(
        "/v1/analyses", json=body | {"name": "Another"}, headers=headers
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len((await tenant.client.get("/v1/analyses")).json()["items"]) == 1


async def test_lists_are_filtered_and_go_on(tenant: Tenant, desk: Desk, document: str):
    named = {"document_ids": [document]}
    made = [await ask(tenant, EXTRACT | named | {"name": str(n)}) for n in range(3)]
    summary = await ask(tenant, {"kind": "summary"} | named)
    assert summary["name"] == "Summary, 1 document"
    await desk.finish(tenant, made[0], FakeEngine())

    async def listed(**params: Any) -> dict[str, Any]:
        return (await tenant.client.get("/v1/analyses", params=params)).json()

    first = await listed(limit=3)
    rest = await listed(cursor=first["next_cursor"])
    ids = [each["id"] for each in first["items"] + rest["items"]]
    assert ids == [summary["id"], *(each["id"] for each in made[::-1])]
    assert all(each["result"] is None for each in first["items"])
    assert [each["id"] for each in (await listed(kind="summary"))["items"]] == [summary["id"]]
    completed = await listed(status="completed")
    assert [each["id"] for each in completed["items"]] == [made[0]["id"]]


async def test_states_of_documents_are_listed_and_filtered(tenant: Tenant, desk: Desk):
    analysis = await ask(tenant, EXTRACT | {"document_ids": await desk.some(tenant, 5)})
    path = f"/v1/analyses/{analysis['id']}/documents"
    first = (await tenant.client.get(path, params={"limit": 3})).json()
    rest = (await tenant.client.get(path, params={"cursor": first["next_cursor"]})).json()
    names = [each["document_name"] for each in first["items"] + rest["items"]]
    assert names == [f"{n}.txt" for n in range(5)]
    assert (await tenant.client.get(path, params={"status": "done"})).json()["items"] == []
    for cursor in ("x", "WzEsMl0x", "WzFd", "WyJhIiwxXQ"):
        answer = await tenant.client.get(path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


async def test_only_fifty_analyses_may_be_open(tenant: Tenant, desk: Desk, document: str):
    body = EXTRACT | {"document_ids": [document]}
    analysis = await ask(tenant, body)
    await desk.run(
        tenant,
        "insert into analyses (id, tenant_id, name, kind, spec, engine, fingerprint)"
        " select gen_random_uuid(), current_tenant(), 'x', kind, spec, engine, 'x'"
        " from analyses, generate_series(1, 49)",
    )
    answer = await tenant.client.post("/v1/analyses", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_open")
    await step(tenant, analysis, "cancel")
    await ask(tenant, body)


async def test_viewers_read_and_members_run(app, tenant: Tenant, document: str):
    analysis = await ask(tenant, EXTRACT | {"document_ids": [document]})
    path = f"/v1/analyses/{analysis['id']}"
    async with await colleague(app, tenant, "viewer") as viewer:
        for read in ("/v1/analyses", path, f"{path}/documents", f"{path}/table"):
            assert (await viewer.get(read)).status_code == 200, read
        body = EXTRACT | {"document_ids": [document]}
        for name in ("pause", "resume", "cancel", "retry", "extend"):
            answer = await viewer.post(f"{path}/{name}", json={} if name == "extend" else None)
            assert answer.status_code == 403, name
        for write in ("/v1/analyses", "/v1/analyses/estimate"):
            assert (await viewer.post(write, json=body)).status_code == 403
        assert (await viewer.delete(path)).status_code == 403
    async with await colleague(app, tenant, "member") as member:
        assert (await member.post(f"{path}/pause")).status_code == 202
        assert (await member.delete(path)).status_code == 204


async def test_templates_are_ones_own_or_shared(app, tenant: Tenant):
    path = "/v1/analyses/templates"
    own = (await tenant.client.post(path, json=EXTRACT | {"name": "Own"})).json()
    shared = await tenant.client.post(path, json=EXTRACT | {"name": "Ours", "shared": True})
    shared = shared.json()
    assert [field["name"] for field in shared["fields"]] == ["Revenue", "Officer"]
    async with await colleague(app, tenant, "member") as member:
        listed = (await member.get(path)).json()["items"]
        assert [(each["name"], each["mine"]) for each in listed] == [("Ours", False)]
        for method in ("GET", "PATCH", "DELETE"):
            body = {"json": {"name": "x"}} if method == "PATCH" else {}
            hidden = await member.request(method, f"{path}/{own['id']}", **body)
            assert hidden.status_code == 404, method
        refused_change = await member.patch(f"{path}/{shared['id']}", json={"name": "x"})
        assert refused_change.status_code == 403
        assert (await member.delete(f"{path}/{shared['id']}")).status_code == 403
        theirs = (await member.post(path, json=EXTRACT | {"name": "T", "shared": True})).json()
    async with await colleague(app, tenant, "admin") as admin:
        changed = await admin.patch(f"{path}/{theirs['id']}", json={"shared": False})
        assert (changed.status_code, changed.json()["shared"]) == (200, False)
    new = {"spec": {"kind": "summary", "focus": "Risks"}, "name": "Risks"}
    changed = await tenant.client.patch(f"{path}/{own['id']}", json=new)
    assert (changed.json()["kind"], changed.json()["fields"]) == ("summary", [])
    incomplete = await tenant.client.patch(
        f"{path}/{own['id']}", json={"spec": {"kind": "extract"}}
    )
    assert (incomplete.status_code, incomplete.json()["code"]) == (422, "incomplete_question")
    assert (await tenant.client.delete(f"{path}/{own['id']}")).status_code == 204
    assert (await tenant.client.get(f"{path}/{own['id']}")).status_code == 404


async def test_a_template_fills_what_is_left_out(tenant: Tenant, document: str):
    body = EXTRACT | {"name": "Saved", "instructions": "In thousands."}
    saved = (await tenant.client.post("/v1/analyses/templates", json=body)).json()
    named = {"document_ids": [document], "template_id": saved["id"]}
    analysis = await ask(tenant, {"kind": "extract"} | named)
    assert [field["name"] for field in analysis["spec"]["fields"]] == ["Revenue", "Officer"]
    assert analysis["spec"]["instructions"] == "In thousands."
    other = await ask(tenant, {"kind": "extract", "fields": [{"name": "Only"}]} | named)
    assert [field["name"] for field in other["spec"]["fields"]] == ["Only"]
    problem = await tenant.client.post("/v1/analyses", json={"kind": "summary"} | named)
    assert (problem.status_code, problem.json()["code"]) == (422, "template_of_another_kind")


async def test_templates_of_a_member_who_left_are_everybodys(app, tenant: Tenant):
    path = "/v1/analyses/templates"
    async with await colleague(app, tenant, "member") as member:
        made = (await member.post(path, json=EXTRACT | {"name": "Kept"})).json()
        user = (await member.get("/v1/me")).json()["user"]["id"]
    assert (await tenant.client.get(path)).json()["items"] == []
    assert (await tenant.client.delete(f"/v1/members/{user}")).status_code == 204
    (kept,) = (await tenant.client.get(path)).json()["items"]
    assert (kept["id"], kept["created_by"], kept["mine"]) == (made["id"], None, True)


async def test_an_estimate_counts_what_is_there(tenant: Tenant, desk: Desk, document: str):
    late = await desk.put(tenant, "late.txt", status="processing")
    body = EXTRACT | {"document_ids": [document, late]}
    answer = await tenant.client.post("/v1/analyses/estimate", json=body)
    estimate = answer.json()
    assert (estimate["documents"], estimate["unready"]) == (2, 1)
    assert (estimate["cost_usd"], estimate["input_tokens"]) == (0, 0)
    assert estimate["budget_left_usd"] is None
    assert estimate["seconds"] > 0


async def test_an_estimate_of_a_model_is_by_its_prices_and_what_runs_took(
    app, tenant: Tenant, desk: Desk, document: str, monkeypatch
):
    from assay.analyses.estimate import Estimator

    settings = Settings(_env_file=None, openai_api_key="sk-x", chat_model="gpt-4.1-mini")
    monkeypatch.setattr(app.state.analyses, "_estimator", Estimator(settings))
    body = EXTRACT | {"document_ids": [document]}

    async def estimated() -> dict[str, Any]:
        return (await tenant.client.post("/v1/analyses/estimate", json=body)).json()

    before = await estimated()
    assert 500 < before["input_tokens"] < 2000  # 2,000 characters, and the rules
    expected = (before["input_tokens"] * 0.4 + before["output_tokens"] * 1.6) / 1e6
    assert before["cost_usd"] == pytest.approx(expected)
    assert before["budget_left_usd"] == 25
    analysis = await ask(tenant, body)
    await desk.finish(tenant, analysis, FakeEngine(name="gpt-4.1-mini"))
    await desk.run(
        tenant,
        "update analyses set characters = 1000, input_tokens = 500, output_tokens = 77,"
        " busy_ms = 9000 where id = :id",
        id=analysis["id"],
    )
    after = await estimated()
    assert after["input_tokens"] > before["input_tokens"]
    assert (after["output_tokens"], after["seconds"]) == (77, 9)
