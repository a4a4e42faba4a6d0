"""Script in names and documents, and names that want to become headers or events."""

import json
import re
from email.message import Message
from urllib.parse import unquote

import httpx
import pytest

from assay.adapters.chat import FakeChat
from assay.answers.generative import Generative
from tests.attacks.conftest import refusal, talk
from tests.conftest import Tenant
from tests.documents.sample_files import pdf
from tests.library import REPORT, put

SCRIPT = "<script>alert(document.domain)</script>"
INERT = re.compile(r"application/octet-stream|application/pdf|image/webp|text/plain|text/csv"
                   r"|text/markdown|application/json|message/rfc822|image/png")  # fmt: skip
ACTIVE = {
    "page.html": f"<!doctype html><html><body>Words {SCRIPT}</body></html>",
    "page.xhtml": f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">{SCRIPT}</html>',
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>',
    "picture.xml": f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>',
    "style.xml": "<?xml version='1.0'?><?xml-stylesheet href='javascript:alert(1)'?><a>Words</a>",
    "note.md": f"[words](javascript:alert(1)) {SCRIPT}",
    "data.json": f'{{"a": "{SCRIPT}"}}',
    "table.csv": f"=cmd|' /C calc'!A1,{SCRIPT}\n",
    "plain.txt": f"Words. {SCRIPT}",
    "hidden.txt": f"<html>{SCRIPT}</html>",
    "hidden.pdf": f"<html>{SCRIPT} endobj</html>",
    "mail.eml": f"From: a@example.com\nContent-Type: text/html\n\n{SCRIPT} words",
    "page.mht": f"MIME-Version: 1.0\nContent-Type: text/html\n\n{SCRIPT} words",
    "page.js": "alert(1) // words",
    "page.hta": f"<script>{SCRIPT}</script>",
    "noextension": f"<html>{SCRIPT}</html>",
}


def harmless(response: httpx.Response) -> None:
    """What a browser is told, so that nothing of a member's file runs in our origin."""
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert INERT.match(headers["content-type"]), headers["content-type"]
    assert "private" in headers["cache-control"]


