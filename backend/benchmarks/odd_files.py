"""Broken, hostile and merely strange files: each must end with a state a person understands.

`python -m benchmarks.odd_files` from `backend/`; exits with 1 when one does not, when a process
is left over, or when an ordinary upload suffers.
"""

import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil

from benchmarks.server import Server, documents, serving, sign_up, upload

WAIT_SECONDS = 600


def send(server: Server, path: Path) -> dict[str, object] | tuple[int, str, str]:
    """Upload one file; return the document, or the refusal."""
    files = {"file": (path.name, path.read_bytes())}
    answer = server.client.post("/v1/documents", files=files)
    body = answer.json()
    if answer.status_code == httpx.codes.ACCEPTED:
        return dict(body["documents"][0])
    return answer.status_code, str(body["code"]), str(body["detail"])


def finish(server: Server, identifier: object) -> dict[str, object]:
    """Wait until a document is ready or failed."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        document = dict(server.client.get(f"/v1/documents/{identifier}").json())
        if document["status"] in ("ready", "failed"):
            return document
        time.sleep(0.2)
    return document


def main() -> int:
    """Upload all, with an ordinary report among them; print how each ended."""
    odd = sorted(path for path in documents("odd").iterdir() if path.suffix != ".tsv")
    ordinary = sorted(documents("documents", "ntsb").glob("*.pdf"))[:3]
    outcomes, faults = Counter[str](), list[str]()
    with serving() as server:
        sign_up(server)
        sent = [(path, send(server, path)) for path in odd[:40]]
        good = upload(server, ordinary)
        sent += [(path, send(server, path)) for path in odd[40:]]
        for path, result in sent:
            line, fault = _judge(server, result)
            outcomes[line.split(":")[0]] += 1
            print(f"{path.name[:60]:60} {line}")
            faults += [path.name] if fault else []
        faults += [
            str(document["name"])
            for document in good
            if finish(server, document["id"])["status"] != "ready"
        ]
        left = _parsers(server)
        faults += [f"a process is left: {name}" for name in left]
    print(f"\n{len(odd)} files: {dict(outcomes)}; faults: {faults or 'none'}")
    return 1 if faults else 0


def _judge(server: Server, result: dict[str, object] | tuple[int, str, str]) -> tuple[str, bool]:
    if isinstance(result, tuple):
        status, code, detail = result
        return f"refused: {status} {code}: {detail}", status >= 500 or not detail  # noqa: PLR2004
    document = finish(server, result["id"])
    if document["status"] == "ready":
        return f"ready: {document['pages']} pages", False
    error = document["error"]
    if document["status"] == "failed" and isinstance(error, dict):
        bad = error["code"] == "internal_error" or not error["message"]
        return f"failed: {error['code']}: {error['message']}", bad
    return f"{document['status']}: after {WAIT_SECONDS} s", True


def _parsers(server: Server) -> list[str]:
    return [
        " ".join(process.cmdline())
        for process in server.process.children(recursive=True)
        if process.is_running()
        and process.status() != psutil.STATUS_ZOMBIE
        and "documents.parser" in " ".join(process.cmdline())
    ]


if __name__ == "__main__":
    sys.exit(main())
