"""What a run will about take: from the documents' real lengths and what earlier runs took."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from assay.adapters.chat import CHARACTERS_PER_TOKEN
from assay.adapters.postgres import Row, Transaction
from assay.adapters.prices import cost
from assay.admission.tiers import Tier, effective
from assay.analyses import repository
from assay.analyses.models import Kind
from assay.analyses.schemas import AnalysisSpec, Estimate, Rows
from assay.settings import Settings
from assay.usage.ledger import month_start

EXTRACTIVE = "extractive"
"""The engine's name where no model is asked."""
RULES_TOKENS = 700
"""What a prompt holds beside the question and the document, about."""
CELL_TOKENS = 60
"""What a model answers for one field: a value, its quote and its page."""
POINT_TOKENS = 90
POINTS = 8
CALL_SECONDS = 6.0
"""A call of a model, before any was measured."""
EXTRACTIVE_SECONDS = 0.5
"""A document without a model, before any was measured."""


class Estimator:
    """Knows the engine, its prices and how many documents are under way at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.engine = settings.chat_model if settings.uses_model else EXTRACTIVE

    async def estimate(
        self, tx: Transaction, spec: AnalysisSpec, document_ids: Sequence[UUID]
    ) -> Estimate:
        """Return what asking this of these documents will about take."""
        bound = self._settings.analysis_prompt_tokens * CHARACTERS_PER_TOKEN
        sizes = await repository.sizes(tx, document_ids, bound)
        measured = await repository.measured(tx, spec.kind, self.engine)
        given, said = self._tokens(spec, sizes, measured)
        left = None
        if self._settings.uses_model:
            tier, limits, spent = await repository.budget(tx, month_start())
            budget = effective(Tier(tier), limits).model_budget_usd
            left = float(max(Decimal(0), budget - spent))
        return Estimate(
            documents=sizes["documents"],
            unready=sizes["unready"],
            input_tokens=given,
            output_tokens=said,
            cost_usd=float(cost(self.engine, given, said, self._settings)),
            seconds=round(self._seconds(sizes, measured), 1),
            budget_left_usd=left,
        )

    def _tokens(self, spec: AnalysisSpec, sizes: Row, measured: Row) -> tuple[int, int]:
        """Return the tokens given and said; the text counts as earlier prompts were counted."""
        if not self._settings.uses_model:
            return 0, 0
        ratio = float(CHARACTERS_PER_TOKEN)
        if measured["tokens"] and measured["characters"]:
            ratio = float(measured["characters"]) / float(measured["tokens"])
        in_parts = spec.kind in (Kind.SUMMARY, Kind.COMPARE) or spec.rows is Rows.ITEM
        characters = float(sizes["characters"] if in_parts else sizes["bounded"])
        calls = int(sizes["parts"] if in_parts else sizes["documents"] - sizes["unready"])
        question = len(spec.model_dump_json()) // CHARACTERS_PER_TOKEN
        given = characters / ratio + calls * (RULES_TOKENS + question)
        said = calls * _said(spec)
        if spec.kind in (Kind.SUMMARY, Kind.COMPARE):  # what each document gave is read again
            given += said
            said += _said(spec)
        if measured["documents"] and measured["output_tokens"]:
            each = float(measured["output_tokens"]) / float(measured["documents"])
            said = round(sizes["documents"] * each)
        return int(given), int(said)

    def _seconds(self, sizes: Row, measured: Row) -> float:
        each, at_once = EXTRACTIVE_SECONDS, self._settings.analysis_processes
        if self._settings.uses_model:
            each = CALL_SECONDS
            at_once = self._settings.analysis_lanes * self._settings.analysis_model_calls
        if measured["documents"] and measured["busy_ms"]:
            each = float(measured["busy_ms"]) / 1000 / int(measured["documents"])
        number = int(sizes["documents"])
        return each * max(1.0, number / at_once) if number else 0.0


def _said(spec: AnalysisSpec) -> int:
    """Return what a model answers to one prompt, about."""
    if spec.kind is Kind.EXTRACT:
        return len(spec.fields) * CELL_TOKENS
    if spec.kind is Kind.CLASSIFY:
        return CELL_TOKENS
    return POINTS * POINT_TOKENS
