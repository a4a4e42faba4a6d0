"""Attempts of one tenant on another, generated from the OpenAPI description.

`python -m benchmarks.cross_tenant --attempts 10000` from `backend/`. Each attempt is a call of
the API, or of one of its paths by another method, that names at least one thing of another
tenant's wherever the description has an id: in the path, the query, the body or a form, alone or
beside own ones, spelt in any of the ways that an id can be, with an access token or an API key.
Its twin is the same call with an id that nobody has; both have to be answered alike. Limits are
lifted, so that no 429 hides an answer.

Prints the distribution of the answers; exits with 1 when an attempt succeeded.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from fastapi import FastAPI

from assay import worker
from assay.adapters.migrations import migrate
from assay.adapters.telemetry import configure_logging
from assay.embedded.supervisor import Embedded
from assay.main import connect, create_app
from assay.settings import Settings
from tests.conftest import client_of
from tests.isolation.answers import shape
from tests.isolation.estate import Estate, build, workspace
from tests.library import finished

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER_METHOD = 0.1
"""Share of attempts by a method that the description may not have for the path."""
OTHER_KIND = 0.2
"""Share of ids that are of another kind than the parameter asks for."""
AT_ONCE = 8
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str,
    str,
    str.upper,
    lambda text: text.replace("-", ""),
    lambda text: f"urn:uuid:{text}",
    lambda text: f"{{{text}}}",
)
LEFT_OUT = {
    "/v1/auth/logout": "ends the attacker's own session",
    "/v1/me/password": "ends the attacker's other sessions",
}


@dataclass(frozen=True)
class Slot:
    """A place for an id."""

    where: str
    name: str
    many: bool


@dataclass(frozen=True)
class Operation:
    """A call that the description has, with its places for ids and a body that is valid."""

    method: str
    path: str
    slots: tuple[Slot, ...]
    body: dict[str, Any] | None
    form: bool

    @property
    def name(self) -> str:
        """How a person writes it."""
        return f"{self.method} {self.path}"


Chosen = dict[Slot, list[tuple[str, str]]]
"""For each place: whose ids stand there, `own` or the `victim`'s, and the ids."""


@dataclass
class Report:
    """What came of the attempts."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    controls: dict[str, int] = field(default_factory=dict)
    """The owner's answers to the same calls."""


def operations(description: dict[str, Any]) -> list[Operation]:
    """Return the calls that name anything, from an OpenAPI description."""
    schemas = description["components"]["schemas"]
    found = [
        _operation(path, method.upper(), operation, schemas)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if path not in LEFT_OUT
    ]
    return [each for each in found if each.slots]


