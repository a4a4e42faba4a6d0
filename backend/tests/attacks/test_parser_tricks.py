"""HTTP that two servers in a row would read differently, against a real server."""

import pytest

from tests.attacks.conftest import talk
from tests.conftest import Tenant

SMUGGLED = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Smuggled: 1\r\nConnection: close\r\n\r\n"
HEAD = b"POST /v1/auth/logout HTTP/1.1\r\nHost: x\r\n"

AMBIGUOUS = {
    "two lengths": b"Content-Length: 0\r\nContent-Length: 90\r\n\r\n",
    "two equal lengths": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": b"Content-Length: 0, 0\r\n\r\n",
    "chunked and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "a length and chunked": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, then identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a tab before the colon": b"Content-Length\t: 5\r\n\r\n",
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "a length with a sign": b"Content-Length: +5\r\n\r\n",
    "a length in hex": b"Content-Length: 0x5\r\n\r\n",
    "a length beyond 64 bits": b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a chunk of no number": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n",
    "a chunk of a sign": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk beyond 64 bits": b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n\r\n",
    "a chunk of 0x": b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "a bare LF": b"Content-Length: 0\n\n",
    "a bare CR": b"X: a\rContent-Length: 5\r\n\r\n",
    "a NUL": b"X: a\0b\r\n\r\n",
    "a name with a blank": b"Content Length: 5\r\n\r\n",
    "a name above ASCII": b"Cont\xc3\xa9nt: 5\r\n\r\n",
    "no colon": b"nonsense\r\n\r\n",
}


@pytest.mark.parametrize("trick", AMBIGUOUS)
async def test_what_can_be_read_in_two_ways_is_refused(served, tenant: Tenant, trick):
    """One answer, 400, and the connection ends: nothing behind it is taken for a request."""
    answer = await talk(served, HEAD + AMBIGUOUS[trick] + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()
    control = await talk(served, HEAD + b"Content-Length: 0\r\nConnection: close\r\n\r\n")
    assert control.startswith(b"HTTP/1.1 401 ")


async def test_what_follows_a_body_is_a_request_of_its_own(served, tenant: Tenant):
    """Pipelined requests share a connection and nothing else."""
    authorization = f"Authorization: {tenant.client.headers['authorization']}\r\n".encode()
    first = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n" + authorization + b"\r\n"
    answer = await talk(served, first + SMUGGLED)
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.index(b"HTTP/1.1 200 ") < answer.index(b"HTTP/1.1 401 ")
    answer = await talk(served, b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n" + first + SMUGGLED)
    said = [part.split(b" ", 1)[0] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert said == [b"401", b"200", b"401"]


@pytest.mark.parametrize(
    "line",
    [
        b"GET /v1/documents/\xff\xfe HTTP/1.1", b"GET /v1/m\xc3\xa9 HTTP/1.1",
        b"G\xc3\x89T /health HTTP/1.1", b"GET /he alth HTTP/1.1",
        b"GET /health HTTP/9.9", b"GET /health HTTP/1.1 x", b"get /health HTTP/1.1",
        b"PRI * HTTP/2.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET", b"\x00" * 64,
        b"GET /health\tHTTP/1.1", b"GET \r/health HTTP/1.1", b"A" * 70_000 + b" / HTTP/1.1",
    ],
    ids=lambda each: repr(each[:24]),
)  # fmt: skip
async def test_an_odd_request_line_is_refused(served, line):
    answer = await talk(served, line + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "path",
    [b"/v1/documents/%ff%fe", b"/%00", b"/%", b"/%zz", b"/v1/%c0%ae%c0%ae/", b"/v1/%ed%a0%80",
     b"/health%00", b"/health;x", b"/%2e", b"*", b"/" * 10_000, b"/%25" * 5000],
)  # fmt: skip
async def test_odd_bytes_in_a_path_lead_nowhere(served, path):
    answer = await talk(
        served, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert answer.split(b" ", 2)[1] in (b"400", b"401", b"404"), answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "upgrade",
    [
        b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\nSec-WebSocket-Version: 13",
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        b"Upgrade: TLS/1.0",
    ],
)
async def test_no_other_protocol_is_spoken(served, upgrade):
    for path in (b"/health", b"/v1/ask"):
        request = (
            b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\n" + upgrade
        )
        answer = await talk(served, request + b"\r\n\r\n" + SMUGGLED)
        assert b"101 Switching" not in answer
        assert b" 500 " not in answer


async def test_a_waiting_client_is_answered_before_it_sends(served):
    """`Expect: 100-continue`: who may not send is told so, and not to go on."""
    request = (
        b"POST /v1/documents HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
    )
    answer = await talk(served, request)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in answer


async def test_headers_of_proxies_change_nobodys_rights(served, tenant: Tenant):
    claims = (
        b"X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Original-URL: /v1/members\r\n"
        b"X-Rewrite-URL: /v1/members\r\nX-Forwarded-User: root\r\nX-Remote-User: root\r\n"
        b"X-Authenticated-User: root\r\nX-Tenant-ID: " + tenant.id.encode() + b"\r\n"
    )
    request = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    assert (await talk(served, request + claims + b"\r\n")).startswith(b"HTTP/1.1 401 ")
    mine = f"Authorization: {tenant.client.headers['authorization']}\r\n".encode()
    assert tenant.id.encode() in await talk(served, request + mine + claims + b"\r\n")
