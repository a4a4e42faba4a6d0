"""Every format but PDF: bytes in, pages out. Runs in the limited process only."""

import csv
import io
import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from assay.documents import formats
from assay.documents.drawings import read_diagram, read_svg
from assay.documents.failures import Failure
from assay.documents.markup import read_html, row, tidy

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARED = re.compile(rb"(?i)(?:charset|encoding)\s*=\s*[\"']?([a-z0-9_.:-]+)")
_SNIFF_BYTES = 64 * 1024
_MAX_CELL = 1 << 30
_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_ARTEFACT = "[TABLE_ROW]"  # what kreuzberg 4.10 leaves behind each row of an RTF table


class Text:
    """What a file holds: its own title, when it has one, and the text of each page."""

    def __init__(self, pages: Sequence[str], title: str = "") -> None:
        self.pages = [clean(page) for page in pages]
        self.title = clean(title).strip()


def read(path: Path, mime_type: str) -> Text:
    """Return the text of a file.

    :raises Failure: `encrypted`, `broken` or `unsupported`.
    """
    data = path.read_bytes()
    reader = _READERS.get(mime_type)
    if reader:
        return reader(data)
    if mime_type not in formats.ACCEPTED:
        raise Failure("unsupported")
    return _by_kreuzberg(data, mime_type)


def clean(text: str) -> str:
    """Return text that PostgreSQL takes: line feeds only, no NUL, controls or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNWANTED.sub("", text)
    return _SPACE.sub(" ", text)


_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def decode(data: bytes) -> str:
    """Return text in the encoding that its bytes declare, or else most resemble."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) if encoding == "utf-8" else 0 :].decode(encoding, "replace")
    declared = _DECLARED.search(data[:2048])
    for encoding in ("utf-8", declared.group(1).decode() if declared else ""):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode(_guess(data[:_SNIFF_BYTES]), "replace")


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415  rare, and 40 ms to import

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"


def _plain(data: bytes) -> Text:
    return Text([decode(data)])


def _html(data: bytes) -> Text:
    title, text = read_html(decode(data))
    return Text([text], title)


def _svg(data: bytes) -> Text:
    title, words = read_svg(decode(data))
    return _drawing(words, title)


def _diagram(data: bytes) -> Text:
    return _drawing(read_diagram(decode(data)))


def _drawing(words: str, title: str = "") -> Text:
    if not words:
        raise Failure("no_words_in_drawing")
    return Text([words], title)


def _json(data: bytes) -> Text:
    """Return JSON indented, or as it is when it is no single valid value."""
    source = decode(data)
    try:
        return Text([json.dumps(json.loads(source), ensure_ascii=False, indent=1)])
    except (ValueError, RecursionError):
        return Text([source])


def _csv(data: bytes) -> Text:
    source = decode(data)
    csv.field_size_limit(_MAX_CELL)
    rows = csv.reader(io.StringIO(source, newline=""), delimiter=_delimiter(source))
    try:
        return Text([_table(rows)])
    except csv.Error:
        return Text([source])


def _delimiter(source: str) -> str:
    """Return what separates the cells of the first line; `csv.Sniffer` errs on short files."""
    first = source.lstrip().partition("\n")[0]
    return max(",;\t|", key=first.count)


def _table(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(row(list(cells)) for cells in rows if any(cell.strip() for cell in cells))


def _mail(data: bytes) -> Text:
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)  # noqa: S101  what `policy.default` makes
    heads = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    parts = ["\n".join(heads), _mail_body(message)]
    names = [name for part in message.walk() if (name := part.get_filename())]
    if names:
        parts.append("Attachments: " + ", ".join(names))
    return Text(["\n\n".join(part for part in parts if part)], _header(message, "Subject"))


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError, TypeError):  # a header that is beyond repair
        return ""


