"""`assay eval`: tries a labelled set on an installation and tells how good it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from assay.analyses.models import FieldType
from assay.cli import evaluation_scores as scores
from assay.cli.client import POLL_SECONDS, Client
from assay.cli.console import Console
from assay.cli.evaluation_set import AnswerLine, ExtractionLine, RetrievalLine
from assay.cli.failures import CommandFailed

K = 10
"""Hits of a search that count."""
_OVER = ("completed", "failed", "cancelled")

Line = ExtractionLine | RetrievalLine | AnswerLine


@dataclass(slots=True)
class Trial:
    """One installation under evaluation, and what it took."""

    client: Client
    documents: dict[str, str]
    """Ids of ready documents by name."""
    cost_usd: float = 0.0
    engines: set[str] = field(default_factory=set)
    pages: dict[tuple[str, int], str] = field(default_factory=dict)

    def named(self, name: str) -> str:
        """Return a document's id."""
        if name not in self.documents:
            raise CommandFailed(
                f"There is no document “{name}” that is ready. Give its file, or ingest it first.",
                2,
            )
        return self.documents[name]

    async def is_verbatim(self, place: dict[str, Any]) -> bool:
        """Tell whether a quote stands on its page where it is said to."""
        key = str(place["document_id"]), int(place["page"])
        if key not in self.pages:
            page = await self.client.call("GET", f"/v1/documents/{key[0]}/pages/{key[1]}")
            self.pages[key] = page["text"]
        return bool(self.pages[key][place["start"] : place["end"]] == place["quote"] != "")


