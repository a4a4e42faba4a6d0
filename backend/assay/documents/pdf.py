"""PDF pages: their text, where each character stands, and their picture.

The text of a page is made from pdfium's characters one by one, so the position of every
code point in it leads back to a character box. `page_text` and `boxes` share that map,
which makes citations and highlights agree.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from assay.documents.failures import Failure

HYPHEN_AT_LINE_END = 0x02
"""pdfium's mark for a hyphen at which a word runs on in the next line. Most are hyphens that
belong there (`non-GAAP`), so it becomes one; pdfium has already joined the lines."""

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
_SPACES = (0x09, 0x0B, 0x0C, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_NOTHING = (0xAD, 0x200B, 0xFEFF, 0xFFFE, 0xFFFF)
_SYMBOL_BULLET = 0xF0B7
_STANDS_FOR: dict[int, str] = (
    dict.fromkeys(_NOTHING, "")
    | dict.fromkeys(_SPACES, " ")
    | _LIGATURES
    | {ord("\n"): "\n", HYPHEN_AT_LINE_END: "-", _SYMBOL_BULLET: "•"}
)
_FIRST_PRINTABLE = 0x20
_DELETE, _LAST_C1 = 0x7F, 0x9F
_HIGH, _LOW, _AFTER_SURROGATES = 0xD800, 0xDC00, 0xE000
_MAX_CODE_POINT = 0x10FFFF
_MAX_PIXELS = 40_000_000

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Text, and for each of its code points the index of pdfium's character."""

    text: str
    origins: list[int]


def open_pdf(path: Path) -> pdfium.PdfDocument:
    """Open a PDF that needs no password.

    :raises Failure: `encrypted` or `broken`.
    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise Failure("encrypted" if _is_locked(error, path) else "broken") from None
    if not len(document):
        raise Failure("broken")
    return document


def _is_locked(error: pdfium.PdfiumError, path: Path) -> bool:
    """Whether a file did not open because it is encrypted; pdfium does not always say so."""
    if error.err_code == pdfium_c.FPDF_ERR_SUCCESS:
        return b"/Encrypt" in path.read_bytes()
    return error.err_code in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}


def open_page(document: pdfium.PdfDocument, number: int) -> pdfium.PdfPage:
    """Return page `number`, from 1.

    :raises Failure: `no_image`, when there is no such page or it cannot be read.
    """
    if not 1 <= number <= len(document):
        raise Failure("no_image")
    try:
        return document[number - 1]
    except pdfium.PdfiumError:
        raise Failure("no_image") from None


def page_text(page: pdfium.PdfPage) -> Mapped:
    """Return a page's text in the order of the file, cleaned of what is not text."""
    textpage = page.get_textpage()
    try:
        count = max(0, pdfium_c.FPDFText_CountChars(textpage))
        codes = [pdfium_c.FPDFText_GetUnicode(textpage, index) for index in range(count)]
    finally:
        textpage.close()
    return normalise(codes)


def texts(document: pdfium.PdfDocument) -> Iterator[str]:
    """Yield the text of each page; nothing for a page that cannot be read."""
    for index in range(len(document)):
        try:
            page = document[index]
        except pdfium.PdfiumError:
            yield ""
            continue
        try:
            yield page_text(page).text
        except pdfium.PdfiumError:
            yield ""
        finally:
            page.close()


def title(document: pdfium.PdfDocument) -> str:
    """Return the title that the document gives itself, or nothing."""
    return normalise([ord(char) for char in document.get_metadata_value("Title")]).text.strip()


def normalise(codes: list[int]) -> Mapped:
    """Return clean text of pdfium's character codes, with each code point's origin."""
    pieces: list[str] = []
    origins: list[int] = []
    for index, piece in _pieces(codes):
        pieces.append(piece)
        origins.extend(repeat(index, len(piece)))
    return Mapped("".join(pieces), origins)


