"""Where the API listens."""

import socket

import pytest

from assay.cli.failures import PortTaken
from assay.cli.serving import _address, _listen


def test_a_port_is_taken_as_soon_as_it_is_bound():
    with _listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1"):
            _listen("127.0.0.1", port)


def test_a_host_that_is_not_here_is_told():
    with pytest.raises(PortTaken, match="cannot be used"):
        _listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - for as long as a connection takes
        ("::1", "[::1]"),
    ],
)
def test_the_address_can_be_called_from_here(host, shown):
    try:
        listener = _listen(host, 0)
    except PortTaken:
        pytest.skip(f"not run: this machine has no {host}")
    with listener:
        port = listener.getsockname()[1]
        assert _address(listener) == f"http://{shown}:{port}"
        with socket.create_connection((shown.strip("[]"), port), timeout=5):
            pass
