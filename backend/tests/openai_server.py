"""A small server that speaks the OpenAI API's chat completions, and fails on demand.

In a test: `async with OpenAIServer() as server`. By hand, from `backend/`:
`python -m tests.openai_server --port 9009`, then `OPENAI_BASE_URL=http://127.0.0.1:9009/v1`.
A fault comes from `server.faults` (one for each request) or from a model named `fault-<name>`.
"""

import argparse
import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

NOT_SAID = "The documents do not say."
BLOCK = re.compile(r"^\[(\d+)\] .*$", re.MULTILINE)
DELIMITER = re.compile(r"^<<.*$|^Question:", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
WORD = re.compile(r"\d[\d,.]*|\w{4,}")


class Fault(StrEnum):
    """What may go wrong."""

    BUSY = "busy"
    UNAVAILABLE = "unavailable"
    ERROR = "error"
    UNAUTHORIZED = "unauthorized"
    NO_CREDIT = "no-credit"
    TOO_LONG = "too-long"
    REFUSED = "refused"
    HANG = "hang"
    """Nothing is answered until the client goes."""
    STALL = "stall"
    """The first piece comes, and nothing after it."""
    CUT = "cut"
    """The connection ends in the middle."""
    UNFINISHED = "unfinished"
    """The events end without a finish reason."""
    BROKEN = "broken"
    """A chunk is not JSON."""
    ERROR_CHUNK = "error-chunk"
    FILTERED = "filtered"
    NO_USAGE = "no-usage"
    BROKEN_JSON = "broken-json"
    """Of a structured answer: it is no JSON."""
    WRONG_TYPES = "wrong-types"
    """It has the members that were asked for, with values of other types."""
    INVENTED = "invented"
    """Its quotes stand nowhere."""
    REFUSAL = "refusal"
    """The model says that it does not want to."""
    CUT_ANSWER = "cut-answer"
    """It is longer than it may be."""


REFUSALS: dict[Fault, tuple[str, str]] = {
    Fault.BUSY: ("429 Too Many Requests", "rate_limit_exceeded"),
    Fault.UNAVAILABLE: ("503 Service Unavailable", "overloaded"),
    Fault.ERROR: ("500 Internal Server Error", "server_error"),
    Fault.UNAUTHORIZED: ("401 Unauthorized", "invalid_api_key"),
    Fault.NO_CREDIT: ("429 Too Many Requests", "insufficient_quota"),
    Fault.TOO_LONG: ("400 Bad Request", "context_length_exceeded"),
    Fault.REFUSED: ("400 Bad Request", "invalid_value"),
}


@dataclass(frozen=True)
class Request:
    """One call that came in; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def answer(prompt: str) -> str:
    """Return the sentence of the numbered passages that suits the question best, cited."""
    passages, _, question = prompt.rpartition("Question:")
    wanted = _words(question)
    best = max(
        ((len(wanted & _words(text)), -number, text) for number, text in _blocks(passages)),
        default=(0, 0, ""),
    )
    if not best[0]:
        return NOT_SAID
    sentence = max(SENTENCE_END.split(best[2]), key=lambda each: len(wanted & _words(each)))
    return f"{sentence} [{-best[1]}]"


def _blocks(passages: str) -> list[tuple[int, str]]:
    headings = list(BLOCK.finditer(passages))
    ends = [each.start() for each in headings[1:]] + [len(passages)]
    return [
        (int(each[1]), " ".join(DELIMITER.split(passages[each.end() : end])[0].split()))
        for each, end in zip(headings, ends, strict=False)  # no heading, no block
    ]


def _words(text: str) -> set[str]:
    return {each.rstrip(".,") for each in WORD.findall(text.lower())}


def structured(body: dict[str, Any]) -> dict[str, Any]:
    """Return an object of the schema that was asked for, out of lines such as `Name: value`."""
    prompt = body["messages"][-1]["content"]
    lines = _lines_by_page(prompt)
    schema = body["response_format"]["json_schema"]["schema"]
    return {name: _made(part, lines) for name, part in schema["properties"].items()}


def _lines_by_page(prompt: str) -> list[tuple[int, str]]:
    data = re.split(r"^<<[0-9a-f]+>>$", prompt, flags=re.MULTILINE)[1]
    page, lines = 1, []
    for line in data.split("\n"):
        heading = re.fullmatch(r"Page (\d+)|\[(\d+)\] .*", line)
        if heading:
            page = int(heading[1] or heading[2])
        elif line.strip():
            lines.append((page, line.strip()))
    return lines


def _made(part: dict[str, Any], lines: list[tuple[int, str]]) -> Any:
    if part["type"] == "array":
        return [_item(part["items"], page, line) for page, line in lines[:3]]
    if "quote" not in part.get("properties", {}):
        return next((each for each in part.get("enum", [lines[0][1] if lines else None])), None)
    label = part.get("description", "").split(".")[0].casefold()
    found = [(p, line) for p, line in lines if line.casefold().startswith(f"{label}:")]
    page, line = found[0] if found else (None, None)
    value = line.split(":", 1)[1].strip() if line else None
    given = {"quote": line, "page": page, "text": value, "items": [value] if value else []}
    return {name: given[name] if name in given else _value(each, value)
            for name, each in part["properties"].items()}  # fmt: skip


def _value(part: dict[str, Any], value: str | None) -> Any:
    if "boolean" in part["type"]:
        return None if value is None else value.casefold() == "yes"
    return value if value in part["enum"] else None


def _item(item: dict[str, Any], page: int, line: str) -> Any:
    """Return an item of a list made of one line of the text."""
    if item["type"] == "integer":
        return page
    if item["type"] == "string":
        return line
    plain = {"text": line, "quote": line, "page": page, "topic": line.split(":", maxsplit=1)[0],
             "verdict": "differs"}  # fmt: skip
    return {
        name: plain[name] if name in plain else _item_or_list(part, page, line)
        for name, part in item["properties"].items()
    }


def _item_or_list(part: dict[str, Any], page: int, line: str) -> Any:
    return [_item(part["items"], page, line)] if part["type"] == "array" else None


def _spoiled(value: Any) -> Any:
    """Return values of other types than they were."""
    if isinstance(value, dict):
        return {name: _spoiled(each) for name, each in value.items()}
    return {"not": "this"} if not isinstance(value, list) else "not a list"


def _invented(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "Nobody ever wrote this." if name == "quote" and each else _invented(each)
            for name, each in value.items()
        }
    return [_invented(each) for each in value] if isinstance(value, list) else value


@dataclass
class OpenAIServer:
    """The server; what it was asked is in `requests`."""

    port: int = 0
    reply: Callable[[str], str] = answer
    structure: Callable[[dict[str, Any]], Any] = structured
    """Makes the object of a structured answer, out of the request's body."""
    delay: float = 0
    """Seconds between two pieces."""
    retry_after: str = "0.01"
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client left before its answer had ended."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve_forever(self) -> None:
        await self._server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            request = await _read(reader)
            self.requests.append(request)
            self.asked.set()
            await self._until_disconnect(reader, self._respond(request, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _until_disconnect(self, reader: asyncio.StreamReader, answering: Any) -> None:
        answer_task = asyncio.ensure_future(answering)
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer_task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer_task.done():
                self.disconnected.set()
        finally:
            answer_task.cancel()
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await answer_task

    async def _respond(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path != "/v1/chat/completions":
            _write_json(writer, "404 Not Found", _error("unknown_url"))
            return
        fault = self._fault(request)
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault in REFUSALS:
            status, code = REFUSALS[fault]
            _write_json(writer, status, _error(code), f"Retry-After: {self.retry_after}\r\n")
        elif request.body.get("stream"):
            await self._stream(request.body, fault, writer)
        elif "response_format" in request.body:
            await asyncio.sleep(self.delay)
            _write_json(writer, "200 OK", self._structured(request.body, fault))
        else:
            _write_json(writer, "200 OK", _completion(request.body, self._text(request.body)))
        await writer.drain()

    def _structured(self, body: dict[str, Any], fault: Fault | None) -> Any:
        value = self.structure(body)
        if fault is Fault.WRONG_TYPES:
            value = _spoiled(value)
        if fault is Fault.INVENTED:
            value = _invented(value)
        text = json.dumps(value)
        completion = _completion(body, text[:-1] if fault is Fault.BROKEN_JSON else text)
        choice = completion["choices"][0]
        if fault is Fault.REFUSAL:
            choice["message"] |= {"content": None, "refusal": "I do not want to."}
        if fault is Fault.CUT_ANSWER:
            choice["finish_reason"] = "length"
        if fault is Fault.FILTERED:
            choice["finish_reason"] = "content_filter"
        if fault is Fault.NO_USAGE:
            del completion["usage"]
        return completion

    def _fault(self, request: Request) -> Fault | None:
        if self.faults:
            return self.faults.pop(0)
        model = request.body["model"]
        return Fault(model.removeprefix("fault-")) if model.startswith("fault-") else None

    def _text(self, body: dict[str, Any]) -> str:
        return self.reply(body["messages"][-1]["content"])

    async def _stream(
        self, body: dict[str, Any], fault: Fault | None, writer: asyncio.StreamWriter
    ) -> None:
        _write_head(writer, "200 OK", "text/event-stream", "Transfer-Encoding: chunked\r\n")
        async for event in self._events(body, fault):
            data = f"data: {event}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
        if fault is not Fault.CUT:
            writer.write(b"0\r\n\r\n")

    async def _events(self, body: dict[str, Any], fault: Fault | None) -> AsyncIterator[str]:
        text = self._text(body)
        pieces = re.findall(r"\S+\s*", text)
        for number, piece in enumerate(pieces):
            yield _chunk(body, [_choice({"content": piece})])
            if number == 0:
                for event in _first_fault(fault):
                    yield event
                if fault is Fault.STALL:
                    await asyncio.Event().wait()
                if fault in {Fault.CUT, Fault.UNFINISHED}:
                    return
            await asyncio.sleep(self.delay)
        reason = "content_filter" if fault is Fault.FILTERED else "stop"
        yield _chunk(body, [_choice({}, reason)])
        if fault is not Fault.NO_USAGE and body.get("stream_options", {}).get("include_usage"):
            yield _chunk(body, [], _usage(body, text))
        yield "[DONE]"


def _first_fault(fault: Fault | None) -> list[str]:
    if fault is Fault.BROKEN:
        return ['{"id": "cut he']
    if fault is Fault.ERROR_CHUNK:
        return [json.dumps(_error("server_error"))]
    return []


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    content = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(first.split()[1], headers, json.loads(content or b"{}"))


def _write_head(writer: asyncio.StreamWriter, status: str, kind: str, more: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n{more}\r\n"
    writer.write(head.encode())


def _write_json(writer: asyncio.StreamWriter, status: str, body: Any, more: str = "") -> None:
    content = json.dumps(body).encode()
    _write_head(writer, status, "application/json", f"Content-Length: {len(content)}\r\n{more}")
    writer.write(content)


def _error(code: str) -> dict[str, Any]:
    message = "vendor detail that quotes the prompt and sk-secret"
    return {"error": {"message": message, "type": "x", "param": None, "code": code}}


def _choice(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}


def _chunk(body: dict[str, Any], choices: list[dict[str, Any]], usage: Any = None) -> str:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0}
    return json.dumps({**head, "model": body["model"], "choices": choices, "usage": usage})


def _usage(body: dict[str, Any], text: str) -> dict[str, Any]:
    given = sum(len(each["content"].split()) for each in body["messages"])
    said = len(text.split())
    return {"prompt_tokens": given, "completion_tokens": said, "total_tokens": given + said}


def _completion(body: dict[str, Any], text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0}
    return {**head, "model": body["model"], "choices": [choice], "usage": _usage(body, text)}


async def _main(port: int, delay: float) -> None:
    async with OpenAIServer(port=port, delay=delay) as server:
        print(f"OPENAI_BASE_URL={server.url}", flush=True)  # noqa: T201 - run by hand
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9009)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between two pieces")
    given_arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(given_arguments.port, given_arguments.delay))
