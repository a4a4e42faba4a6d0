"""Password hashing by argon2id, off the event loop and bounded in memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from assay.adapters.metering import in_thread

MEMORY_KIB = 19_456
PASSES = 2
"""OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1, which suits a task of 1 GB."""


class Passwords:
    """Hashes and verifies; two at a time at the most, so a log-in storm cannot take the memory."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
        self._decoy = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Return the encoded argon2id hash."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, in_thread(self._hasher.hash), password
        )

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Tell whether the password fits; takes as long where there is no account."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, in_thread(self._verify), encoded, password
        )

    def _verify(self, encoded: str | None, password: str) -> bool:
        try:
            return self._hasher.verify(encoded or self._decoy, password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
