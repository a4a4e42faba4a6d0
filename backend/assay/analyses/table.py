"""The table that an analysis fills, page by page, whatever its kind."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from assay.adapters.postgres import Row, Transaction
from assay.analyses import repository
from assay.analyses.encoding import LABEL, SUMMARY
from assay.analyses.models import Kind
from assay.analyses.schemas import Table, TableCell, TableRow
from assay.errors import Invalid

TOPIC, VERDICT = "topic", "verdict"
MOST_COMPARED = 20
"""Documents that one comparison sets side by side."""
BEFORE_ALL = (-1, -1)

Place = tuple[int, int]
"""Where a table goes on: after this ordinal and item."""


async def table(tx: Transaction, analysis: Row, after: Place, limit: int) -> bytes:
    """Return rows of an analysis's table after a place, as the JSON of a `Table`.

    Fifty thousand cells would take a second to read, check and write again, in which no other call
    is answered: what the database keeps of a row goes on as it is.
    """
    if analysis["kind"] == Kind.COMPARE:
        return (await comparison(tx, analysis, after[0], limit)).model_dump_json().encode()
    found = await repository.rows(tx, analysis["id"], after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return orjson.dumps(
        {
            "columns": columns(analysis),
            "rows": [raw_row(each) for each in found[:limit]],
            "next_cursor": encode((last["ordinal"], last["item"])) if last else None,
        }
    )


def columns(analysis: Row) -> list[str]:
    """Return the names of the columns of a table of documents."""
    if analysis["kind"] == Kind.SUMMARY:
        return [SUMMARY]
    if analysis["kind"] == Kind.CLASSIFY:
        return [LABEL]
    return [field["name"] for field in analysis["spec"]["fields"]]


def raw_row(row: Row) -> dict[str, Any]:
    """Return a row for orjson, its cells as the database wrote them."""
    return {
        "document_id": row["document_id"],
        "document_name": row["document_name"],
        "cells": orjson.Fragment(row["cells"]),
    }


async def comparison(tx: Transaction, analysis: Row, after: int, limit: int) -> Table:
    """Return the topics of a comparison after a place; there are few."""
    named = distinct(await repository.names(tx, analysis["id"], MOST_COMPARED))
    findings: Sequence[dict[str, Any]] = analysis["overall"] or []
    shown = findings[after + 1 : after + 1 + limit]
    more = after + 1 + limit < len(findings)
    return Table(
        columns=[TOPIC, VERDICT, *named.values()],
        rows=[_topic(each, named) for each in shown],
        next_cursor=encode((after + limit, 0)) if more else None,
    )


def distinct(names: Sequence[Row]) -> dict[str, str]:
    """Return a column's name for each document, by its id; equal names are numbered."""
    taken = {TOPIC, VERDICT}
    named = {}
    for row in names:
        name, number = row["document_name"], 1
        while name in taken:
            number += 1
            name = f"{row['document_name']} ({number})"
        taken.add(name)
        named[str(row["document_id"])] = name
    return named


def _topic(finding: Mapping[str, Any], named: Mapping[str, str]) -> TableRow:
    cells: dict[str, TableCell | None] = {
        TOPIC: _said(finding["topic"]),
        VERDICT: _said(finding["verdict"]),
        **dict.fromkeys(named.values()),
    }
    for side in finding["sides"]:
        if side["evidence"] and side["document_id"] in named:
            cells[named[side["document_id"]]] = TableCell(
                value=side["text"],
                text=side["evidence"]["quote"],
                confidence=None,
                **side["evidence"],
            )
    return TableRow(document_id=None, document_name=None, cells=cells)


def _said(value: str) -> TableCell:
    nowhere = dict.fromkeys(
        ("text", "document_id", "page", "start", "end", "quote", "confidence"), None
    )
    return TableCell(value=value, **nowhere)


def encode(place: Place) -> str:
    """Return the opaque text that clients pass back."""
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode(cursor: str | None) -> Place:
    """Read what `encode` wrote; without a cursor, the place before all rows.

    :raises Invalid: it was made up or cut off.
    """
    if cursor is None:
        return BEFORE_ALL
    try:
        ordinal, item = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if _is_place(ordinal) and _is_place(item):
            return ordinal, item
    except (ValueError, TypeError, binascii.Error):
        pass
    raise Invalid(
        "This cursor is not one that a list gave. Start again without `cursor`.",
        code="invalid_cursor",
    )


def _is_place(number: object) -> bool:
    return type(number) is int and 0 <= number < 2**31
