"""The built web application beside the API."""

import gzip
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from assay.adapters.web_app import API, CONTENT_SECURITY_POLICY, WebApp
from tests.conftest import client_of

# What browsers send for an address that a person typed or followed.
A_PERSON = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = "console.log('assay');" * 100
NGINX = Path(__file__).parents[3] / "infra" / "containers" / "frontend" / "nginx.conf"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Assay</title>")
    (dist / "assets" / "app-1a2b.js").write_text(SCRIPT)
    (dist / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "secret.txt").write_text("secret")
    return dist


@pytest.fixture
async def browser(app: FastAPI, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app.router, "default", WebApp(folder))
    async with client_of(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/documents", "/ask/0199?page=3", "/v1x", "/index.html"])
async def test_every_view_is_the_one_page(browser: httpx.AsyncClient, path):
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert "<title>Assay</title>" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("encoding", ["gzip, br", "identity", "gzip;q=0"])
async def test_assets_are_kept_for_ever_and_compressed_where_it_is_wanted(browser, encoding):
    answer = await browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": encoding})
    assert answer.text == SCRIPT
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ("gzip" in answer.headers.get("content-encoding", "")) is encoding.startswith("gzip,")
    again = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": encoding}
    assert (await browser.get("/assets/app-1a2b.js", headers=again)).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/nothing", "/v1/documents/x/y/z", "/health/", "/docs/x", "/assets/gone.js",
     "/favicon.png", "/index.html/x.js", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
     "/assets/..%2f..%2fsecret.txt", "/%00.js", "/" + "x" * 5000 + ".js"],
)  # fmt: skip
async def test_what_is_not_there_is_a_problem_and_no_page(browser, path):
    answer = await browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/evil.example", "/no-such.page", "/ask/v1.2", "/favicon.png"])
async def test_a_person_who_asks_for_what_is_not_there_gets_the_page_that_says_so(browser, path):
    seen = {"If-None-Match": (await browser.get("/")).headers["etag"]}
    answer = await browser.get(path, headers={**A_PERSON, **seen})
    assert answer.status_code == 404
    assert "<title>Assay</title>" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert (await browser.get(path)).json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/nothing", "/docs/x", "/openapi.json/x", "/assets/gone.js"])
async def test_a_person_too_gets_a_problem_where_no_page_can_be(browser, path):
    answer = await browser.get(path, headers=A_PERSON)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_paths_out_of_the_folder_lead_nowhere(browser):
    for path in ("/..%2f..%2f..%2f..%2fetc%2fpasswd", "/%2fetc%2fpasswd", "/..\\secret"):
        answer = await browser.get(path)
        assert "root:" not in answer.text
        assert "secret" not in answer.text


async def test_only_reading_is_answered(browser):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await browser.request(method, "/documents")).status_code == 404
    head = await browser.head("/documents")
    assert (head.status_code, head.content) == (200, b"")


async def test_the_api_is_not_hidden(browser):
    assert (await browser.get("/health")).json() == {"status": "ok"}
    assert (await browser.get("/v1/me")).status_code == 401
    assert (await browser.post("/health")).status_code == 405


def test_nginx_sends_the_same_policy():
    sent = re.search(r'Content-Security-Policy "([^"]+)"', NGINX.read_text())
    assert sent
    assert sent[1] == CONTENT_SECURITY_POLICY


def test_nginx_too_shows_no_page_where_the_api_is():
    pattern = re.search(r"location ~ (\^/\S+)", NGINX.read_text())
    assert pattern
    for first in API:
        assert re.match(pattern[1], f"/{first}")
        assert re.match(pattern[1], f"/{first}/nothing")
        assert not re.match(pattern[1], f"/{first}x")


def test_the_policy_allows_no_script_and_no_style_in_the_page():
    directives = dict(each.strip().split(" ", 1) for each in CONTENT_SECURITY_POLICY.split(";"))
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["object-src"] == directives["base-uri"] == "'none'"
