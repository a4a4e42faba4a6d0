"""`assay analyze`: asks many documents one question, waits, shows and writes what was found."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.cli.analysis_question import question
from assay.cli.client import POLL_SECONDS, Client
from assay.cli.console import Console
from assay.cli.failures import CommandFailed

FORMATS = {".csv": "csv", ".xlsx": "xlsx", ".json": "json"}
SHOWN_ROWS = 100
"""Rows of a table that a terminal is given; all of them go to a file or to a program."""
SHOWN_FAILURES = 20
MOST_NAMED = 5000
"""Documents that a call may name one by one."""
_OVER = ("completed", "failed", "cancelled")
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Analysis:
    """What `assay analyze` was given."""

    kind: str | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    template: str | None = None
    name: str | None = None
    collection: str | None = None
    everything: bool = False
    resumed: str | None = None
    out: Path | None = None
    agreed: bool = False
    """Whether it may cost money without a question."""
    as_json: bool = False


def check(asked: Analysis, *, files: bool) -> None:
    """Refuse what cannot be done, before anything is started or paid for.

    :raises CommandFailed: with why not.
    """
    if asked.out is not None:
        _check_out(asked.out)
    named = files or asked.collection is not None
    if sum([named, asked.everything, asked.resumed is not None]) != 1:
        raise CommandFailed(
            "Say which documents: files, --collection or --all; or --resume an analysis.", 2
        )
    if asked.resumed is not None and (asked.kind or asked.template or asked.name or asked.parts):
        raise CommandFailed("An analysis that goes on asks what it asked before.", 2)
    if asked.resumed is None and asked.template is None:
        question(asked.kind, asked.parts)


def _check_out(path: Path) -> None:
    if path.suffix.lower() not in FORMATS:
        raise CommandFailed(f"{path} ends in none of {', '.join(FORMATS)}.", 2)
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise CommandFailed(f"{path} cannot be written: is its folder there and yours?", 2)


async def template(client: Client, wanted: str) -> dict[str, Any]:
    """Return the template of a name or id.

    :raises CommandFailed: there is none, or several have the name.
    """
    known = [each async for each in _items(client, "/v1/analyses/templates")]
    found = [
        each
        for each in known
        if wanted == each["id"] or each["name"].casefold() == wanted.casefold()
    ]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(each["id"] for each in found)
        raise CommandFailed(f"{len(found)} templates are named “{wanted}”. Give an id: {ids}.", 2)
    names = ", ".join(f"“{each['name']}”" for each in known) or "none yet"
    raise CommandFailed(f"There is no template “{wanted}”. There are: {names}.", 2)


async def every_document(client: Client) -> list[str]:
    """Return the ids of all documents that can be read, oldest first.

    :raises CommandFailed: there are none, or more than a call may name.
    """
    items = _items(client, "/v1/documents")
    ids = [str(each["id"]) async for each in items if each["status"] != "failed"]
    if not ids:
        raise CommandFailed("There are no documents yet. Give files, or `assay ingest` them.", 2)
    if len(ids) > MOST_NAMED:
        raise CommandFailed(
            f"There are {len(ids)} documents; more than {MOST_NAMED} are asked by --collection.", 2
        )
    return ids[::-1]


async def start(
    client: Client, console: Console, body: dict[str, Any], *, agreed: bool
) -> dict[str, Any]:
    """Estimate, ask whether it may cost that, and begin.

    :raises CommandFailed: nobody agreed to the cost.
    """
    estimate = await client.call("POST", "/v1/analyses/estimate", json=body)
    told = _estimated(estimate)
    console.note(told)
    if estimate["cost_usd"] and not agreed:
        answer = await console.confirmed(f"It costs {_money(estimate['cost_usd'])}. Go on?")
        if answer is None:
            raise CommandFailed(f"{told} Say --yes to go on.", 2)
        if not answer:
            raise CommandFailed("Nothing was asked.")
    return dict(await client.call("POST", "/v1/analyses", json=body))


async def resume(client: Client, wanted: str) -> dict[str, Any]:
    """Return an analysis by its id, or the `last`; go on with it where it was paused."""
    if wanted == "last":
        page = await client.call("GET", "/v1/analyses", params={"limit": 1})
        if not page["items"]:
            raise CommandFailed("There is no analysis yet to go on with.", 2)
        wanted = str(page["items"][0]["id"])
    analysis = await client.call("GET", f"/v1/analyses/{wanted}")
    if analysis["status"] == "paused":
        analysis = await client.call("POST", f"/v1/analyses/{wanted}/resume")
    return dict(analysis)


async def followed(client: Client, console: Console, analysis: dict[str, Any]) -> dict[str, Any]:
    """Return an analysis once it is over; one that is interrupted is paused.

    :raises CommandFailed: it paused by itself, failed or was cancelled.
    """
    path = f"/v1/analyses/{analysis['id']}"
    try:
        with console.counting("documents") as show:
            while analysis["status"] not in (*_OVER, "paused"):
                show(*_progress(analysis))
                await asyncio.sleep(POLL_SECONDS)
                analysis = await client.call("GET", path)
            show(*_progress(analysis))
    except asyncio.CancelledError:
        await _pause(client, console, path)
        raise
    why = (analysis["error"] or {}).get("message", "")
    if analysis["status"] == "paused":
        raise CommandFailed(f"The analysis has paused. {why}\n{_how_to_go_on(analysis['id'])}")
    if analysis["status"] != "completed":
        raise CommandFailed(f"The analysis {analysis['id']} has {analysis['status']}. {why}")
    return analysis


async def _pause(client: Client, console: Console, path: str) -> None:
    """Keep a run from going on, and from costing, unseen; it may just have ended."""
    with contextlib.suppress(CommandFailed):
        await client.call("POST", f"{path}/pause")
    console.fail(f"Interrupted; what was found is kept. {_how_to_go_on(path.rpartition('/')[2])}")


def _how_to_go_on(analysis_id: str) -> str:
    return f"Go on with: assay analyze --resume {analysis_id}"


async def tell_failures(client: Client, console: Console, analysis: dict[str, Any]) -> None:
    """Tell which documents could not be worked through, and why."""
    if not analysis["progress"]["failed"]:
        return
    params = {"status": "failed", "limit": SHOWN_FAILURES}
    page = await client.call("GET", f"/v1/analyses/{analysis['id']}/documents", params=params)
    for each in page["items"]:
        console.fail(f"{each['document_name']}: {each['error']['message']}")
    left = analysis["progress"]["failed"] - len(page["items"])
    if left > 0:
        console.fail(f"... and {left} more documents.")


async def write(client: Client, analysis: dict[str, Any], path: Path) -> None:
    """Write the table to a file, whole or not at all."""
    form = FORMATS[path.suffix.lower()]
    params = {"format": form, "download": "true"}
    part = path.with_name(f".{path.name}.part")
    try:
        await client.download(f"/v1/analyses/{analysis['id']}/table", params, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


async def table(client: Client, analysis: dict[str, Any], most: int | None) -> dict[str, Any]:
    """Return the columns and rows of the table, up to `most` rows if that is given."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        page = await client.call("GET", f"/v1/analyses/{analysis['id']}/table", params=params)
        rows += page["rows"]
        cursor = page["next_cursor"]
        if cursor is None or (most is not None and len(rows) > most):
            return {"columns": page["columns"], "rows": rows if most is None else rows[:most]}


