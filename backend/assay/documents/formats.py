"""Which files Assay reads, recognised by what is in them rather than by what they are called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from assay.errors import Invalid, UnsupportedMedia

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
DOC = "application/msword"
PPT = "application/vnd.ms-powerpoint"
XLS = "application/vnd.ms-excel"
MSG = "application/vnd.ms-outlook"
RTF = "application/rtf"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
CSV = "text/csv"
TSV = "text/tab-separated-values"
EML = "message/rfc822"
JSON = "application/json"
NOTEBOOK = "application/x-ipynb+json"
XML = "application/xml"
SVG = "image/svg+xml"
DIAGRAM = "application/vnd.jgraph.mxfile"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
WEBP = "image/webp"

HEAD_BYTES = 8192
"""How much of a file `detect` wants to see."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that Assay reads."""

    label: str
    extensions: tuple[str, ...]


ACCEPTED: Mapping[str, Format] = MappingProxyType(
    {
        PDF: Format("PDF", ("pdf",)),
        DOCX: Format("Word", ("docx", "docm", "dotx")),
        PPTX: Format("PowerPoint", ("pptx", "pptm", "ppsx")),
        XLSX: Format("Excel", ("xlsx", "xlsm")),
        DOC: Format("Word 97-2003", ("doc", "dot")),
        PPT: Format("PowerPoint 97-2003", ("ppt", "pps")),
        XLS: Format("Excel 97-2003", ("xls",)),
        ODT: Format("OpenDocument text", ("odt",)),
        RTF: Format("Rich text", ("rtf",)),
        EPUB: Format("EPUB book", ("epub",)),
        HTML: Format("Web page", ("html", "htm", "xhtml")),
        MARKDOWN: Format("Markdown", ("md", "markdown")),
        TEXT: Format("Text", ("txt", "text", "log")),
        CSV: Format("CSV table", ("csv",)),
        TSV: Format("TSV table", ("tsv", "tab")),
        EML: Format("E-mail", ("eml",)),
        MSG: Format("Outlook message", ("msg",)),
        JSON: Format("JSON", ("json", "jsonl", "ndjson")),
        NOTEBOOK: Format("Jupyter notebook", ("ipynb",)),
        XML: Format("XML", ("xml", "rss", "atom")),
        SVG: Format("SVG drawing", ("svg",)),
        DIAGRAM: Format("draw.io diagram", ("drawio",)),
        PNG: Format("PNG image", ("png",)),
        JPEG: Format("JPEG image", ("jpg", "jpeg")),
        TIFF: Format("TIFF image", ("tif", "tiff")),
        WEBP: Format("WebP image", ("webp",)),
    }
)

IMAGES = frozenset({PNG, JPEG, TIFF, WEBP})

_ACCEPTED_SENTENCE = (
    "Accepted are PDF, Word, PowerPoint, Excel, OpenDocument text, RTF, EPUB, HTML, Markdown, "
    "text, CSV, TSV, e-mail (EML, MSG), JSON, notebooks, XML, SVG and draw.io drawings, and PNG, "
    "JPEG, TIFF and WebP images."
)
_BY_EXTENSION = {ext: mime for mime, fmt in ACCEPTED.items() for ext in fmt.extensions}
_ZIP_FAMILY = frozenset({DOCX, PPTX, XLSX, ODT, EPUB})
_OLE_FAMILY = frozenset({DOC, PPT, XLS, MSG})
_OLE_ENCRYPTED = frozenset({DOCX, PPTX, XLSX})
_TEXT_FAMILY = frozenset({HTML, MARKDOWN, TEXT, CSV, TSV, EML, JSON, NOTEBOOK, XML, SVG, DIAGRAM})
_DRAWN_FAMILY = frozenset({None, TEXT, XML, SVG, DIAGRAM})
"""Names under which a drawing in markup is met."""

