"""Tenants that name addresses inside, by every spelling, by names that change, by redirects."""

import asyncio
from ipaddress import ip_network

import httpcore
import pytest

from assay.adapters import outgoing as module
from assay.adapters.outgoing import Outgoing, Refused, Unreachable
from assay.settings import Settings
from tests.analyses.receiver import ENDLESS, SILENCE, answer, receiving

INSIDE = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "https://",
    "https:///path",
    "//example.com/",
    "example.com",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com/#fragment",
    "https://example.com:99999/",
    "https://example.com/\r\nX-Evil: 1",
    "https://exa mple.com/",
    "https://ｅxample.com/",  # noqa: RUF001
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/v2/credentials",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00:ec2::254]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
]
PUBLIC = "93.184.216.34"


def guard(*networks: str) -> Outgoing:
    allowed = tuple(ip_network(each) for each in networks)
    return Outgoing(Settings(_env_file=None, webhook_private_networks=allowed))


@pytest.fixture
async def inside():
    async with receiving() as receiver:
        yield receiver


def resolving(monkeypatch, *answers):
    """Answer look-ups one after another; return the names that were looked up."""
    asked, left = [], [list(each) for each in answers]

    async def getaddrinfo(host, port, **_):
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(2, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


def connecting(monkeypatch):
    """Refuse every connection; return the addresses that were tried."""
    tried = []

    async def connect_tcp(self, host, port, *_, **__):
        tried.append(host)
        raise httpcore.ConnectError("refused")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    return tried


@pytest.mark.parametrize("url", INSIDE)
async def test_what_is_not_plainly_public_is_refused_before_any_call(url, monkeypatch):
    asked, tried = resolving(monkeypatch, ["127.0.0.1"]), connecting(monkeypatch)
    with pytest.raises((Refused, Unreachable)):
        await guard().post(url, {}, b"{}")
    assert tried == []
    if "127.0.0.1" in url:
        assert asked == []


@pytest.mark.parametrize("url", [each for each in INSIDE if "\r" not in each])
async def test_such_a_webhook_cannot_be_made(url, new_tenant):
    tenant = await new_tenant()
    refused = await tenant.client.post("/v1/webhooks", json={"url": url})
    assert refused.status_code == 422, refused.text


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%lo"],
        ["::ffff:a00:1"],
        [PUBLIC, "10.0.0.1"],
    ],
)
async def test_a_name_that_leads_inside_is_refused(addresses, monkeypatch):
    resolving(monkeypatch, addresses)
    tried = connecting(monkeypatch)
    with pytest.raises(Refused, match="not public"):
        await guard().post("https://rebind.test/", {}, b"{}")
    assert tried == []


async def test_a_name_that_changes_after_the_check_gains_nothing(monkeypatch):
    asked = resolving(monkeypatch, [PUBLIC], ["127.0.0.1"])
    tried = connecting(monkeypatch)
    with pytest.raises(Unreachable):
        await guard().post("https://rebind.test/", {}, b"{}")
    assert asked == ["rebind.test"], "looked up once"
    assert tried == [PUBLIC], "the address that was checked"


async def test_a_local_server_hears_nothing_without_an_operators_leave(inside):
    with pytest.raises(Refused):
        await guard().post(inside.url(), {}, b"{}")
    with pytest.raises(Refused):
        await guard("10.0.0.0/8").post(inside.url(), {}, b"{}")
    with pytest.raises(Refused):
        await guard("10.0.0.0/8").post(f"https://localhost:{inside.port}/", {}, b"{}")
    assert inside.connections == 0


async def test_leave_for_one_network_is_none_for_plain_http_elsewhere(monkeypatch):
    resolving(monkeypatch, [PUBLIC])
    tried = connecting(monkeypatch)
    with pytest.raises(Refused, match="https"):
        await guard("10.0.0.0/8").post("http://example.test/", {}, b"{}")
    assert tried == []


async def test_redirects_are_answers_and_not_followed(inside):
    inside.answers = [answer(307, f"Location: {inside.url('/inner')}\r\n")]
    assert await guard("127.0.0.0/8").post(inside.url(), {}, b"{}") == 307
    assert [request.line for request in inside.requests] == ["POST /hook HTTP/1.1"]


async def test_an_endless_answer_is_not_read_to_its_end(inside):
    inside.answers = [ENDLESS]
    async with asyncio.timeout(10):
        assert await guard("127.0.0.0/8").post(inside.url(), {}, b"{}") == 200


async def test_silence_is_not_waited_for(inside, monkeypatch):
    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.3)
    inside.answers = [SILENCE]
    with pytest.raises(Unreachable, match="No answer"):
        await guard("127.0.0.0/8").post(inside.url(), {}, b"{}")


async def test_what_is_no_tls_or_no_http_is_unreachable(inside):
    with pytest.raises(Unreachable):
        url = inside.url().replace("http:", "https:")
        await guard("127.0.0.0/8").post(url, {}, b"{}")
    inside.answers = [b"SSH-2.0-OpenSSH\r\n\r\n"]
    with pytest.raises(Unreachable):
        await guard("127.0.0.0/8").post(inside.url(), {}, b"{}")


async def test_proxies_of_the_environment_are_not_used(inside, monkeypatch):
    async with receiving() as proxy:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await guard("127.0.0.0/8").post(inside.url(), {}, b"{}") == 204
        assert proxy.connections == 0


async def test_the_host_is_the_one_that_was_named(inside):
    await guard("127.0.0.0/8").post(f"http://localhost:{inside.port}/x", {}, b"{}")
    (request,) = inside.requests
    assert request.headers["host"] == f"localhost:{inside.port}"
