"""The command line as a person runs it: real processes, real exit codes."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.library import OTHER, REPORT

BACKEND = Path(__file__).parents[2]
QUESTION = "What was the total revenue of Northwind Traders in 2023?"
SECONDS = 120


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(BACKEND), "ASSAY_DATA_DIR": str(folder), **more}


def assay(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay.cli", *arguments],
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cli") / "data"


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("reports") / "northwind.txt"
    path.write_text(REPORT)
    return path


@pytest.fixture(scope="module")
def serve(folder: Path) -> Iterator[psutil.Popen]:
    """A running `assay serve`, known to be ready by what it prints."""
    process = psutil.Popen(
        [sys.executable, "-m", "assay.cli", "serve", "--port", "0"],
        env=environment(folder, LOG_LEVEL="WARNING"),
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stderr.readline()
    assert line.startswith("Assay serves http://127.0.0.1:"), line
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stderr.close()


def test_help_names_every_command_and_exit_code(tmp_path):
    shown = assay(tmp_path, "--help").stdout
    for word in ("serve", "worker", "migrate", "ask", "ingest", "search", "documents", "doctor"):
        assert word in shown
    for word in ("analyze", "eval"):
        assert word in shown
    assert "3 the documents do not say" in " ".join(shown.split())


def test_ask_needs_nothing_else_running(tmp_path_factory, tmp_path, report: Path):
    home = tmp_path_factory.mktemp("home")
    answered = assay(tmp_path, "ask", QUESTION, str(report), HOME=str(home))
    assert list(home.rglob("*")) == []  # not even a library's cache
    assert answered.returncode == 0, answered.stderr
    assert "[1] northwind.txt, page 1: “Total revenue of Northwind Traders" in answered.stdout
    assert "\x1b" not in answered.stdout + answered.stderr
    refused = assay(tmp_path, "ask", "What was the revenue of Fabrikam?", "--quiet")
    assert (refused.returncode, refused.stdout.strip()) == (3, "The documents do not say.")
    assert not _processes(tmp_path)


def test_ask_goes_through_the_server_that_runs(serve, folder: Path, report: Path):
    answered = assay(folder, "ask", QUESTION, str(report), "--json")
    assert answered.returncode == 0, answered.stderr
    answer = json.loads(answered.stdout)
    assert answer["model"] == "extractive"
    assert "starting" not in answered.stderr
    again = assay(
        folder, "ask", "And in 2022?", "--conversation", answer["conversation_id"], "--json"
    )
    assert "41.7" in json.loads(again.stdout)["citations"][0]["quote"]
    last = json.loads(
        assay(folder, "ask", "And in 2023?", "--conversation", "last", "--json").stdout
    )
    assert last["conversation_id"] == answer["conversation_id"]


def test_a_second_server_on_the_folder_is_refused(serve, folder: Path):
    second = assay(folder, "serve", "--port", "0")
    assert second.returncode == 5
    assert f"process {serve.pid}" in second.stderr
    assert "Traceback" not in second.stderr


def test_ingest_search_and_documents(serve, folder: Path, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "contoso.txt").write_text(OTHER)
    (tmp_path / "letters" / ".hidden").write_text("no")
    (tmp_path / "letters" / "program.exe").write_bytes(b"MZ" + bytes(300))
    done = assay(folder, "ingest", str(tmp_path / "letters"), "--collection", "Letters", "--json")
    assert done.returncode == 4, done.stderr
    states = {each["name"]: each["status"] for each in json.loads(done.stdout)}
    assert states == {"contoso.txt": "ready", "program.exe": "failed"}
    told = [line for line in done.stderr.splitlines() if "program.exe" in line]
    assert len(told) == 1  # once, and why
    assert told[0].startswith("assay: program.exe: This is a program.")
    found = assay(folder, "search", "headquarters Porto")
    assert "1. contoso.txt, page 1" in found.stdout
    listed = json.loads(assay(folder, "documents", "--json").stdout)
    assert "contoso.txt" in {each["name"] for each in listed}
    scoped = assay(folder, "ask", "Where are the headquarters?", "--collection", "letters")
    assert scoped.returncode == 0
    assert "Porto" in scoped.stdout


def test_a_file_name_that_is_not_unicode_is_taken(serve, folder: Path, tmp_path):
    named = tmp_path / os.fsdecode(b"caf\xe9.txt")
    named.write_text("The coffee house in the harbour opens at seven.")
    done = assay(folder, "ingest", str(named), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["name"] == "caf\N{REPLACEMENT CHARACTER}.txt"


def test_output_that_nobody_reads_or_that_cannot_be_written(serve, folder: Path, report: Path):
    assert assay(folder, "ingest", str(report)).returncode == 0
    command = [sys.executable, "-m", "assay.cli", "documents"]
    unread, end = os.pipe()
    os.close(unread)
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        for output, words in ((end, ""), (full, "No space left on device")):
            done = subprocess.run(
                command,
                env=environment(folder),
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            assert done.returncode == 1
            assert words in done.stderr
            assert "Traceback" not in done.stderr
    finally:
        os.close(end)
        os.close(full)


def test_a_poor_terminal_gets_question_marks(serve, folder: Path, report: Path):
    answered = assay(folder, "ask", QUESTION, str(report), PYTHONIOENCODING="ascii")
    assert answered.returncode == 0, answered.stderr
    assert "[1] northwind.txt, page 1: ?Total revenue" in answered.stdout


def test_doctor_lists_what_runs(serve, folder: Path):
    findings = json.loads(assay(folder, "doctor", "--json").stdout)
    parts = {finding["part"]: finding for finding in findings}
    assert f"process {serve.pid}" in parts["serve"]["detail"]
    for part in ("· api", "· postgres", "· redis", "· vectors", "· worker"):
        assert "MiB" in parts[part]["detail"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ask", "Why?", "/nowhere/report.pdf"], 2, "does not exist"),
        (["ask", "Why?", "--url", "http://127.0.0.1:9"], 2, "API key"),
        (["ask", "Why?", "--url", "http://127.0.0.1:9", "--api-key", "k"], 1, "cannot be reached"),
        (["ask", "Why?", "--url", "http://127.0.0.1:9", "--api-key", "ké"], 2, "characters"),
        (["ask", "Why?", "--collection", "Tpyo"], 2, "There is no collection “Tpyo”"),
        (["search", "x", "--mode", "magic"], 1, "mode"),
        (["search", "\udcff"], 2, "not valid UTF-8"),
        (["serve", "--port", "99999"], 2, "less than or equal to 65535"),
        (["migrate"], 2, "by itself"),
        (["nonsense"], 2, "No such command"),
        (["ask"], 2, "Missing argument"),
    ],
)
def test_mistakes_get_a_sentence(serve, folder: Path, arguments, code, words):
    done = assay(folder, *arguments)
    assert done.returncode == code, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_empty_folder_is_told_before_anything_is_started(tmp_path):
    done = assay(tmp_path / "data", "ingest", str(tmp_path))
    assert (done.returncode, done.stderr) == (2, f"assay: {tmp_path} holds no files.\n")
    assert not (tmp_path / "data").exists()


def test_a_wrong_key_is_told(serve, folder: Path):
    url = json.loads((folder / "run" / "state.json").read_text())["url"]
    done = assay(folder, "documents", ASSAY_URL=url, ASSAY_API_KEY="assay_wrong")
    assert (done.returncode, "not valid" in done.stderr) == (1, True)


def test_a_taken_port_is_told(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = assay(tmp_path, "serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "choose another with --port" in " ".join(done.stderr.split())


def test_wrong_settings_are_told(tmp_path):
    done = assay(tmp_path, "serve", ASSAY_MODE="services")
    assert done.returncode == 2
    assert "POSTGRES_HOST, REDIS_HOST, QDRANT_HOST" in done.stderr
    short = assay(tmp_path, "doctor", ASSAY_SECRET_KEY="short")
    assert (short.returncode, "32 characters" in short.stderr) == (2, True)


def test_parts_that_are_away_are_told(tmp_path):
    """In `services` mode nothing is started here: what is missing ends in a sentence."""
    services = {
        "ASSAY_MODE": "services",
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "9",
        "REDIS_HOST": "127.0.0.1",
        "QDRANT_HOST": "127.0.0.1",
    }
    for command in (["serve", "--port", "0"], ["worker"]):
        done = assay(tmp_path, *command, **services, ASSAY_SECRET_KEY="k" * 40)
        assert done.returncode == 1
        assert "database does not answer" in done.stderr
        assert "Traceback" not in done.stderr
    keyless = assay(tmp_path, "serve", "--port", "0", **services)
    assert keyless.returncode == 1
    assert "ASSAY_SECRET_KEY is missing" in keyless.stderr


def test_colours_are_for_terminals_that_want_them(serve, folder: Path):
    assert "\x1b[" in _on_a_terminal(folder)
    assert "\x1b[3" not in _on_a_terminal(folder, NO_COLOR="1")


def _on_a_terminal(folder: Path, **more: str) -> str:
    parent, child = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "assay.cli", "search", "revenue of Northwind"],
            env=environment(folder, TERM="xterm-256color", **more),
            stdout=child,
            stderr=child,
            timeout=SECONDS,
            check=True,
        )
        return os.read(parent, 100_000).decode()
    finally:
        os.close(parent)
        os.close(child)


def test_a_server_may_be_stopped_while_it_starts(tmp_path):
    process = psutil.Popen(
        [sys.executable, "-m", "assay.cli", "serve", "--port", "0"],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not _processes(tmp_path / "postgres"):
        assert process.is_running()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    with process.stderr as errors:
        assert "Assay serves" not in errors.read()
    assert not _processes(tmp_path)


def test_ctrl_c_leaves_no_process(tmp_path, report: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "assay.cli", "ingest", str(report)],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "starting" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    with process.stderr as errors:
        assert "Traceback" not in errors.read()
    assert not _processes(tmp_path)


def _processes(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            mentions = [*process.cmdline(), process.environ().get("ASSAY_DATA_DIR", "")]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in each for each in mentions):
            found.append(process)
    return found
