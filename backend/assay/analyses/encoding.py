"""Results as they lie in the database, as JSON, and back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from assay.analyses.models import Cell, Evidence, Finding, Point, Row

SUMMARY = "summary"
LABEL = "label"
"""Columns of the tables of summaries and classifications."""


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """Return where something stands."""
    return {
        "document_id": str(evidence.document_id),
        "page": evidence.page,
        "start": evidence.start,
        "end": evidence.end,
        "quote": evidence.quote,
    }


def evidence_of(value: Mapping[str, Any]) -> Evidence:
    """Read what `evidence_json` wrote."""
    return Evidence(
        document_id=UUID(value["document_id"]),
        page=value["page"],
        start=value["start"],
        end=value["end"],
        quote=value["quote"],
    )


def cells_json(row: Row) -> dict[str, Any]:
    """Return a row's cells by name; null where nothing was found."""
    return {name: None if cell is None else _cell_json(cell) for name, cell in row.items()}


def _cell_json(cell: Cell) -> dict[str, Any]:
    return {
        "value": cell.value,
        "text": cell.text,
        "confidence": round(cell.confidence, 4),
        **evidence_json(cell.evidence),
    }


def points_json(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Return statements with all that they rest on."""
    return [
        {"text": point.text, "evidence": [evidence_json(each) for each in point.evidence]}
        for point in points
    ]


def points_of(values: Sequence[Mapping[str, Any]]) -> list[Point]:
    """Read what `points_json` wrote."""
    return [
        Point(value["text"], tuple(evidence_of(each) for each in value["evidence"]))
        for value in values
    ]


def point_cells(point: Point) -> dict[str, Any]:
    """Return a statement as the row of a table, with the first of what it rests on."""
    first = point.evidence[0]
    cell = {"value": point.text, "text": first.quote, "confidence": None, **evidence_json(first)}
    return {SUMMARY: cell}


def findings_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return what was found by comparing."""
    return [
        {
            "topic": finding.topic,
            "verdict": str(finding.verdict),
            "sides": [
                {
                    "document_id": str(document_id),
                    "text": side[0] if side else None,
                    "evidence": evidence_json(side[1]) if side else None,
                }
                for document_id, side in finding.sides.items()
            ],
        }
        for finding in findings
    ]
