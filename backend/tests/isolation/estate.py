"""A workspace that has one of everything, for others to try at."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from fastapi import FastAPI
from psycopg.types.json import Jsonb

from assay.admission.limiter import limits_key
from tests.conftest import LIFTED, PASSWORD, Tenant, client_of
from tests.documents.sample_files import pdf
from tests.library import over, put

Make = Callable[["Estate"], Awaitable[str]]


@dataclass
class Estate:
    """A workspace, the ids of what it has by kind, and the words that only it knows."""

    tenant: Tenant
    word: str = field(default_factory=lambda: f"zz{secrets.token_hex(8)}")
    ids: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def client(self) -> httpx.AsyncClient:
        return self.tenant.client

    def named(self, kind: str) -> str:
        """Return the id of what it has of a kind."""
        return self.tenant.id if kind == "tenant" else self.ids[kind]

    @property
    def file(self) -> bytes:
        return pdf([[f"Revenue of {self.word} was 48.2 million dollars in 2023."]])

    def secrets(self) -> set[str]:
        """Return what no answer to another tenant may hold."""
        own = {self.word, self.tenant.id, self.tenant.user_id, self.tenant.email}
        return own | self.hidden | set(self.ids.values())

    async def made(self, method: str, path: str, **request: Any) -> Any:
        answer = await self.client.request(method, path, **request)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json()


@contextlib.asynccontextmanager
async def workspace(app: FastAPI, owner: psycopg.AsyncConnection[Any]) -> AsyncIterator[Tenant]:
    """Make a workspace whose limits are lifted, so that no 429 hides an answer.

    :param owner: a connection of the tables' owner.
    """
    email = f"{uuid4().hex}@example.com"
    body = {"workspace": "Test", "email": email, "password": PASSWORD}
    async with client_of(app) as anonymous:
        tokens = (await anonymous.post("/v1/signup", json=body)).raise_for_status().json()
    tenant_id = tokens["tenant"]["id"]
    query = "update tenants set limits = %s where id = %s"
    await owner.execute(query, [Jsonb(LIFTED), tenant_id])
    await app.state.cache.drop(limits_key(UUID(tenant_id)))
    async with client_of(app, tokens["access_token"]) as client:
        yield Tenant(tenant_id, tokens["user"]["id"], email, tokens, client)


async def build(tenant: Tenant) -> Estate:
    """Fill a workspace; a worker has to run."""
    estate = Estate(tenant)
    for kind, make in MAKERS.items():
        estate.ids[kind] = await make(estate)
    return estate


async def _collection(estate: Estate) -> str:
    body = {"name": f"{estate.word} {uuid4().hex}", "description": estate.word}
    return str((await estate.made("POST", "/v1/collections", json=body))["id"])


async def _document(estate: Estate) -> str:
    ready = await put(estate.client, f"{estate.word}-{uuid4().hex}.pdf", estate.file)
    assert ready["status"] == "ready", ready
    query = {"query": estate.word, "mode": "lexical", "document_ids": [ready["id"]]}
    hits = (await estate.made("POST", "/v1/search", json=query))["hits"]
    estate.hidden |= {ready["sha256"], *(hit["passage_id"] for hit in hits)}
    return str(ready["id"])


async def _filled(estate: Estate) -> str:
    """Make a collection that holds a document, which nobody waits for."""
    collection = await _collection(estate)
    files = {"file": (f"{uuid4().hex}.txt", f"{estate.word} {uuid4().hex}")}
    await estate.made("POST", "/v1/documents", files=files, data={"collection_id": collection})
    return collection


async def _queued(estate: Estate) -> str:
    """Upload what nobody waits for."""
    files = {"file": (f"{uuid4().hex}.txt", f"{estate.word} {uuid4().hex}")}
    upload = await estate.made("POST", "/v1/documents", files=files)
    return str(upload["documents"][0]["id"])


async def _failed(estate: Estate) -> str:
    failed = await put(estate.client, f"{estate.word}.pdf", b"%PDF-1.7\n" + uuid4().bytes)
    assert failed["status"] == "failed", failed
    return str(failed["id"])


async def _conversation(estate: Estate) -> str:
    asked = await estate.made("POST", "/v1/ask", json={"question": f"What is {estate.word}?"})
    estate.hidden.add(asked["message_id"])
    return str(asked["conversation_id"])


async def _member(estate: Estate) -> str:
    body = {"email": f"{uuid4().hex}@example.com", "role": "member", "password": PASSWORD}
    made = await estate.made("POST", "/v1/members", json=body)
    estate.hidden.add(made["email"])
    return str(made["id"])


async def _key(estate: Estate) -> str:
    made = await estate.made("POST", "/v1/api-keys", json={"name": estate.word})
    estate.hidden |= {made["key"], made["prefix"]}
    return str(made["id"])


async def _session(estate: Estate) -> str:
    before = {each["id"] for each in await _sessions(estate)}
    body = {"email": estate.tenant.email, "password": PASSWORD}
    await estate.made("POST", "/v1/auth/login", json=body)
    return next(each["id"] for each in await _sessions(estate) if each["id"] not in before)


async def _sessions(estate: Estate) -> list[dict[str, Any]]:
    listed = await estate.made("GET", "/v1/sessions", params={"limit": 200})
    items: list[dict[str, Any]] = listed["items"]
    return items


async def _analysis(estate: Estate) -> str:
    body = {
        "kind": "summary",
        "name": estate.word,
        "document_ids": [estate.ids["document"]],
    }
    made = await estate.made("POST", "/v1/analyses", json=body)
    return str((await over(estate.client, made["id"]))["id"])


async def _template(estate: Estate) -> str:
    body = {"kind": "summary", "name": estate.word, "focus": estate.word, "shared": True}
    return str((await estate.made("POST", "/v1/analyses/templates", json=body))["id"])


async def _webhook(estate: Estate) -> str:
    """Make one that is switched off, so that nothing is called."""
    body = {"url": f"https://example.com/{estate.word}", "description": estate.word}
    made = await estate.made("POST", "/v1/webhooks", json=body)
    estate.hidden.add(made["secret"])
    path = f"/v1/webhooks/{made['id']}"
    await estate.made("PATCH", path, json={"active": False})
    return str(made["id"])


MAKERS: dict[str, Make] = {
    "collection": _collection,
    "filled": _filled,
    "document": _document,
    "queued": _queued,
    "failed": _failed,
    "conversation": _conversation,
    "analysis": _analysis,
    "template": _template,
    "webhook": _webhook,
    "member": _member,
    "key": _key,
    "session": _session,
}
"""How a workspace gets one more of a kind, which the new one's id stands for."""
