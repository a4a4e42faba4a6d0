"""No request goes on for ever, and what is given up is stopped."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from assay.adapters.asgi import RequestContext
from assay.adapters.lifecycle import Lifecycle
from assay.settings import Settings

SHORT = Settings(_env_file=None, request_timeout_seconds=0.05)


class Request:
    """One that is under way."""

    endless = False

    def interrupt(self) -> None:
        """Nothing runs."""


def client(answer, lifecycle: Lifecycle | None = None, **options: bool) -> httpx.AsyncClient:
    """Return a client of a small application behind the middleware."""
    paths = ("/v1/ask", "/v1/documents")
    inner = Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path in paths])
    wrapped = RequestContext(inner, SHORT)
    app = SimpleNamespace(state=SimpleNamespace(lifecycle=lifecycle or Lifecycle()))

    async def outer(scope, receive, send) -> None:
        await wrapped({**scope, "app": app}, receive, send)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(outer, **options), base_url="http://assay.test"
    )


async def test_a_request_that_takes_too_long_is_given_up_and_its_work_cancelled():
    cancelled = asyncio.Event()

    async def answer(request):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with client(answer) as asking:
        given_up = await asking.post("/v1/ask")
    assert given_up.status_code == 503
    assert given_up.headers["content-type"] == "application/problem+json"
    assert given_up.headers["retry-after"]
    assert given_up.json()["code"] == "timed_out"
    assert given_up.json()["request_id"] == given_up.headers["x-request-id"]
    assert cancelled.is_set()


async def test_streams_and_downloads_that_began_go_on():
    for media_type in ("text/event-stream", "application/pdf"):

        async def answer(request, media_type=media_type):
            async def pieces():
                yield b"one"
                await asyncio.sleep(0.2)
                yield b"two"

            return StreamingResponse(pieces(), media_type=media_type)

        async with client(answer) as asking:
            assert (await asking.get("/v1/ask")).content == b"onetwo"


async def test_uploads_have_limits_of_their_own():
    async def answer(request):
        await asyncio.sleep(0.2)
        return PlainTextResponse("done")

    async with client(answer) as asking:
        assert (await asking.post("/v1/documents")).text == "done"
        assert (await asking.get("/v1/documents")).status_code == 503


async def test_a_time_out_of_the_application_itself_is_its_own_fault():
    async def answer(request):
        raise TimeoutError

    async with client(answer, raise_app_exceptions=False) as asking:
        assert (await asking.post("/v1/ask")).status_code == 500


async def test_what_is_under_way_is_known_until_it_is_answered():
    lifecycle, inside = Lifecycle(), asyncio.Event()

    async def answer(request):
        inside.set()
        await asyncio.Event().wait()

    async with client(answer, lifecycle) as asking:
        waiting = asyncio.create_task(asking.post("/v1/documents"))
        await inside.wait()
        assert len(lifecycle._open) == 1
        lifecycle.dismiss()  # it is no stream, so it may go on
        await asyncio.sleep(0)
        assert not waiting.done()
        lifecycle.interrupt()
        lifecycle.interrupt()  # told twice, answered once
        assert (await waiting).json()["code"] == "shutting_down"
    assert lifecycle._open == set()


@pytest.mark.parametrize("most", [0, 1, 10, 1000])
def test_processes_end_after_about_as_many_requests(most, monkeypatch):
    signals = []
    monkeypatch.setattr("assay.adapters.lifecycle.os.kill", lambda *given: signals.append(given))
    for _ in range(20):
        lifecycle = Lifecycle(most)
        served = 0
        while not signals and served < 1200:
            lifecycle.begin(Request())
            served += 1
        if most:
            assert most - most // 10 <= served <= most + most // 10
        else:
            assert not signals
        signals.clear()
