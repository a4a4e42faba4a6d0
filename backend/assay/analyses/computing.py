"""The other side of `processes.py`: runs one function after another, at low priority."""

import os
import pickle
import struct
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from assay.documents.limits import confine

PACKAGE = "assay.analyses.extractive."
"""Only what lies in here is run."""
CPU_SECONDS = 24 * 3600
"""Of one process, over all that it computes; one call is bounded by who asks."""
_HEAD = struct.Struct(">I")


def write(stream: BinaryIO, value: Any) -> None:
    """Write a frame: its length and what it holds."""
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_HEAD.pack(len(content)) + content)
    stream.flush()


def main() -> int:
    """Answer frames until the other side closes.

    A frame is `(module, function, args, kwargs)`; its answer `(nanoseconds, value, error)`.
    """
    memory, parent = int(sys.argv[1]), int(sys.argv[2])
    confine(parent, memory_bytes=memory, cpu_seconds=CPU_SECONDS)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    # A stray print must not be taken for an answer.
    with Path(os.devnull).open("w") as sys.stdout:
        _serve(asked, answers)
    return 0


def _serve(asked: BinaryIO, answers: BinaryIO) -> None:
    while len(head := asked.read(_HEAD.size)) == _HEAD.size:
        (length,) = _HEAD.unpack(head)
        # From the worker, which is the same program.
        module, name, args, kwargs = pickle.loads(asked.read(length))  # noqa: S301
        write(answers, _answer(module, name, args, kwargs))


def _answer(module: str, name: str, args: Any, kwargs: Any) -> tuple[int, Any, str | None]:
    began = time.process_time_ns()
    value, error = None, None
    try:
        value = _function(module, name)(*args, **kwargs)
    except MemoryError:
        error = "MemoryError"
    except Exception as fault:  # noqa: BLE001 - told to the other side, which logs its name
        error = type(fault).__name__
    return time.process_time_ns() - began, value, error


def _function(module: str, name: str) -> Callable[..., Any]:
    if not module.startswith(PACKAGE):
        msg = f"{module} is not run here"
        raise ValueError(msg)
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


if __name__ == "__main__":
    sys.exit(main())
