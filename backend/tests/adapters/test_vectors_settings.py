"""Where the vectors are, and what may be sent there."""

import pytest
from pydantic import ValidationError

from assay.adapters.vectors_nodes import Nodes
from assay.embedded.doctor import examine
from assay.settings import Settings
from tests.vector_process import free_port


def made(host: str, **changes: object) -> Settings:
    return Settings(_env_file=None, qdrant_host=host, **changes)


@pytest.mark.parametrize(
    ("host", "nodes"),
    [
        ("", ()),
        ("qdrant", (("qdrant", 6333),)),
        ("10.0.1.5:7000", (("10.0.1.5", 7000),)),
        ("a, b:6334 ,,c", (("a", 6333), ("b", 6334), ("c", 6333))),
        ("[::1]:6334,[::1]", (("::1", 6334), ("::1", 6333))),
    ],
)
def test_names_one_or_several_nodes(host, nodes):
    assert made(host).qdrant_nodes == nodes


@pytest.mark.parametrize(
    "host", ["a:b", "a:70000", "http://a:6333", "a/b", "me@a", "a b:1:2", ":1"]
)
def test_refuses_what_is_no_address(host):
    with pytest.raises(ValidationError, match="QDRANT_HOST takes host or host:port"):
        made(host)


def test_the_seeds_numbers_are_the_defaults():
    settings = made("qdrant")
    assert (
        settings.qdrant_check_seconds,
        settings.qdrant_check_timeout_seconds,
        settings.qdrant_unhealthy_checks,
        settings.qdrant_healthy_checks,
        settings.qdrant_breaker_failures,
        settings.qdrant_breaker_seconds,
    ) == (30, 5, 3, 2, 5, 30)


@pytest.mark.parametrize("host", ["10.0.1.5", "qdrant.internal", "127.0.0.1,10.0.1.5:6334"])
def test_a_key_does_not_cross_the_network_in_clear(host):
    with pytest.raises(ValidationError, match="QDRANT_KEY_IN_CLEAR") as caught:
        made(host, qdrant_api_key="a key of 16 or so")
    assert "a key of 16" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "changes"),
    [
        ("127.0.0.1", {}),
        ("localhost:1,[::1]", {}),
        ("10.0.1.5", {"qdrant_tls": True}),
        ("10.0.1.5", {"qdrant_key_in_clear": True}),
    ],
)
def test_a_key_goes_where_nobody_listens(host, changes):
    assert made(host, qdrant_api_key="a key", **changes).qdrant_nodes


def test_without_a_key_any_host_will_do():
    assert made("10.0.1.5").qdrant_nodes


async def test_addresses_are_told_as_they_are_written():
    nodes = Nodes(made("a,[::1]:6334"))
    assert [state.address for state in nodes.states()] == ["a:6333", "[::1]:6334"]
    await nodes.close()


def test_the_doctor_looks_at_every_node(tmp_path):
    ports = free_port(), free_port()
    settings = made(
        ",".join(f"127.0.0.1:{port}" for port in ports),
        mode="services",
        data_dir=tmp_path,
        postgres_host="127.0.0.1",
        redis_host="127.0.0.1",
    )
    found = [finding.detail for finding in examine(settings) if finding.part == "vectors"]
    assert found == [f"127.0.0.1:{port}" for port in ports]