def _pieces(codes: list[int]) -> Iterator[tuple[int, str]]:
    skip = False
    for index, code in enumerate(codes):
        if skip:
            skip = False
            continue
        if _FIRST_PRINTABLE <= code < _DELETE:
            yield index, chr(code)
            continue
        following = codes[index + 1] if index + 1 < len(codes) else 0
        if code == ord("\r"):
            skip = following == ord("\n")
            yield index, "\n"
        elif _HIGH <= code < _LOW <= following < _AFTER_SURROGATES:
            skip = True
            yield index, chr(0x10000 + ((code - _HIGH) << 10) + (following - _LOW))
        else:
            yield index, _piece(code)


def _piece(code: int) -> str:
    """Return what one code stands for; nothing for control characters and lone surrogates."""
    if code in _STANDS_FOR:
        return _STANDS_FOR[code]
    control = code < _FIRST_PRINTABLE or _DELETE <= code <= _LAST_C1
    surrogate = _HIGH <= code < _AFTER_SURROGATES
    return "" if control or surrogate or code > _MAX_CODE_POINT else chr(code)


def boxes(page: pdfium.PdfPage, start: int, end: int) -> list[Box]:
    """Return one box per line of the text from code point `start` to `end`.

    A box is x0, y0, x1, y1 as fractions of the page as it is shown, from its top left.
    """
    mapped = page_text(page)
    textpage = page.get_textpage()
    try:
        lines = [
            [textpage.get_charbox(origin, loose=True) for origin in line]
            for line in _lines(textpage, mapped, start, end)
        ]
    finally:
        textpage.close()
    hulls = (_hull([box for box in line if box[0] < box[2] and box[1] < box[3]]) for line in lines)
    return [_to_page(page, hull) for hull in hulls if hull]


def _lines(
    textpage: pdfium.PdfTextPage, mapped: Mapped, start: int, end: int
) -> Iterator[list[int]]:
    """Yield the characters of each line: it ends at a line feed or at a word's hyphen."""
    line: list[int] = []
    for origin, char in zip(mapped.origins[start:end], mapped.text[start:end], strict=True):
        if not char.isspace():
            line.append(origin)
        code = pdfium_c.FPDFText_GetUnicode(textpage, origin)
        if char == "\n" or code == HYPHEN_AT_LINE_END:
            yield line
            line = []
    yield line


def _hull(shown: list[Box]) -> Box | None:
    """Return the smallest box around others."""
    if not shown:
        return None
    lefts, lows, rights, highs = zip(*shown, strict=True)
    return min(lefts), min(lows), max(rights), max(highs)


def _to_page(page: pdfium.PdfPage, box: Box) -> Box:
    """Turn a box of PDF coordinates into fractions of the page as shown, rotation included."""
    left, bottom, right, top = page.get_bbox()
    width, height = max(right - left, 1e-6), max(top - bottom, 1e-6)
    x0, x1 = (box[0] - left) / width, (box[2] - left) / width
    y0, y1 = (top - box[3]) / height, (top - box[1]) / height
    turned: dict[int, Box] = {
        0: (x0, y0, x1, y1),
        90: (1 - y1, x0, 1 - y0, x1),
        180: (1 - x1, 1 - y1, 1 - x0, 1 - y0),
        270: (y0, 1 - x1, y1, 1 - x0),
    }
    a, b, c, d = turned[page.get_rotation() % 360]
    return _clip(a), _clip(b), _clip(c), _clip(d)


def _clip(value: float) -> float:
    return min(1.0, max(0.0, round(value, 5)))


def render(page: pdfium.PdfPage, width: int) -> bytes:
    """Return the page as WebP, `width` pixels wide."""
    points_wide, points_high = page.get_size()
    scale = width / max(points_wide, 1)
    if points_wide * points_high * scale * scale > _MAX_PIXELS:
        raise Failure("too_complex")
    image = page.render(scale=scale).to_pil()
    out = io.BytesIO()
    image.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def picture(document: pdfium.PdfDocument, index: int, dpi: int) -> bytes:
    """Return a page in grey as PGM, for recognition; nothing for a page that cannot be read."""
    try:
        page = document[index]
        points_wide, points_high = page.get_size()
        fits = (_MAX_PIXELS / max(points_wide * points_high, 1)) ** 0.5
        image = page.render(scale=min(dpi / 72, fits), grayscale=True).to_pil()
    except pdfium.PdfiumError:
        return b""
    out = io.BytesIO()
    image.save(out, "PPM")
    page.close()
    return out.getvalue()
