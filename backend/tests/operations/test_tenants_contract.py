"""The operator's calls keep to their description, as an operator sees them."""

import asyncio
import subprocess

import pytest

from tests.contract.test_openapi import CHECKS, MAX_EXAMPLES, SCHEMATHESIS
from tests.serving import serve_app


@pytest.mark.slow
async def test_a_property_based_run_as_operator_finds_no_fault(app, operator_key, tmp_path):
    async with serve_app(app) as url:
        process = await asyncio.create_subprocess_exec(
            str(SCHEMATHESIS),
            "run",
            f"{url}/openapi.json",
            *("--header", f"Authorization: Bearer {operator_key}"),
            *("--include-path-regex", "^/v1/admin/tenants"),
            *("--checks", ",".join(CHECKS), "--max-examples", MAX_EXAMPLES),
            *("--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "30"),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-8000:]
