"""What the commands do; each returns its exit code."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.adapters.telemetry import configure_logging
from assay.cli.client import POLL_SECONDS, Client
from assay.cli.console import Bars, Console, page_count
from assay.cli.failures import CommandFailed
from assay.cli.files import upload_name
from assay.settings import Mode, Settings

if TYPE_CHECKING:
    from assay.cli.analyzing import Analysis
    from assay.cli.evaluation import Line

DONE, NOT_SAID, SOME_FAILED, BELOW = 0, 3, 4, 6


@dataclass(frozen=True, slots=True)
class Question:
    """What `assay ask` was given."""

    text: str
    conversation_id: str | None
    collection: str | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `assay eval` was given."""

    name: str
    lines: "Sequence[Line]"
    out: Path | None
    markdown: Path | None
    least: Sequence[str]
    as_json: bool


async def serve(settings: Settings, console: Console) -> int:
    """Serve until told to stop."""
    configure_logging(settings.log_level)
    serving = asyncio.create_task(_serve(settings, console))
    _on_signals(serving.cancel)
    try:
        return await serving
    except asyncio.CancelledError:  # told to stop while it started
        return DONE


async def _serve(settings: Settings, console: Console) -> int:
    from assay.cli.serving import serving  # noqa: PLC0415 - a client needs none of it

    async with serving(settings) as url:
        stop = asyncio.Event()
        _on_signals(stop.set)
        console.note(f"Assay serves {url} (the API is described at {url}/docs).")
        if settings.mode is Mode.EMBEDDED:
            console.note(f"Data: {settings.data_dir}. Stop with Ctrl-C.")
        await stop.wait()
        console.note("stopping …")
    return DONE


