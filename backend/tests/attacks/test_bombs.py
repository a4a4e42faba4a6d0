"""Small files that want to become large ones, and bodies that are compressed."""

import asyncio
import contextlib
import gzip
import io
import struct
import zlib
from collections.abc import AsyncIterator, Sequence

import pytest

from assay import worker
from tests.attacks.conftest import refusal
from tests.conftest import Tenant
from tests.documents.sample_files import archive, docx, pdf, word_paragraph
from tests.library import finished, put

MEBI = 1024**2
MANY = "words " * 20_000_000  # 120 MB that compress to 120 kB
TELLING = {"too_complex", "timeout", "broken", "no_text", "crashed"}
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
LINKS = "application/vnd.openxmlformats-package.relationships+xml"


@pytest.fixture(scope="module", autouse=True)
async def confined(parts) -> AsyncIterator[None]:
    """A worker whose readers have less than a bomb wants, as on a small machine."""
    limits = {"parse_memory_bytes": 512 * MEBI, "parse_timeout_seconds": 15}
    async with worker.connect(parts.worker_settings.model_copy(update=limits)) as runner:
        task = asyncio.create_task(runner.run(alone=True))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def packed(size: int, rounds: int = 1) -> bytes:
    """Return zeros, deflated as they come and then again: each round shrinks a thousandfold."""
    packer = zlib.compressobj(9)
    zeros = bytes(MEBI)
    data = b"".join(packer.compress(zeros) for _ in range(size // MEBI)) + packer.flush()
    for _ in range(rounds - 1):
        data = zlib.compress(data, 9)
    return data


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """Put objects together; readers mend the missing table."""
    out = b"%PDF-1.7\n"
    for number, each in enumerate(objects, 1):
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    return out + b"trailer << /Root 1 0 R /Size %d >>\n%%%%EOF\n" % (len(objects) + 1)


def stream(head: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)


def pdf_page(
    contents: bytes, *more: bytes, box: bytes = b"0 0 612 792", tail: bytes = b""
) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R /Resources << %s >> >>" % (
        box,
        tail,
    )
    pages = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    return pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, contents, *more])


