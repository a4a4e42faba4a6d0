"""What makes two answers the same to whoever asked."""

import re

import httpx

OF_THE_REQUEST = ("x-request-id", "ratelimit", "date", "server-timing")
"""Headers that differ between any two answers."""
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def comparable(answer: httpx.Response) -> tuple[object, ...]:
    """Return all of an answer that does not belong to the one request."""
    mark = answer.headers["x-request-id"].encode()
    headers = [
        (name, value)
        for name, value in answer.headers.items()
        if not name.startswith(OF_THE_REQUEST)
    ]
    return answer.status_code, answer.content.replace(mark, b""), headers


def shape(answer: httpx.Response) -> tuple[object, ...]:
    """Return the same without ids: a call that makes something gives it a new one."""
    status, _, headers = comparable(answer)
    return status, _ID.sub(b"", answer.content), headers
