"""Several nodes: each failure is caused, and the clock of the breakers is the test's."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which
from typing import Any
from uuid import uuid4

import pytest

from assay.adapters.breaker import BreakerState
from assay.adapters.vectors import SearchMode, VectorQuery, VectorStore
from assay.adapters.vectors_nodes import NodeHealth, Nodes
from assay.errors import Unavailable
from assay.scope import TenantScope
from assay.settings import Settings
from tests.adapters.test_breaker import Clock
from tests.qdrant_node import Answer, Asked, Hangup, QdrantNode, never, status, well

PATIENCE = 5.0
BRIEF = 0.05
"""Seconds until a hanging node is given up."""


def settings_for(*nodes: QdrantNode, **changes: Any) -> Settings:
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return Settings(_env_file=None, qdrant_host=hosts, qdrant_api_key="a key", **changes)


@pytest.fixture
async def three() -> AsyncIterator[list[QdrantNode]]:
    nodes = [await QdrantNode().start() for _ in range(3)]
    yield nodes
    for node in nodes:
        await node.stop()


@pytest.fixture
async def one() -> AsyncIterator[QdrantNode]:
    node = await QdrantNode().start()
    yield node
    await node.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def call(nodes: Nodes, seconds: float = PATIENCE) -> int:
    return (await nodes.send("POST", "/call", b"{}", seconds)).status


async def refused(nodes: Nodes, seconds: float = PATIENCE) -> None:
    with pytest.raises(Unavailable) as caught:
        await call(nodes, seconds)
    assert caught.value.code == "vectors_unavailable"


async def test_calls_go_round(three):
    nodes = Nodes(settings_for(*three))
    for _ in range(6):
        assert await call(nodes) == 200
    assert [len(node.calls) for node in three] == [2, 2, 2]
    await nodes.close()


async def test_a_killed_node_costs_no_call_and_is_soon_left_alone(three, clock):
    nodes = Nodes(settings_for(*three), clock)
    await three[0].stop()
    for _ in range(30):
        assert await call(nodes) == 200
    state = nodes.states()[0]
    assert (state.breaker, state.consecutive_failures) == (BreakerState.OPEN, 5)
    assert nodes.states()[1].breaker is BreakerState.CLOSED
    await nodes.close()


async def test_a_node_that_came_back_is_used_after_its_time(three, clock):
    nodes = Nodes(settings_for(*three), clock)
    await three[0].stop()
    for _ in range(15):
        await call(nodes)
    await three[0].start()
    for _ in range(3):
        await call(nodes)
    assert three[0].calls == []
    clock.now += 30
    for _ in range(6):
        assert await call(nodes) == 200
    assert len(three[0].calls) == 2
    assert nodes.states()[0].breaker is BreakerState.CLOSED
    await nodes.close()


async def test_a_hanging_node_is_given_up_and_another_asked(three):
    three[0].answer = never
    nodes = Nodes(settings_for(*three))
    assert await call(nodes, BRIEF) == 200
    assert [len(node.calls) for node in three] == [1, 1, 0]
    await nodes.close()


async def test_a_hanging_node_is_left_alone_after_five_calls(one, clock):
    one.answer = never
    nodes = Nodes(settings_for(one), clock)
    for _ in range(7):
        await refused(nodes, BRIEF)
    assert len(one.calls) == 5
    await nodes.close()


async def test_a_slow_node_holds_up_nobody_else(three):
    answered = asyncio.Event()

    async def slow(request: Asked) -> Answer:
        await answered.wait()
        return await well(request)

    three[0].answer = slow
    nodes = Nodes(settings_for(*three))
    waiting = asyncio.create_task(call(nodes))
    await three[0].asked.wait()
    assert [await call(nodes) for _ in range(2)] == [200, 200]
    answered.set()
    assert await waiting == 200
    await nodes.close()


async def test_half_open_lets_one_call_through(one, clock):
    nodes = Nodes(settings_for(one), clock)
    await one.stop()
    for _ in range(5):
        await refused(nodes)
    await one.start()
    await refused(nodes)
    clock.now += 30
    answered = asyncio.Event()

    async def slow(request: Asked) -> Answer:
        await answered.wait()
        return await well(request)

    one.answer = slow
    probe = asyncio.create_task(call(nodes))
    await one.asked.wait()
    await refused(nodes)
    assert len(one.calls) == 1
    answered.set()
    assert await probe == 200
    assert await call(nodes) == 200
    await nodes.close()


async def test_a_probe_whose_caller_left_makes_room_for_the_next(one, clock):
    nodes = Nodes(settings_for(one), clock)
    await one.stop()
    for _ in range(5):
        await refused(nodes)
    await one.start()
    clock.now += 30
    one.answer = never
    probe = asyncio.create_task(call(nodes))
    await one.asked.wait()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    one.answer = well
    assert await call(nodes) == 200
    await nodes.close()


@pytest.mark.parametrize("number", [502, 503, 504])
async def test_a_node_that_serves_nobody_is_passed_over(three, number):
    three[0].answer = status(number)
    nodes = Nodes(settings_for(*three))
    assert await call(nodes) == 200
    assert nodes.states()[0].consecutive_failures == 1
    await nodes.close()


async def test_an_error_of_the_engine_is_not_the_nodes(three):
    """A query that no node can answer must not take all nodes from everybody."""
    for node in three:
        node.answer = status(500)
    nodes = Nodes(settings_for(*three))
    for _ in range(20):
        assert await call(nodes) == 500
    assert {state.breaker for state in nodes.states()} == {BreakerState.CLOSED}
    await nodes.close()


async def test_at_most_two_nodes_are_asked_for_one_call(three):
    for node in three:
        node.answer = status(503)
    nodes = Nodes(settings_for(*three))
    await refused(nodes)
    assert sum(len(node.calls) for node in three) == 2
    await nodes.close()


async def test_three_failed_checks_take_a_node_out_and_two_good_ones_bring_it_back(three):
    nodes = Nodes(settings_for(*three))
    three[0].answer = status(500)

    async def state_after_check() -> NodeHealth:
        await nodes.check()
        return nodes.states()[0].state

    up, down = NodeHealth.UP, NodeHealth.DOWN
    assert [await state_after_check() for _ in range(3)] == [up, up, down]
    for _ in range(6):
        assert await call(nodes) == 200
    assert three[0].calls == []
    three[0].answer = well
    assert await state_after_check() is down
    three[0].answer = status(500)
    assert await state_after_check() is down
    three[0].answer = well
    assert [await state_after_check() for _ in range(2)] == [down, up]
    for _ in range(3):
        await call(nodes)
    assert len(three[0].calls) == 1
    await nodes.close()


@pytest.mark.parametrize("failure", ["killed", "hanging"])
async def test_a_check_of_a_node_that_does_not_answer_fails(one, failure):
    nodes = Nodes(settings_for(one, qdrant_check_timeout_seconds=BRIEF))
    if failure == "killed":
        await one.stop()
    one.answer = never
    for _ in range(3):
        await nodes.check()
    assert nodes.states()[0].state is NodeHealth.DOWN
    await nodes.close()


async def test_two_failed_checks_and_a_good_one_count_for_nothing(one):
    nodes = Nodes(settings_for(one))
    for answer in (status(500), status(500), well, status(500), status(500)):
        one.answer = answer
        await nodes.check()
    assert nodes.states()[0].state is NodeHealth.UP
    await nodes.close()


async def test_when_all_are_out_nobody_is_asked(three):
    nodes = Nodes(settings_for(*three))
    for node in three:
        node.answer = status(500)
    for _ in range(3):
        await nodes.check()
    await refused(nodes)
    assert all(node.calls == [] for node in three)
    await nodes.close()


async def test_nodes_are_checked_regularly(one):
    nodes = Nodes(settings_for(one, qdrant_check_seconds=0.01))
    await call(nodes)
    for _ in range(2):
        one.asked.clear()
        await asyncio.wait_for(one.asked.wait(), 10)
    assert one.requests[-1].target == "/readyz"
    await nodes.close()


async def test_a_dead_kept_connection_is_replaced(one):
    nodes = Nodes(settings_for(one))
    assert await call(nodes) == 200

    async def hang_up_once(_: Asked) -> Answer:
        one.answer = well
        raise Hangup

    one.answer = hang_up_once
    assert await call(nodes) == 200
    assert len(one.calls) == 3
    assert nodes.states()[0].consecutive_failures == 0
    await nodes.close()


async def test_the_key_goes_to_the_node_and_never_along_a_redirect(three):
    first, second, _ = three
    first.answer = status(307)
    first.headers = {"Location": f"http://127.0.0.1:{second.port}/call"}
    nodes = Nodes(settings_for(first))
    assert await call(nodes) == 307
    assert first.calls[0].headers["api-key"] == "a key"
    assert second.requests == []
    await nodes.close()


async def test_without_a_key_none_is_sent(one):
    settings = Settings(_env_file=None, qdrant_host=f"127.0.0.1:{one.port}")
    nodes = Nodes(settings)
    await call(nodes)
    assert "api-key" not in one.calls[0].headers
    await nodes.close()


async def test_the_store_tells_its_nodes_and_what_they_answer_amiss(one, clock):
    store = VectorStore(settings_for(one), 4, clock=clock)
    query = VectorQuery("net sales", None, SearchMode.LEXICAL, 10)
    assert await store.search(TenantScope(uuid4()), query) == []
    for answer in (status(500), status(401), status(404)):
        one.answer = answer
        with pytest.raises(Unavailable):
            await store.search(TenantScope(uuid4()), query)
    (node,) = store.topology()
    assert (node.address, node.state, node.breaker, node.consecutive_failures) == (
        f"127.0.0.1:{one.port}",
        NodeHealth.UP,
        BreakerState.CLOSED,
        0,
    )
    await one.stop()
    assert not await store.healthy()
    assert store.topology()[0].consecutive_failures == 1
    await store.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    openssl = which("openssl")
    if not openssl:
        pytest.skip("not run: no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    return key, made


@pytest.fixture
async def encrypted(certificate) -> AsyncIterator[QdrantNode]:
    key, made = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    node = await QdrantNode(tls=context).start()
    yield node
    await node.stop()


async def test_a_certificate_of_a_stranger_gets_no_call(encrypted):
    nodes = Nodes(settings_for(encrypted, qdrant_tls=True))
    await refused(nodes)
    assert encrypted.requests == []
    await nodes.close()


async def test_a_trusted_certificate_does(encrypted, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    nodes = Nodes(settings_for(encrypted, qdrant_tls=True))
    assert await call(nodes) == 200
    await nodes.close()
