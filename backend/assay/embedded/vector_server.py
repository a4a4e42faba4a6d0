"""The vector process: Qdrant's engine behind the part of Qdrant's REST interface that Assay uses.

`python -m assay.embedded.vector_server --data DIR --port N`, with the key that every call must
carry as `api-key` in the environment variable QDRANT_API_KEY. It is a process of its own because
the engine's longer operations hold Python's global lock.

A plain ASGI application: one framework less on the path of every search.
"""

import argparse
import asyncio
import contextlib
import hmac
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import orjson
import qdrant_edge as edge
import uvicorn
import uvloop
from pydantic import ValidationError

from assay.embedded import vector_bodies as bodies
from assay.embedded.vector_engine import Collection, Engine, InUse, Refused

log = logging.getLogger("assay.vectors")

MAX_BODY_BYTES = 64 * 1024 * 1024
FLUSH_SECONDS = 5
SHUTDOWN_SECONDS = 5
OPEN_PATHS = {"/", "/healthz", "/livez", "/readyz"}
PATH = re.compile(r"/collections/(?P<name>[^/]+)(?P<call>/.+)?")
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[str, bytes], Awaitable[Any]]
Model = TypeVar("Model", bound=bodies.Body)


class Failure(Exception):
    """An answer other than 200, in Qdrant's form."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class VectorServer:
    """The ASGI application."""

    def __init__(self, engine: Engine, api_key: str) -> None:
        self._engine = engine
        self._key = api_key.encode()
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", ""): self._info,
            ("PUT", ""): self._create,
            ("GET", "/exists"): self._exists,
            ("PUT", "/index"): self._create_index,
            ("PUT", "/points"): self._upsert,
            ("POST", "/points/delete"): self._delete,
            ("POST", "/points/count"): self._count,
            ("POST", "/points/scroll"): self._scroll,
            ("POST", "/points/query"): self._query,
            ("POST", "/facet"): self._facet,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        try:
            status, result = 200, await self._answer(scope, receive)
            answer: dict[str, Any] = {"result": result, "status": "ok"}
        except Failure as failure:
            status, answer = failure.status, {"status": {"error": failure.error}}
        answer["time"] = time.perf_counter() - started
        await _respond(send, status, orjson.dumps(answer))

    async def _answer(self, scope: Message, receive: Receive) -> Any:
        path = scope["path"]
        body = await _body(receive)
        if path in OPEN_PATHS:
            return {"title": "assay vector process", "version": version("qdrant-edge-py")}
        self._authenticate(scope["headers"])
        if path == "/collections" and scope["method"] == "GET":
            return {"collections": [{"name": name} for name in self._engine.names()]}
        name, handler = self._route(scope["method"], path)
        try:
            return await handler(name, body)
        except Failure:
            raise
        except ValidationError as error:
            raise Failure(400, f"Format error in JSON body: {_first(error)}") from error
        except Refused as error:
            raise Failure(400, f"Wrong input: {error}") from error
        except Exception as error:
            log.exception("a request failed")
            raise Failure(500, "Service internal error") from error

    def _authenticate(self, headers: list[tuple[bytes, bytes]]) -> None:
        given = dict(headers).get(b"api-key")
        if given is None:
            raise Failure(401, "Must provide an API key")
        if not hmac.compare_digest(given, self._key):
            raise Failure(403, "Invalid API key")

    def _route(self, method: str, path: str) -> tuple[str, Handler]:
        match = PATH.fullmatch(path)
        handler = match and self._routes.get((method, match["call"] or ""))
        if not match or not handler:
            raise Failure(404, "Not found")
        if not NAME.fullmatch(match["name"]):
            raise Failure(400, "Wrong input: collection names have letters, digits, - and _")
        return match["name"], handler

    def _collection(self, name: str) -> Collection:
        collection = self._engine.get(name)
        if collection is None:
            raise Failure(404, f"Not found: Collection `{name}` doesn't exist!")
        return collection

    async def _exists(self, name: str, _body: bytes) -> Any:
        return {"exists": self._engine.get(name) is not None}

    async def _info(self, name: str, _body: bytes) -> Any:
        collection = self._collection(name)
        return describe(collection, await self._engine.read(collection.info))

    async def _create(self, name: str, body: bytes) -> Any:
        config = bodies.CreateCollection.model_validate_json(body)
        if not await self._engine.write(lambda: self._engine.create(name, config)):
            raise Failure(409, f"Wrong input: Collection `{name}` already exists!")
        return True

    async def _create_index(self, name: str, body: bytes) -> Any:
        return await self._update(name, body, bodies.CreateIndex, Collection.create_index)

    async def _upsert(self, name: str, body: bytes) -> Any:
        return await self._update(name, body, bodies.Upsert, Collection.upsert)

    async def _delete(self, name: str, body: bytes) -> Any:
        return await self._update(name, body, bodies.Delete, Collection.delete)

    async def _update(
        self, name: str, body: bytes, model: type[Model], work: Callable[[Collection, Model], None]
    ) -> Any:
        collection, parsed = self._collection(name), model.model_validate_json(body)
        await self._engine.write(lambda: work(collection, parsed))
        return {"operation_id": 0, "status": "completed"}

    async def _count(self, name: str, body: bytes) -> Any:
        return {"count": await self._search(name, body, bodies.Count, Collection.count)}

    async def _scroll(self, name: str, body: bytes) -> Any:
        return await self._search(name, body, bodies.Scroll, Collection.scroll)

    async def _query(self, name: str, body: bytes) -> Any:
        return {"points": await self._search(name, body, bodies.Query, Collection.query)}

    async def _facet(self, name: str, body: bytes) -> Any:
        return {"hits": await self._search(name, body, bodies.Facet, Collection.facet)}

    async def _search(
        self, name: str, body: bytes, model: type[Model], work: Callable[[Collection, Model], Any]
    ) -> Any:
        collection, parsed = self._collection(name), model.model_validate_json(body)
        return await self._engine.read(lambda: work(collection, parsed))


def describe(collection: Collection, info: "edge.ShardInfo") -> dict[str, Any]:
    """Return Qdrant's `CollectionInfo`."""
    vectors = collection.config.model_dump(mode="json")
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": info.segments_count,
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "config": {
            "params": vectors,
            "hnsw_config": bodies.Hnsw().model_dump(mode="json"),
            "optimizer_config": {
                "default_segment_number": 0,
                "flush_interval_sec": FLUSH_SECONDS,
            },
        },
        "payload_schema": {
            name: {
                "data_type": str(index.data_type).rpartition(".")[2].lower(),
                "points": index.points,
            }
            for name, index in info.payload_schema.items()
        },
    }


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{first['msg']} at {'.'.join(map(str, first['loc'])) or 'the body'}"


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Failure(400, "The request ended before its body")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            raise Failure(413, f"The body exceeds {MAX_BODY_BYTES} bytes")
    return bytes(body)


