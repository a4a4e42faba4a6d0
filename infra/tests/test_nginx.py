"""The frontend's nginx configuration, started for real without privileges."""

import gzip
import http.client
import json
import os
import signal
from pathlib import Path

import pytest
from conftest import CONTAINERS, Start, free_port, installed, wait_for

A_PERSON = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGE = "<!doctype html><title>Assay</title>"


@pytest.fixture
def port(scratch: Path, start: Start) -> int:
    program, number = installed("nginx"), free_port()
    site = scratch / "site"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_text(PAGE)
    (site / "assets/app-1a2b.js").write_text("export const answer = 42;\n" * 100)
    text = (CONTAINERS / "frontend/nginx.conf").read_text()
    for stands, here in {
        "/tmp/": f"{scratch}/",  # noqa: S108 - the image's
        "listen 3000": f"listen 127.0.0.1:{number}",
        "/usr/share/assay": str(site),
    }.items():
        assert stands in text
        text = text.replace(stands, here)
    configuration = scratch / "nginx.conf"
    configuration.write_text(text)
    process = start([program, "-c", str(configuration), "-e", "stderr"], os.environ, scratch)
    wait_for(number, process)
    return number


def get(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def test_health(port: int):
    response = get(port, "/health")
    assert response.status == 200
    assert json.loads(response.read()) == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/documents/4711", "/index.html"])
def test_every_view_is_the_application_and_never_kept(port: int, path: str):
    response = get(port, path)
    assert (response.status, response.read().decode()) == (200, PAGE)
    assert response.headers["Cache-Control"] == "no-cache"


def test_assets_are_kept_for_a_year_and_packed(port: int):
    response = get(port, "/assets/app-1a2b.js", **{"Accept-Encoding": "gzip"})
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(response.read()).startswith(b"export")


def test_an_asset_of_another_release_is_missing_rather_than_a_page(port: int):
    assert get(port, "/assets/app-9z9z.js").status == 404


@pytest.mark.parametrize("path", ["/evil.example", "/no-such.page", "/ask/v1.2", "/favicon.png"])
def test_a_person_who_asks_for_what_is_not_there_gets_the_page_that_says_so(port: int, path: str):
    seen = {"If-None-Match": get(port, "/").headers["ETag"]}
    response = get(port, path, **A_PERSON, **seen)
    assert (response.status, response.read().decode()) == (404, PAGE)
    assert response.headers["Content-Type"] == "text/html"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    response = get(port, path)
    assert (response.status, PAGE in response.read().decode()) == (404, False)


def test_a_person_too_gets_no_page_for_an_asset(port: int):
    response = get(port, "/assets/app-9z9z.js", **A_PERSON)
    assert (response.status, PAGE in response.read().decode()) == (404, False)


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/me", "/metrics", "/ready", "/docs", "/openapi.json", "/health/x"]
)
def test_the_backends_paths_are_not_served_here(port: int, path: str):
    response = get(port, path, **A_PERSON)
    assert (response.status, PAGE in response.read().decode()) == (404, False)


@pytest.mark.parametrize("path", ["/", "/health", "/assets/none.js"])
def test_every_answer_protects_its_reader(port: int, path: str):
    headers = get(port, path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "/" not in headers["Server"], "the version is nobody's business"


def test_writes_nothing_outside_its_scratch(port: int):
    text = (CONTAINERS / "frontend/nginx.conf").read_text()
    for line in text.splitlines():
        if "_temp_path" in line or line.startswith("pid "):
            assert "/tmp/" in line  # noqa: S108 - the image's
    assert get(port, "/").status == 200


def test_logs_requests_as_json_but_no_health_checks(port: int, scratch: Path):
    get(port, "/health").read()
    get(port, "/documents?secret=1").read()
    lines = (scratch / "nginx.log").read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["/index.html"]
    assert "secret" not in lines[0]


def test_stops_when_asked(scratch: Path, start: Start):
    program = installed("nginx")
    text = (CONTAINERS / "frontend/nginx.conf").read_text()
    number = free_port()
    text = text.replace("listen 3000", f"listen 127.0.0.1:{number}").replace("/tmp/", f"{scratch}/")  # noqa: S108 - the image's
    (scratch / "nginx.conf").write_text(text)
    process = start(
        [program, "-c", str(scratch / "nginx.conf"), "-e", "stderr"], os.environ, scratch
    )
    wait_for(number, process)
    process.send_signal(signal.SIGQUIT)
    assert process.wait(10) == 0
