# ruff: noqa: INP001 - Lambda takes modules from the top of a package
"""The few calls of Qdrant's REST API that looking after it takes."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

import boto3


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as a node describes it."""

    name: str
    size: int
    checksum: str | None
    """SHA-256 in hexadecimal digits."""
    creation_time: str | None


class Qdrant:
    """One node.

    Every call raises OSError when the node refuses or does not answer.
    """

    def __init__(self, url: str, key: str, seconds: float) -> None:
        """Reach a node at a URL.

        :param seconds: the longest wait for each piece of an answer.
        """
        self.url, self._key, self._seconds = url.rstrip("/"), key, seconds

    def check(self) -> None:
        """Return when the node serves, and takes our key."""
        with self._call("GET", "/readyz"):
            pass
        self.collections()

    def collections(self) -> list[str]:
        """Return the names of the collections."""
        return [each["name"] for each in self._result("GET", "/collections")["collections"]]

    def snapshots(self, collection: str) -> list[Snapshot]:
        """Return the snapshots that lie on the node's disk."""
        return [_snapshot(each) for each in self._result("GET", _path(collection))]

    def snapshot(self, collection: str) -> Snapshot:
        """Make a snapshot on the node's disk."""
        return _snapshot(self._result("POST", f"{_path(collection)}?wait=true"))

    def delete(self, collection: str, name: str) -> None:
        """Delete a snapshot from the node's disk."""
        self._result("DELETE", f"{_path(collection, name)}?wait=true")

    @contextmanager
    def open(self, collection: str, name: str) -> Iterator[Any]:
        """Give the bytes of a snapshot as a file."""
        with self._call("GET", _path(collection, name)) as answer:
            yield answer

    def _result(self, method: str, path: str) -> Any:
        with self._call(method, path) as answer:
            return json.load(answer)["result"]

    def _call(self, method: str, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the address is our own setting
            self.url + path, method=method, headers={"api-key": self._key}
        )
        return urllib.request.urlopen(request, timeout=self._seconds)  # noqa: S310 - as above


def nodes(seconds: float) -> list[Qdrant]:
    """Return the nodes that the environment names."""
    return [Qdrant(url, _key(), seconds) for url in os.environ["QDRANT_URLS"].split(",")]


@cache
def _key() -> str:
    name = os.environ["QDRANT_API_KEY_PARAMETER"]
    found = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
    return str(found["Parameter"]["Value"])


def forget_key() -> None:
    """Read the key anew at the next call: it may have been rotated."""
    _key.cache_clear()


def _path(collection: str, *rest: str) -> str:
    parts = ["collections", collection, "snapshots", *rest]
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _snapshot(described: dict[str, Any]) -> Snapshot:
    return Snapshot(
        name=described["name"],
        size=described["size"],
        checksum=described.get("checksum"),
        creation_time=described.get("creation_time"),
    )
