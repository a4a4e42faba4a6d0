"""Runs the API in this process, with the embedded parts around it where the mode wants them."""

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from assay.adapters.connections import BoundedHttp
from assay.adapters.lifecycle import Lifecycle
from assay.adapters.migrations import SchemaMismatch, check_schema, migrate
from assay.adapters.postgres import Database
from assay.adapters.telemetry_metrics import watch_connections
from assay.cli.failures import PortTaken
from assay.cli.local_key import read_key, read_operator_key, write_key, write_operator_key
from assay.embedded.supervisor import Embedded
from assay.errors import Unavailable
from assay.identity.local import local_api_key
from assay.operations.operators import replace_operator
from assay.settings import Mode, Settings

DRAIN_SECONDS = 10.0
"""How long a load balancer may send on after it was told to leave this process out."""
TELL_SECONDS = 3.0
"""Before the end of its time, what still runs is told; the rest is for closing the parts."""
LOCAL_OPERATOR = "local"
BACKLOG = 2048
"""Connections that wait to be accepted, as uvicorn has it."""


class _Server(uvicorn.Server):
    """Leaves the signals to the command that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do not touch them."""
        yield


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """Serve until the block ends; give the address.

    :raises PortTaken: the port is in use.
    :raises DataFolderError: the data folder is in use or cannot be used.
    """
    listener = _listen(settings.host, settings.port)
    try:
        if settings.mode is Mode.EMBEDDED:
            async with _embedded(settings, listener) as url:
                yield url
        else:
            drain = settings.drain_seconds
            if drain is None:
                drain = min(DRAIN_SECONDS, settings.shutdown_seconds / 2)
            async with _api(settings, listener, drain) as (_, url):
                yield url
    finally:
        listener.close()


@asynccontextmanager
async def _embedded(settings: Settings, listener: socket.socket) -> AsyncIterator[str]:
    embedded = Embedded(settings)
    # The API's modules take as long to import as the parts take to start.
    imports = asyncio.create_task(asyncio.to_thread(importlib.import_module, "assay.main"))
    try:
        await embedded.start()
        await bring_to_schema(embedded)
        await asyncio.to_thread(_ensure_operator_key, embedded)
        await imports
        drain = settings.drain_seconds or 0
        async with _api(embedded.app_settings, listener, drain) as (app, url):
            await _ensure_local_key(app, embedded)
            await embedded.start_worker()
            embedded.publish(url)
            yield url
    finally:
        await embedded.stop()


async def bring_to_schema(embedded: Embedded) -> None:
    """Migrate only where it is needed: importing the tool takes half a second."""
    database = Database(embedded.app_settings)
    try:
        await check_schema(database)
    except (SchemaMismatch, Unavailable):  # before the first migration there is no login role
        await asyncio.to_thread(migrate, embedded.owner_settings)
    finally:
        await database.close()


@asynccontextmanager
async def _api(
    settings: Settings, listener: socket.socket, drain: float
) -> AsyncIterator[tuple[FastAPI, str]]:
    from assay.main import connect, create_app  # noqa: PLC0415 - imported beside the parts' start

    app = create_app(settings)
    server = _Server(
        uvicorn.Config(
            app,
            loop="none",
            http=BoundedHttp,
            # Whose word on a client's address counts is decided in `adapters/addresses.py`.
            proxy_headers=False,
            # Connected here, so that what is wrong reaches the person as a sentence.
            lifespan="off",
            access_log=False,
            log_config=None,  # it would write messages of errors, which quote what was sent
            server_header=False,
            timeout_keep_alive=settings.keepalive_seconds,
            timeout_graceful_shutdown=max(1, settings.shutdown_seconds - int(drain) - 1),
        )
    )
    async with connect(app, settings):
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started and not task.done():  # noqa: ASYNC110 - a flag is all it gives
                await asyncio.sleep(0.01)
            watch_connections(lambda: len(server.server_state.connections))
            yield app, _address(listener)
        finally:
            await _end(server, task, app.state.lifecycle, drain, settings.shutdown_seconds)


async def _end(
    server: uvicorn.Server,
    task: asyncio.Task[None],
    lifecycle: Lifecycle,
    drain: float,
    seconds: float,
) -> None:
    """Drain, close the listener, let what is under way end, and tell what does not."""
    loop = asyncio.get_running_loop()
    tell_at = loop.time() + seconds - min(TELL_SECONDS, seconds / 2)
    await lifecycle.drain(drain)
    lifecycle.dismiss()
    server.should_exit = True
    telling = loop.call_at(tell_at, lifecycle.interrupt)
    await task
    telling.cancel()


def _ensure_operator_key(embedded: Embedded) -> None:
    """Make an operator at the first start: who can read the folder may do everything anyway."""
    folder = embedded.folder.path
    if read_operator_key(folder) is None:
        write_operator_key(folder, replace_operator(embedded.owner_settings, LOCAL_OPERATOR))


async def _ensure_local_key(app: FastAPI, embedded: Embedded) -> None:
    state, folder = app.state, embedded.folder.path
    key = await local_api_key(
        state.database, state.passwords, state.authenticator, state.api_keys, read_key(folder)
    )
    write_key(folder, key)


def _address(listener: socket.socket) -> str:
    """Return the URL by which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    if listener.family is socket.AF_INET6:
        return f"http://[{'::1' if host == '::' else host}]:{port}"
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - no bind


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # At once: until one of them listens, two processes can bind one port.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Port {port} on {host} cannot be used ({error.strerror}). Stop what listens there,"
            " or choose another with --port."
        ) from error
    return listener
