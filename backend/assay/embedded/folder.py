"""The data folder: one holder at a time, its secrets, and where the holder is reached."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

SUBFOLDERS = ("postgres", "redis", "vectors", "files", "models", "logs", "run", "tmp")
PROBE_SECONDS = 0.2
"""Longer than another program's look at the lock takes, which must not refuse a start."""


class DataFolderError(Exception):
    """The data folder cannot be used; the message says what to do."""


class DataFolderInUse(DataFolderError):
    """Another Assay holds the data folder."""

    def __init__(self, path: Path, holder: "Holder | None") -> None:
        self.path, self.holder = path, holder
        who = f"process {holder.pid}" if holder else "another process"
        where = f", which serves {holder.url}" if holder and holder.url else ""
        super().__init__(
            f"{path} is in use by {who}{where}. Stop that one, or set ASSAY_DATA_DIR to"
            " another folder."
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a data folder."""

    pid: int
    url: str | None


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords of the embedded parts, made once per data folder."""

    postgres_superuser: str
    postgres_owner: str
    postgres_app: str
    postgres_worker: str
    redis: str
    qdrant: str
    signing_key: str

    @classmethod
    def generate(cls) -> Self:
        """Return fresh secrets of 256 bits each."""
        return cls(**{name: secrets.token_urlsafe(32) for name in cls.__dataclass_fields__})


class DataFolder:
    """An embedded installation on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: int | None = None

    def __truediv__(self, name: str) -> Path:
        """Return a path in the folder."""
        return self.path / name

    def lock(self) -> None:
        """Create the folder and take it for this process, until it ends or `release`.

        :raises DataFolderInUse: somebody else has it.
        :raises DataFolderError: it cannot be made or written.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in SUBFOLDERS:
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = (
                f"The data folder {self.path} cannot be written ({error.strerror}). Set"
                " ASSAY_DATA_DIR to a folder of yours."
            )
            raise DataFolderError(message) from error
        if not _taken(lock):
            os.close(lock)
            raise DataFolderInUse(self.path, self._recorded())
        self._lock = lock
        self.publish(None)

    def publish(self, url: str | None) -> None:
        """Write down who holds the folder and where it is reached."""
        write_atomically(self.path / "run" / "state.json", asdict(Holder(os.getpid(), url)))

    def holder(self) -> Holder | None:
        """Return who holds the folder now, without taking it; None when nobody does."""
        try:
            lock = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._recorded() or Holder(0, None)
        finally:
            os.close(lock)
        return None

    def secrets(self) -> Secrets:
        """Return the folder's secrets; make them the first time.

        :raises DataFolderError: the file cannot be read as what it was, or is gone while the
            database that it opens is there.
        """
        path = self.path / "secrets.json"
        try:
            return Secrets(**json.loads(path.read_text()))
        except FileNotFoundError:
            if (self.path / "postgres" / "cluster").exists():
                raise _lost(path, "missing") from None
            made = Secrets.generate()
            write_atomically(path, asdict(made))
            return made
        except (ValueError, TypeError) as error:
            raise _lost(path, "damaged") from error
        except OSError as error:
            raise _lost(path, f"not readable ({error.strerror})") from error

    def release(self) -> None:
        """Let others have the folder."""
        if self._lock is not None:
            with contextlib.suppress(FileNotFoundError):
                (self.path / "run" / "state.json").unlink()
            os.close(self._lock)
            self._lock = None

    def _recorded(self) -> Holder | None:
        try:
            return Holder(**json.loads((self.path / "run" / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _taken(lock: int) -> bool:
    deadline = time.monotonic() + PROBE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _lost(path: Path, how: str) -> DataFolderError:
    return DataFolderError(
        f"{path} is {how}. Restore it from a backup, as the user who owns it: without it the"
        " database cannot be opened. To begin anew, set ASSAY_DATA_DIR to another folder."
    )


def write_atomically(path: Path, content: dict[str, Any]) -> None:
    """Write a private JSON file so that a crash leaves the old or the new one, never half."""
    temporary = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else a power cut may undo the new name
    finally:
        os.close(folder)
