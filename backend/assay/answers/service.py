"""Conversations: find, answer, cite, save."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, Row, Transaction
from assay.adapters.tenant_cache import Shared
from assay.adapters.tenant_cache import Turn as SharedTurn
from assay.answers import repository
from assay.answers.follow_up import standalone
from assay.answers.kept import decode, encode, key_of
from assay.answers.models import Engine, Outcome, Quote, Turn
from assay.answers.retrieval import Retrieval
from assay.answers.schemas import (
    AskRequest,
    AskResponse,
    Citation,
    Conversation,
    ConversationUpdate,
    ConversationWithMessages,
    Message,
    Usage,
)
from assay.errors import not_found
from assay.identity.audit import Action, record
from assay.identity.models import Caller
from assay.scope import TenantScope
from assay.search.service import Found
from assay.usage.ledger import Ledger, settle

HISTORY_MESSAGES = 8
TITLE_CHARACTERS = 120
PATIENCE = 60.0
"""Seconds to wait for an equal question that another process answers."""

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with everything that is needed to answer it; nothing is held open."""

    caller: Caller
    conversation_id: UUID
    turn: Turn
    degraded: bool
    key: bytes | None = None
    """Of the answer, where equal questions may share it."""
    budget: int = 0
    """Bytes that the tenant's kept answers may take."""
    kept: Outcome | None = None
    """The answer, where it was kept from before."""


class Answers:
    """Asks and conversations of one user of a workspace."""

    def __init__(
        self,
        database: Database,
        retrieval: Retrieval,
        engine: Engine,
        ledger: Ledger,
        shared: Shared,
    ) -> None:
        self._database, self._retrieval = database, retrieval
        self._engine, self._ledger, self._shared = engine, ledger, shared

    async def prepare(self, caller: Caller, request: AskRequest, budget: int) -> Prepared:
        """Find the passages for a question, or the answer that was kept of an equal one.

        Only the first question of a conversation can be equal to another's.

        :param budget: bytes that the tenant's kept answers may take.
        :raises NotFound: the conversation, a collection or a document is not the caller's.
        """
        if request.conversation_id is not None:
            return await self._found(caller, request)
        version = await self._retrieval.version(caller.scope, request)
        key = key_of(request, version, self._engine.name, self._retrieval.embeddings)
        kept = await self._shared.peek(caller.scope, key)
        if kept is not None:
            passages, outcome = decode(kept)
            turn = Turn(caller.scope, request.question, request.question, (), passages)
            return Prepared(caller, uuid7(), turn, degraded=False, kept=outcome)
        return replace(await self._found(caller, request), key=key, budget=budget)

    async def _found(self, caller: Caller, request: AskRequest) -> Prepared:
        history = await self._history(caller, request.conversation_id)
        earlier = [content for role, content in history if role == "user"]
        question = standalone(request.question, earlier)
        found = await self._retrieval.find(caller.scope, request, question)
        passages = tuple(found.passages[: self._engine.passages])
        turn = Turn(caller.scope, question, request.question, history, passages, found.settled)
        return Prepared(caller, request.conversation_id or uuid7(), turn, found.degraded)

    async def events(self, prepared: Prepared) -> AsyncIterator[Event]:
        """Yield `passages`, `delta`s and `done`; the turn is saved before `done`.

        :raises Unavailable: the model failed; nothing is saved.
        """
        yield "passages", {"passages": [_shown(each) for each in prepared.turn.passages]}
        async with self._turn(prepared) as (turn, kept):
            if kept is not None:
                yield "delta", {"text": kept.text}
                response = await asyncio.shield(self._save(prepared, kept, cached=True))
            else:
                outcome = Outcome(model="")
                async with self._paid(prepared, outcome):
                    async for text in self._engine.answer(prepared.turn, outcome):
                        yield "delta", {"text": text}
                    # Shielded: what was paid for is kept although the client leaves now.
                    response = await asyncio.shield(self._save(prepared, outcome))
                self._keep(prepared, outcome, turn)
        yield "done", response.model_dump(mode="json")

    async def ask(self, prepared: Prepared) -> AskResponse:
        """Return the whole answer at once."""
        async with self._turn(prepared) as (turn, kept):
            if kept is not None:
                return await self._save(prepared, kept, cached=True)
            outcome = Outcome(model="")
            async with self._paid(prepared, outcome):
                async for _ in self._engine.answer(prepared.turn, outcome):
                    pass
                response = await self._save(prepared, outcome)
            self._keep(prepared, outcome, turn)
            return response

    @asynccontextmanager
    async def _turn(
        self, prepared: Prepared
    ) -> AsyncIterator[tuple[SharedTurn | None, Outcome | None]]:
        """Wait for an equal question that is being answered, or for the turn to answer it."""
        if prepared.key is None:
            yield None, prepared.kept
            return
        async with self._shared.turn(
            prepared.caller.scope, prepared.key, budget=prepared.budget, patience=PATIENCE
        ) as turn:
            yield turn, decode(turn.value)[1] if turn.value is not None else None

    def _keep(self, prepared: Prepared, outcome: Outcome, turn: SharedTurn | None) -> None:
        if turn is not None and not prepared.degraded:
            turn.keep(encode(prepared.turn.passages, outcome))

    @asynccontextmanager
    async def _paid(self, prepared: Prepared, outcome: Outcome) -> AsyncIterator[None]:
        """Reserve the most that the answer can cost, and settle what it did cost.

        The transaction that saves the answer settles it; one that is never saved settles here.

        :raises PaymentRequired: the tenant's budget is spent.
        """
        most, caller = self._engine.most(prepared.turn), prepared.caller
        if most is not None:
            outcome.call_id = await self._ledger.reserve(
                caller.scope,
                purpose="answer",
                model=self._engine.name,
                input_tokens=most.input_tokens,
                cost_usd=most.cost_usd,
                user_id=caller.user_id,
            )
        try:
            yield
        finally:
            if outcome.call_id is not None:
                await asyncio.shield(self._settle(caller.scope, outcome))

    async def _settle(self, scope: TenantScope, outcome: Outcome) -> None:
        async with self._database.transaction(scope) as tx:
            await _settled(tx, outcome)
        outcome.call_id = None

    async def _history(
        self, caller: Caller, conversation_id: UUID | None
    ) -> tuple[tuple[str, str], ...]:
        if conversation_id is None:
            return ()
        async with self._database.transaction(caller.scope) as tx:
            if not await repository.is_mine(tx, conversation_id, caller.user_id):
                raise not_found("conversation")
            rows = await repository.history(tx, conversation_id, HISTORY_MESSAGES)
        return tuple((row["role"], row["content"]) for row in rows)

    async def _save(
        self, prepared: Prepared, outcome: Outcome, *, cached: bool = False
    ) -> AskResponse:
        message_id, conversation_id = uuid7(), prepared.conversation_id
        citations = [_citation(number, each) for number, each in enumerate(outcome.quotes, 1)]
        common = {"conversation_id": conversation_id, "degraded": prepared.degraded}
        async with self._database.transaction(prepared.caller.scope) as tx:
            title = prepared.turn.asked[:TITLE_CHARACTERS]
            await repository.touch(tx, conversation_id, prepared.caller.user_id, title)
            await repository.insert_message(
                tx, id=uuid7(), role="user", content=prepared.turn.asked, **_NO_MODEL, **common
            )
            await repository.insert_message(
                tx,
                id=message_id,
                role="assistant",
                content=outcome.text,
                model=outcome.model,
                input_tokens=outcome.input_tokens,
                output_tokens=outcome.output_tokens,
                cost_usd=outcome.cost_usd,
                answered=outcome.answered,
                **common,
            )
            await repository.insert_citations(
                tx, [each.model_dump() | {"message_id": message_id} for each in citations]
            )
            await _settled(tx, outcome)
        outcome.call_id = None
        return AskResponse(
            answer=outcome.text,
            answered=outcome.answered,
            citations=citations,
            conversation_id=conversation_id,
            message_id=message_id,
            model=outcome.model,
            usage=Usage(
                input_tokens=outcome.input_tokens,
                output_tokens=outcome.output_tokens,
                cost_usd=float(outcome.cost_usd),
            ),
            cached=cached,
            degraded=prepared.degraded,
        )

    async def list(
        self, caller: Caller, cursor: Cursor | None, limit: int
    ) -> ItemList[Conversation]:
        """List the caller's conversations, the latest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.conversations(tx, caller.user_id, cursor, limit + 1)
        return item_list(rows, limit, lambda row: Conversation(**row), at="updated_at")

    async def get(self, caller: Caller, conversation_id: UUID) -> ConversationWithMessages:
        """Return a conversation with its messages and their citations."""
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.conversation(tx, conversation_id, caller.user_id)
            if row is None:
                raise not_found("conversation")
            messages = await repository.messages(tx, conversation_id)
            citations = await repository.citations(tx, conversation_id)
        return ConversationWithMessages(
            **row,
            messages=[
                _message(each, [c for c in citations if c["message_id"] == each["id"]])
                for each in messages
            ],
        )

    async def rename(
        self, caller: Caller, conversation_id: UUID, update: ConversationUpdate
    ) -> Conversation:
        """Change a conversation's title."""
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.rename(tx, conversation_id, caller.user_id, update.title)
        if row is None:
            raise not_found("conversation")
        return Conversation(**row)

    async def delete(self, caller: Caller, conversation_id: UUID) -> None:
        """Delete a conversation with all that was said."""
        async with self._database.transaction(caller.scope) as tx:
            if not await repository.delete(tx, conversation_id, caller.user_id):
                raise not_found("conversation")
            await record(tx, caller.actor, Action.CONVERSATION_DELETED, conversation_id)


