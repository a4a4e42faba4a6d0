"""The audit log: what happened to a workspace's access and data, by whom and from where."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, Row, Transaction
from assay.identity import audit_repository as repository
from assay.identity.audit_schemas import AuditEvent
from assay.identity.models import Actor, Caller

EXPORT_BATCH = 1000
MAX_TARGET, MAX_ADDRESS = 320, 45
COLUMNS = ("created_at", "action", "actor_kind", "actor_id", "actor", "target", "address")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet program take a cell for a formula (OWASP, CSV injection)."""


class Action(StrEnum):
    """What the API records; the database adds what operators do, as `tenant.*`."""

    WORKSPACE_MADE = "tenant.created"
    LOGIN_SUCCEEDED = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    LOGGED_OUT = "session.logged_out"
    SESSION_ENDED = "session.ended"
    OTHER_SESSIONS_ENDED = "session.others_ended"
    REFRESH_REUSED = "session.refresh_token_reused"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of an event
    PASSWORD_REFUSED = "password.refused"  # noqa: S105 - the name of an event
    MEMBER_ADDED = "member.added"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    API_KEY_CREATED = "api_key.created"
    API_KEY_RENAMED = "api_key.renamed"
    API_KEY_DELETED = "api_key.deleted"
    API_KEY_USED = "api_key.used"
    CONVERSATION_DELETED = "conversation.deleted"
    DOCUMENT_DELETED = "document.deleted"
    ANALYSIS_DELETED = "analysis.deleted"
    TEMPLATE_DELETED = "template.deleted"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_SECRET_RENEWED = "webhook.secret_renewed"  # noqa: S105 - the name of an event
    COLLECTION_DELETED = "collection.deleted"
    LOG_READ = "audit.read"
    LOG_EXPORTED = "audit.exported"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events; None leaves a side open."""

    action: str | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def told(self) -> dict[str, str]:
        """Return what was asked for, as the event about the reading keeps it."""
        given = {
            "action": self.action,
            "actor_id": self.actor_id,
            "from": self.since and self.since.isoformat(),
            "to": self.until and self.until.isoformat(),
        }
        return {name: str(value) for name, value in given.items() if value}


async def record(
    tx: Transaction,
    actor: Actor,
    action: Action,
    target: object = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add an event to the open transaction, so that it is kept exactly if that commits.

    :param target: what it was done to, mostly an id.
    :param details: JSON values; never a secret or the text of a document.
    """
    await repository.insert(
        tx,
        id=uuid7(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        target=str(target)[:MAX_TARGET],
        address=actor.address[:MAX_ADDRESS],
        details=orjson.dumps(details or {}, default=str).decode(),
    )


class AuditLog:
    """What a workspace's owners read of it; reading is an event too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, caller: Caller, chosen: AuditFilter, cursor: Cursor | None, limit: int
    ) -> ItemList[AuditEvent]:
        """List events, newest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.events(tx, cursor, limit + 1, **_values(chosen))
            await record(tx, caller.actor, Action.LOG_READ, details=chosen.told())
        return item_list(rows, limit, lambda row: AuditEvent(**row))

    async def export(self, caller: Caller, chosen: AuditFilter) -> AsyncIterator[bytes]:
        """Return the events as CSV, newest first, piece by piece.

        No transaction stays open between two pieces.
        """
        async with self._database.transaction(caller.scope) as tx:
            await record(tx, caller.actor, Action.LOG_EXPORTED, details=chosen.told())
        return self._pieces(caller, chosen)

    async def _pieces(self, caller: Caller, chosen: AuditFilter) -> AsyncIterator[bytes]:
        yield _lines([(*COLUMNS, "details")])
        cursor: Cursor | None = None
        while True:
            async with self._database.transaction(caller.scope) as tx:
                rows = await repository.events(tx, cursor, EXPORT_BATCH, **_values(chosen))
            yield _lines([_cells(row) for row in rows])
            if len(rows) < EXPORT_BATCH:
                return
            cursor = Cursor(at=rows[-1]["created_at"], id=rows[-1]["id"])


def _values(chosen: AuditFilter) -> dict[str, Any]:
    return {
        "action": chosen.action,
        "actor_id": chosen.actor_id,
        "since": chosen.since,
        "until": chosen.until,
    }


def _cells(row: Row) -> list[str]:
    plain = ["" if row[name] is None else str(row[name]) for name in COLUMNS[1:]]
    details = orjson.dumps(row["details"], option=orjson.OPT_SORT_KEYS).decode()
    return [row["created_at"].isoformat(), *map(inert, plain), inert(details)]


def inert(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
