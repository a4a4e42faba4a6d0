"""Paths that lead elsewhere: in file names, in ids, in URLs, in what archives hold."""

import asyncio
import io
import json
import zipfile

import pytest

from tests.attacks.conftest import refusal, same_answer, talk
from tests.conftest import Tenant
from tests.documents.sample_files import archive, docx, word_paragraph
from tests.library import put

CANARY = "canary-4f1e9c-in-the-attic"


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\boot.ini",
        "\\\\server\\share\\x", "....//....//x", "%2e%2e%2fx", "..%c0%af..%c0%afx", "file:///x",
        "a/../../b", "./.", "~root/.ssh/id", "$HOME/x", "`id`", "$(id)", "| id", "a\tb", "con",
        "nul", "a#1", ".", "-rf",
    ],
)  # fmt: skip
async def test_a_file_name_is_no_path(app, parts, tenant: Tenant, name):
    content = f"Some words of {name}.".encode()
    answer = await tenant.client.post("/v1/documents", files={"file": (f"{name}.txt", content)})
    assert answer.status_code == 202, answer.text
    document = answer.json()["documents"][0]
    assert not {"/", "\\"} & set(document["name"])
    files = parts.app_settings.data_dir / "files"
    stored = [path for path in files.rglob("*") if path.is_file() and path.read_bytes() == content]
    # The key is made of ids alone: nothing of the name reaches the file system.
    assert [str(path.relative_to(files)) for path in stored] == [
        f"{tenant.id}/{document['id']}/original"
    ]
    read = await tenant.client.get(f"/v1/documents/{document['id']}/content")
    assert read.content == content


TRAVERSALS = [
    "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2f", "..%5c..%5c", "..%252f..%252f", "%00", "..;",
    "{other}%2f{document}", "{document}%00", "{document}%2f..%2f{document}", "{document}%20",
    "{document}.json", "{document}%0d%0a", "*", "%25", "-1", "0", "null", "undefined", "true",
    "%7B%22$ne%22:1%7D", "%ff%fe", "{document};x=1", "0x1", "1e3", "{tenant}/{document}",
]  # fmt: skip


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_an_id_in_a_path_is_an_id(served, tenant: Tenant, other: Tenant, path):
    """Sent as they are: a client's library would tidy them."""
    files = {"file": ("theirs.txt", b"Words of another tenant.")}
    theirs = (await other.client.post("/v1/documents", files=files)).json()["documents"][0]
    made = await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"Own words.")})
    mine = made.json()["documents"][0]
    token = tenant.client.headers["authorization"]
    names = {"other": other.id, "tenant": other.id, "document": theirs["id"]}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    for suffix in ("", "/content", "/pages/1"):
        target = f"/v1/documents/{path}{suffix}"
        answer = await talk(served, request(target, token))
        assert answer.split(b" ", 2)[1] in (b"404", b"422"), answer
        assert b"Words of" not in answer
        assert b"root:" not in answer
    control = await talk(served, request(f"/v1/documents/{mine['id']}/content", token))
    assert control.endswith(b"Own words.")


