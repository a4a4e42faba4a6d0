"""A vector process of a test's own, which it may kill."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from assay.settings import Settings

BACKEND = Path(__file__).parents[1]
KEY = "a key for tests"
START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class VectorProcess:
    """`python -m assay.embedded.vector_server` on a folder."""

    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        return Settings(
            _env_file=None, qdrant_host="127.0.0.1", qdrant_port=self.port, qdrant_api_key=KEY
        )

    def spawn(self) -> subprocess.Popen[str]:
        """Start without waiting."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "assay.embedded.vector_server"),
                *("--data", str(self.data), "--port", str(self.port)),
            ],
            env={**os.environ, "QDRANT_API_KEY": KEY, "PYTHONPATH": str(BACKEND)},
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self) -> "VectorProcess":
        """Start and wait until it answers."""
        self.process = self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            assert time.monotonic() < deadline, "the vector process does not answer"
            time.sleep(0.02)
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the process and return its exit code."""
        assert self.process
        self.process.send_signal(number)
        self.process.communicate()
        return self.process.returncode

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False
