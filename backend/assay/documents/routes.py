"""Calls about documents."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response, StreamingResponse

from assay.adapters.http import ALWAYS, Cursor, CursorText, ItemList, Limit, problems
from assay.documents import formats
from assay.documents.events import Events
from assay.documents.models import Status
from assay.documents.names import attachment
from assay.documents.schemas import Document, PageBoxes, PageText, Upload
from assay.documents.service import Documents
from assay.documents.viewing import PageViews
from assay.identity.dependencies import MemberCaller, ViewerCaller

router = APIRouter(prefix="/v1/documents", tags=["documents"])
events_router = APIRouter(prefix="/v1", tags=["documents"])

_LARGEST = 2**31 - 1
_ACTIVE = {formats.HTML, formats.XML, formats.SVG, formats.DIAGRAM}
"""Formats that a browser might run; they are sent as plain bytes."""
_INERT = "default-src 'none'; sandbox"
"""Content security policy of what members uploaded, should a browser show it nevertheless."""


async def _documents(request: Request) -> Documents:
    documents: Documents = request.app.state.documents
    return documents


async def _page_views(request: Request) -> PageViews:
    page_views: PageViews = request.app.state.page_views
    return page_views


PING_SECONDS = 10
"""Balancers drop a stream that is silent for 60 s."""
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `documents`, each `{documents: [Document]}`, of which the first is"
        " empty and says that the stream is open, and `analyses`, each `{analyses: [Analysis]}`"
        " without results. Comments as pings.",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "event": {"type": "string", "enum": ["documents", "analyses"]},
                        "data": {"type": "string", "description": "JSON."},
                    },
                }
            }
        },
    }
}

Service = Annotated[Documents, Depends(_documents)]
Views = Annotated[PageViews, Depends(_page_views)]
PageNumber = Annotated[int, Path(ge=1, le=_LARGEST, description="From 1.", examples=[1])]
IfNoneMatch = Annotated[str, Header(max_length=1000, include_in_schema=False)]
Accept = Annotated[str, Header(max_length=1000, include_in_schema=False)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Repeating a call with its key answers the same and uploads nothing again.",
    ),
]

_UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                            "description": "One or many files.",
                        },
                        "collection_id": {"type": "string", "format": "uuid"},
                    },
                }
            }
        },
    }
}


def _binary(kind: str, description: str) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string", "format": "binary"}
    return {
        200: {"description": description, "content": {kind: {"schema": schema}}},
        304: {"description": "The client has it already (`If-None-Match`)."},
    }


@router.post(
    "",
    status_code=202,
    summary="Upload documents",
    responses=problems(*ALWAYS, 403, 404, 409, 413, 415),
    openapi_extra=_UPLOAD_BODY,
)
async def upload(
    request: Request,
    caller: MemberCaller,
    documents: Service,
    idempotency_key: IdempotencyKey = None,
) -> Upload:
    """Upload one or many files; they are read and indexed afterwards.

    If one of them is refused (`file_too_large`, `unsupported_media_type`, `empty_file`), all
    are. Bytes that are in the collection already are not stored again: their document is
    returned with `duplicate: true`.
    """
    length = request.headers.get("content-length", "")
    return await documents.upload(
        caller,
        request.stream(),
        content_type=request.headers.get("content-type", ""),
        content_length=int(length) if length.isdecimal() else None,
        idempotency_key=idempotency_key,
    )


@router.get("", summary="List documents", responses=problems(*ALWAYS))
async def list_documents(
    caller: ViewerCaller,
    documents: Service,
    *,
    status: Status | None = None,
    collection_id: UUID | None = None,
    q: Annotated[
        str | None, Query(max_length=255, description="Part of the name, in any case.")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> ItemList[Document]:
    """List the workspace's documents, newest first."""
    return await documents.list(
        caller,
        status=status,
        collection_id=collection_id,
        name=q,
        cursor=Cursor.decode(cursor),
        limit=limit,
    )


