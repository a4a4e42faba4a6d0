"""A row of each table for a tenant, written past row-level security."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from tests.isolation.tables import Connection

Values = dict[str, object]
_NO_SUFFIX = sql.SQL("")


@dataclass
class World:
    """A tenant and the ids of its seeded rows, by table."""

    tenant: UUID = field(default_factory=uuid4)
    ids: dict[str, UUID] = field(default_factory=dict)
    rows: dict[str, Values] = field(default_factory=dict)


def _digest() -> bytes:
    return secrets.token_bytes(32)


def _hour() -> datetime:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return start + timedelta(hours=secrets.randbelow(40_000))


ROWS: dict[str, Callable[[World], Values]] = {
    "tenants": lambda world: {"id": world.tenant, "name": f"secret of {world.tenant}"},
    "users": lambda _: {
        "id": uuid4(),
        "email": f"{uuid4().hex}@example.com",
        "password_hash": "secret",
        "role": "owner",
    },
    "sessions": lambda world: {
        "id": uuid4(),
        "user_id": world.ids["users"],
        "expires_at": datetime.now(UTC) + timedelta(days=1),
    },
    "refresh_tokens": lambda world: {"digest": _digest(), "session_id": world.ids["sessions"]},
    "api_keys": lambda world: {
        "id": uuid4(),
        "user_id": world.ids["users"],
        "name": "secret",
        "prefix": "assay_x",
        "digest": _digest(),
        "role": "owner",
    },
    "collections": lambda _: {"id": uuid4(), "name": uuid4().hex},
    "documents": lambda world: {
        "id": uuid4(),
        "collection_id": world.ids["collections"],
        "name": "secret.txt",
        "mime_type": "text/plain",
        "size_bytes": 1,
        "sha256": hashlib.sha256(_digest()).hexdigest(),
        "storage_key": uuid4().hex,
    },
    "pages": lambda world: {
        "document_id": world.ids["documents"],
        "number": 1 + secrets.randbelow(2**30),
        "text": "secret",
    },
    "passages": lambda world: {
        "id": uuid4(),
        "document_id": world.ids["documents"],
        "ordinal": secrets.randbelow(2**30),
        "page": 1,
        "start_offset": 0,
        "end_offset": 6,
        "text": "secret",
    },
    "removals": lambda _: {"id": uuid4(), "document_id": uuid4(), "storage_key": "secret"},
    "idempotency_keys": lambda world: {
        "key": uuid4().hex,
        "fingerprint": "x",
        "document_ids": [world.ids["documents"]],
    },
    "conversations": lambda world: {
        "id": uuid4(),
        "user_id": world.ids["users"],
        "title": "secret",
    },
    "messages": lambda world: {
        "id": uuid4(),
        "conversation_id": world.ids["conversations"],
        "role": "user",
        "content": "secret",
    },
    "citations": lambda world: {
        "message_id": world.ids["messages"],
        "number": 1 + secrets.randbelow(2**30),
        "document_id": world.ids["documents"],
        "document_name": "secret.txt",
        "page": 1,
        "start_offset": 0,
        "end_offset": 6,
        "quote": "secret",
    },
    "analysis_templates": lambda world: {
        "id": uuid4(),
        "name": "secret",
        "spec": Jsonb({"kind": "summary"}),
        "shared": True,
        "created_by": world.ids["users"],
    },
    "analyses": lambda world: {
        "id": uuid4(),
        "name": "secret",
        "kind": "summary",
        "spec": Jsonb({"kind": "summary"}),
        "engine": "extractive",
        "fingerprint": "x",
        "collection_id": world.ids["collections"],
        "created_by": world.ids["users"],
    },
    "analysis_documents": lambda world: {
        "analysis_id": world.ids["analyses"],
        "document_id": uuid4(),
        "document_name": "secret.txt",
        "ordinal": 0,
    },
    "analysis_rows": lambda world: {
        "analysis_id": world.ids["analyses"],
        "ordinal": secrets.randbelow(2**30),
        "item": 0,
        "document_id": uuid4(),
        "cells": Jsonb({}),
    },
    "analysis_calls": lambda world: {
        "analysis_id": world.ids["analyses"],
        "key": secrets.token_hex(32),
        "output": "secret",
    },
    "webhooks": lambda world: {
        "id": uuid4(),
        "url": "https://example.com/secret",
        "events": ["analysis.completed"],
        "key_id": "secret",
        "salt": _digest(),
        "created_by": world.ids["users"],
    },
    "webhook_deliveries": lambda world: {
        "id": uuid4(),
        "webhook_id": world.ids["webhooks"],
        "event": "analysis.completed",
        "body": "secret",
    },
    "audit_events": lambda _: {"id": uuid4(), "actor_kind": "system", "action": "secret"},
    "usage_hours": lambda _: {"hour": _hour()},
    "model_calls": lambda _: {
        "id": uuid4(),
        "purpose": "answer",
        "model": "secret",
        "cost_usd": 1,
    },
}
"""Parents before children. A new table of tenants needs a line here."""


def new_row(table: str, world: World) -> Values:
    """Return values that the table takes beside what it holds already."""
    if table == "tenants":
        return {"id": uuid4(), "name": "another"}
    return {"tenant_id": world.tenant, **ROWS[table](world)}


def add(
    connection: Connection, table: str, values: Values, suffix: sql.Composable = _NO_SUFFIX
) -> int:
    """Insert a row and return how many there are more.

    :param suffix: what follows the values.
    """
    query = sql.SQL("insert into {} ({}) values ({}){}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        suffix,
    )
    return connection.execute(query, list(values.values())).rowcount


def seeded(connection: Connection) -> World:
    """Write a row into every table for a tenant of its own."""
    world = World()
    for table, make in ROWS.items():
        values = make(world) if table == "tenants" else new_row(table, world)
        add(connection, table, values)
        world.rows[table] = values
        if isinstance(identifier := values.get("id"), UUID):
            world.ids[table] = identifier
    return world