def _operation(
    path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> Operation:
    slots = [
        Slot(each["in"], each["name"], many=False)
        for each in operation.get("parameters", [])
        if _is_id(each["schema"], schemas)
    ]
    content = operation.get("requestBody", {}).get("content", {})
    body, form = None, "multipart/form-data" in content
    for kind, media in content.items():
        schema = _resolved(media["schema"], schemas)
        where = "form" if kind == "multipart/form-data" else "json"
        slots += _slots(where, schema, schemas)
        body = _sample(schema, schemas) if where == "json" else None
    return Operation(method, path, tuple(slots), body, form)


def _slots(where: str, schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[Slot]:
    for name, member in schema.get("properties", {}).items():
        if _is_id(member, schemas):
            yield Slot(where, name, many=False)
        for each in _choices(member, schemas):
            if each.get("type") == "array" and _is_id(each["items"], schemas):
                yield Slot(where, name, many=True)


def _is_id(schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    return any(each.get("format") == "uuid" for each in _choices(schema, schemas))


def _choices(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    return [_resolved(each, schemas) for each in schema.get("anyOf", [schema])]


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    named: dict[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[1]]
    return named


def _sample(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return a value that the schema takes: its first example, or the required members."""
    for choice in _choices(schema, schemas):
        if "examples" in choice | schema:
            return (schema.get("examples") or choice["examples"])[0]
        if "enum" in choice:
            return choice["enum"][-1]
        if choice.get("type") == "object":
            members = choice.get("properties", {})
            wanted = choice.get("required") or list(members)[:1]
            return {name: _sample(members[name], schemas) for name in wanted}
        if choice.get("type") == "array":
            return [_sample(choice["items"], schemas)]
    return "text"


class Attack:
    """One tenant's attempts on another."""

    def __init__(self, app: FastAPI, attacker: Estate, victim: Estate, seed: int) -> None:
        self.attacker, self.victim = attacker, victim
        self.operations = operations(app.openapi())
        self.random, self.report = random.Random(seed), Report()  # noqa: S311 - to be repeatable
        self.asked: set[str] = set()
        """Ids that the attacker's own audit log may repeat."""

    async def attempts(self, clients: list[httpx.AsyncClient], number: int) -> None:
        """Make attempts, some of them at once."""
        left = iter(range(number))

        async def some() -> None:
            for each in left:
                await self.attempt(self.random.choice(clients), each)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))

    async def attempt(self, client: httpx.AsyncClient, number: int) -> None:
        """Send a call with another's ids, and its twin."""
        operation = self.operations[number % len(self.operations)]
        method = operation.method
        if self.random.random() < OTHER_METHOD:
            method = self.random.choice(METHODS)
        chosen = self.chosen(operation)
        spelling = self.random.choice(SPELLINGS)
        ids = [self.spelt(chosen, spelling, unknown=unknown) for unknown in (False, True)]
        foreign, twin = [await self.send(client, method, operation, each) for each in ids]
        self.judge(f"{method} {operation.path} {chosen}", foreign, twin, chosen)
        self.report.statuses[foreign.status_code] += 1
        self.report.operations[operation.name] += 1

    def chosen(self, operation: Operation) -> Chosen:
        """Return for each slot whose ids stand in it; at least one is the victim's."""
        required = [slot for slot in operation.slots if slot.where == "path"]
        optional = [slot for slot in operation.slots if slot not in required]
        used = required + [slot for slot in optional if self.random.random() < 1 / 2]
        used = used or [self.random.choice(optional)]
        aimed = self.random.choice(used)
        either = _EITHER.get(operation.path, ())
        if sum(slot.name in either for slot in used) > 1:
            # One of them, and the aimed one if it is among them.
            kept = aimed if aimed.name in either else next(s for s in used if s.name in either)
            used = [slot for slot in used if slot.name not in either or slot is kept]
        return {slot: self.ids(slot, aimed=slot is aimed) for slot in used}

    def ids(self, slot: Slot, *, aimed: bool) -> list[tuple[str, str]]:
        """Return owners and ids; the aimed slot has the victim's, alone or beside own ones."""
        theirs = ("victim", self.id_of(self.victim, slot))
        own = ("own", self.id_of(self.attacker, slot))
        if not slot.many:
            return [theirs if aimed or self.random.random() < 1 / 2 else own]
        mixed = [own] * self.random.randrange(3) + ([theirs] if aimed else [])
        self.random.shuffle(mixed)
        return mixed or [own]

    def id_of(self, estate: Estate, slot: Slot) -> str:
        """Return what a workspace has of the kind that is asked for, or of another."""
        kind = kind_of(slot)
        known = {**estate.ids, "tenant": estate.tenant.id, "user": estate.tenant.user_id}
        if kind not in known or self.random.random() < OTHER_KIND:
            kind = self.random.choice(sorted(known))
        return known[kind]

    def spelt(
        self,
        chosen: Chosen,
        spelling: Callable[[str], str],
        *,
        unknown: bool,
    ) -> dict[Slot, list[str]]:
        """Return the ids as they are sent; the twin has one that nobody has for the victim's."""

        def one(owner: str, identifier: str) -> str:
            nobodys = str(UUID(int=self.random.getrandbits(128), version=4))
            return spelling(nobodys if unknown and owner == "victim" else identifier)

        return {slot: [one(*each) for each in ids] for slot, ids in chosen.items()}

    async def send(
        self,
        client: httpx.AsyncClient,
        method: str,
        operation: Operation,
        ids: dict[Slot, list[str]],
    ) -> httpx.Response:
        """Send a call of the API with ids in their slots."""
        parts: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "json": {}, "form": {}}
        for slot, values in ids.items():
            parts[slot.where][slot.name] = values if slot.many else values[0]
        request: dict[str, Any] = {"params": parts["query"] | _PARAMETERS.get(operation.path, {})}
        if operation.form:
            request |= {"files": {"file": ("a.txt", b"Words.")}, "data": parts["form"]}
        elif operation.body is not None:
            body = _BODIES.get(operation.path, operation.body)
            request["json"] = body | parts["json"]
        path = operation.path.format_map(_Numbers(parts["path"]))
        return await client.request(method, path, **request)

    def judge(
        self,
        what: str,
        foreign: httpx.Response,
        twin: httpx.Response,
        chosen: Chosen,
    ) -> None:
        """Note what an answer should not have said or done."""
        sent = {identifier for ids in chosen.values() for _, identifier in ids}
        is_log = foreign.url.path.startswith("/v1/audit")
        self.asked |= sent if is_log else set()
        known = sent | (self.asked if is_log else set())
        said = f"{foreign.text} {foreign.headers}"
        if leaked := {each for each in self.victim.secrets() - known if each in said}:
            self.report.breaches.append(f"{what}: says {sorted(leaked)}")
        if shape(foreign) != shape(twin):
            answers = (
                f"{foreign.status_code} {foreign.text[:200]}, {twin.status_code} {twin.text[:200]}"
            )
            self.report.breaches.append(f"{what}: differs from an unknown id: {answers}")
        if foreign.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.report.breaches.append(f"{what}: {foreign.status_code}")

    async def control(self) -> None:
        """Let the owner make each call; what takes things away comes last."""
        for operation in sorted(self.operations, key=lambda each: each.method == "DELETE"):
            if operation.path.startswith("/v1/admin/"):
                continue  # operators' calls, which no tenant may make
            either = _EITHER.get(operation.path, ())
            ids = {
                slot: [self.victim.ids.get(kind_of(slot), "")]
                for slot in operation.slots
                if slot.name not in either[1:]
            }
            answer = await self.send(self.victim.client, operation.method, operation, ids)
            self.report.controls[operation.name] = answer.status_code
            if answer.status_code in (401, 403, 404, 422):
                self.report.breaches.append(f"{operation.name}: its owner got {answer.text}")


_EITHER = dict.fromkeys(
    ("/v1/analyses", "/v1/analyses/estimate"), ("document_ids", "collection_id")
)
"""Members of which a call takes one alone."""
_PARAMETERS = {
    "/v1/documents/{document_id}/pages/{number}/boxes": {"start": 0, "end": 5},
}
"""Required parameters that are no ids."""
_BODIES = {
    "/v1/ask": {"question": "What was revenue in 2023?"},
    **{key: {"kind": "summary"} for key in _EITHER},
}
"""Instead of the description's examples: of what the two workspaces know, and have."""


class _Numbers(dict[str, str]):
    """Ids by name; whatever else a path has is a number."""

    def __missing__(self, _: str) -> str:
        return "1"


def kind_of(slot: Slot) -> str:
    """Return the kind of thing that a parameter names."""
    kind = slot.name.removesuffix("s").removesuffix("_id")
    return {"actor": "member"}.get(kind, kind)


async def attack(
    app: FastAPI, owner: psycopg.AsyncConnection[Any], attempts: int, seed: int
) -> Report:
    """Make two workspaces and let one attack the other; a worker has to run.

    :param owner: a connection of the tables' owner, which lifts the limits.
    """
    async with workspace(app, owner) as first, workspace(app, owner) as second:
        attacker, victim = await build(first), await build(second)
        await finished(victim.client, victim.ids["queued"])
        made = await attacker.made("POST", "/v1/api-keys", json={"name": "all", "role": "owner"})
        before = await belongings(victim)
        run = Attack(app, attacker, victim, seed)
        async with client_of(app, made["key"]) as program:
            await run.attempts([attacker.client, program], attempts)
        if (after := await belongings(victim)) != before:
            run.report.breaches.append(f"changed {before} to {after}")
        await run.control()
        return run.report


async def belongings(estate: Estate) -> dict[str, Any]:
    """Return all that a workspace's owner sees of it."""
    return {
        path: await estate.made("GET", f"/v1/{path}", params={"limit": 200})
        for path in ("collections", "documents", "conversations", "members", "api-keys", "sessions")
    }


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[FastAPI, psycopg.AsyncConnection[Any]]]:
    """Start the real parts, the API and a worker in this process."""
    embedded = Embedded(Settings(_env_file=None, mode="embedded", data_dir=folder))
    await embedded.start()
    try:
        await asyncio.to_thread(migrate, embedded.owner_settings)
        settings = embedded.app_settings.model_copy(update={"anonymous_per_minute": 1_000_000})
        app = create_app(settings)
        async with (
            connect(app, settings),
            worker.connect(embedded.worker_settings) as runner,
            await owner_connection(embedded.owner_settings) as owner,
        ):
            working = asyncio.create_task(runner.run(alone=True))
            yield app, owner
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
    finally:
        await embedded.stop()


async def owner_connection(settings: Settings) -> psycopg.AsyncConnection[Any]:
    """Connect as the owner of the tables."""
    return await psycopg.AsyncConnection.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_db,
        user=settings.postgres_owner_user,
        password=settings.postgres_owner_password.get_secret_value(),
        autocommit=True,
    )


def print_report(report: Report, seconds: float) -> int:
    """Print what came of it in Markdown; return 1 when anything succeeded."""
    total = report.statuses.total()
    print(f"{total} attempts, each with its twin, on {len(report.operations)} calls")
    print(f"in {seconds:.0f} s\n\n| status | attempts | share |\n|---|---|---|")
    for status, count in sorted(report.statuses.items()):
        print(f"| {status} | {count} | {count / total:.1%} |")
    print("\n| call | attempts | its owner gets |\n|---|---|---|")
    for operation, count in sorted(report.operations.items()):
        print(f"| {operation} | {count} | {report.controls.get(operation, 'operators only')} |")
    print(f"\nsucceeded: {len(report.breaches)}")
    for breach in report.breaches[:50]:
        print(f"- {breach}")
    return 1 if report.breaches else 0


async def main(attempts: int, seed: int) -> int:
    """Run it all."""
    configure_logging("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        async with serving(Path(folder)) as (app, owner):
            began = time.perf_counter()
            report = await attack(app, owner, attempts, seed)
            return print_report(report, time.perf_counter() - began)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Attempts of one tenant on another.")
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.attempts, arguments.seed)))
