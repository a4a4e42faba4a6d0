"""A whole life of a workspace in real processes, with marked secrets and texts; then the logs."""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.library import put

BACKEND = Path(__file__).parents[2]
MARK = "ZYQMARK"
"""Begins everything that a log must not hold."""
PASSWORD = f"{MARK}-password-correct-horse"
TEXT = f"{MARK}text revenue of {MARK}corp was 48.2 million dollars in 2023.\n\n"


@dataclass
class Server:
    """A running `assay serve`."""

    url: str
    folder: Path
    process: psutil.Popen
    errors: Path
    output: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("logs")
    errors, output = folder / "stderr", folder / "stdout"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {
        "PYTHONPATH": str(BACKEND),
        "ASSAY_DATA_DIR": str(folder / "data"),
        "LOG_LEVEL": "DEBUG",
        "SLOW_QUERY_MS": "0",
        "METRICS_EMF": "true",
        "METRICS_EMF_SECONDS": "1",
    }
    with errors.open("wb") as error_file, output.open("wb") as output_file:
        process = psutil.Popen(
            [sys.executable, "-m", "assay.cli", "serve", "--port", "0"],
            env=kept | settings,
            stdout=output_file,
            stderr=error_file,
        )
    url = _address(process, errors)
    yield Server(url, folder / "data", process, errors, output)
    if process.is_running():
        process.terminate()
        process.wait(60)


def _address(process: psutil.Popen, errors: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.is_running():
        for line in errors.read_text().splitlines():
            if line.startswith("Assay serves"):
                return line.split()[2]
        time.sleep(0.05)
    raise AssertionError(errors.read_text())


async def live(server: Server) -> tuple[set[str], str]:
    """Use every part once, well and badly; return the secrets that came up, and the tenant."""
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        secrets = await _sign_up(client)
        tenant_id = (await client.get("/v1/me")).json()["tenant"]["id"]
        key = await client.post("/v1/api-keys", json={"name": f"{MARK}key", "role": "member"})
        secrets.add(key.json()["key"])
        document = await put(client, f"{MARK}name.txt", TEXT)
        assert document["status"] == "ready"
        await _read(client, document["id"])
        await _misuse(client)
        await client.delete(f"/v1/documents/{document['id']}")
    for name in ("secrets.json", "operator.json", "server.json", "api-key.json"):
        if (server.folder / name).exists():
            secrets |= _strings(json.loads((server.folder / name).read_text()))
    return secrets, tenant_id


def _strings(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_strings, value.values()))
    return {value} if isinstance(value, str) and len(value) >= 24 and "/" not in value else set()


async def _sign_up(client: httpx.AsyncClient) -> set[str]:
    body = {"workspace": f"{MARK}corp", "email": f"{MARK}@example.com", "password": PASSWORD}
    made = (await client.post("/v1/signup", json=body)).json()
    login = {"email": body["email"], "password": PASSWORD}
    again = (await client.post("/v1/auth/login", json=login)).json()
    await client.post("/v1/auth/login", json=login | {"password": f"{MARK}wrong"})
    renewed = (
        await client.post("/v1/auth/refresh", json={"refresh_token": again["refresh_token"]})
    ).json()
    client.headers["Authorization"] = f"Bearer {made['access_token']}"
    return {
        each[name] for each in (made, again, renewed) for name in ("access_token", "refresh_token")
    }


async def _read(client: httpx.AsyncClient, document_id: str) -> None:
    asked = {"question": f"What was the {MARK}text revenue of {MARK}corp?"}
    answer = await client.post("/v1/ask", json=asked)
    assert answer.status_code == 200, answer.text
    stream = await client.post("/v1/ask", json=asked | {"stream": True})
    assert MARK in stream.text
    found = await client.post("/v1/search", json={"query": f"{MARK}text revenue"})
    assert found.json()["hits"]
    for path in ("", "/content", "/pages/1"):
        await client.get(f"/v1/documents/{document_id}{path}")
    await client.get("/v1/documents", params={"q": f"{MARK}name"})
    await client.get("/v1/conversations")


async def _misuse(client: httpx.AsyncClient) -> None:
    """Cause refusals and failures of every part."""
    await client.get(f"/v1/documents/{MARK}?q={MARK}")
    await client.get(f"/{MARK}/nothing")
    await client.post("/v1/search", content=b'{"query": "' + MARK.encode())
    await client.post("/v1/search", json={"query": MARK, f"{MARK}member": MARK})
    for token in (f"{MARK}.a.b", f"assay_{MARK}", f"assay_op_{MARK}"):
        await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    broken = b"%PDF-1.7\n" + MARK.encode() * 50
    await put(client, f"{MARK}broken.pdf", broken)
    await put(client, f"{MARK}broken.docx", b"PK\x03\x04" + MARK.encode() * 50)
    for _ in range(2):  # the second breaks a constraint, whose message quotes the name
        await client.post("/v1/collections", json={"name": f"{MARK}collection"})
    await client.get("/v1/me", headers={"X-Request-ID": f"{MARK} <x>"})
    await client.get("/v1/me", headers={"Cookie": f"a={MARK}", "User-Agent": MARK})


async def test_logs_hold_no_secret_and_no_text_of_a_document(server: Server):
    secrets, tenant_id = await live(server)
    assert len(secrets) >= 7
    server.process.terminate()
    assert server.process.wait(60) == 0
    logs = [server.errors, server.output, *(server.folder / "logs").rglob("*")]
    texts = {path.name: path.read_text(errors="replace") for path in logs if path.is_file()}
    assert {"stderr", "stdout", "worker.log"} <= texts.keys()
    for name, text in texts.items():
        for secret in (MARK, MARK.lower(), *secrets):
            assert secret not in text, (name, _around(text, secret))
    _check_lines(texts["stderr"], tenant_id)
    _check_metrics(texts["stdout"])


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 300) : at + 300]


def _check_lines(text: str, tenant_id: str) -> None:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    searches = [line for line in requests if line["route"] == "/v1/search"]
    assert [line["status"] for line in searches] == [200, 422, 422]
    served = searches[0]
    assert served.keys() == {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "ms",
        "tenant_id", "queries", "cpu_ms",
    }  # fmt: skip
    assert served["tenant_id"] == tenant_id
    assert served["queries"] >= 1
    assert served["cpu_ms"] > 0
    documents = {line["route"] for line in requests if "documents" in line["route"]}
    assert {"/v1/documents/{document_id}", "/v1/documents/{document_id}/content"} <= documents
    assert not {"/health", "/ready"} & {line["route"] for line in requests}


def _check_metrics(text: str) -> None:
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) >= 2
    assert {line["Service"] for line in lines} == {"api"}
    assert sum(line["Queries"] for line in lines) == 3
    assert sum(line["TokensInvalid"] for line in lines) == 1
    assert sum(line["Requests"] for line in lines) > 20
