"""Where a request comes from."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.types import Scope


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """Return the client's address; empty when the server does not tell it.

    Each proxy appends the address that it was called from to `X-Forwarded-For`, so with N
    proxies of our own the Nth from the right is true and whatever stands before it is a claim.

    :param trusted_proxies: how many proxies of ours a request passes; 0 takes the peer itself.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    if not trusted_proxies:
        return peer
    sent = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    forwarded = [each.strip() for each in sent.decode("latin-1").split(",")]
    if len(forwarded) < trusted_proxies:
        return peer
    try:
        return str(ip_address(forwarded[-trusted_proxies]))
    except ValueError:
        return peer


def network_of(address: str) -> str:
    """Return what one customer of a provider holds: an IPv4 address, or the /64 of an IPv6 one.

    Limits by address count it: whoever has a /64 sends every request from another address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed), 64), strict=False))
    return address
