"""Where a request comes from, whatever its headers claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.addresses import client_address, network_of

PEER = "198.51.100.1"


def scope(*forwarded: str) -> dict:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return {"client": (PEER, 1), "headers": headers}


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ([], 0, PEER),
        (["203.0.113.9"], 0, PEER),
        (["203.0.113.9"], 1, "203.0.113.9"),
        (["10.0.0.1, 203.0.113.9"], 1, "203.0.113.9"),
        (["10.0.0.1", "203.0.113.9"], 1, "203.0.113.9"),
        (["10.0.0.1, 203.0.113.9, 198.51.100.7"], 2, "203.0.113.9"),
        (["203.0.113.9"], 2, PEER),
        ([], 1, PEER),
        (["203.0.113.9, nonsense"], 1, PEER),
        (["2001:DB8::1"], 1, "2001:db8::1"),
    ],
)
def test_only_what_our_proxies_added_is_believed(forwarded, proxies, address):
    assert client_address(scope(*forwarded), proxies) == address


@given(st.lists(st.text(st.characters(codec="ascii")), max_size=5))
def test_a_client_cannot_choose_its_address_behind_a_proxy(claims):
    assert client_address(scope(*claims, "203.0.113.9"), 1) == "203.0.113.9"
    assert client_address(scope(*claims), 0) == PEER


def test_a_server_on_a_socket_tells_no_address():
    assert client_address({"client": None, "headers": []}, 0) == ""


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_network_is_what_one_customer_holds(address, network):
    assert network_of(address) == network
