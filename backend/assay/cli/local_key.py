"""The local workspace's API key in the data folder."""

import json
from pathlib import Path

from assay.embedded.folder import write_atomically

FILE = "cli.json"


def read_key(folder: Path) -> str | None:
    """Return the key, or None where there is none that can be read."""
    try:
        key = json.loads((folder / FILE).read_text())["api_key"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(key)


def write_key(folder: Path, key: str) -> None:
    """Keep the key, readable by the folder's owner alone."""
    write_atomically(folder / FILE, {"api_key": key})