_PDF_HEADER_WITHIN = 1024  # PDF 1.7, appendix H.3: readers look for the header in this many bytes
_PDF_SYNTAX = (b"endobj", b"startxref", b"trailer")
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", RTF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
)
_ZIP_CLUES: tuple[tuple[bytes, str], ...] = (
    (b"mimetypeapplication/epub+zip", EPUB),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", ODT),
    (b"word/", DOCX),
    (b"ppt/", PPTX),
    (b"xl/", XLSX),
)
_OLE_CLUES: tuple[tuple[str, str], ...] = (
    ("WordDocument", DOC),
    ("PowerPoint Document", PPT),
    ("Workbook", XLS),
    ("__substg1.0_", MSG),
)
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an XZ archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
)
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r\x1a\x1b\b")
_MAX_CONTROL_SHARE = 0.02
# Possessive: hostile comments would else be tried in every way that they can be cut.
_ROOT = re.compile(
    rb"(?s)(?:<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>|\s)*+<([\w:.-]+)"
)
_DRAWN_ROOTS = {b"svg": SVG, b"svg:svg": SVG, b"mxfile": DIAGRAM, b"mxgraphmodel": DIAGRAM}
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")


def detect(name: str, head: bytes) -> str:
    """Return the MIME type of a file by its first `HEAD_BYTES` bytes and its name.

    The contents decide; the extension only chooses within what they allow, because the
    members of a ZIP or OLE container need not show in its first bytes.

    :raises Invalid: `empty_file`, when there is nothing in it.
    :raises UnsupportedMedia: with a sentence that names what is accepted.
    """
    if not head:
        raise Invalid("The file is empty. Choose a file that has contents.", code="empty_file")
    named = _BY_EXTENSION.get(extension(name))
    if is_pdf(head):
        return PDF
    if head.startswith(_ZIP):
        return _in_zip(named, head)
    if head.startswith(_OLE):
        return _in_ole(named, head)
    binary = _magic(head)
    if binary:
        return binary
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise _refused(what)
    if not is_text(head):
        if named == PDF:
            return PDF  # one whose beginning is damaged: the parser says so
        raise _refused("a binary file of a kind that Assay does not read")
    return _in_text(named, head)


def extension(name: str) -> str:
    """Return the extension of a file name in lower case, without its dot."""
    return name.rpartition(".")[2].strip().lower() if "." in name else ""


def is_pdf(head: bytes) -> bool:
    """Whether a file begins as a PDF, perhaps after some bytes that do not belong to it."""
    return b"%PDF-" in head[:_PDF_HEADER_WITHIN]


def is_text(head: bytes) -> bool:
    """Whether the bytes look like text in some encoding: (almost) no control characters."""
    if head.startswith(_BOMS):
        return True
    controls = sum(byte < ord(" ") and byte not in _TEXT_CONTROLS for byte in head)
    return 0 not in head and controls <= len(head) * _MAX_CONTROL_SHARE


def _magic(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    return next((mime for magic, mime in _MAGIC if head.startswith(magic)), None)


def _in_zip(named: str | None, head: bytes) -> str:
    found = next((mime for clue, mime in _ZIP_CLUES if clue in head), None)
    if found:
        return found
    if named in _ZIP_FAMILY:
        return named
    raise _refused("a ZIP archive or a container that Assay does not read", " Unpack it first.")


def _in_ole(named: str | None, head: bytes) -> str:
    # Office encrypts DOCX, PPTX and XLSX by wrapping them in OLE: the parser tells so.
    if named in _OLE_FAMILY or named in _OLE_ENCRYPTED:
        return str(named)
    for clue, mime in _OLE_CLUES:
        if clue.encode("utf-16-le") in head:
            return mime
    raise _refused("an Office container that Assay cannot tell without .doc, .xls, .ppt or .msg")


def _in_text(named: str | None, head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    drawn = _drawn(start) if named in _DRAWN_FAMILY else None
    if drawn:
        return drawn
    if named in _TEXT_FAMILY:
        return str(named)
    if named == PDF and any(mark in head for mark in _PDF_SYNTAX):
        return PDF  # one without its header: the parser tells that it is broken
    if start.startswith(_HTML_STARTS):
        return HTML
    return XML if start.startswith(b"<?xml") else TEXT


def _drawn(start: bytes) -> str | None:
    """Return the kind of drawing that markup is, by its first element."""
    root = _ROOT.match(start)
    return _DRAWN_ROOTS.get(root.group(1)) if root else None


def _refused(what: str, advice: str = "") -> UnsupportedMedia:
    return UnsupportedMedia(f"This is {what}.{advice} {_ACCEPTED_SENTENCE}")
