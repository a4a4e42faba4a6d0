"""Calls to addresses that tenants name, kept away from the network that Assay itself runs in.

A name is looked up once, every address that it has is checked, and the connection goes to an
address that was checked: a name that answers differently the second time (DNS rebinding) gains
nothing. Redirects are not followed, proxies of the environment are not used, time and what is
read of an answer are bounded.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

import httpcore
from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

from assay.settings import Settings

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
MAX_ANSWER_BYTES = 16 * 1024
MAX_URL = 2000
_TRANSLATED = tuple(
    ip_network(each) for each in ("64:ff9b::/96", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)
"""IPv6 networks whose addresses stand for IPv4 ones, private ones among them, or are old."""


class Refused(Exception):
    """The call must not be made; the message is for who named the address."""


class Unreachable(Exception):
    """No answer came in time; the message is for who named the address."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, before names are looked up."""

    url: str
    secure: bool
    host: str
    port: int


class Outgoing:
    """Makes the calls; safe to use from many tasks."""

    def __init__(self, settings: Settings) -> None:
        self._private = settings.webhook_private_networks

    def target(self, url: str) -> Target:
        """Return where a URL leads.

        :raises Refused: it is no plain HTTPS URL, or names an address that is not to be called.
            HTTP is taken where an operator allowed private networks.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise Refused("This is no URL.") from error
        host = (parts.hostname or "").rstrip(".")
        allowed = ("https", "http") if self._private else ("https",)
        if parts.scheme not in allowed:
            raise Refused("The URL has to begin with https://.")
        if (
            not host
            or len(url) > MAX_URL
            or not url.isascii()
            or not url.isprintable()
            or " " in url
        ):
            raise Refused("The URL has to name a host, in up to 2,000 printable ASCII characters.")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise Refused("The URL must hold no user name, password or fragment.")
        secure = parts.scheme == "https"
        if (literal := _literal(host)) is not None:
            self._check(literal, secure=secure)
        return Target(url, secure, host, port or (443 if secure else 80))

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a body and return the status of the answer, of which nothing else is kept.

        :raises Refused: the URL leads where no call may go.
        :raises Unreachable: no answer came in time.
        """
        target = self.target(url)
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._post(target, headers, body)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise Unreachable(f"No answer within {TOTAL_SECONDS:.0f} seconds.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise Unreachable("No connection, or not one of HTTP over valid TLS.") from error

    async def _post(self, target: Target, headers: Mapping[str, str], body: bytes) -> int:
        pool = httpcore.AsyncConnectionPool(
            network_backend=_Checked(self, target), http2=False, retries=0, max_connections=1
        )
        timeouts = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS}
        async with (
            pool,
            pool.stream(
                "POST",
                target.url,
                headers=[*headers.items(), ("Host", _host_header(target))],
                content=body,
                extensions={"timeout": timeouts},
            ) as answer,
        ):
            read = 0
            async for piece in answer.aiter_stream():
                read += len(piece)
                if read > MAX_ANSWER_BYTES:
                    break
            return int(answer.status)

    async def addresses(self, target: Target) -> Sequence[Address]:
        """Look a target's host up.

        :raises Refused: any of its addresses is not to be called.
        :raises OSError: there is no such host.
        """
        literal = _literal(target.host)
        if literal is not None:
            found: Iterable[Address] = [literal]
        else:
            loop = asyncio.get_running_loop()
            answers = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found = dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in answers)
        for address in found:
            self._check(address, secure=target.secure)
        return list(found)

    def _check(self, address: Address, *, secure: bool) -> None:
        """Refuse an address unless it is public, or in a network that an operator allowed."""
        plain = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        checked = plain or address
        if any(checked in network for network in self._private):
            return
        if not secure:
            raise Refused("The URL has to begin with https://.")
        translated = any(checked in network for network in _TRANSLATED)
        if not checked.is_global or checked.is_multicast or checked.is_reserved or translated:
            raise Refused("The URL leads to an address that is not public.")


class _Checked(AsyncNetworkBackend):
    """Connects to addresses that were checked; TLS still asks for the name."""

    def __init__(self, outgoing: Outgoing, target: Target) -> None:
        self._outgoing, self._target = outgoing, target
        self._backend = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the same, in another form where it is an IPv6 address
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        failed: Exception = httpcore.ConnectError("no address")
        for address in (await self._outgoing.addresses(self._target))[:3]:
            try:
                return await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


def _literal(host: str) -> Address | None:
    """Return the address that a host is, also in the forms that resolvers take (`0x7f.1`)."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.secure else 80
    return host if target.port == usual else f"{host}:{target.port}"
