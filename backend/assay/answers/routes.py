"""Calls about questions and conversations."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Depends, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.admission.tiers import Limits
from assay.answers.schemas import (
    AskRequest,
    AskResponse,
    Conversation,
    ConversationUpdate,
    ConversationWithMessages,
)
from assay.answers.service import Answers, Prepared
from assay.errors import AssayError
from assay.identity.dependencies import ViewerCaller

log = structlog.get_logger()

PING_SECONDS = 10
"""Balancers drop a stream that is silent for 60 s; the contract promises 15."""

router = APIRouter(prefix="/v1")


async def _answers(request: Request) -> Answers:
    answers: Answers = request.app.state.answers
    return answers


AnswersService = Annotated[Answers, Depends(_answers)]

_EVENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["passages", "delta", "done", "error"]},
        "data": {"type": "string", "description": "JSON."},
    },
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream`, the events `passages`, `delta` (`{text}`),"
        " `done` (the same object as without) and `error` (a problem), and comments as pings.",
        "content": {"text/event-stream": {"schema": _EVENT}},
    }
}


@router.post(
    "/ask",
    tags=["answers"],
    summary="Ask",
    response_model=AskResponse,
    responses=_STREAM | problems(*ALWAYS, 402, 404, 413),
)
async def ask(
    body: AskRequest, caller: ViewerCaller, answers: AnswersService, request: Request
) -> Any:
    """Answer a question from the documents, with citations whose quotes are on their pages.

    When the documents do not say, the answer says so, `answered` is false and there are no
    citations. What goes wrong before the answer begins is a problem as with any call; after
    that, a stream ends with the event `error`.
    """
    limits: Limits = request.scope["state"]["limits"]
    prepared = await answers.prepare(caller, body, limits.query_cache_bytes)
    if not body.stream:
        return await _while_connected(request, answers.ask(prepared))
    events = _events(answers, prepared, getattr(request.state, "request_id", None))
    return EventSourceResponse(
        events,
        ping=PING_SECONDS,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _while_connected(request: Request, answer: Coroutine[Any, Any, AskResponse]) -> Any:
    """Wait for the answer, but stop making it when the client goes away."""
    making = asyncio.create_task(answer)
    leaving = asyncio.create_task(_until_gone(request))
    try:
        await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            log.info("answer.abandoned")
            return Response(status_code=499)  # nobody reads it
        return making.result()
    finally:
        making.cancel()
        leaving.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _events(
    answers: Answers, prepared: Prepared, request_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    try:
        async for name, data in answers.events(prepared):
            yield _event(name, data)
    except AssayError as error:
        yield _event("error", error.problem() | {"request_id": request_id})
    except Exception:
        log.exception("answer.failed", request_id=request_id)
        fault = AssayError("Something went wrong on our side. Ask again.")
        yield _event("error", fault.problem() | {"request_id": request_id})


def _event(name: str, data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(orjson.dumps(data).decode(), event=name)


@router.get(
    "/conversations",
    tags=["conversations"],
    summary="List my conversations",
    responses=problems(*ALWAYS),
)
async def list_conversations(
    caller: ViewerCaller, answers: AnswersService, limit: Limit = 50, cursor: CursorText = None
) -> ItemList[Conversation]:
    """List one's own conversations, the latest first."""
    return await answers.list(caller, Cursor.decode(cursor), limit)


@router.get(
    "/conversations/{conversation_id}",
    tags=["conversations"],
    summary="Read a conversation",
    responses=problems(*ALWAYS, 404),
)
async def read_conversation(
    conversation_id: UUID, caller: ViewerCaller, answers: AnswersService
) -> ConversationWithMessages:
    """Read a conversation with its messages and their citations."""
    return await answers.get(caller, conversation_id)


@router.patch(
    "/conversations/{conversation_id}",
    tags=["conversations"],
    summary="Rename a conversation",
    responses=problems(*ALWAYS, 404, 413),
)
async def rename_conversation(
    conversation_id: UUID, body: ConversationUpdate, caller: ViewerCaller, answers: AnswersService
) -> Conversation:
    """Change a conversation's title."""
    return await answers.rename(caller, conversation_id, body)


@router.delete(
    "/conversations/{conversation_id}",
    status_code=204,
    tags=["conversations"],
    summary="Delete a conversation",
    responses=problems(*ALWAYS, 404),
)
async def delete_conversation(
    conversation_id: UUID, caller: ViewerCaller, answers: AnswersService
) -> Response:
    """Delete a conversation with all that was said."""
    await answers.delete(caller, conversation_id)
    return Response(status_code=204)