def _mail_body(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    payload = body.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = _decode_as(payload, body.get_content_charset())
    return read_html(text)[1] if body.get_content_subtype() == "html" else text.strip()


def _decode_as(data: bytes, encoding: str | None) -> str:
    try:
        return data.decode(encoding or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return decode(data)


def _by_kreuzberg(data: bytes, mime_type: str) -> Text:
    from kreuzberg import (  # noqa: PLC0415  60 ms that the other formats need not pay
        ExtractionConfig,
        KreuzbergError,
        PageConfig,
        extract_bytes_sync,
    )

    # A mark that no document can hold: its text must not be able to forge pages.
    mark = f"page-{secrets.token_hex(16)}-"
    config = ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        include_document_structure=True,
        pages=PageConfig(
            extract_pages=True,
            insert_page_markers=True,
            marker_format=f"\n\n{mark}{{page_num}}\n\n",
        ),
    )
    try:
        result = extract_bytes_sync(data, mime_type, config=config)
    except KreuzbergError as error:
        raise Failure(_reason(data, mime_type, str(error))) from None
    title = str(result.metadata.get("title") or "")
    if mime_type in {formats.XLSX, formats.XLS}:
        return Text(_sheets(result), title)
    if mime_type in {formats.PPTX, formats.PPT}:
        return Text(_slides(result.content, mark), title)
    return Text([_structure(result) or result.content], title)


def _reason(data: bytes, mime_type: str, message: str) -> str:
    modern = mime_type in {formats.DOCX, formats.PPTX, formats.XLSX}
    if (modern and data.startswith(_OLE)) or re.search(r"(?i)password|encrypt", message):
        return "encrypted"
    return (
        "too_complex" if re.search(r"(?i)bomb|limit|exceed|too (large|many)", message) else "broken"
    )


def _sheets(result: Any) -> list[str]:
    """Return one page per sheet: its name and its rows."""
    names = result.metadata.get("sheet_names") or []
    if isinstance(names, str):
        names = names.split(", ")
    pages = [""] * max([len(names), *(table.page_number for table in result.tables)])
    for number, name in enumerate(names):
        pages[number] = str(name)
    for table in result.tables:
        index = max(0, table.page_number - 1)
        pages[index] += "\n\n" + _table(table.cells)
    return pages


def _slides(content: str, mark: str) -> list[str]:
    """Return one page per slide; tab-separated blocks are the rows of a table."""
    parts = re.split(rf"{mark}(\d+)", content)
    if parts[0].strip() or len(parts) == 1:
        return [_rows_from_tabs(re.sub(rf"{mark}\d+", "", content))]
    pages = [""] * max(int(number) for number in parts[1::2])
    for number, text in zip(parts[1::2], parts[2::2], strict=True):
        pages[int(number) - 1] += _rows_from_tabs(text)
    return pages


def _rows_from_tabs(text: str) -> str:
    joined = re.sub(r"(?m)(^[^\n]*\t[^\n]*)\n\n(?=[^\n]*\t)", r"\1\n", text)
    lines = (row(line.split("\t")) if "\t" in line else line for line in joined.split("\n"))
    return tidy("\n".join(lines))


def _structure(result: Any) -> str:
    """Return the text of the document's nodes: blocks apart, tables as rows."""
    nodes = (result.document or {}).get("nodes", [])
    blocks: list[str] = []
    previous = ""
    for node in nodes:
        content = node["content"]
        text = _node_text(content)
        kind = content["node_type"]
        if text.strip() and text.strip() != _ARTEFACT:
            tight = kind == previous == "list_item"
            blocks.append(("\n" if tight else "\n\n") + text.strip("\n"))
            previous = kind
    return tidy("".join(blocks))


def _node_text(content: dict[str, Any]) -> str:
    kind = content["node_type"]
    if kind == "table":
        return _table(_grid(content["grid"]))
    if kind == "metadata_block":
        return "\n".join(f"{key}: {value}" for key, value in content.get("entries", []))
    if kind == "list_item":
        return f"• {content.get('text', '')}"
    if kind == "image":
        return str(content.get("description") or "")
    return str(content.get("text") or "")


def _grid(grid: dict[str, Any]) -> list[list[str]]:
    cells = [[""] * grid["cols"] for _ in range(grid["rows"])]
    for cell in grid["cells"]:
        cells[cell["row"]][cell["col"]] = cell["content"]
    return cells


_READERS: dict[str, Callable[[bytes], Text]] = {
    formats.TEXT: _plain,
    formats.MARKDOWN: _plain,
    formats.HTML: _html,
    formats.JSON: _json,
    formats.CSV: _csv,
    formats.TSV: _csv,
    formats.EML: _mail,
    formats.SVG: _svg,
    formats.DIAGRAM: _diagram,
}
