"""The description of the API is complete, and the API keeps to it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import Tenant, client_of
from tests.serving import serve_app

ANONYMOUS = {
    "/health",
    "/ready",
    "/metrics",
    "/v1/signup",
    "/v1/auth/login",
    "/v1/auth/refresh",
}
"""Paths that need no credentials; every other one answers 401 without."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
MAX_EXAMPLES = os.environ.get("ASSAY_MAX_EXAMPLES", "12")
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"


def operations(app):
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


async def test_every_call_is_described(app):
    schemas = app.openapi()["components"]["schemas"]
    for path, method, operation in operations(app):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        if path not in ANONYMOUS:
            assert operation["security"] == [{"bearer": []}], where
            assert {"401", "422", "503"} <= operation["responses"].keys(), where
        for status, response in operation["responses"].items():
            assert response["description"], where
            if status.startswith(("4", "5")) and path.startswith("/v1"):
                assert "application/problem+json" in response["content"], f"{where} {status}"
    assert "HTTPValidationError" not in schemas


async def test_every_request_body_has_examples(app):
    schemas = app.openapi()["components"]["schemas"]
    for path, method, operation in operations(app):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        # A body that may be left out is described as "this, or null".
        given = next(
            each for each in [body["schema"], *body["schema"].get("anyOf", [])] if "$ref" in each
        )
        name = given["$ref"].rsplit("/", 1)[1]
        schema = schemas[name]
        described = "examples" in schema or all(
            {"examples", "$ref", "default", "enum", "anyOf", "allOf", "description"} & field.keys()
            for field in schema["properties"].values()
        )
        assert described, f"{method} {path}: {name}"


async def test_no_call_works_without_credentials(app, anonymous: httpx.AsyncClient):
    unknown = "00000000-0000-7000-8000-000000000000"
    for path, method, operation in operations(app):
        if path in ANONYMOUS:
            continue
        names = {p["name"]: unknown for p in operation.get("parameters", []) if p["in"] == "path"}
        names |= {name: "1" for name in names if not name.endswith("_id")}
        response = await anonymous.request(method, path.format(**names))
        assert response.status_code == 401, f"{method} {path}: {response.text}"
        assert response.headers["content-type"] == "application/problem+json"


async def test_unknown_paths_and_methods_are_problems(tenant: Tenant):
    nothing = await tenant.client.get("/v1/nothing")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    wrong = await tenant.client.put("/v1/signup")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]


async def test_bodies_are_bounded_and_must_be_json(tenant: Tenant):
    huge = await tenant.client.post("/v1/signup", content=b"x" * 300_000)
    assert (huge.status_code, huge.json()["code"]) == (413, "too_large")

    async def endless():
        for _ in range(300):
            yield b"x" * 1024

    chunked = await tenant.client.post(
        "/v1/signup", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert (chunked.status_code, chunked.json()["code"]) == (413, "too_large")
    for text in (b"{", b'{"a":}', b"\xff\xfe", b"[" * 100_000):
        broken = await tenant.client.post(
            "/v1/signup", content=text, headers={"Content-Type": "application/json"}
        )
        assert broken.status_code in (400, 422), text[:10]
        assert broken.headers["content-type"] == "application/problem+json"


async def test_the_request_id_is_kept_when_it_is_safe(app):
    async with client_of(app) as client:
        given = await client.get("/health", headers={"X-Request-ID": "trace-0123456789"})
        made_up = await client.get("/health", headers={"X-Request-ID": "a\tb <script>"})
    assert given.headers["x-request-id"] == "trace-0123456789"
    assert "script" not in made_up.headers["x-request-id"]


@pytest.mark.slow
async def test_a_property_based_run_finds_no_fault(
    app, tenant: Tenant, working, tmp_path, monkeypatch
):
    monkeypatch.setattr("assay.documents.events.STREAM_SECONDS", 0.05)  # else ten minutes
    """Drive every call with generated values, as a tenant's owner."""
    key = await tenant.client.post("/v1/api-keys", json={"name": "fuzz", "role": "owner"})
    async with serve_app(app) as url:
        process = await asyncio.create_subprocess_exec(
            str(SCHEMATHESIS),
            "run",
            f"{url}/openapi.json",
            "--header",
            f"Authorization: Bearer {key.json()['key']}",
            "--checks",
            ",".join(CHECKS),
            "--max-examples",
            MAX_EXAMPLES,
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            # Deleting the key that the run authenticates with would end it.
            "--exclude-path-regex",
            "^/v1/api-keys/{key_id}$|^/v1/members/{member_id}$",
            "--request-timeout",
            "30",
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-8000:]
