"""HTTP conventions that every route shares: problems, lists with cursors, documented errors."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
import structlog
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from assay.adapters.postgres import Row
from assay.errors import AssayError, Invalid, Malformed, NotFound, TooLarge

log = structlog.get_logger()

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=200, description="How many items to return at the most.")]
CursorText = Annotated[
    str | None,
    Query(max_length=200, description="`next_cursor` of the previous answer; absent at first."),
]


class Schema(BaseModel):
    """Base of request and response bodies: unknown members of a request are an error."""

    # A fault must not carry what a person wrote into a log.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def storable(value: str) -> str:
    """Refuse what PostgreSQL and UTF-8 cannot hold; for use as a pydantic validator."""
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        msg = "must not contain NUL or lone surrogate characters"
        raise ValueError(msg)
    return value


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(storable),
]
"""What a person calls something."""


class ItemList(Schema, Generic[Item]):
    """One page of a list, oldest or newest first as the call says."""

    items: list[Item]
    next_cursor: str | None = Field(
        description="Pass it as `cursor` for the next page; null at the end."
    )


class FieldError(Schema):
    """One thing that is wrong in a request."""

    location: str = Field(examples=["body.email"])
    message: str = Field(examples=["value is not a valid email address"])


class Problem(BaseModel):
    """An error as RFC 9457 describes it; `code` is stable."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(
        examples=["No such document. It may have been deleted, or the id is wrong."]
    )
    request_id: str | None = Field(None, examples=["01936f0e-6d2a-7c3e-8000-3f1d2b4c5d6e"])
    errors: list[FieldError] | None = None


class Cursor(BaseModel):
    """Where a list ordered by time and id goes on."""

    at: datetime
    id: UUID

    def encode(self) -> str:
        """Return the opaque text that clients pass back."""
        raw = orjson.dumps([self.at.isoformat(), str(self.id)])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> "Cursor | None":
        """Read what `encode` wrote.

        :raises Invalid: it was made up or cut off.
        """
        if text is None:
            return None
        try:
            at, identifier = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            cursor = cls(at=at, id=identifier)
        except (ValueError, TypeError, binascii.Error) as error:
            raise _bad_cursor() from error
        if cursor.at.tzinfo is None:
            raise _bad_cursor()
        return cursor


def item_list(
    rows: Sequence[Row],
    limit: int,
    build: Callable[[Row], Item],
    *,
    at: str = "created_at",
) -> ItemList[Item]:
    """Make a page of a list from up to `limit + 1` rows; the extra row only tells that more follow.

    :param at: name of the time column that the list is ordered by, before the id.
    """
    kept = rows[:limit]
    following = None
    if len(rows) > limit:
        following = Cursor(at=kept[-1][at], id=kept[-1]["id"]).encode()
    return ItemList(items=[build(row) for row in kept], next_cursor=following)


def _bad_cursor() -> Invalid:
    return Invalid(
        "This cursor is not one that a list gave. Start again without `cursor`.",
        code="invalid_cursor",
    )


_TITLES = {
    400: "The body or a header cannot be read (`bad_request`, `malformed_json`).",
    401: "No, expired or forged credentials (`unauthenticated`, `invalid_credentials`).",
    402: "The month's budget for models is spent (`model_budget_spent`).",
    403: "The caller may not do it (`forbidden`, `operator_only`, `tenant_suspended`).",
    404: "Unknown here, or another tenant's (`not_found`).",
    405: "The method does not fit the path (`method_not_allowed`).",
    409: "The present state does not allow it (`conflict`, or a more telling code).",
    413: "The body exceeds a limit (`too_large`).",
    415: "A kind of content that is not read (`unsupported_media_type`).",
    422: "A value is wrong; `errors` names each (`validation_error`).",
    429: "A limit is reached; `Retry-After` says when to come back (`rate_limited`).",
    500: "A fault of ours (`internal_error`).",
    503: "A part is away; `Retry-After` says when to come back (`unavailable`).",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` for error statuses."""
    return {
        status: {
            "description": _TITLES[status],
            "content": {"application/problem+json": {"schema": {"$ref": PROBLEM_REF}}},
        }
        for status in sorted(statuses)
    }


PROBLEM_REF = "#/components/schemas/Problem"

ALWAYS = (400, 401, 403, 422, 429, 503)
"""What every authenticated call may answer beside its own errors."""


def install_errors(app: FastAPI) -> None:
    """Answer every error as `application/problem+json`."""

    @app.exception_handler(AssayError)
    async def assay_error(request: Request, error: AssayError) -> Response:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return _answer(request, _from_validation(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return _answer(request, _from_http(error, lambda: _methods(app, request.url.path)))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        log.error("request.failed", path=request.url.path, exc_info=error)
        return _answer(
            request,
            AssayError("Something went wrong on our side. It was logged with this request's id."),
        )


def problem_response(error: AssayError, request_id: str | None) -> Response:
    """Return the response for an error."""
    body = error.problem() | {"request_id": request_id}
    return Response(
        orjson.dumps(body),
        status_code=error.status,
        headers=error.headers(),
        media_type="application/problem+json",
    )


def _answer(request: Request, error: AssayError) -> Response:
    return problem_response(error, getattr(request.state, "request_id", None))


def _from_validation(error: RequestValidationError) -> AssayError:
    first = error.errors()[0] if error.errors() else {}
    if first.get("type") == "json_invalid":
        return Malformed("The body is not valid JSON.", code="malformed_json")
    faults = [
        # A member that is not known is named as the client named it, at whatever length.
        {"location": ".".join(map(str, fault["loc"]))[:200], "message": fault["msg"][:200]}
        for fault in error.errors()[:20]
    ]
    named = "; ".join(f"{fault['location']}: {fault['message']}" for fault in faults[:3])
    return Invalid(f"The request has values that do not fit. {named}"[:1000], errors=faults)


class _MethodNotAllowed(AssayError):
    status = 405
    title = "Method not allowed"
    default_code = "method_not_allowed"

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(f"This path takes {', '.join(allowed)} only.")
        self._allowed = allowed

    def headers(self) -> dict[str, str]:
        return super().headers() | {"Allow": ", ".join(self._allowed)}


class _TooSlow(Malformed):
    default_code = "body_timeout"

    def headers(self) -> dict[str, str]:
        # Otherwise the rest of the body could go on for ever.
        return super().headers() | {"Connection": "close"}


def _methods(app: FastAPI, path: str) -> list[str]:
    """Return every method that a path takes; the framework names the first route's only."""
    paths = describe(app)["paths"]
    fitting = [each for each in paths if compile_path(each)[0].match(path)]
    # A path that is written out wins over one with a parameter that would fit it too.
    chosen = [path] if path in paths else fitting
    return sorted({method.upper() for template in chosen for method in paths[template]})


def _from_http(error: HTTPException, methods: Callable[[], list[str]]) -> AssayError:
    if error.status_code == NotFound.status:
        return NotFound("There is nothing at this path. `/openapi.json` lists every call.")
    if error.status_code == _MethodNotAllowed.status:
        return _MethodNotAllowed(methods())
    if error.status_code == TooLarge.status:
        return TooLarge(error.detail)
    if error.status_code == HTTPStatus.REQUEST_TIMEOUT:
        return _TooSlow("The body took too long to arrive. Send it again.")
    return Malformed(str(error.detail) or "The request cannot be read.")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description, with the problem schema that every error refers to."""
    if app.openapi_schema is None:
        description = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs", {}))
        schemas["Problem"] = schema
        app.openapi_schema = description
    return app.openapi_schema
