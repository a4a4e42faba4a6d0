"""`assay analyze` as a person runs it, mostly in real processes against a running server."""

import asyncio
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import openpyxl
import psutil
import pytest
from typer.testing import CliRunner

from assay.cli.analysis_question import field, question
from assay.cli.app import app
from assay.cli.failures import CommandFailed
from assay.cli.local_key import read_key
from tests.cli.test_command_line import assay, environment
from tests.openai_server import OpenAIServer

FIELDS = ("--field", "Signed:date:Date of signature", "--field", "Fee:money", "--field", "Pilot")
LETTERS = {
    "harbour.txt": "Harbour contract\n\nSigned: 14 March 2025\nFee: 1,200.50 USD\n",
    "ferry.txt": "Ferry contract\n\nSigned: 2 May 2024\nFee: 80 EUR\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("analyze") / "data"


@pytest.fixture(scope="module")
def letters(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("letters")
    for name, text in LETTERS.items():
        (path / name).write_text(text)
    return path


@pytest.fixture(scope="module")
def serve(folder: Path, letters: Path) -> Iterator[psutil.Popen]:
    yield from _serving(folder)


def _serving(folder: Path, **more: str) -> Iterator[psutil.Popen]:
    process = psutil.Popen(
        [sys.executable, "-m", "assay.cli", "serve", "--port", "0"],
        env=environment(folder, LOG_LEVEL="ERROR", **more),
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stderr.readline()
    assert line.startswith("Assay serves http://127.0.0.1:"), line
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stderr.close()


def called(folder: Path, method: str, path: str, **arguments) -> dict:
    """Call the installation's API as its own workspace."""
    url = json.loads((folder / "run" / "state.json").read_text())["url"]
    key = read_key(folder)
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.request(method, f"{url}{path}", headers=headers, timeout=60, **arguments)
    assert answer.is_success, answer.text
    return answer.json()


def test_files_become_a_table(serve, folder: Path, letters: Path):
    done = assay(folder, "analyze", str(letters), *FIELDS, "--collection", "Letters")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["document", "Signed", "Fee", "Pilot"],
        ["ferry.txt", "2024-05-02", "80 EUR", ""],
        ["harbour.txt", "2025-03-14", "1200.50 USD", ""],
    ]
    assert "2 of 2 documents, completed" in done.stderr
    assert "4 cells filled, 2 not found; extractive; analysis " in done.stderr


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
def test_tables_are_written_to_files(serve, folder: Path, letters: Path, tmp_path, ending):
    assert assay(folder, "ingest", str(letters), "--collection", "Letters").returncode == 0
    out = tmp_path / f"table.{ending}"
    asked = ("analyze", "--collection", "letters", *FIELDS, "--out", str(out))
    done = assay(folder, *asked)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [out.name]
    if ending == "csv":
        _, *rows = csv.reader(io.StringIO(out.read_text("utf-8-sig")))
        signed = [row[1] for row in rows]
    elif ending == "xlsx":
        rows = openpyxl.load_workbook(out)["Table"].iter_rows(min_row=2, values_only=True)
        signed = [row[1].date().isoformat() for row in rows]
    else:
        rows = json.loads(out.read_text())["rows"]
        signed = [row["cells"]["Signed"]["value"] for row in rows]
    assert sorted(signed) == ["2024-05-02", "2025-03-14"]


def test_programs_get_json_and_people_their_last_analysis(serve, folder: Path, letters: Path):
    body = ("analyze", str(letters / "ferry.txt"), "--field", "Fee:money", "--name", "Fees")
    done = assay(folder, *body, "--json")
    assert done.returncode == 0, done.stderr
    analysis = json.loads(done.stdout)
    assert (analysis["name"], analysis["status"]) == ("Fees", "completed")
    assert analysis["table"]["rows"][0]["cells"]["Fee"]["quote"]
    again = json.loads(assay(folder, "analyze", "--resume", "last", "--json").stdout)
    assert again["id"] == analysis["id"]


def test_fields_come_from_a_file_and_questions_from_a_template(serve, folder: Path, tmp_path):
    fields = tmp_path / "fields.json"
    fields.write_text(json.dumps([{"name": "Fee", "type": "money"}]))
    (tmp_path / "bill.txt").write_text("Bill\n\nFee: 75 USD\n")
    done = assay(folder, "analyze", str(tmp_path / "bill.txt"), "--fields", str(fields))
    assert "75 USD" in done.stdout
    saved = {"name": "Bills", "kind": "extract", "fields": [{"name": "Fee", "type": "money"}]}
    called(folder, "POST", "/v1/analyses/templates", json=saved)
    asked = ("analyze", str(tmp_path / "bill.txt"), "--template")
    by_name = assay(folder, *asked, "bills")
    assert (by_name.returncode, "75 USD" in by_name.stdout) == (0, True)
    unknown = assay(folder, *asked, "Invoices")
    assert unknown.returncode == 2
    assert "There is no template “Invoices”. There are: “Bills”." in unknown.stderr
    other = assay(folder, *asked, "Bills", "--kind", "summary")
    assert other.returncode == 2
    assert "“Bills” is of the kind extract, not summary." in other.stderr


def test_labels_summaries_and_comparisons(serve, folder: Path, letters: Path):
    labels = ("--label", "Ferry:about a ferry", "--label", "Harbour:about a harbour")
    labelled = assay(folder, "analyze", str(letters), *labels)
    assert "harbour.txt\tHarbour" in labelled.stdout
    summed = assay(folder, "analyze", str(letters), "--kind", "summary", "--length", "short")
    assert (summed.returncode, "[ferry.txt, page 1]" in summed.stdout) == (0, True), summed.stderr
    compared = assay(folder, "analyze", str(letters), "--topic", "Fee")
    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.startswith("topic\tverdict\tferry.txt\tharbour.txt")


def test_what_is_not_there_and_what_cannot_be_read_end_otherwise(
    serve, folder: Path, letters: Path, tmp_path
):
    asked = ("analyze", str(letters / "ferry.txt"), "--field", "Propeller:text:Its maker")
    assert assay(folder, *asked).returncode == 3
    (tmp_path / "program.exe").write_bytes(b"MZ" + bytes(300))
    only = assay(folder, "analyze", str(tmp_path), "--field", "Fee")
    assert (only.returncode, "None of the files could be read" in only.stderr) == (4, True)
    (tmp_path / "bill.txt").write_text("Another bill\n\nFee: 12 USD\n")
    some = assay(folder, "analyze", str(tmp_path), "--field", "Fee:money")
    assert (some.returncode, "12 USD" in some.stdout) == (4, True)
    called(folder, "POST", "/v1/collections", json={"name": "Nothing"})
    empty = assay(folder, "analyze", "--collection", "Nothing", "--field", "Fee")
    assert empty.returncode == 1
    assert "The collection holds no documents." in empty.stderr
    typo = assay(folder, "analyze", "--collection", "Noting", "--field", "Fee")
    assert (typo.returncode, "There is no collection “Noting”." in typo.stderr) == (2, True)


def test_a_terminal_gets_a_table_of_its_width(serve, folder: Path, letters: Path):
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "assay.cli", "analyze", str(letters), *FIELDS, "--quiet"]
    terminal = environment(folder, TERM="xterm-256color", COLUMNS="60")
    done = subprocess.run(command, env=terminal, stdout=child, timeout=120, check=True)
    shown = os.read(parent, 100_000).decode()
    os.close(parent)
    os.close(child)
    assert done.returncode == 0
    assert re.search(r"document\S*\s+\S*Signed", re.sub(r"\x1b\[[\d;]*m", "", shown))
    assert "2025-03-14" in shown
    assert "─" in shown


WRONG = {
    "Say which documents: files, --collection or --all": [],
    "Say what to find": ["--all"],
    "Say which fields to fill": ["--all", "--kind", "extract"],
    "or --resume an analysis": ["--all", "--collection", "X", "--field", "A"],
    "'a' is there twice": ["--all", "--field", "A", "--field", "a"],
    "labels belong to the kind classify, not to extract": [
        "--all", "--field", "A", "--label", "B"
    ],
    "topics belong to the kind compare, not to summary": [
        "--all", "--kind", "summary", "--topic", "A"
    ],
    "“datum” of the field “A” is no type": ["--all", "--field", "A:datum"],
    "has no name": ["--all", "--field", ":date"],
    "fields.1: a choice needs two or more options": ["--all", "--field", "A:choice(B)"],
    "two labels or more": ["--all", "--label", "A"],
    "kind: Input should be": ["--all", "--kind", "poem"],
    "length: Input should be": ["--all", "--kind", "summary", "--length", "huge"],
    "ends in none of .csv, .xlsx, .json": ["--all", "--field", "A", "--out", "a.pdf"],
    "cannot be written": ["--all", "--field", "A", "--out", "/nowhere/a.csv"],
    "nowhere.json cannot be read": ["--all", "--fields", "nowhere.json"],
    "is not JSON": ["--all", "--fields", __file__],
    "asks what it asked before": ["--resume", "last", "--field", "A"],
}  # fmt: skip


@pytest.mark.parametrize(("told", "options"), list(WRONG.items()))
def test_wrong_usage_is_told_before_anything_is_started(tmp_path, monkeypatch, told, options):
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    done = CliRunner().invoke(app, ["analyze", *options])
    assert done.exit_code == 2
    assert told in done.output
    assert not (tmp_path / "data").exists()


def test_a_field_is_its_name_type_and_description():
    assert field("Pilot") == {"name": "Pilot", "type": "text", "description": ""}
    assert field(" At : date : Day: first")["description"] == "Day: first"
    assert field("Hurt:choice(No | Yes)")["options"] == ["No", "Yes"]
    with pytest.raises(CommandFailed):
        field("Hurt:choice")


def test_options_go_before_a_template():
    saved = {"id": "t", "name": "T", "kind": "extract", "rows": "item", "fields": [{"name": "A"}]}
    asked = question(None, {"fields": [{"name": "B"}]}, saved)
    assert (asked["kind"], asked["rows"], asked["fields"][0]["name"]) == ("extract", "item", "B")


def test_a_fields_file_may_be_an_object_and_must_hold_some(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "fields.json"
    for content in ("{}", "[]", '{"fields": {}}', "7"):
        path.write_text(content)
        done = CliRunner().invoke(app, ["analyze", "--all", "--fields", str(path)])
        assert (done.exit_code, "holds no fields" in done.output) == (2, True), content
    path.write_text('[{"name": "A", "kind": "date"}]')
    done = CliRunner().invoke(app, ["analyze", "--all", "--fields", str(path)])
    assert (done.exit_code, "fields.1.kind: Extra inputs" in done.output) == (2, True)


DOCUMENTS = 20


@pytest.mark.slow
async def test_a_model_costs_money_only_when_somebody_agrees_and_nothing_twice(tmp_path):
    """With a model: the estimate, the question, Ctrl-C, and going on where it was left."""
    folder, cases = tmp_path / "data", tmp_path / "cases"
    cases.mkdir()
    for number in range(DOCUMENTS):
        (cases / f"{number:02}.txt").write_text(f"Name: Case{number:02}\n")
    asked = ("analyze", str(cases), "--field", "Name")
    async with OpenAIServer(delay=0.4) as server:
        model = {
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-secret",
            "CHAT_PRICE_INPUT": "1",
            "CHAT_PRICE_OUTPUT": "1",
            "ANALYSIS_LANES": "1",
            "ANALYSIS_MODEL_CALLS": "1",
        }
        serving = _serving(folder, **model)
        await asyncio.to_thread(next, serving)
        refused = await asyncio.to_thread(assay, folder, *asked)
        assert refused.returncode == 2, refused.stderr
        assert re.search(r"20 documents, about \d+ s, about [\d.]+ USD. Say --yes", refused.stderr)
        declined = await asyncio.to_thread(_typed, folder, asked, "n")
        assert "Nothing was asked." in declined
        assert not server.requests
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "assay.cli", *asked, "--yes"),
            env=environment(folder),
            stderr=asyncio.subprocess.PIPE,
        )
        async for line in process.stderr:
            if re.match(rb"[1-9]\d* of 20 documents, running", line):
                break
        process.send_signal(signal.SIGINT)
        left = (await process.stderr.read()).decode()
        assert await process.wait() == 130, left
        assert "Traceback" not in left
        resumed = re.search(r"assay analyze --resume ([\w-]+)", left)
        assert resumed, left
        path = f"/v1/analyses/{resumed[1]}"
        analysis = await asyncio.to_thread(called, folder, "GET", path)
        assert analysis["status"] == "paused"
        server.delay = 0
        done = await asyncio.to_thread(assay, folder, "analyze", "--resume", resumed[1])
        assert done.returncode == 0, done.stderr
        assert "19.txt\tCase19" in done.stdout
        assert len(server.requests) == DOCUMENTS
        await asyncio.to_thread(next, serving, None)


def _typed(folder: Path, arguments: tuple[str, ...], answer: str) -> str:
    """Return what a terminal shows when somebody types an answer there."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "assay.cli", *arguments],
        env=environment(folder, TERM="dumb"),
        stdin=child,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(parent, 10_000)
    os.write(parent, f"{answer}\n".encode())
    assert process.wait(60) == 1
    shown += os.read(parent, 10_000)
    os.close(parent)
    return shown.decode()