async def evaluate(
    client: Client, console: Console, lines: Sequence[Line], documents: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the report on a set.

    :param documents: those that the set's lines may name.
    """
    ready = {each["name"]: str(each["id"]) for each in documents if each["status"] == "ready"}
    trial = Trial(client, ready)
    _all_there(trial, lines)
    report: dict[str, Any] = {}
    extractions = [line for line in lines if isinstance(line, ExtractionLine)]
    if extractions:
        console.note(f"extracting from {len(extractions)} documents …")
        cells = await _extracted(trial, extractions)
        report["extraction"] = scores.extraction(cells)
        report["fields"] = scores.by_field(cells)
        report["mistakes"] = [_mistake(each) for each in cells if not _is_fine(each)]
    searches = [line for line in lines if isinstance(line, RetrievalLine)]
    if searches:
        console.note(f"searching {len(searches)} times …")
        ranked = [await _searched(trial, line) for line in searches]
        report["retrieval"] = scores.retrieval(ranked, K)
    questions = [line for line in lines if isinstance(line, AnswerLine)]
    if questions:
        console.note(f"asking {len(questions)} questions …")
        report["answers"] = scores.answers([await _asked(trial, line) for line in questions])
    return report | {"cost_usd": round(trial.cost_usd, 6), "engines": sorted(trial.engines)}


def _all_there(trial: Trial, lines: Sequence[Line]) -> None:
    """Refuse before anything is spent when a document is missing."""
    for line in lines:
        if isinstance(line, ExtractionLine):
            trial.named(line.document)
        elif isinstance(line, RetrievalLine):
            for each in line.relevant:
                trial.named(each.document)
        else:
            for name in line.documents or ():
                trial.named(name)


async def _extracted(trial: Trial, lines: Sequence[ExtractionLine]) -> list[scores.Filled]:
    """Run one analysis for each set of fields, and compare its cells."""
    groups: dict[bytes, list[ExtractionLine]] = {}
    for line in lines:
        key = orjson.dumps([each.model_dump() for each in line.fields])
        groups.setdefault(key, []).append(line)
    cells: list[scores.Filled] = []
    for own in groups.values():
        ids = list(dict.fromkeys(trial.named(line.document) for line in own))
        rows = await _table(trial, own[0], ids)
        for line in own:
            row = rows.get(trial.named(line.document), {})
            cells += [await _cell(trial, each.name, each.type, line, row) for each in line.fields]
    return cells


async def _table(trial: Trial, line: ExtractionLine, ids: list[str]) -> dict[str, Any]:
    fields = [each.model_dump(exclude_defaults=True) for each in line.fields]
    body = {"kind": "extract", "fields": fields, "document_ids": ids}
    analysis = await trial.client.call("POST", "/v1/analyses", json=body)
    path = f"/v1/analyses/{analysis['id']}"
    while analysis["status"] not in _OVER:
        if analysis["status"] == "paused":
            why = (analysis["error"] or {}).get("message", "")
            raise CommandFailed(f"The analysis {analysis['id']} has paused. {why}")
        await asyncio.sleep(POLL_SECONDS)
        analysis = await trial.client.call("GET", path)
    if analysis["status"] != "completed":
        why = (analysis["error"] or {}).get("message", "")
        raise CommandFailed(f"The analysis {analysis['id']} has {analysis['status']}. {why}")
    trial.cost_usd += float((analysis.get("usage") or {}).get("cost_usd") or 0)
    trial.engines.add(str(analysis["engine"]))
    rows: dict[str, Any] = {}
    cursor: str | None = None
    while True:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        table = await trial.client.call("GET", f"{path}/table", params=params)
        rows |= {str(row["document_id"]): row["cells"] for row in table["rows"]}
        cursor = table["next_cursor"]
        if cursor is None:
            return rows


async def _cell(
    trial: Trial, name: str, kind: str, line: ExtractionLine, row: dict[str, Any]
) -> scores.Filled:
    cell = row.get(name)
    return scores.Filled(
        field=name,
        kind=FieldType(kind),
        found=None if cell is None else cell["value"],
        expected=line.expected[name],
        verbatim=None if cell is None else await trial.is_verbatim(cell),
    )


async def _searched(trial: Trial, line: RetrievalLine) -> scores.Ranked:
    body = {"query": line.query, "limit": K}
    hits = (await trial.client.call("POST", "/v1/search", json=body))["hits"]
    left = list(line.relevant)
    gains = []
    for hit in hits:
        fits = [
            each
            for each in left
            if trial.named(each.document) == str(hit["document_id"])
            and each.page in (None, hit["page"])
        ]
        best = max(fits, key=lambda each: each.grade, default=None)
        gains.append(best.grade if best else 0)
        if best:
            left.remove(best)  # a second passage of the same place finds nothing more
    return scores.Ranked(gains, [each.grade for each in line.relevant])


async def _asked(trial: Trial, line: AnswerLine) -> scores.Answered:
    body: dict[str, Any] = {"question": line.question}
    if line.documents:
        body["document_ids"] = [trial.named(name) for name in line.documents]
    answer = await trial.client.call("POST", "/v1/ask", json=body)
    trial.cost_usd += float(answer["usage"]["cost_usd"] or 0)
    trial.engines.add(str(answer["model"]))
    citations = answer["citations"]
    said = _plain(" ".join([answer["answer"], *(each["quote"] for each in citations)]))
    return scores.Answered(
        answerable=bool(line.expected),
        answered=bool(citations),
        right=bool(citations) and all(_plain(each) in said for each in line.expected),
        quotes=len(citations),
        verbatim=sum([await trial.is_verbatim(each) for each in citations]),
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_fine(cell: scores.Filled) -> bool:
    if cell.found is None or cell.expected is None:
        return cell.found is cell.expected
    return scores.is_right(cell)


def _mistake(cell: scores.Filled) -> dict[str, Any]:
    return {"field": cell.field, "expected": cell.expected, "found": cell.found}


def missed(report: dict[str, Any], least: Sequence[str]) -> list[str]:
    """Return which figures are below what was asked for, as sentences.

    :param least: such as `extraction.f1=0.9`.
    :raises CommandFailed: a figure is not in the report, or its least value is no number.
    """
    below = []
    for wanted in least:
        path, _, value = wanted.partition("=")
        part, _, name = path.partition(".")
        figure = report.get(part, {}).get(name) if isinstance(report.get(part), dict) else None
        try:
            bound = float(value)
        except ValueError:
            raise CommandFailed(f"“{wanted}” is not NAME=NUMBER.", 2) from None
        if figure is None:
            raise CommandFailed(f"The report has no figure “{path}”.", 2)
        if figure < bound:
            below.append(f"{path} is {figure:.3f}, below {bound:g}.")
    return below


def markdown(report: dict[str, Any], title: str) -> str:
    """Return a report for people."""
    lines = [f"# {title}", "", f"Engines: {', '.join(report['engines']) or 'none'}."]
    lines += [f"Cost: {report['cost_usd']:.4f} USD.", ""]
    for part in ("extraction", "retrieval", "answers"):
        if part in report:
            lines += [f"## {part.capitalize()}", "", "| figure | value |", "|---|---|"]
            lines += [f"| {name} | {_shown(value)} |" for name, value in report[part].items()]
            lines.append("")
    if "fields" in report:
        names = ("cells", "precision", "recall", "f1")
        lines += ["## Fields", "", f"| field | {' | '.join(names)} |", "|---|---|---|---|---|"]
        for each, own in report["fields"].items():
            shown = " | ".join(_shown(own[name]) for name in names)
            lines.append(f"| {each.replace('|', '/')} | {shown} |")
        lines.append("")
    return "\n".join(lines)


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def written(path: Path, content: str) -> None:
    """Write a report.

    :raises CommandFailed: it cannot be written there.
    """
    try:
        path.write_text(content, "utf-8")
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}.") from error
