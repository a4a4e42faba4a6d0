"""Pages cut into passages: what is embedded, searched and quoted."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.documents import layout
from assay.documents.layout import Kind, Line

MAX_CHARACTERS = 1200
"""Longest passage, except a table row, which is kept whole up to `MAX_ROW_CHARACTERS`."""
MAX_ROW_CHARACTERS = 2000
MAX_WORDPIECES = 245
"""Estimated wordpieces of a passage with its context: all-MiniLM-L6-v2 reads 256, two of
which are the marks at the ends."""
MAX_CONTEXT = 360
"""Longest context, in characters."""

_WORDPIECES_PER_CHARACTER = MAX_WORDPIECES / MAX_CHARACTERS
_MIN_BODY_WORDPIECES = 120
_MIN_FILL = 0.45
_EVEN = 0.9  # how full passages may be planned, so that good boundaries are within reach
_TITLE_CHARACTERS = 80
_NEAR = 120
_PIECE = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_OTHER_SCRIPT = re.compile(r"[^\x00-\u024f]")
_WHOLE_WORD = 8
_LETTERS_PER_PIECE = 4.5
_SHORT_NUMBER = 3
_ACRONYM, _ACRONYM_PIECES = range(3, 6), 1.9
_NOT_SPACE = re.compile(r"\S")
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"')\]”’»]*\s+(?=[\"'(\[“‘«]*[A-Z0-9À-ÞА-Я])"
    r"|(?<=[。！？])\s*(?=\S)"  # noqa: RUF001
)

# How good it is to cut before a unit; the fill of the passage, 0 to 1, is added.
_SECTION, _BLOCK, _LINE, _SENTENCE, _INSIDE = 1.6, 1.0, 0.7, 0.5, 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one page; `number` starts at 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page: `text == page.text[start:end]`, in Unicode code points."""

    ordinal: int
    page: int
    start: int
    end: int
    text: str
    context: str
    """Document, heading and table header: put before the text for search, never quoted."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A piece that is not cut: a sentence, a heading, a row."""

    start: int
    end: int
    weight: float
    cut_before: float
    place: layout.Place
    header: str
    header_start: int


def cut(pages: Sequence[Page], title: str = "") -> list[Passage]:
    """Cut pages into passages that cover every character other than white space.

    Passages end at sections, paragraphs, sentences or table rows, do not overlap and do
    not span pages, so that a citation names one page.

    :param title: the document's name, as the first part of every context.
    """
    furniture = layout.furniture([page.text for page in pages])
    passages: list[Passage] = []
    place = layout.Place()
    for page in pages:
        units = list(_units(page.text, layout.read(page.text, furniture), place))
        for group in _pack(units, title):
            start, end = group[0].start, group[-1].end
            text = page.text[start:end]
            context = _context(title, group)
            passages.append(Passage(len(passages), page.number, start, end, text, context))
        place = units[-1].place if units else place
    return passages


def wordpieces(text: str) -> float:
    """Estimate how many wordpieces all-MiniLM-L6-v2 makes of a text, without its vocabulary."""
    return sum(map(_piece_weight, _PIECE.findall(text)))


def _piece_weight(piece: str) -> float:
    """Return the mean wordpieces of such a piece, fitted to filings and abstracts."""
    length = len(piece)
    if piece.isdigit():
        return 1.0 if length < _SHORT_NUMBER else max(1.5, length / 2)
    if _OTHER_SCRIPT.match(piece):
        return float(length)
    if length in _ACRONYM and piece.isupper():
        return _ACRONYM_PIECES
    return 1.0 + max(0, length - _WHOLE_WORD) / _LETTERS_PER_PIECE


def _units(text: str, lines: Sequence[Line], place: layout.Place) -> Iterator[_Unit]:
    index = 0
    while index < len(lines):
        line = lines[index]
        end = index + 1
        if line.kind in {Kind.PROSE, Kind.ITEM}:
            while end < len(lines) and _continues(lines[end]):
                end += 1
        if line.kind is Kind.HEADING:
            place = place.at(line.text)
        yield from _block(text, lines[index:end], place)
        index = end


