"""What the parser process may use, set by itself before it touches a file."""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # flags of unshare(2)
_NICE = 10


class Orphaned(Exception):
    """The parent died before it could be watched."""


def confine(parent: int, *, memory_bytes: int, cpu_seconds: int, file_bytes: int = 0) -> None:
    """Limit this process for good: memory, processor time, files written, low priority.

    :param parent: process id of the parent, with which this process dies.
    :param file_bytes: how large a file may get that it writes; by default it writes none.
    """
    die_with_parent()
    leave_network()
    if os.getppid() != parent:
        raise Orphaned
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(limit, value)
    os.nice(_NICE)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (Linux)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def leave_network() -> None:
    """Move into an empty network namespace, where the system lets this user do so (Linux)."""
    if sys.platform == "linux":
        namespaces = _NEW_NET if os.geteuid() == 0 else _NEW_NET | _NEW_USER
        ctypes.CDLL(None).unshare(namespaces)


def _limit(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (allowed, allowed))
