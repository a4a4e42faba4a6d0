"""Where a request comes from."""

from ipaddress import ip_address

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