@events_router.get(
    "/events",
    summary="Follow documents and analyses",
    response_class=EventSourceResponse,
    responses=_EVENTS | problems(*ALWAYS),
)
async def follow(caller: ViewerCaller, request: Request) -> EventSourceResponse:
    """Stream documents and analyses as they change: status, progress. Deletions are not told.

    The stream ends after ten minutes; open it again. Streams count by themselves, not among
    the requests at once.
    """
    changes: Events = request.app.state.events

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for change in changes.stream(caller.scope):
            listed = [item.model_dump(mode="json") for item in change.items]
            told = orjson.dumps({change.name: listed}).decode()
            yield ServerSentEvent(told, event=change.name)

    return EventSourceResponse(
        events(),
        ping=PING_SECONDS,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/{document_id}", summary="Read a document's state", responses=problems(*ALWAYS, 404))
async def get(document_id: UUID, caller: ViewerCaller, documents: Service) -> Document:
    """Return one document with its progress."""
    return await documents.get(caller, document_id)


@router.get(
    "/{document_id}/content",
    summary="Download a document",
    response_class=Response,
    responses={
        **_binary("*/*", "The original bytes."),
        **problems(*ALWAYS, 404),
    },
)
async def content(
    document_id: UUID, caller: ViewerCaller, documents: Service, if_none_match: IfNoneMatch = ""
) -> Response:
    """Return the original bytes, always as a download."""
    file = await documents.content(caller, document_id)
    headers = _cached(f'"{file.sha256}"')
    if headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = attachment(file.name)
    headers["Content-Length"] = str(file.size_bytes)
    # Starlette would add a charset to text, which nobody knows here.
    headers["Content-Type"] = (
        "application/octet-stream" if file.mime_type in _ACTIVE else file.mime_type
    )
    return StreamingResponse(file.chunks, headers=headers)


@router.get(
    "/{document_id}/pages/{number}", summary="Read a page", responses=problems(*ALWAYS, 404)
)
async def page(
    document_id: UUID, number: PageNumber, caller: ViewerCaller, documents: Service
) -> PageText:
    """Return the text of a page, as passages and citations count it."""
    return await documents.page(caller, document_id, number)


@router.get(
    "/{document_id}/pages/{number}/image",
    summary="See a page",
    response_class=Response,
    responses={
        200: {
            "description": "The page, as WebP where `Accept` allows it.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/webp", "image/png")
            },
        },
        **problems(*ALWAYS, 404),
    },
)
async def image(
    document_id: UUID,
    number: PageNumber,
    caller: ViewerCaller,
    views: Views,
    if_none_match: IfNoneMatch = "",
    accept: Accept = "*/*",
) -> Response:
    """Return a picture of a PDF's page; other formats have none (`no_image`)."""
    view = await views.view(caller, document_id, number)
    kind = formats.WEBP if _takes_webp(accept) else formats.PNG
    tag = view.tag(kind)
    headers = _cached(tag) | {"Vary": "Accept"}
    if tag in if_none_match:
        return Response(status_code=304, headers=headers)
    picture = await views.image(caller, view, kind)
    return Response(picture, media_type=kind, headers=headers)


@router.get(
    "/{document_id}/pages/{number}/boxes",
    summary="Find text on a page",
    responses=problems(*ALWAYS, 404),
)
async def boxes(
    document_id: UUID,
    number: PageNumber,
    caller: ViewerCaller,
    views: Views,
    *,
    start: Annotated[int, Query(ge=0, le=_LARGEST, description="First code point.")],
    end: Annotated[int, Query(ge=1, le=_LARGEST, description="After the last code point.")],
) -> PageBoxes:
    """Return where a PDF's page shows a piece of its text, one box per line."""
    view = await views.view(caller, document_id, number)
    return await views.boxes(caller, view, start, end)


@router.post(
    "/{document_id}/retry",
    status_code=202,
    summary="Try a failed document again",
    responses=problems(*ALWAYS, 403, 404, 409),
)
async def retry(document_id: UUID, caller: MemberCaller, documents: Service) -> Document:
    """Queue a failed document again; any other is refused (`not_failed`)."""
    return await documents.retry(caller, document_id)


@router.delete(
    "/{document_id}",
    status_code=204,
    summary="Delete a document",
    responses=problems(*ALWAYS, 403, 404),
)
async def delete(document_id: UUID, caller: MemberCaller, documents: Service) -> None:
    """Delete a document; its passages, vectors and bytes go with it."""
    await documents.delete(caller, document_id)


def _takes_webp(accept: str) -> bool:
    """Read `Accept` (RFC 9110 section 12.5.1): the most specific range that fits decides."""
    weights = {}
    for part in accept.lower().replace(" ", "").split(","):
        kind, _, weight = part.partition(";q=")
        weights[kind] = weight
    fitting = [weights[each] for each in (formats.WEBP, "image/*", "*/*") if each in weights]
    return bool(fitting) and fitting[0] not in {"0", "0.", "0.0", "0.00", "0.000"}


def _cached(tag: str) -> dict[str, str]:
    """Let the client keep a copy of its own, which it asks about before each use."""
    return {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": _INERT,
    }