def _continues(line: Line) -> bool:
    return line.kind is Kind.PROSE and not line.after_blank


def _block(text: str, lines: Sequence[Line], place: layout.Place) -> Iterator[_Unit]:
    """Yield the units of a paragraph, a heading or a row."""
    first = lines[0]
    quality = _quality(first)
    limit = MAX_ROW_CHARACTERS if first.kind is Kind.ROW else MAX_CHARACTERS
    for start, end in _spans(text, lines):
        for left, right in _bounded(text, start, end, limit):
            weight = max(wordpieces(text[left:right]), (right - left) * _WORDPIECES_PER_CHARACTER)
            header_start = first.header_start
            yield _Unit(left, right, weight, quality, place, first.header, header_start)
            quality = _INSIDE
        quality = _SENTENCE


def _quality(line: Line) -> float:
    if line.kind is Kind.HEADING or line.start == line.header_start:
        return _SECTION
    if line.header and line.kind is not Kind.ROW:
        return _INSIDE  # between the lines of a table's header
    return _BLOCK if line.after_blank else _LINE


def _spans(text: str, lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a paragraph; anything else is one piece."""
    start, end = lines[0].start, lines[-1].end
    if lines[0].kind in {Kind.PROSE, Kind.ITEM}:
        for match in _SENTENCE_END.finditer(text, start, end):
            yield start, match.start() + len(match.group().rstrip())
            start = match.end()
    yield start, end


def _bounded(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield pieces of at most `limit` characters and a bounded weight, cut at white space."""
    weight = wordpieces(text[start:end])
    if limit == MAX_CHARACTERS and weight > MAX_WORDPIECES - _MIN_BODY_WORDPIECES:
        share = (MAX_WORDPIECES - _MIN_BODY_WORDPIECES) / weight
        limit = min(limit, max(1, int((end - start) * share)))
    while end - start > limit:
        cut_at = max(text.rfind(mark, start + 1, start + limit + 1) for mark in " \n")
        cut_at = cut_at if cut_at > start else start + limit
        yield start, start + len(text[start:cut_at].rstrip())
        following = _NOT_SPACE.search(text, cut_at, end)
        start = following.start() if following else end
    if start < end:
        yield start, end


def _pack(units: Sequence[_Unit], title: str) -> Iterator[Sequence[_Unit]]:
    """Group units into passages of about equal size, each ending at the best boundary near."""
    rest = sum(unit.weight for unit in units)
    first = 0
    while first < len(units):
        room = _room(title, units[first])
        parts = math.ceil(rest / (room * _EVEN))
        last = _best_end(units, first, min(room, rest / parts / _EVEN))
        yield units[first:last]
        rest -= sum(unit.weight for unit in units[first:last])
        first = last


def _room(title: str, unit: _Unit) -> float:
    return max(_MIN_BODY_WORDPIECES, MAX_WORDPIECES - wordpieces(_context(title, [unit])))


def _best_end(units: Sequence[_Unit], first: int, room: float) -> int:
    """Return the index after the last unit of the passage that begins at `first`."""
    weight = units[first].weight
    best, best_score = first + 1, 0.0
    for index in range(first + 1, len(units)):
        unit = units[index]
        full = weight / room
        if full >= _MIN_FILL and unit.cut_before + full >= best_score:
            best, best_score = index, unit.cut_before + full
        weight += unit.weight
        if weight > room or unit.end - units[first].start > MAX_CHARACTERS:
            return best if best_score else index
    return len(units)


def _context(title: str, units: Sequence[_Unit]) -> str:
    """Return document, headings and, where the table began earlier, its header."""
    first = units[0]
    header = first.header if first.start > first.header_start else ""
    # A running head may stand before the heading that the passage really begins with.
    place = [unit.place for unit in units if unit.start - first.start <= _NEAR][-1]
    places = [name for name in (place.section, place.heading) if name not in header]
    parts = (title[:_TITLE_CHARACTERS].strip(), *places, header)
    return "\n".join(part for part in parts if part)[:MAX_CONTEXT]