def request(target: str, authorization: str) -> bytes:
    return (
        f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: {authorization}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(
    "target",
    [
        "/v1/../metrics", "/v1/documents/../../etc/passwd", "//etc/passwd", "/%2e%2e/etc/passwd",
        "/..%2f..%2f..%2fetc/passwd", "/docs/../../../etc/passwd", "/openapi.json/..", "/.env",
        "/.git/config", "/static/../../secrets.json", "/secrets.json", "/health/../v1/documents",
        "/v1/documents%2f", "/V1/documents", "/v1//documents", "/v1/./documents", "/v1\\documents",
    ],
)  # fmt: skip
async def test_a_url_leads_to_calls_only(served, tenant: Tenant, target):
    answer = await talk(served, request(target, tenant.client.headers["authorization"]))
    assert answer.split(b" ", 2)[1] == b"404", answer


async def test_another_spelling_of_an_id_is_the_same_door(tenant: Tenant, other: Tenant):
    """Every way to write a UUID opens one's own and no other's."""
    mine = await tenant.client.post("/v1/documents", files={"file": ("a.txt", b"Own words.")})
    theirs = await other.client.post("/v1/documents", files={"file": ("b.txt", b"Their words.")})
    own, foreign = (each.json()["documents"][0]["id"] for each in (mine, theirs))
    spellings = ("{}", "urn:uuid:{}", "{{{}}}")
    for spelling in spellings:
        for shape in (str.upper, str.lower, lambda each: each.replace("-", "")):
            path = f"/v1/documents/{spelling.format(shape(own))}"
            response = await tenant.client.get(path)
            assert response.status_code in (200, 404, 422)
            if response.status_code == 200:
                assert response.json()["id"] == own
            path = f"/v1/documents/{spelling.format(shape(foreign))}"
            assert refusal(await tenant.client.get(path))[0] in (404, 422)
    unknown = await tenant.client.get("/v1/documents/00000000-0000-7000-8000-000000000000")
    assert same_answer(await tenant.client.get(f"/v1/documents/{foreign}"), unknown)


@pytest.fixture(scope="module")
def canary(tmp_path_factory) -> str:
    """The path of a file on the server that no document may show."""
    path = tmp_path_factory.mktemp("attic") / "canary.txt"
    path.write_text(CANARY)
    path.chmod(0o644)
    return str(path)


def reaching(canary: str) -> dict[str, bytes]:
    """Files that ask their reader to fetch another file."""
    entity = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{canary}">]>'
    parameter = f'<!DOCTYPE r [<!ENTITY % x SYSTEM "file://{canary}"> %x;]>'
    return {
        "entity.xml": f'<?xml version="1.0"?>{entity}<r>Words &x; here.</r>'.encode(),
        "parameter.xml": f'<?xml version="1.0"?>{parameter}<r>Words here.</r>'.encode(),
        "include.xml": (
            '<r xmlns:xi="http://www.w3.org/2001/XInclude">Words here.'
            f'<xi:include href="file://{canary}" parse="text"/></r>'
        ).encode(),
        "picture.svg": f'<?xml version="1.0"?>{entity}<svg><text>Words &x;</text></svg>'.encode(),
        "page.html": (
            f'<html><body>Words here. <iframe src="file://{canary}"></iframe>'
            f'<object data="{canary}"></object><link rel="import" href="{canary}">'
            f'<img src="file://{canary}"></body></html>'
        ).encode(),
        "note.md": f"Words. ![x](file://{canary}) [[{canary}]]\n\n!include {canary}\n".encode(),
        "letter.rtf": (
            r"{\rtf1 Words here. {\field{\*\fldinst INCLUDETEXT "
            f'"{canary}"'
            r"}{\fldrslt shown}}}"
        ).encode(),
        "mail.eml": (
            "From: a@example.com\nSubject: Words\nMIME-Version: 1.0\n"
            f'Content-Type: message/external-body; access-type=local-file; name="{canary}"\n\n'
            "Content-Type: text/plain\n\nWords here.\n"
        ).encode(),
        "entity.docx": _docx_with(f'<?xml version="1.0"?>{entity}', "&x;"),
        "symlink.docx": _with_link(docx(word_paragraph("Words here.")), canary),
        "climbing.docx": archive(
            {f"../../../../../../../..{canary}": "x", "word/document.xml": "<a>Words</a>"}
        ),
        "table.csv": f'"=WEBSERVICE(""file://{canary}"")",Words\n'.encode(),
        "book.ipynb": json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "markdown",
                        "metadata": {},
                        "source": ["Words here."],
                        "attachments": {"a": {"text/plain": f"file://{canary}"}},
                    }
                ],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ).encode(),
    }


def _docx_with(prologue: str, text: str) -> bytes:
    plain = zipfile.ZipFile(io.BytesIO(docx(word_paragraph(f"Words {text}"))))
    members = {name: plain.read(name) for name in plain.namelist()}
    members["word/document.xml"] = prologue.encode() + members["word/document.xml"]
    return archive(members)


def _with_link(container: bytes, target: str) -> bytes:
    """Make the document's text a symbolic link out of the archive."""
    plain = zipfile.ZipFile(io.BytesIO(container))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as linked:
        for name in plain.namelist():
            info = zipfile.ZipInfo(name)
            if name == "word/document.xml":
                info.external_attr = 0o120777 << 16
                linked.writestr(info, target)
            else:
                linked.writestr(info, plain.read(name))
    return out.getvalue()


async def test_no_document_shows_a_file_of_the_server(working, tenant: Tenant, canary):
    files = reaching(canary)
    plain = f"Words of the control: {CANARY}.".encode()
    made = await asyncio.gather(*(put(tenant.client, name, files[name]) for name in files))
    control = await put(tenant.client, "control.txt", plain)
    for document in [*made, control]:
        if document["status"] == "failed":
            continue
        for number in range(1, document["pages"] + 1):
            page = await tenant.client.get(f"/v1/documents/{document['id']}/pages/{number}")
            shown = CANARY in page.json()["text"]
            assert shown is (document is control), document["name"]
    assert sum(each["status"] == "ready" for each in made) > len(made) // 2
