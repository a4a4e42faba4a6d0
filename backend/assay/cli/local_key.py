"""The keys that lie in the data folder: the local workspace's API key, and an operator's key."""

import json
from pathlib import Path

from assay.embedded.folder import write_atomically

FILE = "cli.json"
OPERATOR_FILE = "operator.json"


def read_key(folder: Path) -> str | None:
    """Return the API key, or None where there is none that can be read."""
    return _read(folder / FILE, "api_key")


def write_key(folder: Path, key: str) -> None:
    """Keep the API key, readable by the folder's owner alone."""
    write_atomically(folder / FILE, {"api_key": key})


def read_operator_key(folder: Path) -> str | None:
    """Return the operator's key, or None where there is none that can be read."""
    return _read(folder / OPERATOR_FILE, "operator_key")


def write_operator_key(folder: Path, key: str) -> None:
    """Keep the operator's key, readable by the folder's owner alone."""
    write_atomically(folder / OPERATOR_FILE, {"operator_key": key})


def _read(path: Path, member: str) -> str | None:
    try:
        return str(json.loads(path.read_text())[member])
    except (OSError, ValueError, KeyError, TypeError):
        return None