def _on_signals(action: Callable[[], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, action)


async def work(settings: Settings) -> int:
    """Work on jobs until told to stop."""
    from assay import worker  # noqa: PLC0415 - a client needs none of it

    configure_logging(settings.log_level)
    await worker.run(settings)
    return DONE


async def migrate_schema(settings: Settings, console: Console) -> int:
    """Migrate the database of `services` mode."""
    from assay.adapters.migrations import migrate  # noqa: PLC0415 - a client needs none of it

    if settings.mode is Mode.EMBEDDED:
        raise CommandFailed("Embedded mode migrates by itself when it starts.", 2)
    if not settings.postgres_owner_user:
        raise CommandFailed("Set POSTGRES_OWNER_USER and POSTGRES_OWNER_PASSWORD.", 2)
    console.note(f"The schema is {await asyncio.to_thread(migrate, settings)}.")
    return DONE


async def ask(client: Client, console: Console, question: Question, files: list[Path]) -> int:
    """Read new files, ask, print the answer with its citations."""
    body: dict[str, Any] = {"question": question.text}
    failed = 0
    if question.conversation_id:
        body["conversation_id"] = await _conversation(client, question.conversation_id)
    collection_id = await _collection(client, question.collection, make=bool(files))
    if files:
        read = await _ingest(client, console, files, collection_id)
        failed = sum(document["status"] == "failed" for document in read)
        body["document_ids"] = [each["id"] for each in read if each["status"] == "ready"]
        if not body["document_ids"]:
            raise CommandFailed("None of the files could be read.", SOME_FAILED)
    elif collection_id:
        body["collection_ids"] = [collection_id]
    answer = await _answer(client, console, body, as_json=question.as_json)
    if not answer["citations"]:
        return NOT_SAID
    return SOME_FAILED if failed else DONE


async def _conversation(client: Client, given: str) -> str:
    """Return the id that is given; of `last`, the id of the latest conversation."""
    if given != "last":
        return given
    page = await client.call("GET", "/v1/conversations", params={"limit": 1})
    if not page["items"]:
        raise CommandFailed("There is no conversation yet to go on with.")
    return str(page["items"][0]["id"])


async def _answer(
    client: Client, console: Console, body: dict[str, Any], *, as_json: bool
) -> dict[str, Any]:
    if as_json:
        answer: dict[str, Any] = await client.call("POST", "/v1/ask", json=body)
        _print_json(answer)
        return answer
    async for name, data in client.events("/v1/ask", body | {"stream": True}):
        if name == "delta":
            console.stream(data["text"])
        elif name == "error":
            raise CommandFailed(f"{data['detail']} ({data['code']})")
        elif name == "done":
            console.print("")
            _print_citations(console, data)
            return dict(data)
    raise CommandFailed("The answer broke off. Ask again.")


def _print_citations(console: Console, answer: dict[str, Any]) -> None:
    if answer["citations"]:
        console.print("")
    for citation in answer["citations"]:
        quote = " ".join(citation["quote"].split())
        where = f"[{citation['number']}] {citation['document_name']}, page {citation['page']}"
        console.print(f"{where}: “{quote}”", style="cyan")
    usage = answer["usage"]
    cost = f", {usage['cost_usd']:.4f} USD" if usage["cost_usd"] else ""
    console.note(f"{answer['model']}{cost}; conversation {answer['conversation_id']}")
    if answer["degraded"]:
        console.note("The vector search is away; this rests on full-text search alone.")


async def ingest(
    client: Client, console: Console, files: list[Path], collection: str | None, *, as_json: bool
) -> int:
    """Read files."""
    read = await _ingest(client, console, files, await _collection(client, collection, make=True))
    if as_json:
        _print_json(read)
    return SOME_FAILED if any(each["status"] == "failed" for each in read) else DONE


async def _ingest(
    client: Client, console: Console, files: list[Path], collection_id: str | None
) -> list[dict[str, Any]]:
    """Upload what is new and wait until all is ready or failed."""
    with console.progress() as bars:
        sent = [await _send(client, path, collection_id, bars) for path in files]
        pending = {str(each["id"]): each for each in sent if each["id"]}
        while waiting := [each for each in pending.values() if not _finished(each)]:
            await asyncio.sleep(POLL_SECONDS)
            for each in waiting:
                now = await client.call("GET", f"/v1/documents/{each['id']}")
                pending[now["id"]] = now
                bars.show(now)
    read = [*pending.values(), *(each for each in sent if not each["id"])]
    for each in read:
        if each["status"] == "failed":
            console.fail(f"{each['name']}: {each['error']['message']}")
    return read


async def _send(
    client: Client, path: Path, collection_id: str | None, bars: Bars
) -> dict[str, Any]:
    """Upload one file; a refused one becomes a failed document, so that the others go on."""
    try:
        document = await client.upload(path, collection_id)
    except (CommandFailed, OSError) as error:
        name = upload_name(path)
        message = str(error) if isinstance(error, CommandFailed) else f"{error.strerror}."
        failure = {"code": "refused", "message": message}
        return {"id": None, "name": name, "status": "failed", "error": failure}
    bars.show(document)
    return document


def _finished(document: dict[str, Any]) -> bool:
    return document["status"] in ("ready", "failed")


async def _collection(client: Client, name: str | None, *, make: bool) -> str | None:
    """Return the id of the collection of a name.

    :param make: whether one that is new is made; with nothing to put in, its name is a typo.
    """
    if name is None:
        return None
    cursor: str | None = None
    while True:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = await client.call("GET", "/v1/collections", params=params)
        for collection in page["items"]:
            if collection["name"].casefold() == name.casefold():
                return str(collection["id"])
        cursor = page["next_cursor"]
        if cursor is None and not make:
            raise CommandFailed(f"There is no collection “{name}”. Is its name spelled so?", 2)
        if cursor is None:
            made = await client.call("POST", "/v1/collections", json={"name": name})
            return str(made["id"])


async def search(client: Client, console: Console, body: dict[str, Any], *, as_json: bool) -> int:
    """Find passages."""
    found = await client.call("POST", "/v1/search", json=body)
    if as_json:
        _print_json(found)
        return DONE
    for number, hit in enumerate(found["hits"], 1):
        console.print(f"{number}. {hit['document_name']}, page {hit['page']}", style="cyan")
        console.print(f"   {' '.join(hit['text'].split())[:400]}")
    if not found["hits"]:
        console.note("Nothing was found.")
    return DONE


async def evaluate(
    client: Client, console: Console, evaluation: Evaluation, files: list[Path]
) -> int:
    """Read new files, try the set, print and write the report."""
    from assay.cli import evaluation as trial  # noqa: PLC0415 - no other command needs it

    if files:
        await _ingest(client, console, files, None)
    report = await trial.evaluate(client, console, evaluation.lines, await _documents(client))
    told = trial.markdown(report, f"Evaluation with {evaluation.name}")
    if evaluation.markdown:
        trial.written(evaluation.markdown, told)
    if evaluation.out:
        trial.written(evaluation.out, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    if evaluation.as_json:
        _print_json(report)
    else:
        console.print(told)
    below = trial.missed(report, evaluation.least)
    for sentence in below:
        console.fail(sentence)
    return BELOW if below else DONE


async def analyze(client: Client, console: Console, asked: "Analysis", files: list[Path]) -> int:
    """Ask documents, wait, show and write what was found."""
    from assay.cli import analyzing  # noqa: PLC0415 - no other command needs it

    unread = 0
    if asked.resumed:
        analysis = await analyzing.resume(client, asked.resumed)
    else:
        body, unread = await _analysis_body(client, console, asked, files)
        analysis = await analyzing.start(client, console, body, agreed=asked.agreed)
    analysis = await analyzing.followed(client, console, analysis)
    await analyzing.tell_failures(client, console, analysis)
    if asked.out:
        await analyzing.write(client, analysis, asked.out)
        console.note(f"Written to {asked.out}.")
    if asked.as_json:
        _print_json(analysis | {"table": await analyzing.table(client, analysis, None)})
    elif not asked.out:
        await analyzing.show(client, console, analysis)
    console.note(analyzing.told(analysis))
    if unread or analysis["progress"]["failed"]:
        return SOME_FAILED
    return DONE if analyzing.found_anything(analysis) else NOT_SAID


async def _analysis_body(
    client: Client, console: Console, asked: "Analysis", files: list[Path]
) -> tuple[dict[str, Any], int]:
    """Return what to send, and how many of the files could not be read."""
    from assay.cli import analyzing  # noqa: PLC0415 - no other command needs it
    from assay.cli.analysis_question import question  # noqa: PLC0415

    saved = await analyzing.template(client, asked.template) if asked.template else None
    body = question(asked.kind, asked.parts, saved)
    if asked.name:
        body["name"] = asked.name
    if asked.everything:
        return body | {"document_ids": await analyzing.every_document(client)}, 0
    collection_id = await _collection(client, asked.collection, make=bool(files))
    if not files:
        return body | {"collection_id": collection_id}, 0
    read = await _ingest(client, console, files, collection_id)
    ready = [each["id"] for each in read if each["status"] == "ready"]
    if not ready:
        raise CommandFailed("None of the files could be read.", SOME_FAILED)
    return body | {"document_ids": ready}, len(read) - len(ready)


async def _documents(client: Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = await client.call("GET", "/v1/documents", params=params)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


async def documents(client: Client, console: Console, *, as_json: bool) -> int:
    """List every document, newest first."""
    items = await _documents(client)
    if as_json:
        _print_json(items)
        return DONE
    for item in items:
        error = f"  {item['error']['message']}" if item["error"] else ""
        pages = page_count(item["pages"]) if item["pages"] else ""
        console.print(f"{item['status']:10} {item['name']:50} {pages:>10}{error}")
    if not items:
        console.note("There are no documents yet. Give some to `assay ingest`.")
    return DONE


async def doctor(settings: Settings, console: Console, *, as_json: bool) -> int:
    """Tell what is there and what is wrong."""
    from assay.embedded.doctor import examine  # noqa: PLC0415 - no other command needs it

    findings = await asyncio.to_thread(examine, settings)
    if as_json:
        _print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            mark = "ok " if finding.ok else "BAD"
            console.print(f"{mark} {finding.part:14} {finding.detail}", style=_style(finding.ok))
            if finding.remedy:
                console.print(f"{'':18} {finding.remedy}")
    return DONE if all(finding.ok for finding in findings) else 1


def _style(ok: bool) -> str | None:  # noqa: FBT001 - a predicate's answer
    return None if ok else "bold red"


def openapi(settings: Settings) -> None:
    """Print the OpenAPI description."""
    from assay.main import create_app  # noqa: PLC0415 - no other command needs it here

    _print_json(create_app(settings).openapi())


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
