"""Analyses as callers see them, made of their rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from assay.adapters.postgres import Row, Transaction
from assay.analyses import repository
from assay.analyses.models import Kind
from assay.analyses.schemas import (
    Analysis,
    AnalysisDocument,
    AnalysisSpec,
    AnalysisUsage,
    ComparedSide,
    ComparedTopic,
    CompareResult,
    DocumentSummary,
    Fault,
    OverallSummary,
    Progress,
    SourceQuote,
    SummaryPoint,
    SummaryResult,
    TableResult,
)
from assay.documents.events import Feed

SHOWN_DOCUMENTS = 200
"""Documents of a summary that are in its result; all are in its table."""

Result = TableResult | SummaryResult | CompareResult | None


def analysis_of(row: Row, result: Result = None) -> Analysis:
    """Return an analysis, in a list without its result."""
    return Analysis(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        status=row["status"],
        engine=row["engine"],
        progress=Progress(
            total=row["total"], done=row["done"], failed=row["failed"], skipped=row["skipped"]
        ),
        error=fault_of(row),
        collection_id=row["collection_id"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        usage=AnalysisUsage(
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            cost_usd=float(row["cost_usd"]),
        ),
        spec=AnalysisSpec(**row["spec"]),
        result=result,
    )


def document_of(row: Row) -> AnalysisDocument:
    """Return how far an analysis is with a document."""
    return AnalysisDocument(
        document_id=row["document_id"],
        document_name=row["document_name"],
        status=row["status"],
        error=fault_of(row),
        attempts=row["attempts"],
    )


def fault_of(row: Row) -> Fault | None:
    """Return why something failed, waits or stopped."""
    if row["error_code"] is None:
        return None
    return Fault(code=row["error_code"], message=row["error_message"])


async def result_of(tx: Transaction, row: Row) -> Result:
    """Return what was found up to now."""
    if row["kind"] == Kind.SUMMARY:
        return await _summary(tx, row)
    if row["kind"] == Kind.COMPARE:
        return await _comparison(tx, row)
    return TableResult(rows=row["rows"], filled=row["filled"], not_found=row["not_found"])


async def _summary(tx: Transaction, row: Row) -> SummaryResult:
    found = await repository.results(tx, row["id"], after=-1, limit=SHOWN_DOCUMENTS)
    overall = None
    if row["overall"] is not None:
        ids = {each["document_id"] for point in row["overall"] for each in point["evidence"]}
        names = await _names(tx, row, ids)
        overall = OverallSummary(points=_points(row["overall"], names))
    return SummaryResult(overall=overall, documents=[_document(each) for each in found])


def _document(row: Row) -> DocumentSummary:
    names = {str(row["document_id"]): row["document_name"]}
    return DocumentSummary(
        document_id=row["document_id"],
        document_name=row["document_name"],
        points=_points(row["result"], names),
    )


def _points(points: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[SummaryPoint]:
    return [
        SummaryPoint(
            text=point["text"], citations=[_quote(each, names) for each in point["evidence"]]
        )
        for point in points
    ]


async def _comparison(tx: Transaction, row: Row) -> CompareResult | None:
    if row["overall"] is None:
        return None
    ids = {side["document_id"] for finding in row["overall"] for side in finding["sides"]}
    names = await _names(tx, row, ids)
    return CompareResult(
        findings=[
            ComparedTopic(
                topic=finding["topic"],
                verdict=finding["verdict"],
                sides=[_side(each, names) for each in finding["sides"]],
            )
            for finding in row["overall"]
        ]
    )


def _side(side: Mapping[str, Any], names: Mapping[str, str]) -> ComparedSide:
    evidence = side["evidence"]
    return ComparedSide(
        document_id=side["document_id"],
        document_name=names.get(side["document_id"], ""),
        text=side["text"],
        citation=_quote(evidence, names) if evidence else None,
    )


def _quote(evidence: Mapping[str, Any], names: Mapping[str, str]) -> SourceQuote:
    return SourceQuote(**evidence, document_name=names.get(evidence["document_id"], ""))


async def _names(tx: Transaction, row: Row, ids: set[str]) -> dict[str, str]:
    found = await repository.names_of(tx, row["id"], sorted(ids))
    return {str(each["document_id"]): each["document_name"] for each in found}


ANALYSES = Feed("analyses", repository.changed, analysis_of)
"""Tells open pages how analyses get on."""