async def show(client: Client, console: Console, analysis: dict[str, Any]) -> None:
    """Print what was found: sentences of a summary, a table of all else."""
    if analysis["kind"] == "summary":
        _show_summary(console, analysis["result"])
        return
    most = SHOWN_ROWS if console.out.is_terminal else None
    found = await table(client, analysis, most)
    named = analysis["kind"] != "compare"
    columns = [*(["document"] if named else []), *found["columns"]]
    console.table(columns, [_line(row, found["columns"], named=named) for row in found["rows"]])
    rows = (analysis["result"] or {}).get("rows", 0)
    if most is not None and rows > most:
        console.note(f"... and {rows - most} more rows; --out FILE.xlsx writes all.")


def _line(row: dict[str, Any], columns: Sequence[str], *, named: bool) -> list[str]:
    cells = [_shown(row["cells"].get(name)) for name in columns]
    return [row["document_name"] or "", *cells] if named else cells


def _shown(cell: dict[str, Any] | None) -> str:
    value = cell["value"] if cell else None
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(value)
    if isinstance(value, dict):
        return " ".join(filter(None, (value.get("amount"), value.get("currency"))))
    return " ".join(str(value).split())


def _show_summary(console: Console, result: dict[str, Any]) -> None:
    if result["overall"]:
        _show_points(console, "Overall", result["overall"]["points"])
    for each in result["documents"]:
        _show_points(console, each["document_name"], each["points"])


def _show_points(console: Console, title: str, points: Sequence[dict[str, Any]]) -> None:
    console.print(title, style="bold")
    for point in points:
        places = [f"{each['document_name']}, page {each['page']}" for each in point["citations"]]
        console.print(f"- {' '.join(point['text'].split())} [{'; '.join(dict.fromkeys(places))}]")
    if not points:
        console.print("- nothing was found")
    console.print("")


def found_anything(analysis: dict[str, Any]) -> bool:
    """Tell whether the documents say anything of what was asked."""
    result = analysis["result"] or {}
    if analysis["kind"] == "summary":
        return any(each["points"] for each in result.get("documents", ()))
    if analysis["kind"] == "compare":
        return bool(result.get("findings"))
    return bool(result.get("filled"))


def told(analysis: dict[str, Any]) -> str:
    """Return in a line what came of a run."""
    result, usage = analysis["result"] or {}, analysis["usage"]
    parts = [_documents(analysis["progress"]["done"])]
    if "filled" in result:
        parts.append(f"{result['filled']} cells filled, {result['not_found']} not found")
    parts.append(analysis["engine"])
    if usage["cost_usd"]:
        parts.append(_money(usage["cost_usd"]))
    return f"{'; '.join(parts)}; analysis {analysis['id']}"


def _progress(analysis: dict[str, Any]) -> tuple[int, int, str]:
    error = analysis["error"]
    return (
        analysis["progress"]["done"],
        analysis["progress"]["total"],
        error["message"] if error else analysis["status"],
    )


def _estimated(estimate: dict[str, Any]) -> str:
    parts = [_documents(estimate["documents"]), f"about {max(1, round(estimate['seconds']))} s"]
    if estimate["cost_usd"]:
        parts.append(f"about {_money(estimate['cost_usd'])}")
    left = estimate["budget_left_usd"]
    if left is not None and left < estimate["cost_usd"]:
        parts.append(f"of which this month's budget has {_money(left)} left")
    return f"{', '.join(parts)}."


def _documents(number: int) -> str:
    return f"{number} document" if number == 1 else f"{number} documents"


def _money(usd: float) -> str:
    return f"{usd:.2f} USD" if usd >= 0.1 else f"{usd:.4f} USD"  # noqa: PLR2004 - a dime


async def _items(client: Client, path: str) -> AsyncIterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = await client.call("GET", path, params=params)
        for item in page["items"]:
            yield item
        cursor = page["next_cursor"]
        if cursor is None:
            return