async def _settled(tx: Transaction, outcome: Outcome) -> None:
    if outcome.call_id is not None:
        await settle(
            tx,
            outcome.call_id,
            outcome.input_tokens,
            outcome.output_tokens,
            outcome.cost_usd,
        )


_NO_MODEL: dict[str, Any] = {
    "model": None,
    "input_tokens": 0,
    "output_tokens": 0,
    "cost_usd": 0,
    "answered": None,
}


def _citation(number: int, quote: Quote) -> Citation:
    return Citation(
        number=number,
        document_id=quote.passage.document_id,
        document_name=quote.passage.document_name,
        page=quote.passage.page,
        quote=quote.text,
        start=quote.start,
        end=quote.end,
    )


def _shown(found: Found) -> dict[str, Any]:
    return {
        "passage_id": str(found.id),
        "document_id": str(found.document_id),
        "document_name": found.document_name,
        "page": found.page,
        "text": found.text,
        "start": found.start,
        "end": found.end,
        "score": found.score,
    }


def _message(row: Row, citations: "list[Row]") -> Message:
    return Message(
        id=row["id"],
        role=row["role"],
        content=row["content"],
        answered=row["answered"],
        citations=[
            Citation(
                number=each["number"],
                document_id=each["document_id"],
                document_name=each["document_name"],
                page=each["page"],
                quote=each["quote"],
                start=each["start_offset"],
                end=each["end_offset"],
            )
            for each in citations
        ],
        model=row["model"],
        usage=Usage(
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            cost_usd=float(row["cost_usd"]),
        ),
        degraded=row["degraded"],
        created_at=row["created_at"],
    )
