"""What is accepted is decided by the contents, with a sentence for what is not."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.documents import formats
from assay.documents.formats import ACCEPTED, detect
from assay.errors import Invalid, UnsupportedMedia
from tests.documents.sample_files import archive, docx, odt, pdf

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "head", "mime_type"),
    [
        ("report.pdf", pdf([["Hello"]]), formats.PDF),
        ("report.docx", pdf([["Hello"]]), formats.PDF),
        ("no extension", b"\n\nmail banner\n%PDF-1.4", formats.PDF),
        ("a.docx", docx(""), formats.DOCX),
        ("a.xlsx", docx(""), formats.DOCX),
        ("a.odt", odt(""), formats.ODT),
        ("a.bin", odt(""), formats.ODT),
        ("a.pptx", archive({"[Content_Types].xml": ""}), formats.PPTX),
        ("b.epub", archive({"mimetype": "application/epub+zip"}), formats.EPUB),
        ("old.doc", OLE + bytes(500), formats.DOC),
        ("locked.xlsx", OLE + bytes(500), formats.XLSX),
        ("unnamed", OLE + bytes(8) + "Workbook".encode("utf-16-le"), formats.XLS),
        ("x.rtf", rb"{\rtf1 Hello}", formats.RTF),
        ("scan.txt", b"\x89PNG\r\n\x1a\n" + bytes(20), formats.PNG),
        ("photo", b"\xff\xd8\xff\xe0" + bytes(20), formats.JPEG),
        ("fax.tif", b"II*\x00" + bytes(20), formats.TIFF),
        ("x.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", formats.WEBP),
        ("a.csv", b"a,b\n1,2\n", formats.CSV),
        ("A.CSV", "名前,年齢\n".encode("shift_jis"), formats.CSV),
        ("notes.md", b"# Title\n", formats.MARKDOWN),
        ("notes", b"plain words", formats.TEXT),
        ("source.py", b"print(1)", formats.TEXT),
        ("utf16.txt", "words".encode("utf-16"), formats.TEXT),
        ("saved.pdf", b"<!DOCTYPE html><p>Log in", formats.HTML),
        ("words.pdf", b"only words", formats.TEXT),
        ("cut.pdf", b"3 0 obj << >> endobj trailer << >>", formats.PDF),
        ("damaged.pdf", bytes(range(256)) * 4, formats.PDF),
        ("feed", b"<?xml version='1.0'?><rss/>", formats.XML),
        ("plan.svg", b"<svg><text>Plan</text></svg>", formats.SVG),
        ("plan.xml", b"<?xml version='1.0'?><!-- a --><!DOCTYPE svg><svg/>", formats.SVG),
        ("plan.txt", b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>', formats.SVG),
        ("plan", b'<!DOCTYPE svg [<!ENTITY a "<a>">]>\n<svg/>', formats.SVG),
        ("page.svg", b"<!---->" * 1000, formats.SVG),
        ("on-svg.md", b"<svg> is an element of HTML.", formats.MARKDOWN),
        ("flow.xml", b"<mxfile><diagram/></mxfile>", formats.DIAGRAM),
        ("flow.drawio", b"<mxGraphModel/>", formats.DIAGRAM),
        ("mail.eml", b"From: a@example.org\n\nHi", formats.EML),
        ("data.json", b"{}", formats.JSON),
    ],
)
def test_contents_decide_and_the_name_chooses_within_them(name, head, mime_type):
    assert detect(name, head[: formats.HEAD_BYTES]) == mime_type
    assert mime_type in ACCEPTED


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.zip", archive({"a.txt": "x"})),
        ("report.txt", b"\x1f\x8b\x08\x00"),
        ("setup.pdf", b"MZ\x90\x00\x03"),
        ("tool", b"\x7fELF\x02\x01\x01\x00"),
        ("noise.bin", bytes(range(256)) * 4),
        ("noise.txt", b"text\x00with NUL"),
        ("unknown", OLE + bytes(500)),
    ],
)
def test_what_is_refused_is_told_what_is_accepted(name, head):
    with pytest.raises(UnsupportedMedia, match="Accepted are PDF, Word"):
        detect(name, head)


def test_an_empty_file_is_invalid():
    with pytest.raises(Invalid) as caught:
        detect("a.pdf", b"")
    assert caught.value.code == "empty_file"


@given(st.text(max_size=300), st.binary(max_size=600))
def test_any_name_and_bytes_are_accepted_or_refused(name, head):
    with contextlib.suppress(UnsupportedMedia, Invalid):
        assert detect(name, head) in ACCEPTED
