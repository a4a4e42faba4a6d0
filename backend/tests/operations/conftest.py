"""An operator with a key of its own."""

import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from assay.operations.operators import create_operator
from tests.conftest import client_of


@pytest.fixture
def operator_key(parts) -> str:
    key = create_operator(parts.owner_settings, f"operator {secrets.token_hex(6)}")
    assert key
    return key


@pytest.fixture
async def operator(app, operator_key: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an operator."""
    async with client_of(app, operator_key) as client:
        yield client
