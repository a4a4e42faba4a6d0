"""Queries over conversations, messages and citations; and over what a passage rests on."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from assay.adapters.http import Cursor
from assay.adapters.postgres import Row, Transaction

_COLUMNS = "id, title, created_at, updated_at"
_MINE = text("select id from conversations where id = :id and user_id = :user_id")
_HISTORY = text(
    "select role, content from (select role, content, created_at, id from messages"
    " where conversation_id = :id order by created_at desc, id desc limit :limit) latest"
    " order by created_at, id"
)
_UPSERT = text(
    "insert into conversations (id, tenant_id, user_id, title)"
    " values (:id, current_tenant(), :user_id, :title)"
    " on conflict (id) do update set updated_at = now()"
)
_INSERT_MESSAGE = text(
    "insert into messages (id, tenant_id, conversation_id, role, content, model, input_tokens,"
    " output_tokens, cost_usd, answered, degraded, created_at)"
    " values (:id, current_tenant(), :conversation_id, :role, :content, :model, :input_tokens,"
    " :output_tokens, :cost_usd, :answered, :degraded, clock_timestamp())"
)
_INSERT_CITATION = text(
    "insert into citations (tenant_id, message_id, number, document_id, document_name, page,"
    " start_offset, end_offset, quote) values (current_tenant(), :message_id, :number,"
    " :document_id, :document_name, :page, :start, :end, :quote)"
)
_LIST = text(
    f"select {_COLUMNS} from conversations where user_id = :user_id"  # noqa: S608 - a constant
    " and (cast(:at as timestamptz) is null or (updated_at, id) < (:at, :id))"
    " order by updated_at desc, id desc limit :limit"
)
_GET = text(
    f"select {_COLUMNS} from conversations"  # noqa: S608 - a constant
    " where id = :id and user_id = :user_id"
)
_RENAME = text(
    "update conversations set title = :title"  # noqa: S608 - a constant
    f" where id = :id and user_id = :user_id returning {_COLUMNS}"
)
_DELETE = text("delete from conversations where id = :id and user_id = :user_id")
_MESSAGES = text(
    "select id, role, content, model, input_tokens, output_tokens, cost_usd, answered, degraded,"
    " created_at from messages where conversation_id = :id order by created_at, id"
)
_CITATIONS = text(
    "select c.message_id, c.number, c.document_id, c.document_name, c.page, c.quote,"
    " c.start_offset, c.end_offset from citations c"
    " join messages m on m.tenant_id = c.tenant_id and m.id = c.message_id"
    " where m.conversation_id = :id order by c.message_id, c.number"
)
_VERBATIM = text(
    "select p.id from passages p join pages g on g.tenant_id = p.tenant_id"
    " and g.document_id = p.document_id and g.number = p.page"
    " where p.id = any(:ids)"
    " and substr(g.text, p.start_offset + 1, p.end_offset - p.start_offset) = p.text"
)
_EDGES = text(
    "select g.document_id, g.number, left(g.text, :characters) as head,"
    " right(g.text, :characters) as foot from pages g"
    " join (select distinct p.tenant_id, p.document_id, near.number from passages p,"
    " generate_series(p.page - :near, p.page + :near) near(number) where p.id = any(:ids)) n"
    " on g.tenant_id = n.tenant_id and g.document_id = n.document_id and g.number = n.number"
)
# To PostgreSQL "Amazon.com" is one word, the name of a host, so it is looked for as well.
_MENTIONS = text(
    "select d.id as document_id, t.name, count(*) as passages, d.passages as of"
    " from unnest(cast(:names as text[])) t(name)"
    " join passages p on p.words @@ (plainto_tsquery('english', t.name)"
    " || (quote_literal(lower(t.name) || '.') || '\\:*')::tsquery)"
    " join documents d on d.tenant_id = p.tenant_id and d.id = p.document_id"
    " where d.status = 'ready'"
    " and (cast(:collection_ids as uuid[]) is null or d.collection_id = any(:collection_ids))"
    " and (cast(:document_ids as uuid[]) is null or d.id = any(:document_ids))"
    " group by d.id, d.passages, t.name"
)


async def is_mine(tx: Transaction, conversation_id: UUID, user_id: UUID) -> bool:
    """Whether a conversation is this user's."""
    return await tx.first(_MINE, id=conversation_id, user_id=user_id) is not None


async def history(tx: Transaction, conversation_id: UUID, limit: int) -> Sequence[Row]:
    """Return the latest messages of a conversation, oldest first."""
    return await tx.all(_HISTORY, id=conversation_id, limit=limit)


async def touch(tx: Transaction, conversation_id: UUID, user_id: UUID, title: str) -> None:
    """Begin a conversation, or note that it went on."""
    await tx.run(_UPSERT, id=conversation_id, user_id=user_id, title=title)


async def insert_message(tx: Transaction, **values: Any) -> None:
    """Add a message."""
    await tx.run(_INSERT_MESSAGE, **values)


async def insert_citations(tx: Transaction, citations: Sequence[dict[str, Any]]) -> None:
    """Add the citations of a message."""
    await tx.run_many(_INSERT_CITATION, citations)


async def conversations(
    tx: Transaction, user_id: UUID, after: Cursor | None, limit: int
) -> Sequence[Row]:
    """List a user's conversations, the latest first."""
    at, identifier = (after.at, after.id) if after else (None, None)
    return await tx.all(_LIST, user_id=user_id, at=at, id=identifier, limit=limit)


async def conversation(tx: Transaction, identifier: UUID, user_id: UUID) -> Row | None:
    """Return one conversation."""
    return await tx.first(_GET, id=identifier, user_id=user_id)


async def rename(tx: Transaction, identifier: UUID, user_id: UUID, title: str) -> Row | None:
    """Change a conversation's title."""
    return await tx.first(_RENAME, id=identifier, user_id=user_id, title=title)


async def delete(tx: Transaction, identifier: UUID, user_id: UUID) -> bool:
    """Delete a conversation with its messages."""
    return await tx.run(_DELETE, id=identifier, user_id=user_id) > 0


async def messages(tx: Transaction, conversation_id: UUID) -> Sequence[Row]:
    """Return the messages of a conversation, oldest first."""
    return await tx.all(_MESSAGES, id=conversation_id)


async def citations(tx: Transaction, conversation_id: UUID) -> Sequence[Row]:
    """Return the citations of a conversation's messages."""
    return await tx.all(_CITATIONS, id=conversation_id)


async def verbatim(tx: Transaction, passage_ids: Sequence[UUID]) -> set[UUID]:
    """Return those passages whose text stands on their page at their offsets."""
    return {row["id"] for row in await tx.all(_VERBATIM, ids=list(passage_ids))}


async def edges(
    tx: Transaction, passage_ids: Sequence[UUID], *, near: int, characters: int
) -> Sequence[Row]:
    """Return how the passages' pages, and those near them, begin and end."""
    return await tx.all(_EDGES, ids=list(passage_ids), near=near, characters=characters)


async def mentions(
    tx: Transaction,
    names: Sequence[str],
    collection_ids: Sequence[UUID] | None,
    document_ids: Sequence[UUID] | None,
) -> Sequence[Row]:
    """Return how many passages of each document mention each name."""
    return await tx.all(
        _MENTIONS,
        names=list(names),
        collection_ids=None if collection_ids is None else list(collection_ids),
        document_ids=None if document_ids is None else list(document_ids),
    )
