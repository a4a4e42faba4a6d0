"""Every route, as anonymous, as another tenant, and as the owner; a new one needs a case."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text

from assay.documents import events
from assay.operations.operators import create_operator
from assay.scope import TenantScope
from tests.conftest import client_of
from tests.isolation.answers import comparable
from tests.isolation.cases import CASES, PUBLIC, UNAUDITED, Case, filled
from tests.isolation.estate import MAKERS, Estate, build, workspace

Estates = tuple[Estate, Estate]
Names = Callable[[str], str]


@pytest.fixture(scope="module")
async def estates(app: FastAPI, owner, working: None) -> AsyncIterator[Estates]:
    """Two workspaces that have one of everything."""
    async with workspace(app, owner) as one, workspace(app, owner) as two:
        yield await build(one), await build(two)


@pytest.fixture(scope="module")
async def operator(app: FastAPI, parts) -> AsyncIterator[httpx.AsyncClient]:
    key = create_operator(parts.owner_settings, f"operator {uuid4().hex}")
    async with client_of(app, key) as client:
        yield client


def routes(found: list[Any]) -> Iterator[str]:
    """Return every route, also those that the description leaves out."""
    for route in found:
        if hasattr(route, "original_router"):
            yield from routes(route.original_router.routes)
        else:
            extra = set() if isinstance(route, APIRoute) else {"HEAD"}
            yield from (f"{method} {route.path}" for method in route.methods - extra)


def test_every_route_has_a_case(app: FastAPI):
    found = list(routes(app.routes))
    assert len(found) > 45
    assert set(found) == {case.route for case in CASES} | set(PUBLIC)
    described = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert described <= set(found)


async def call(client: httpx.AsyncClient, case: Case, own: Estate, names: Names) -> httpx.Response:
    def name(kind: str) -> str:
        if kind == "new":
            return uuid4().hex
        return own.ids[kind.removeprefix("own ")] if kind.startswith("own ") else names(kind)

    method, path = case.route.split(" ", 1)
    ids = {parameter: names(kind) for parameter, kind in case.ids.items()}
    request = filled(case.request, name)
    return await client.request(method, path.format(number=1, **ids), **request)


def unknown(_: str) -> str:
    return str(uuid4())


def told(answer: httpx.Response, estate: Estate) -> set[str]:
    """Return what an answer says of what only a workspace should know."""
    said = answer.text + str(answer.headers)
    return {secret for secret in estate.secrets() if secret in said}


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_only_its_owner_gets_in(
    app: FastAPI, owner, anonymous, operator, estates: Estates, monkeypatch, case: Case
):
    monkeypatch.setattr(events, "STREAM_SECONDS", 0.05)  # else its answer ends in ten minutes
    async with AsyncExitStack() as stack:
        victim, attacker = estates
        if case.alone:
            made = [await stack.enter_async_context(workspace(app, owner)) for _ in range(2)]
            victim, attacker = map(Estate, made)
        things = await things_for(case, victim)
        assert (await call(anonymous, case, attacker, things)).status_code == 401
        await attack(case, victim, attacker, things)
        entitled = operator if case.operator else victim.client
        before = await events_of(app, victim)
        allowed = await call(entitled, case, victim, things)
        assert allowed.status_code == case.status, allowed.text
        assert {victim.ids[kind] for kind in case.shows} <= told(allowed, victim)
        if not case.route.startswith("GET ") and case.route not in UNAUDITED:
            assert await events_of(app, victim) > before, "no security event: see UNAUDITED"


async def events_of(app: FastAPI, estate: Estate) -> int:
    """Return how many security events a workspace's log has."""
    async with app.state.database.transaction(TenantScope(UUID(estate.tenant.id))) as tx:
        row = await tx.first(text("select count(*) as events from audit_events"))
    return row["events"]


def test_what_is_not_audited_is_a_call(app: FastAPI):
    assert set(UNAUDITED) <= set(routes(app.routes))


async def things_for(case: Case, victim: Estate) -> Names:
    """Return the ids of a workspace's things, with a new one of the kind that the call spends."""
    if not case.spends:
        return victim.named
    spare = await MAKERS[case.spends](victim)
    victim.hidden.add(spare)
    return lambda kind: spare if kind == case.spends else victim.named(kind)


async def attack(case: Case, victim: Estate, attacker: Estate, things: Names) -> None:
    """Call with the ids of somebody else, and with such as nobody has."""
    foreign = await call(attacker.client, case, attacker, things)
    nobodys = await call(attacker.client, case, attacker, unknown)
    assert told(foreign, victim) | told(nobodys, victim) == set()
    if case.operator:
        assert (foreign.status_code, foreign.json()["code"]) == (403, "operator_only")
    elif not case.names_things:
        assert foreign.status_code == case.status, foreign.text
        return
    else:
        assert foreign.status_code == case.refused, foreign.text
    assert comparable(foreign) == comparable(nobodys)


async def test_the_same_bytes_and_key_are_another_upload_for_another(estates: Estates):
    victim, attacker = estates
    headers = {"Idempotency-Key": uuid4().hex}
    files = {"file": ("same.pdf", victim.file)}
    first = await victim.client.post("/v1/documents", files=files, headers=headers)
    theirs = await attacker.client.post("/v1/documents", files=files, headers=headers)
    again = await victim.client.post("/v1/documents", files=files, headers=headers)
    assert [each.status_code for each in (first, theirs, again)] == [202, 202, 202]
    assert first.json() == again.json()
    made = theirs.json()["documents"][0]
    assert (made["duplicate"], made["id"]) != (True, first.json()["documents"][0]["id"])
    assert first.json()["documents"][0]["id"] not in theirs.text
    assert not made["duplicate"]


async def test_after_all_this_everything_is_there(estates: Estates):
    """What others tried to change or delete is as it was."""
    victim, _ = estates
    for kind, path in (
        ("document", "documents"),
        ("collection", "collections"),
        ("conversation", "conversations"),
        ("member", "members"),
        ("key", "api-keys"),
    ):
        found = await victim.client.get(f"/v1/{path}/{victim.ids[kind]}")
        assert found.status_code == 200, kind


async def test_what_was_answered_to_one_is_not_answered_to_another(estates: Estates):
    """Also not from a cache, which the owner's repeated call may come from."""
    victim, attacker = estates
    question = f"What was the revenue of {victim.word} in 2023?"
    for path, body in (
        ("/v1/search", {"query": victim.word}),
        ("/v1/ask", {"question": question}),
    ):
        own = [await victim.client.post(path, json=body) for _ in range(2)]
        assert all(victim.ids["document"] in answer.text for answer in own)
        theirs = await attacker.client.post(path, json=body)
        assert theirs.status_code == 200
        assert told(theirs, victim) <= {victim.word}  # which the attacker said
        assert theirs.json()["cached"] is False
