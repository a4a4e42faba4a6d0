"""The API as the command line calls it: over HTTP, to whichever server there is."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from assay.adapters.telemetry import configure_logging
from assay.cli.console import Console
from assay.cli.failures import CommandFailed
from assay.cli.files import upload_name
from assay.cli.local_key import read_key, read_operator_key
from assay.embedded.folder import DataFolder
from assay.settings import Settings

PATIENCE = 3
"""How often a call that met a limit is tried again."""
START_SECONDS = 60
POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Target:
    """Where the API is, as the options say; empty for the installation of this machine."""

    url: str | None = None
    api_key: str | None = None
    as_operator: bool = False
    """Speak with an operator's key instead of the local workspace's."""


class Client:
    """Calls of the API that turn problems into sentences.

    :param sleep: waits some seconds.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http, self._sleep = http, sleep

    async def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Call and return the JSON of the answer; wait when a limit asks for it.

        :raises CommandFailed: the server refused, or could not be reached.
        """
        response = await self._sent(method, path, **arguments)
        for _ in range(PATIENCE):
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            await self._sleep(_seconds(response))
            response = await self._sent(method, path, **arguments)
        if not response.is_success:
            raise CommandFailed(_problem(response.status_code, response.content))
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise CommandFailed(_foreign(response.status_code)) from error

    async def _sent(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        for _, file in (arguments.get("files") or {}).values():
            file.seek(0)
        try:
            return await self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise _unreachable(self._http, error) from error

    async def upload(self, path: Path, collection_id: str | None) -> dict[str, Any]:
        """Upload one file; return its document."""
        with path.open("rb") as file:
            data = {"collection_id": collection_id} if collection_id else None
            files = {"file": (upload_name(path), file)}
            answer = await self.call("POST", "/v1/documents", files=files, data=data)
        return dict(answer["documents"][0])

    async def download(self, path: str, params: dict[str, str], file: Path) -> None:
        """Write the answer to a file, as it comes; wait when a limit asks for it.

        :raises CommandFailed: the server refused, or the stream broke.
        """
        try:
            for left in reversed(range(PATIENCE + 1)):
                async with self._http.stream("GET", path, params=params) as response:
                    if response.status_code == httpx.codes.TOO_MANY_REQUESTS and left:
                        await self._sleep(_seconds(response))
                        continue
                    if not response.is_success:
                        content = await response.aread()
                        raise CommandFailed(_problem(response.status_code, content))
                    with file.open("wb") as target:
                        async for piece in response.aiter_bytes():
                            target.write(piece)
                    return
        except httpx.TransportError as error:
            raise _unreachable(self._http, error) from error

    async def events(self, path: str, body: dict[str, Any]) -> AsyncIterator[tuple[str, Any]]:
        """Post and yield the server-sent events of the answer.

        :raises CommandFailed: the server refused, or the stream broke.
        """
        name = "message"
        try:
            async with self._http.stream("POST", path, json=body) as response:
                if not response.is_success:
                    content = await response.aread()
                    raise CommandFailed(_problem(response.status_code, content))
                async for line in response.aiter_lines():
                    field, _, value = line.partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        yield name, json.loads(value)
        except httpx.TransportError as error:
            raise _unreachable(self._http, error) from error


@asynccontextmanager
async def connected(settings: Settings, target: Target, console: Console) -> AsyncIterator[Client]:
    """Give a client of the API, starting a server for this command where none runs."""
    if target.url:
        async with _client(target.url, _given_key(target)) as client:
            yield client
        return
    folder = DataFolder(settings.data_dir)
    if folder.holder() is not None:
        async with _client(await _url_of_holder(folder), _local_key(folder, target)) as client:
            yield client
        return
    from assay.cli.serving import serving  # noqa: PLC0415 - a client needs none of it

    configure_logging("WARNING")
    console.note("starting Assay …")
    own = settings.model_copy(update={"port": 0, "host": "127.0.0.1"})
    async with serving(own) as url, _client(url, _local_key(folder, target)) as client:
        yield client


@asynccontextmanager
async def _client(url: str, key: str) -> AsyncIterator[Client]:
    if not (key.isascii() and key.isprintable()):
        raise CommandFailed("The API key has characters that no API key has.", 2)
    try:
        http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=120
        )
    except httpx.InvalidURL as error:
        raise CommandFailed(f"{url} is no address: {error}.", 2) from error
    async with http:
        yield Client(http)


async def _url_of_holder(folder: DataFolder) -> str:
    """Return where the holder of the folder serves; it may just be starting."""
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        holder = folder.holder()
        if holder is not None and holder.url:
            return holder.url
        await asyncio.sleep(POLL_SECONDS)
    raise CommandFailed(
        f"{folder.path} is in use by another process that does not answer. End it, or set"
        " ASSAY_DATA_DIR to another folder.",
        5,
    )


def _given_key(target: Target) -> str:
    if target.api_key:
        return target.api_key.strip()
    if target.as_operator:
        raise CommandFailed("Give an operator's key: --operator-key or ASSAY_OPERATOR_KEY.", 2)
    raise CommandFailed("Give an API key: --api-key or ASSAY_API_KEY.", 2)


def _local_key(folder: DataFolder, target: Target) -> str:
    read = read_operator_key if target.as_operator else read_key
    key = read(folder.path)
    if key is None:
        raise CommandFailed(f"{folder.path} has no key that you may read. Are you its owner?")
    return key


def _seconds(response: httpx.Response) -> float:
    """Return how long a limit asks to wait, up to a minute and a bit."""
    told = response.headers.get("retry-after", "1")
    return min(65.0, float(told)) if told.isdecimal() else 1.0


def _unreachable(http: httpx.AsyncClient, error: Exception) -> CommandFailed:
    reason = str(error) or type(error).__name__
    return CommandFailed(f"{http.base_url} cannot be reached ({reason}). Is Assay running there?")


def _problem(status: int, content: bytes) -> str:
    try:
        problem = json.loads(content)
        return f"{problem['detail']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        return _foreign(status)


def _foreign(status: int) -> str:
    return f"The server answered {status} in a form that Assay does not use. Is it an Assay?"