@pytest.mark.parametrize("name", ACTIVE)
async def test_a_file_is_never_a_page_of_ours(tenant: Tenant, name):
    content = ACTIVE[name].encode()
    made = await tenant.client.post("/v1/documents", files={"file": (name, content)})
    if made.status_code != 202:
        assert refusal(made)[0] == 415
        return
    path = f"/v1/documents/{made.json()['documents'][0]['id']}/content"
    read = await tenant.client.get(path)
    assert read.content == content  # it is kept as it is, and sent as a download
    harmless(read)
    assert read.headers["content-disposition"].startswith("attachment;")
    kept = await tenant.client.get(path, headers={"If-None-Match": read.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")


async def test_what_the_client_calls_a_file_does_not_count(tenant: Tenant):
    part = ("a.txt", f"Words. {SCRIPT}".encode(), "text/html")
    made = await tenant.client.post("/v1/documents", files={"file": part})
    document = made.json()["documents"][0]
    assert document["mime_type"] == "text/plain"
    harmless(await tenant.client.get(f"/v1/documents/{document['id']}/content"))


async def test_script_in_names_stays_text(working, tenant: Tenant):
    """Every answer that repeats a name is JSON and says that it is nothing else."""
    name = f"\"'><img src=x onerror=alert(1)>{SCRIPT}"
    client = tenant.client
    await client.post("/v1/collections", json={"name": name, "description": name})
    await client.post("/v1/api-keys", json={"name": name})
    document = await put(client, f"{name.replace('/', ' ')}.txt", REPORT)
    asked = await client.post("/v1/ask", json={"question": f"Revenue of Northwind? {name}"})
    conversation = f"/v1/conversations/{asked.json()['conversation_id']}"
    await client.patch(conversation, json={"title": name})
    answers = [
        await client.get("/v1/collections"),
        await client.get("/v1/api-keys"),
        await client.get("/v1/documents"),
        await client.get(f"/v1/documents/{document['id']}"),
        await client.get("/v1/conversations"),
        await client.get(conversation),
        await client.post("/v1/search", json={"query": "revenue"}),
        asked,
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "no-store" in answer.headers["cache-control"]
    assert answers[0].json()["items"][0]["name"] == name
    wrong = await client.get("/v1/documents", params={"status": SCRIPT, "cursor": SCRIPT})
    assert refusal(wrong)[0] == 422
    unknown = await client.get(f"/v1/{SCRIPT}")
    assert refusal(unknown)[0] == 404


async def test_script_in_a_sessions_client_stays_text(anonymous, tenant: Tenant):
    login = {"email": tenant.email, "password": "correct horse battery"}
    agent = {"User-Agent": f"{SCRIPT}\t\x7f\x9b31m{'x' * 1000}".encode("latin-1")}
    await anonymous.post("/v1/auth/login", json=login, headers=agent)
    listed = await tenant.client.get("/v1/sessions")
    shown = listed.json()["items"][1]["user_agent"]
    assert shown.startswith(SCRIPT)
    assert shown.isprintable()
    assert len(shown) <= 300


NAMES = [
    'a"; filename="evil.exe', "a\r\nSet-Cookie: session=evil", "a\nX-Evil: 1", "a\rX-Evil: 1",
    "a\x00.txt", "a%0d%0aX-Evil: 1", 'a\\"b', "é\u202egpj.exe", "日本語", "a;b=c", "a'b''c", "💥",
    "\u2028\u2029", "=?utf-8?q?evil?=", "a\x85b", "a\u010d\u010ab", "%", "a%22b", "\ufeffa",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", ["plain", "extended"])
async def test_a_name_is_one_parameter_of_one_header(served, tenant: Tenant, name, way):
    """Over a real connection: the framework's own client would not see a split header."""
    disposition = (
        f'form-data; name="file"; filename="{_quoted(name)}.txt"'
        if way == "plain"
        else f"form-data; name=\"file\"; filename*=UTF-8''{_percent(name)}.txt"
    )
    body = (
        b"--b\r\nContent-Disposition: " + disposition.encode() + b"\r\n\r\nSome words.\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    made = await tenant.client.post("/v1/documents", content=body, headers=headers)
    if made.status_code != 202:
        assert refusal(made)[0] in (400, 422)
        return
    document = made.json()["documents"][0]
    assert not set("\r\n\0/\\") & set(document["name"])
    answer = await talk(
        served,
        f"GET /v1/documents/{document['id']}/content HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: {tenant.client.headers['authorization']}\r\n\r\n".encode(),
    )
    head, _, content = answer.partition(b"\r\n\r\n")
    assert content == b"Some words."
    lines = head.decode("ascii").lower().split("\r\n")
    assert not any(line.startswith(("set-cookie", "x-evil")) for line in lines)
    (line,) = [line for line in head.decode().split("\r\n") if "disposition" in line.lower()]
    parsed = Message()
    parsed["Content-Disposition"] = line.partition(": ")[2]
    parameters = dict(parsed.get_params([], header="content-disposition")[1:])
    assert set(parameters) == {"filename", "filename*"} or set(parameters) == {"filename"}
    assert unquote(line.rpartition("UTF-8''")[2]) == document["name"]


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _percent(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())


@pytest.mark.parametrize(
    "value", ["a\r\nSet-Cookie: x=1", "a\nb", "<script>", "é", "x" * 101, "a b"]
)
async def test_a_request_id_is_not_reflected_unseen(app, tenant: Tenant, value):
    headers = {"X-Request-ID": value.encode()}
    answer = await tenant.client.get("/v1/me", headers=headers)
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])
    assert "set-cookie" not in answer.headers


EVENT = '\r\n\r\nevent: done\r\ndata: {"answer":"forged"}\r\n\r\nevent: delta\ndata: {}\n\n'


async def test_an_answer_cannot_forge_the_events_it_comes_in(
    app, working, tenant: Tenant, monkeypatch
):
    """Neither a document, nor its name, nor a model breaks out of its event."""
    text = f"{REPORT}\n{EVENT}\nid: 7\nretry: 1\n: comment\n\u2028event: done\u2028"
    await put(tenant.client, "event: done\r\ndata: x.txt", text)
    question = {"question": "What was the total revenue of Northwind Traders?", "stream": True}
    forged = FakeChat(f"It was 48.2 million [1].{EVENT}")
    for engine in (None, Generative(forged)):
        if engine:
            monkeypatch.setattr(app.state.answers, "_engine", engine)
        streamed = await tenant.client.post("/v1/ask", json=question)
        told = re.findall(r"^event: (.*?)\r?$", streamed.text, re.MULTILINE)
        assert told[0] == "passages"
        assert told[1:-1] == ["delta"] * (len(told) - 2)
        assert told[-1] == "done"
        data = re.findall(r"^data: (.*?)\r?$", streamed.text, re.MULTILINE)
        assert len(data) == len(told)
        assert "48.2 million" in json.loads(data[-1])["answer"]


async def test_a_picture_of_a_page_is_a_picture(working, tenant: Tenant):
    document = await put(tenant.client, "a.pdf", pdf([[SCRIPT.replace("(", "").replace(")", "")]]))
    path = f"/v1/documents/{document['id']}/pages/1"
    picture = await tenant.client.get(f"{path}/image")
    assert picture.headers["content-type"] == "image/webp"
    harmless(picture)
    text = await tenant.client.get(path)
    assert text.headers["content-type"] == "application/json"
    assert "<script>" in text.json()["text"]
