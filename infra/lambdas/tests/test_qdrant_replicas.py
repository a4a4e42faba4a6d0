"""A node that joins and leaves, against an HTTP server that keeps a cluster's books."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from conftest import KEY, serving

PROGRAM = Path(__file__).parents[2] / "modules/vectors/files/replicas"
FIRST, ME, DEAD = 11, 22, 33
URIS = {FIRST: "http://node-0:6335/", ME: "http://node-1:6335/"}


class Books:
    """Which peer holds which shards of one collection."""

    def __init__(self) -> None:
        self.peers = dict(URIS)
        self.holds = {FIRST: {0: "Active", 1: "Active"}, ME: {}}

    def describe(self) -> dict:
        others = [(peer, held) for peer, held in self.holds.items() if peer != ME]
        return {
            "local_shards": [{"shard_id": each} for each in self.holds[ME]],
            "remote_shards": [
                {"shard_id": shard, "peer_id": peer, "state": state}
                for peer, held in others
                for shard, state in held.items()
            ],
        }

    def change(self, what: dict) -> bool:
        if copy := what.get("replicate_shard"):
            assert copy["shard_id"] in self.holds[copy["from_peer_id"]]
            self.holds[copy["to_peer_id"]][copy["shard_id"]] = "Active"
        if drop := what.get("drop_replica"):
            del self.holds[drop["peer_id"]][drop["shard_id"]]
        return True

    def remove(self, peer: int) -> bool:
        assert not self.holds.get(peer), "a peer that holds shards cannot leave"
        del self.peers[peer]
        return True

    def answer(self, method: str, path: str, body: bytes) -> object:
        match method, path.partition("?")[0].strip("/").split("/"):
            case "GET", ["cluster"]:
                peers = {str(peer): {"uri": uri} for peer, uri in self.peers.items()}
                return {"peer_id": ME, "peers": peers}
            case "GET", ["collections"]:
                return {"collections": [{"name": "passages"}]}
            case "GET", ["collections", "passages", "cluster"]:
                return self.describe()
            case "POST", ["collections", "passages", "cluster"]:
                return self.change(json.loads(body))
            case "DELETE", ["cluster", "peer", peer]:
                return self.remove(int(peer))
        raise AssertionError(path)


@pytest.fixture
def cluster():
    books = Books()

    class Node(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            allowed = self.headers["api-key"] == KEY
            result = books.answer(self.command, self.path, body) if allowed else None
            data = json.dumps({"result": result}).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _reply  # noqa: N815 - http.server's names

        def log_message(self, *args: object) -> None:
            pass

    with serving(Node) as url:
        books.url = url
        yield books


def run(books: Books, what: str) -> subprocess.CompletedProcess[str]:
    env = {
        "QDRANT_HERE": books.url,
        "QDRANT_URI": "http://node-1:6335",
        "QDRANT__SERVICE__API_KEY": KEY,
        "QDRANT_PATIENCE": "0",
    }
    command = [sys.executable, PROGRAM, what]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_node_that_joins_gets_every_shard(cluster):
    assert run(cluster, "join").returncode == 0
    assert cluster.holds[ME] == {0: "Active", 1: "Active"}


def test_joining_twice_copies_once(cluster):
    run(cluster, "join")
    assert run(cluster, "join").stdout == ""


def test_the_peer_that_had_the_name_before_is_forgotten(cluster):
    cluster.peers[DEAD] = URIS[ME]
    assert run(cluster, "join").returncode == 0
    assert cluster.peers == URIS


def test_a_node_that_leaves_holds_nothing_and_is_gone(cluster):
    run(cluster, "join")
    assert run(cluster, "leave").returncode == 0
    assert cluster.holds[ME] == {}
    assert ME not in cluster.peers


@pytest.mark.parametrize("state", ["Dead", "Partial"])
def test_a_shard_that_is_whole_nowhere_else_keeps_the_node(cluster, state):
    run(cluster, "join")
    cluster.holds[FIRST][1] = state
    result = run(cluster, "leave")
    assert result.returncode == 1
    assert "shards [1] are whole on this node alone" in result.stderr
    assert cluster.holds[ME] == {0: "Active", 1: "Active"}


def test_a_node_that_does_not_serve_is_told(cluster):
    cluster.url = "http://127.0.0.1:9"
    result = run(cluster, "join")
    assert result.returncode == 1
    assert "Qdrant does not serve on this node" in result.stderr
