"""The embedded parts as one: started together, kept alive, stopped in order."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from assay.embedded.folder import DataFolder, Secrets
from assay.embedded.postgres import DATABASE, OWNER, EmbeddedPostgres
from assay.embedded.privileges import prepare
from assay.embedded.process import Child, Command, PartState, free_port
from assay.embedded.redis import EmbeddedRedis
from assay.settings import Mode, Settings

WORKER_NICE = 10
"""A search has 200 ms; a report that is being read has no hurry."""
VECTORS_BACK_SECONDS = 1.0
"""A killed vector process serves again within a second or so: no reason to avoid it for longer."""
HOST = "127.0.0.1"
_BACKEND = Path(__file__).parents[2]


class Embedded:
    """PostgreSQL, Redis, the vector process and the worker, in one data folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder = DataFolder(settings.data_dir)
        self._children: list[Child] = []
        self._secrets: Secrets | None = None
        self._ports = dict.fromkeys(("postgres", "redis", "vectors"), 0)

    async def start(self) -> None:
        """Take the data folder and start the parts side by side.

        :raises DataFolderError: the folder is in use, damaged or not writable.
        :raises StartFailed: a part did not come up; those that did are stopped again.
        """
        await asyncio.to_thread(self.folder.lock)
        try:
            self._secrets = await asyncio.to_thread(self.folder.secrets)
            self._ports = {name: free_port() for name in self._ports}
            async with asyncio.TaskGroup() as group:
                group.create_task(self._start_postgres(self._secrets))
                group.create_task(self._start(self._redis(self._secrets)))
                group.create_task(self._start(self._vectors(self._secrets)))
        except BaseException as error:
            await self.stop()
            if isinstance(error, ExceptionGroup):
                raise error.exceptions[0] from error
            raise

    async def start_worker(self) -> None:
        """Start the worker; the schema must be there."""
        await self._start(self._worker())

    def publish(self, url: str) -> None:
        """Tell other programs of this machine where the API answers."""
        self.folder.publish(url)

    def parts(self) -> list[PartState]:
        """Return how each part does."""
        return [child.state() for child in self._children]

    async def stop(self) -> None:
        """Stop what was started, the last first, and give the folder back."""
        for child in reversed(self._children):
            await child.stop()
        self._children.clear()
        self.folder.release()

    @property
    def app_settings(self) -> Settings:
        """Settings of the API: its login role, and where the parts listen."""
        return self._connected("assay_app", self._made.postgres_app)

    @property
    def worker_settings(self) -> Settings:
        """Settings of the worker."""
        return self._connected("assay_worker", self._made.postgres_worker)

    @property
    def owner_settings(self) -> Settings:
        """Settings of `assay migrate`."""
        made = self._made
        return self.app_settings.model_copy(
            update={
                "postgres_owner_user": OWNER,
                "postgres_owner_password": SecretStr(made.postgres_owner),
                "postgres_app_password": SecretStr(made.postgres_app),
                "postgres_worker_password": SecretStr(made.postgres_worker),
            }
        )

    def worker_environment(self) -> dict[str, str]:
        """Return the worker's environment: this process's, pointed at the parts."""
        settings = self.worker_settings
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(_BACKEND), os.environ.get("PYTHONPATH", "")])
            ),
            "ASSAY_MODE": "services",
            "ASSAY_DATA_DIR": str(self.folder.path),
            "ASSAY_SOLE_WORKER": "true",
            "ASSAY_SECRET_KEY": ",".join(key.get_secret_value() for key in settings.secret_keys),
            "POSTGRES_HOST": settings.postgres_host,
            "POSTGRES_PORT": str(settings.postgres_port),
            "POSTGRES_DB": settings.postgres_db,
            "POSTGRES_USER": settings.postgres_user,
            "POSTGRES_PASSWORD": settings.postgres_password.get_secret_value(),
            "REDIS_HOST": settings.redis_host,
            "REDIS_PORT": str(settings.redis_port),
            "REDIS_PASSWORD": settings.redis_password.get_secret_value(),
            "QDRANT_HOST": settings.qdrant_host,
            "QDRANT_PORT": str(settings.qdrant_port),
            "QDRANT_API_KEY": settings.qdrant_api_key.get_secret_value(),
            "QDRANT_BREAKER_SECONDS": str(settings.qdrant_breaker_seconds),
        }

    @property
    def _made(self) -> Secrets:
        if self._secrets is None:
            message = "the embedded parts have not been started"
            raise RuntimeError(message)
        return self._secrets

    def _connected(self, user: str, password: str) -> Settings:
        made = self._made
        update: dict[str, Any] = {
            "mode": Mode.SERVICES,
            "data_dir": self.folder.path,
            "postgres_host": HOST,
            "postgres_port": self._ports["postgres"],
            "postgres_db": DATABASE,
            "postgres_user": user,
            "postgres_password": SecretStr(password),
            "redis_host": HOST,
            "redis_port": self._ports["redis"],
            "redis_password": SecretStr(made.redis),
            "qdrant_host": HOST,
            "qdrant_port": self._ports["vectors"],
            "qdrant_api_key": SecretStr(made.qdrant),
            "qdrant_breaker_seconds": VECTORS_BACK_SECONDS,
        }
        if not self._settings.secret_keys:
            update["secret_keys"] = (SecretStr(made.signing_key),)
        return self._settings.model_copy(update=update)

    async def _start(self, command: Command) -> None:
        child = Child(command)
        self._children.append(child)
        await child.start()

    async def _start_postgres(self, secrets: Secrets) -> None:
        postgres = EmbeddedPostgres(self._settings, self.folder, secrets, self._ports["postgres"])
        await postgres.prepare()
        await self._start(postgres.command())
        await postgres.ensure_roles()

    def _redis(self, secrets: Secrets) -> Command:
        return EmbeddedRedis(self._settings, self.folder, secrets, self._ports["redis"]).command()

    def _vectors(self, secrets: Secrets) -> Command:
        port = self._ports["vectors"]
        return Command(
            name="vectors",
            arguments=[
                *(sys.executable, "-m", "assay.embedded.vector_server"),
                *("--data", str(self.folder / "vectors"), "--port", str(port)),
            ],
            log=self.folder / "logs" / "vectors.log",
            environment={**_python_environment(), "QDRANT_API_KEY": secrets.qdrant},
            ready=lambda: _answers(port, "/readyz"),
            before_exec=prepare(),
        )

    def _worker(self) -> Command:
        return Command(
            name="worker",
            arguments=[sys.executable, "-m", "assay.cli", "worker"],
            log=self.folder / "logs" / "worker.log",
            environment=self.worker_environment(),
            ready=_at_once,
            before_exec=prepare(nice=WORKER_NICE),
            stop_seconds=self._settings.shutdown_seconds + 5,
        )


def _python_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(_BACKEND)}


async def _at_once() -> bool:
    """Tell that a part is ready as soon as it runs: the worker takes jobs when it can."""
    return True


async def _answers(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await reader.readline()
    except OSError:
        return False
    finally:
        writer.close()