def png(width: int, height: int) -> bytes:
    """A black picture, one bit a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = packed((width // 8 + 1) * height // MEBI * MEBI + MEBI)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def xlsx_bomb() -> bytes:
    def links(kind: str, target: str) -> str:
        kind = f"{OFFICE}/relationships/{kind}"
        link = f'<Relationship Id="r1" Type="{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{PACKAGE}/relationships">{link}</Relationships>'

    return archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Default Extension="rels" ContentType="{LINKS}"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/s.xml" ContentType="{KIND}.worksheet+xml"/>'
            "</Types>",
            "_rels/.rels": links("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}/relationships">'
            '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": links("worksheet", "worksheets/s.xml"),
            "xl/worksheets/s.xml": f'<worksheet xmlns="{SHEET}"><sheetData><row r="1">'
            f'<c r="A1" t="inlineStr"><is><t>{MANY}</t></is></c></row></sheetData></worksheet>',
        }
    )


def laughs() -> bytes:
    """Ten entities, each of them ten of the one before (billion laughs)."""
    lines = ['<!ENTITY a0 "ha ha ">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f'<?xml version="1.0"?><!DOCTYPE r [{"".join(lines)}]><r>Words. &a9;</r>'.encode()


def bombs() -> dict[str, bytes]:
    flate = b"/Filter /FlateDecode"
    twice = b"/Filter [/FlateDecode /FlateDecode]"
    picture = stream(
        b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8"
        b" /ColorSpace /DeviceGray " + twice,
        packed(1024 * MEBI, 2),
    )
    return {
        "text.docx": docx(word_paragraph(MANY)),
        "table.xlsx": xlsx_bomb(),
        "laughs.xml": laughs(),
        "laughs.docx": archive({"word/document.xml": laughs(), "[Content_Types].xml": "<Types/>"}),
        "stream.pdf": pdf_page(stream(flate, packed(1024 * MEBI))),
        "twice.pdf": pdf_page(stream(twice, packed(4096 * MEBI, 2))),
        "picture.pdf": pdf_page(
            stream(b"", b"q 600 0 0 700 0 0 cm /I Do Q"), picture, tail=b"/XObject << /I 5 0 R >>"
        ),
        "form.pdf": pdf_page(
            stream(b"", b"/F Do"),
            stream(
                b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject"
                b" << /F 5 0 R >> >>",
                b"/F Do " * 1000,
            ),
            tail=b"/XObject << /F 5 0 R >>",
        ),
        "picture.png": png(60_000, 60_000),
        "deep.html": b"<p>Words.</p>" + b"<div>" * 100_000,
        "deep.json": b"[" * 20_000,
        "cell.csv": b'"' + b"words, " * 5_000,
        "deep.rtf": b"{\\rtf1 " + b"{" * 100_000,
        "parts.eml": b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000)
        ),
    }


@pytest.mark.slow
async def test_a_bomb_fails_alone(tenant: Tenant, other: Tenant):
    """Each ends with a sentence, or is read; what others send meanwhile is read as ever."""
    packed = await asyncio.to_thread(bombs)
    made = {name: await uploaded(tenant, name, content) for name, content in packed.items()}
    ended = {}
    for name, identifier in made.items():
        ended[name] = await finished(tenant.client, identifier)
    told = {name: (each["error"] or {}).get("code") for name, each in ended.items()}
    assert {code for code in told.values() if code} <= TELLING, told
    for name in ("text.docx", "table.xlsx"):
        assert told[name] == "too_complex", told
    control = await put(other.client, "control.txt", "Some words of another tenant.")
    assert control["status"] == "ready"
    assert (await other.client.get("/ready")).json()["status"] == "ok"


async def uploaded(tenant: Tenant, name: str, content: bytes) -> str:
    answer = await tenant.client.post("/v1/documents", files={"file": (name, content)})
    assert answer.status_code == 202, (name, answer.text)
    return str(answer.json()["documents"][0]["id"])


@pytest.mark.parametrize(
    "box",
    [b"0 0 1e9 1e9", b"0 0 1e9 1", b"0 0 1 1e9", b"0 0 0 0", b"9 9 -9 -9", b"0 0 1e38 1e38", b"x"],
)
async def test_a_page_of_any_size_has_a_picture_of_ours_or_none(tenant: Tenant, box):
    page = pdf([["Some words on a page."]]).replace(b"0 0 612 792", box)
    document = await put(tenant.client, "page.pdf", page)
    if document["status"] == "failed":
        assert document["error"]["code"] in TELLING
        return
    picture = await tenant.client.get(f"/v1/documents/{document['id']}/pages/1/image")
    if picture.status_code != 200:
        assert refusal(picture) == (404, "no_image")
    else:
        assert len(picture.content) < MEBI


async def test_archives_are_not_opened(tenant: Tenant):
    inner = archive({"bomb.txt": bytes(MEBI)})
    nested = archive({f"{n}.zip": inner for n in range(16)})
    for name, content in {
        "a.zip": nested,
        "a.docx.gz": gzip.compress(docx(word_paragraph("Words."))),
        "a.txt.gz": gzip.compress(bytes(16 * MEBI)),
        "a.txt": gzip.compress(b"Some words."),
    }.items():
        answer = await tenant.client.post("/v1/documents", files={"file": (name, content)})
        assert refusal(answer) == (415, "unsupported_media_type"), name


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_bodies_are_not_unpacked(tenant: Tenant, encoding):
    """No call takes compressed bodies, so none can swell: they are bytes that make no sense."""
    bomb = gzip.compress(b'{"query": "' + b"x" * (16 * MEBI) + b'"}')
    assert len(bomb) < 64 * 1024
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    searched = await tenant.client.post("/v1/search", content=bomb, headers=headers)
    assert refusal(searched)[0] in (400, 415)
    form = io.BytesIO()
    with gzip.GzipFile(fileobj=form, mode="wb") as packed_form:
        packed_form.write(
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n'
        )
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Encoding": encoding}
    sent = await tenant.client.post("/v1/documents", content=form.getvalue(), headers=headers)
    assert refusal(sent)[0] in (400, 415)
    control = await tenant.client.post("/v1/search", json={"query": "x"})
    assert control.status_code == 200