async def _respond(send: Send, status: int, content: bytes) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _flush_regularly(engine: Engine) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await engine.write(engine.flush)
        except Exception:
            # A full disk may have room again; until then the log keeps what was acknowledged.
            log.exception("flushing failed")


class _Server(uvicorn.Server):
    """Uvicorn that ends with 0 on SIGTERM instead of passing the signal on."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def _serve(engine: Engine, api_key: str, port: int) -> None:
    config = uvicorn.Config(
        VectorServer(engine, api_key),
        host="127.0.0.1",
        port=port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    flushing = asyncio.create_task(_flush_regularly(engine))
    try:
        await _Server(config).serve()
    finally:
        flushing.cancel()


def main() -> int:
    """Serve until SIGTERM; 0 at a regular end, 2 where the folder or the key is not usable."""
    parser = argparse.ArgumentParser(prog="assay.embedded.vector_server")
    parser.add_argument("--data", type=Path, required=True, help="folder of the collections")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    options = parser.parse_args()
    api_key = os.environ.get("QDRANT_API_KEY", "")
    if not api_key:
        print("QDRANT_API_KEY is not set", file=sys.stderr)  # noqa: T201 -- a program's own end
        return 2
    try:
        engine = Engine(options.data)
    except InUse as error:
        print(error, file=sys.stderr)  # noqa: T201 -- a program's own end
        return 2
    try:
        uvloop.run(_serve(engine, api_key, options.port))
    finally:
        engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
