"""One connection to Redis, on which all commands of a process are under way at once.

redis-py takes a connection for each command under way, so that a hundred requests at once open a
hundred connections, and it takes the time in which the event loop serves others for Redis's
silence (`docs/decisions/0007`). Of it only the errors are used here, and hiredis for the protocol.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, cast

import hiredis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as Silent

from assay.settings import Settings

TICK_SECONDS = 0.05
SILENT_TICKS = 5
"""Ticks after which a command that was not answered means that Redis is silent.

A tick takes as long as the loop takes to come round to it, and between two of them the loop reads
what has arrived. So a busy loop makes ticks longer, and does not make Redis late.
"""
CONNECT_TICKS = 10

_NOTHING = object()
_REFUSALS = {"NOSCRIPT": NoScriptError, "READONLY": ReadOnlyError}

Part = str | int | bytes


class Wire:
    """Sends commands, and connects when there is no connection."""

    def __init__(self, settings: Settings, failed: Callable[[RedisError], None]) -> None:
        """Keep where Redis is; nothing is sent yet.

        :param failed: told once of each failure, however many commands it takes along.
        """
        self._settings, self._failed = settings, failed
        self._connection: _Connection | None = None
        self._opening: asyncio.Task[_Connection] | None = None

    async def call(self, *command: Part) -> Any:
        """Return the answer, with texts as bytes.

        Where Redis closes the connection meanwhile, it is asked once more: the command may run
        twice.

        :raises ResponseError: Redis refuses the command.
        :raises RedisError: Redis is away, or silent.
        """
        try:
            return await (await self._connected()).send(command)
        except ConnectionLost:
            if self._connection is None:  # it was not to be had
                raise
        try:
            return await (await self._connected()).send(command)
        except ConnectionLost as error:
            if self._connection is not None:
                self._failed(error)
            raise

    async def close(self) -> None:
        """Close the connection."""
        if self._opening is not None:
            self._opening.cancel()
        if self._connection is not None:
            self._connection.close()

    async def _connected(self) -> "_Connection":
        if self._connection is not None and self._connection.is_open:
            return self._connection
        if self._opening is None:
            # It outlives the request that happens to be first, and is not charged to it.
            start = asyncio.get_running_loop().create_task
            self._opening = Context().run(start, self._open())
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    def _opened(self, opening: "asyncio.Task[_Connection]") -> None:
        self._opening = self._connection = None
        if opening.cancelled():
            return
        error = opening.exception()
        if error is None:
            self._connection = opening.result()
        elif isinstance(error, RedisError):
            self._failed(error)

    async def _open(self) -> "_Connection":
        connection = await self._dialled()
        password = self._settings.redis_password.get_secret_value()
        try:
            await connection.send(("AUTH", password) if password else ("PING",))
        except ResponseError as error:
            connection.close()
            raise ConnectionLost(str(error)) from error
        connection.silent = self._failed  # until here the failure to open is told instead
        return connection

    async def _dialled(self) -> "_Connection":
        loop, settings = asyncio.get_running_loop(), self._settings
        dialling = loop.create_task(
            loop.create_connection(
                _Connection,
                settings.redis_host,
                settings.redis_port,
                ssl=ssl.create_default_context() if settings.redis_tls else None,
            )
        )
        try:
            for _ in range(CONNECT_TICKS):
                await asyncio.wait({dialling}, timeout=TICK_SECONDS)
                if dialling.done():
                    return dialling.result()[1]
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        finally:
            dialling.cancel()
        raise Silent("Redis takes no connection")


class _Connection(asyncio.Protocol):
    """Pairs answers with commands: Redis answers in order."""

    def __init__(self) -> None:
        self.silent: Callable[[RedisError], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=_refusal, notEnoughData=_NOTHING)
        self._waiting: deque[tuple[asyncio.Future[Any], int]] = deque()
        """Commands under way, each with the tick in which it was sent."""
        self._unsent: list[bytes] = []
        self._tick = 0
        self._clock: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Whether commands can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, command: tuple[Part, ...]) -> "asyncio.Future[Any]":
        """Send a command; commands of one turn of the loop leave together."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        if not self.is_open:
            answer.set_exception(ConnectionLost("Redis closed the connection"))
            return answer
        packed = hiredis.pack_command(command)  # type: ignore[arg-type] # its type is of one part
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(packed)
        self._waiting.append((answer, self._tick))
        if self._clock is None:
            self._clock = self._loop.call_later(TICK_SECONDS, self._count_tick)
        return answer

    def close(self) -> None:
        """Close the connection; what waits learns that it is lost."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand each answer to the command that waits longest."""
        self._reader.feed(data)
        moved = False
        try:
            while (answer := self._reader.gets()) is not _NOTHING:
                moved = moved or isinstance(answer, ReadOnlyError)
                self._answer(answer)
        except hiredis.ProtocolError:
            self.close()
        if moved:  # this server is a replica by now, and its name leads to another one
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all that wait."""
        self._give_up(ConnectionLost(str(exc or "Redis closed the connection")))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self.is_open and self._transport is not None:
            self._transport.write(b"".join(unsent))

    def _answer(self, answer: Any) -> None:
        if not self._waiting:
            raise hiredis.ProtocolError("an answer to nothing")
        future, _ = self._waiting.popleft()
        if future.done():  # who asked has left
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def _count_tick(self) -> None:
        self._tick += 1
        self._clock = None
        if not self._waiting:
            return
        if self._tick - self._waiting[0][1] > SILENT_TICKS:
            error = Silent("Redis is silent")
            if self.silent is not None:
                self.silent(error)
            self._give_up(error)
            self.close()
        else:
            self._clock = self._loop.call_later(TICK_SECONDS, self._count_tick)

    def _give_up(self, error: RedisError) -> None:
        waiting, self._waiting = self._waiting, deque()
        for future, _ in waiting:
            if not future.done():
                future.set_exception(error)


def _refusal(message: str) -> Exception:
    kind = _REFUSALS.get(message.partition(" ")[0], ResponseError)
    return kind(message)
