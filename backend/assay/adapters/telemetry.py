"""Structured logs: an event name with fields; never a secret, never text of a document.

Errors are logged by their class and the places they came through. Their messages are left out,
because a database's or a parser's message quotes what it was given; our own are sentences that
quote nothing (`assay.errors`).
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import TextIO

import orjson
import structlog

from assay.errors import AssayError, CannotStart

MAX_MESSAGE = 500
"""Characters of a library's log line that are kept."""


def configure_logging(level: str) -> None:
    """Log to standard error: readable lines on a terminal, JSON lines elsewhere."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(terminal=terminal),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Structured()], force=True)


def describe_error(error: BaseException) -> str:
    """Return where an error came through and its causes, without what foreign errors say."""
    return "".join(_lines(error)).rstrip()


def _lines(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause)
        yield "which led to\n"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'
    own = isinstance(error, AssayError | CannotStart)
    yield f"{type(error).__qualname__}{f': {error}' if own else ''}\n"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _lines(each)


def _renderers(*, terminal: bool) -> list[structlog.typing.Processor]:
    if terminal:
        return [structlog.dev.ConsoleRenderer(exception_formatter=_write_error)]
    return [
        structlog.processors.ExceptionRenderer(_described),
        structlog.processors.JSONRenderer(serializer=_dump),
    ]


def _described(exc_info: structlog.typing.ExcInfo) -> str:
    return describe_error(exc_info[1])


def _write_error(stream: TextIO, found: structlog.typing.ExcInfo) -> None:
    stream.write("\n" + _described(found))


class _Structured(logging.Handler):
    """Writes what libraries log as lines of our own kind."""

    def emit(self, record: logging.LogRecord) -> None:
        # Further lines of a message, as asyncio writes them, show values.
        message = record.getMessage().partition("\n")[0][:MAX_MESSAGE]
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            message=message,
            **({"exc_info": record.exc_info} if record.exc_info else {}),
        )


def _dump(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
