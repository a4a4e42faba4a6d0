"""Reads the account that `tests/apply` made.

AWS_ENDPOINT_URL says where it is, ENVIRONMENT what was applied to it.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest


@pytest.fixture(scope="session")
def environment() -> str:
    """development, staging or production."""
    return os.environ.get("ENVIRONMENT", "production")


@pytest.fixture(scope="session")
def name(environment: str) -> str:
    """The prefix of every name."""
    return f"assay-{environment}"


@pytest.fixture(scope="session")
def endpoint() -> str:
    """Where the account is; without it nothing runs: a test must never reach AWS itself."""
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if not url.startswith("http://127.0.0.1:"):
        pytest.exit("AWS_ENDPOINT_URL must name an emulator on 127.0.0.1: run infra/tests/apply", 2)
    return url


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """Keys that the emulator takes."""
    return boto3.Session("emulated", "emulated", region_name="us-east-1")


@pytest.fixture(scope="session")
def aws(session: boto3.Session, endpoint: str) -> Iterator[Callable[[str], Any]]:
    """Clients of the account by service, such as `aws("ec2")`."""
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=endpoint)
        return clients[service]

    yield client
    for each in clients.values():
        each.close()
