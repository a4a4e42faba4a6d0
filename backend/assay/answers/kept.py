"""Answers as they are kept for equal questions over an unchanged corpus."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from assay.answers.models import Outcome, Quote
from assay.answers.schemas import AskRequest
from assay.search.service import Found


def key_of(request: AskRequest, version: int, engine: str, embeddings: str) -> bytes:
    """Return what an answer depends on, but for the tenant."""
    scope = request.model_dump(mode="json", include={"collection_ids", "document_ids"})
    return orjson.dumps(
        ["ask", version, engine, embeddings, request.question, scope], option=orjson.OPT_SORT_KEYS
    )


def encode(passages: Sequence[Found], outcome: Outcome) -> bytes:
    """Return an answer with the passages it was made of; what it cost stays out."""
    places = {passage.id: number for number, passage in enumerate(passages)}
    quotes = [(places[each.passage.id], each.start, each.end) for each in outcome.quotes]
    return orjson.dumps(
        {
            "model": outcome.model,
            "text": outcome.text,
            "quotes": quotes,
            "passages": [asdict(each) for each in passages],
        }
    )


def decode(kept: bytes) -> tuple[tuple[Found, ...], Outcome]:
    """Read what `encode` wrote; the outcome used no tokens this time."""
    values = orjson.loads(kept)
    passages = tuple(_found(each) for each in values["passages"])
    quotes = [Quote(passages[place], start, end) for place, start, end in values["quotes"]]
    return passages, Outcome(values["model"], values["text"], quotes)


def _found(values: dict[str, Any]) -> Found:
    ids = {name: UUID(values[name]) for name in ("id", "document_id")}
    return Found(**values | ids)
