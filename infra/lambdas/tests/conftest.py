"""A local AWS, and HTTP servers that stand for Qdrant and Slack."""

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

FUNCTIONS = Path(__file__).parents[1]
for folder in ("qdrant", "slack"):
    sys.path.insert(0, str(FUNCTIONS / folder))

KEY = "the key of qdrant"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port of this machine; give the base address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def aws_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def aws(aws_address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Begin with an empty account; give clients of it."""
    for name, value in {
        "AWS_ENDPOINT_URL": aws_address,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    reset = f"{aws_address}/moto-api/reset"
    requests.post(reset, timeout=5).raise_for_status()
    return boto3.client


@dataclass
class Node:
    """A Qdrant that holds snapshots as bytes, and fails as it is told."""

    collections: dict[str, bytes] = field(default_factory=lambda: {"passages": b"p" * 1000})
    disk: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    ready: bool = True
    refuses: set[str] = field(default_factory=set)
    cut: int = 0
    """Bytes that are missing from each download."""
    key: str = KEY
    calls: list[str] = field(default_factory=list)
    url: str = ""

    def describe(self, collection: str, name: str) -> dict[str, Any]:
        data, created = self.disk[collection, name]
        return {
            "name": name,
            "creation_time": created,
            "size": len(data),
            "checksum": hashlib.sha256(data).hexdigest(),
        }

    def answer(self, method: str, path: str, key: str | None) -> tuple[int, Any]:  # noqa: PLR0911 - one a route
        parts = [unquote(part) for part in urlsplit(path).path.strip("/").split("/")]
        self.calls.append(f"{method} {'/'.join(parts)}")
        if parts == ["readyz"]:
            return (200, b"all shards are ready") if self.ready else (503, b"not ready")
        if key != self.key:
            return 401, b"Must provide an API key"
        if parts == ["collections"]:
            return 200, {"collections": [{"name": name} for name in self.collections]}
        _, collection, _, *rest = parts
        if collection in self.refuses:
            return 500, b"disk full"
        if method == "POST":
            name = f"{collection}-{len(self.calls)}.snapshot"
            self.disk[collection, name] = (self.collections[collection], "2999-01-01T00:00:00")
            return 200, self.describe(collection, name)
        if method == "DELETE":
            del self.disk[collection, rest[0]]
            return 200, True
        if not rest:
            return 200, [self.describe(*each) for each in self.disk if each[0] == collection]
        data, _ = self.disk[collection, rest[0]]
        return 200, data[: len(data) - self.cut]


def handler_of(node: Node) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            status, body = node.answer(self.command, self.path, self.headers.get("api-key"))
            is_bytes = isinstance(body, bytes)
            data = body if is_bytes else json.dumps({"result": body, "status": "ok"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _reply  # noqa: N815 - http.server's names

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def start_node() -> Iterator[Callable[..., Node]]:
    with ExitStack() as stack:

        def start(**told: Any) -> Node:
            node = Node(**told)
            node.url = stack.enter_context(serving(handler_of(node)))
            return node

        yield start


@pytest.fixture
def key_parameter(aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> str:
    name = "/assay/test/qdrant-api-key"
    aws("ssm").put_parameter(Name=name, Value=KEY, Type="SecureString")
    monkeypatch.setenv("QDRANT_API_KEY_PARAMETER", name)
    monkeypatch.setenv("ENVIRONMENT", "test")
    import client

    client.forget_key()
    return name
