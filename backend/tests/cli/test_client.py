"""The command line's client: it waits where a limit asks for it, and gives up in the end."""

import httpx
import pytest

from assay.cli.client import PATIENCE, Client
from assay.cli.failures import CommandFailed


def client(answers: list[httpx.Response], bodies: list[bytes], waits: list[float]) -> Client:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return answers.pop(0)

    transport = httpx.MockTransport(answer)
    return Client(httpx.AsyncClient(transport=transport, base_url="http://assay.test"), sleep)


def refused(seconds: str) -> httpx.Response:
    problem = {"detail": "The limit is reached.", "code": "rate_limited"}
    return httpx.Response(429, json=problem, headers={"Retry-After": seconds})


async def test_a_limit_is_waited_for_and_the_file_sent_whole_again(tmp_path):
    path, bodies, waits = tmp_path / "a.txt", [], []
    path.write_text("all of it")
    done = httpx.Response(202, json={"documents": [{"id": "1"}]})
    answers = [refused("7"), refused("nonsense"), done]
    assert (await client(answers, bodies, waits).upload(path, None))["id"] == "1"
    assert waits == [7.0, 1.0]
    assert all(b"all of it" in body for body in bodies)


async def test_who_is_refused_again_and_again_is_told():
    waits: list[float] = []
    answers = [refused("999") for _ in range(PATIENCE + 1)]
    with pytest.raises(CommandFailed, match="limit is reached"):
        await client(answers, [], waits).call("GET", "/v1/me")
    assert waits == [65.0] * PATIENCE
