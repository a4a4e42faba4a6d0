"""The files that a command was given."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from assay.cli.failures import CommandFailed


def chosen(paths: Iterable[Path]) -> list[Path]:
    """Return the files meant: each as given, of a folder every file that is not hidden.

    :raises CommandFailed: a path does not exist, cannot be read, or holds no files.
    """
    return [file for path in paths for file in _meant(path)]


def upload_name(path: Path) -> str:
    """Return the name in Unicode; a file system may hold one that is not."""
    return os.fsencode(path.name).decode(errors="replace")


def _meant(path: Path) -> Sequence[Path]:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CommandFailed(f"{path} does not exist.", 2) from error
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.", 2) from error
    if stat.S_ISDIR(mode):
        files = _in_folder(path)
    elif stat.S_ISREG(mode):
        files = [path]
    else:
        raise CommandFailed(f"{path} is neither a file nor a folder.", 2)
    for file in files:
        _require(file, os.R_OK)
    return files


def _in_folder(folder: Path) -> Sequence[Path]:
    _require(folder, os.R_OK | os.X_OK)
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise CommandFailed(f"{folder} holds no files.", 2)
    return found


def _require(path: Path, access: int) -> None:
    if not os.access(path, access):
        raise CommandFailed(f"{path} cannot be read: permission denied.", 2)
