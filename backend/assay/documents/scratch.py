"""Local copies of documents while they are read."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from assay.settings import Settings

_PREFIX = "assay-read-"


def scratch_folder(settings: Settings) -> Path:
    """Return where copies go: beside the files where these are local, else the system's own."""
    if settings.s3_bucket:
        return Path(tempfile.gettempdir())
    folder = settings.data_dir / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def scratch_directory(folder: Path) -> Iterator[Path]:
    """Give a folder to write in, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as own:
        yield Path(own)


@contextlib.contextmanager
def scratch_copy(folder: Path) -> Iterator[Path]:
    """Give the path of a file to write, which is gone afterwards."""
    with scratch_directory(folder) as own:
        yield own / "original"


def clean(folder: Path, age: timedelta) -> None:
    """Delete copies of readers that were killed longer ago than `age`."""
    before = time.time() - age.total_seconds()
    for own in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):
            if own.stat().st_mtime < before:
                shutil.rmtree(own, ignore_errors=True)
