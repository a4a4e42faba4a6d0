"""What a child sets for itself between fork and exec: who it is, and when it dies.

Linux only; elsewhere children are ended by the supervisor and found again at the next start.
"""

import ctypes
import os
import pwd
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS = 1, 8
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAP_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def unprivileged_user() -> pwd.struct_passwd | None:
    """Return whom root's children that refuse to be root run as; None when this is not root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def can_reach(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether a user may walk to a path: each folder on the way lets others, or them, pass."""
    for folder in path.parents:
        state = folder.stat()
        bit = 0o100 if state.st_uid == user.pw_uid else 0o001
        if not state.st_mode & bit:
            return False
    return True


def prepare(
    user: pwd.struct_passwd | None = None,
    *,
    walk: bool = False,
    nice: int = 0,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Callable[[], None]:
    """Return what a child does before exec.

    :param user: become this user.
    :param walk: keep the one capability that passes folders closed to that user: a data folder
        may lie below root's own home.
    :param nice: lower the priority by this much.
    :param death_signal: what the kernel sends the child when this process dies, however it dies.
    """
    parent = os.getpid()

    def in_child() -> None:
        if user is not None:
            if walk:
                _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            if walk:
                _keep_walking()
        if nice:
            os.nice(nice)
        if sys.platform == "linux":
            # After setuid, which clears it.
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)  # the parent died before the kernel was told

    return in_child


def _keep_walking() -> None:
    """Make one capability survive the coming exec as an ambient one.

    CAP_DAC_READ_SEARCH is the lesser; containers often have only CAP_DAC_OVERRIDE.
    """
    if not (_keep(_CAP_DAC_READ_SEARCH) or _keep(_CAP_DAC_OVERRIDE)):
        os._exit(1)


def _keep(capability: int) -> bool:
    mask = 1 << capability
    header = struct.pack("Ii", _CAP_VERSION_3, 0)
    data = struct.pack("IIIIII", mask, mask, mask, 0, 0, 0)
    if _libc.capset(header, data) != 0:
        return False
    return bool(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)
