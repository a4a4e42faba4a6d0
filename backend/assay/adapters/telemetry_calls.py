"""Blocks that measure a call of another system: for metrics, for traces, and for slow statements.

Written as classes with slots, since one stands around every statement.
"""

from time import perf_counter
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import structlog

from assay.adapters import telemetry_metrics as metrics
from assay.adapters import telemetry_spans as spans

log = structlog.get_logger()

MAX_STATEMENT = 300
"""Characters of a statement's text that are logged."""


class _Slow:
    """From when on a statement is logged."""

    seconds = 0.5


def set_slow_query_ms(milliseconds: int) -> None:
    """Log statements that take this long or longer."""
    _Slow.seconds = milliseconds / 1000


class _Call:
    """A call under way."""

    __slots__ = ("_began",)

    def __enter__(self) -> Self:
        self._began = perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended(perf_counter() - self._began, kind.__name__ if kind else None)

    def _ended(self, seconds: float, error: str | None) -> None:
        raise NotImplementedError


class statement(_Call):  # noqa: N801 - used as a block
    """Measures a statement of the database; a slow one is logged with its tenant."""

    __slots__ = ("_statement", "_tenant_id")

    def __init__(self, text: Any, tenant_id: UUID | None) -> None:
        """Keep what to log.

        :param text: SQLAlchemy's `TextClause`, with names in the place of values.
        :param tenant_id: whose statement it is; None beyond tenants.
        """
        self._statement, self._tenant_id = text, tenant_id

    def _ended(self, seconds: float, error: str | None) -> None:
        metrics.statement_ran(seconds)
        if seconds >= _Slow.seconds:
            log.warning(
                "database.slow",
                statement=" ".join(str(self._statement).split())[:MAX_STATEMENT],
                tenant_id=self._tenant_id and str(self._tenant_id),
                ms=round(seconds * 1000, 1),
                error=error,
            )
        if spans.enabled():
            words = str(self._statement).split()
            attributes = {
                "db.system.name": "postgresql",
                "db.query.text": " ".join(words)[:MAX_STATEMENT],
            }
            spans.record(words[0].upper(), seconds, attributes, error)


class vector_search(_Call):  # noqa: N801 - used as a block
    """Measures a search of the vector store."""

    __slots__ = ()

    def _ended(self, seconds: float, error: str | None) -> None:
        metrics.vectors_searched(seconds, failed=error is not None)
        spans.record("search vectors", seconds, {"db.system.name": "qdrant"}, error)


class model_call(_Call):  # noqa: N801 - used as a block
    """Measures a call of a chat or embedding model, to the end of its answer."""

    __slots__ = ("_model", "_operation")

    def __init__(self, model: str, operation: str = "chat") -> None:
        """Keep what to tell.

        :param model: its name in the settings.
        :param operation: `chat` or `embeddings`.
        """
        self._model, self._operation = model, operation

    def _ended(self, seconds: float, error: str | None) -> None:
        failed = error not in {None, "GeneratorExit", "CancelledError"}
        metrics.model_called(self._model, seconds, failed=failed)
        attributes = {
            "gen_ai.operation.name": self._operation,
            "gen_ai.request.model": self._model,
        }
        spans.record(f"{self._operation} {self._model}", seconds, attributes, error)
