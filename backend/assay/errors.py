"""The error tree and its one HTTP mapping (RFC 9457 problem details).

AssayError
  Malformed 400 · Unauthenticated 401 · PaymentRequired 402 · Forbidden 403 · NotFound 404
  Conflict 409
  TooLarge 413 · UnsupportedMedia 415 · Invalid 422 · TooMany 429 · Unavailable 503

`code` is stable and part of the public contract; `detail` is written for the person who
has to act on it and never quotes document text, secrets or internals.
"""

from typing import Any, ClassVar


class AssayError(Exception):
    """Base of every error that Assay answers on purpose."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    default_code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        retry_after: int | None = None,
        **extra: Any,
    ) -> None:
        """Keep what the answer needs.

        :param detail: one or two sentences that say what to do.
        :param code: stable machine-readable code; the class's own when absent.
        :param retry_after: whole seconds for the `Retry-After` header.
        :param extra: further members of the problem object (RFC 9457 section 3.2).
        """
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.retry_after = retry_after
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """Return the `application/problem+json` body."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to the answer."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Malformed(AssayError):
    """The request cannot be read at all."""

    status = 400
    title = "Bad request"
    default_code = "bad_request"


class Unauthenticated(AssayError):
    """Nobody, or nobody any more."""

    status = 401
    title = "Not authenticated"
    default_code = "unauthenticated"

    def headers(self) -> dict[str, str]:
        """Name the scheme, as RFC 9110 section 11.6.1 asks of every 401."""
        return super().headers() | {"WWW-Authenticate": "Bearer"}


class PaymentRequired(AssayError):
    """Money set aside for it is spent."""

    status = 402
    title = "Payment required"
    default_code = "budget_spent"


class Forbidden(AssayError):
    """Known, but not allowed to."""

    status = 403
    title = "Forbidden"
    default_code = "forbidden"


class NotFound(AssayError):
    """Unknown here; also the answer to another tenant's id."""

    status = 404
    title = "Not found"
    default_code = "not_found"


class Conflict(AssayError):
    """The state that is there does not allow it."""

    status = 409
    title = "Conflict"
    default_code = "conflict"


class TooLarge(AssayError):
    """The body exceeds a limit."""

    status = 413
    title = "Content too large"
    default_code = "too_large"


class UnsupportedMedia(AssayError):
    """A kind of file or body that Assay does not read."""

    status = 415
    title = "Unsupported media type"
    default_code = "unsupported_media_type"


class Invalid(AssayError):
    """Well-formed, but a value is wrong."""

    status = 422
    title = "Invalid request"
    default_code = "validation_error"


class TooMany(AssayError):
    """A limit of the caller is reached."""

    status = 429
    title = "Too many requests"
    default_code = "rate_limited"


class Unavailable(AssayError):
    """A part is away; the same call may succeed later."""

    status = 503
    title = "Service unavailable"
    default_code = "unavailable"

    def __init__(self, detail: str, *, code: str | None = None, retry_after: int = 5) -> None:
        """See `AssayError`; a 503 always says when to come back."""
        super().__init__(detail, code=code, retry_after=retry_after)


class CannotStart(Exception):
    """A setting or an outside part forbids to start; the message says what to do."""


def not_found(noun: str) -> NotFound:
    """Return the one answer for an unknown and a foreign id of a `noun`."""
    return NotFound(f"No such {noun}. It may have been deleted, or the id is wrong.")
