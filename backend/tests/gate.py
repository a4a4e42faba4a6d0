"""A way to a server that a test closes and opens again."""

import asyncio


class Gate:
    """A way to a server of this machine that can be closed and opened again."""

    def __init__(self, port: int) -> None:
        self._target, self._writers = port, set()
        self._cut: tuple[tuple[bytes, ...], str] | None = None
        self.cut = asyncio.Event()
        self.server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.server.close()
        for writer in self._writers:
            writer.transport.abort()

    def cut_at(self, *words: bytes, moment: str) -> None:
        """Cut the next connection on which a client sends these words at once.

        :param moment: `statement`, where they do not arrive; `commit`, where the next commit on
            that connection does not; `answer`, where it does, and only its answer is lost.
        """
        self._cut = (words, moment)
        self.cut.clear()

    async def _relay(self, reader, writer) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there[1]}
        await asyncio.gather(self._send(reader, there[1], writer), self._copy(there[0], writer))

    async def _send(self, reader, writer, client) -> None:
        awaited = None
        try:
            while chunk := await reader.read(65536):
                awaited = self._moment(chunk) or awaited
                if awaited == "statement" or (awaited and b"COMMIT" in chunk):
                    client.transport.abort()
                    self.cut.set()
                    if awaited != "answer":
                        break
                    awaited = None
                writer.write(chunk)
        except ConnectionError:
            pass
        writer.close()

    def _moment(self, chunk: bytes) -> str | None:
        if not self._cut or not all(word in chunk for word in self._cut[0]):
            return None
        moment, self._cut = self._cut[1], None
        return moment

    async def _copy(self, reader, writer) -> None:
        try:
            while chunk := await reader.read(65536):
                writer.write(chunk)
        except ConnectionError:
            pass
        writer.close()
