"""What stands beside what in a document: lines, sentences, and labels with their values."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from assay.analyses.extractive import labels
from assay.analyses.models import Page
from assay.documents.layout import CELL

MAX_LINE = 1000
"""Longer lines are taken in pieces: no label stands in them as in a form."""
MAX_VALUE = 600
_MAX_LABEL = 120
_MAX_CONTINUATION = 3
_SHORT_WORDS = 8
_MIN_ROWS = _PAIR = 2
_MAX_CELLS = 60
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"')\]”’»]*\s+(?=[\"'(\[“‘«]*[^\W\d_a-z])|(?<=[。\uff01\uff1f])"
)
_WRAPPED = 55
_FIGURE = re.compile(r"[(\-–—+]{0,2}[$€£¥]?[(\-–+]?\d[\d,.'’]*[%)]{0,2}|[—–-]|[$€£¥%]|\)%?")
_LEADER = re.compile(r"[\s.…_:]+$")
_GAP = re.compile(r"\s{3,}|\t")
_CAPTION = re.compile(r"\(([^()]{3,200})\)?")


class Relation(StrEnum):
    """How a value stands to its label."""

    COLON = "colon"
    CELL = "cell"
    MATRIX = "matrix"
    COLUMN = "column"
    FIGURES = "figures"
    BELOW = "below"
    STACK = "stack"
    CAPTION = "caption"
    DEFINED = "defined"
    INLINE = "inline"
    SENTENCE = "sentence"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or a piece of a very long one; `page` is an index."""

    page: int
    start: int
    end: int
    text: str
    wraps: bool
    after_blank: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A label and its value, at code points of a page; an empty value is one that is not given."""

    page: int
    label: str
    label_start: int
    label_end: int
    start: int
    end: int
    relation: Relation
    header: str = ""
    """What it stands under: the heading of a section of a form, or the names of columns."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or a line: what is said of one thing."""

    page: int
    start: int
    end: int


@dataclass(slots=True)
class Table:
    """Consecutive rows with marked cells; the first may be a header."""

    rows: list[list[tuple[int, int]]]
    lines: list[Line]


@dataclass(slots=True)
class Layout:
    """All that is seen of a document before it is known what is looked for."""

    pages: Sequence[Page]
    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    vocabulary: labels.Vocabulary = field(default_factory=labels.Vocabulary)


def read(pages: Sequence[Page], asked: Sequence[str]) -> Layout:
    """Return the lines, labels, tables and sentences of a document.

    :param asked: the names of the fields, which are likely labels.
    """
    layout = Layout(pages)
    layout.lines = [line for index, page in enumerate(pages) for line in _lines(index, page.text)]
    layout.vocabulary = labels.learn((line.text for line in layout.lines), asked)
    layout.tables = list(_tables(layout.lines))
    layout.units = list(_units(layout))
    layout.entries = [
        *_colons(layout),
        *_table_entries(layout),
        *_figures(layout),
        *_stacked(layout),
        *_captions(layout),
    ]
    return layout


def _lines(page: int, text: str) -> Iterator[Line]:
    blank = True
    position = 0
    for raw in text.split("\n"):
        for start, end in _pieces(raw):
            piece = raw[start:end]
            stripped = piece.strip()
            if stripped:
                at = position + start + piece.index(stripped)
                wraps = end == len(raw) and raw[-1] == " "
                yield Line(page, at, at + len(stripped), stripped, wraps, blank)
                blank = False
        if not raw.strip():
            blank = True
        position += len(raw) + 1


def _pieces(raw: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(raw) - start > MAX_LINE:
        at = max(raw.rfind(". ", start + 1, start + MAX_LINE) + 1, start)
        if at <= start + 1:
            at = raw.rfind(" ", start + 1, start + MAX_LINE)
        at = at if at > start else start + MAX_LINE
        yield start, at
        start = at
    yield start, len(raw)


# Labels with a colon


def _colons(layout: Layout) -> Iterator[Entry]:
    heading = ""
    for index, line in enumerate(layout.lines):
        heading = line.text if _heads(layout, index) else heading
        if CELL in line.text and ": " not in line.text:
            continue
        for colon in labels.split(line.text, layout.vocabulary):
            label = line.text[colon.label : colon.label_end]
            at = (line.start + colon.label, line.start + colon.label_end)
            start, end = line.start + colon.value, line.start + colon.end
            last = colon.end >= len(line.text.rstrip(" ,;\"'|"))
            if start < end:
                end = _continued(layout, index) or end if last else end
                yield Entry(line.page, label, *at, start, end, Relation.COLON, heading)
            else:
                below = _below(layout, index) if last else None
                yield Entry(line.page, label, *at, *(below or (end, end)),
                            Relation.BELOW if below else Relation.COLON, heading)  # fmt: skip


def _heads(layout: Layout, index: int) -> bool:
    """Whether a line without a label stands over one with a label, as the name of its section."""
    text = layout.lines[index].text
    return (
        index + 1 < len(layout.lines)
        and len(text.split()) <= _SHORT_WORDS
        and text[0].isupper()
        and text[-1] not in ".,;!?"
        and not any(map(str.isdigit, text))
        and not labels.stand_in(text)
        and labels.stand_in(layout.lines[index + 1].text)
    )


def _continued(layout: Layout, index: int) -> int | None:
    """Return where a value ends that runs on in the next lines, when it does."""
    end = None
    for offset in range(_MAX_CONTINUATION):
        if index + offset + 1 >= len(layout.lines):
            break
        line, following = layout.lines[index + offset], layout.lines[index + offset + 1]
        runs_on = line.wraps or line.text[-1] in ",-" or following.text[0].islower()
        if (
            not runs_on
            or following.page != line.page
            or following.after_blank
            or labels.stand_in(following.text)
        ):
            break
        end = following.end
    return end


def _below(layout: Layout, index: int) -> tuple[int, int] | None:
    """Return the lines under a label that ends with its colon: a paragraph, or a list."""
    first = index + 1
    if first >= len(layout.lines):
        return None
    line = layout.lines[first]
    if line.page != layout.lines[index].page or labels.stand_in(line.text) or CELL in line.text:
        return None
    return line.start, _paragraph_end(layout, first)


def _paragraph_end(layout: Layout, index: int) -> int:
    first = layout.lines[index]
    bulleted = first.text[0] in "•*-–·"
    end = first.end
    for at in range(index + 1, len(layout.lines)):
        before, line = layout.lines[at - 1], layout.lines[at]
        runs_on = before.wraps or line.text[0].islower() or len(before.text) > _WRAPPED
        listed = bulleted and (line.text[0] == first.text[0] or runs_on)
        if line.page != first.page or (line.after_blank and not listed) or not (runs_on or listed):
            break
        if line.end - first.start > MAX_VALUE or labels.stand_in(line.text):
            break
        end = line.end
    return end


# Tables with marked cells


def _tables(lines: Sequence[Line]) -> Iterator[Table]:
    table = Table([], [])
    for line in lines:
        if CELL in line.text or (table.lines and line.text.startswith("|")):
            fresh = table.lines and (table.lines[-1].page != line.page or line.after_blank)
            if fresh:
                yield table
                table = Table([], [])
            if not _is_rule(line.text):
                table.lines.append(line)
                table.rows.append(_cells(line))
        elif table.lines:
            yield table
            table = Table([], [])
    if table.lines:
        yield table


def _is_rule(text: str) -> bool:
    return not text.strip("|-: +=")


def _cells(line: Line) -> list[tuple[int, int]]:
    """Return the spans of a row's cells in the page's text."""
    cells = []
    position = 0
    for part in line.text.split("|")[: _MAX_CELLS + 1]:
        stripped = part.strip()
        start = line.start + position + (part.index(stripped) if stripped else 0)
        cells.append((start, start + len(stripped)))
        position += len(part) + 1
    if cells and line.text.startswith("|"):
        cells = cells[1:]
    if cells and line.text.endswith("|"):
        cells = cells[:-1]
    return cells


def header(layout: Layout, table: Table) -> list[str] | None:
    """Return the names of a table's columns, when its first row holds names."""
    if len(table.rows) < _MIN_ROWS or len(table.rows[0]) < _PAIR:
        return None
    text = layout.pages[table.lines[0].page].text
    names = [text[start:end] for start, end in table.rows[0]]
    if any(sum(map(str.isdigit, name)) > len(name) / 2 for name in names if name):
        return None
    if any(name.endswith(":") for name in names):
        return None
    return names if sum(map(bool, names)) * 2 >= len(names) else None


def _table_entries(layout: Layout) -> Iterator[Entry]:
    for table in layout.tables:
        page = table.lines[0].page
        text = layout.pages[page].text
        names = header(layout, table)
        wide = names is not None and len(names) > _PAIR
        for row in table.rows:
            yield from _pairs(page, text, row, wide=wide)
        if names:
            yield from _columns(page, text, table, names)


def _pairs(page: int, text: str, row: list[tuple[int, int]], *, wide: bool) -> Iterator[Entry]:
    """Yield a row's cells as labels, each with the cell to its right."""
    step = 2 if len(row) % 2 == 0 and not wide else len(row)
    for left in range(0, len(row) - 1, step):
        (start, end), value = row[left], row[left + 1]
        label = text[start:end].rstrip(" :")
        if 0 < len(label) <= _MAX_LABEL:
            relation = Relation.FIGURES if wide else Relation.CELL
            span = (value[0], row[-1][1]) if wide else value
            yield Entry(page, label, start, start + len(label), *span, relation)


def _columns(page: int, text: str, table: Table, names: list[str]) -> Iterator[Entry]:
    """Yield each column's name with its first cell, and with the names of rows where they help."""
    data = [row for row in table.rows[1:] if len(row) == len(names)]
    for column, (name, at) in enumerate(zip(names, table.rows[0], strict=True)):
        if data and name:
            yield Entry(page, name, *at, *data[0][column], Relation.COLUMN,
                        header="one" if len(data) == 1 else "many")  # fmt: skip
    for row in data:
        key = text[row[0][0] : row[0][1]]
        if not key or len(key) > _MAX_LABEL:
            continue
        for name, cell in zip(names[1:], row[1:], strict=True):
            if name:
                yield Entry(page, f"{key} {name}", *row[0], *cell, Relation.MATRIX)


# Rows of figures, stacked labels, captions


def _figures(layout: Layout) -> Iterator[Entry]:
    """Yield lines that end in figures: their words are the label."""
    above: Line | None = None
    for line in layout.lines:
        if CELL in line.text:
            continue
        at = figures_start(line.text)
        whole = _LEADER.sub("", line.text[:at])
        gaps = list(_GAP.finditer(whole))
        begin = gaps[-1].end() if gaps and at < len(line.text) else 0
        label = whole[begin:]
        if at < len(line.text) and label and len(label) <= _MAX_LABEL:
            ends = line.start + begin, line.start + len(whole)
            yield Entry(line.page, label, *ends, line.start + at, line.end,
                        Relation.FIGURES, above.text if above else "")  # fmt: skip
        elif at >= len(line.text):
            above = line


def figures_start(text: str) -> int:
    """Return where the figures at the end of a line begin; its length when there are none."""
    start = len(text)
    digits = False
    while start > 0:
        space = text.rfind(" ", 0, start - 1) + 1
        word = text[space:start].strip()
        if not _FIGURE.fullmatch(word):
            break
        digits = digits or any(char.isdigit() for char in word)
        start = space
    return start if digits and start > 0 else len(text)


def _stacked(layout: Layout) -> Iterator[Entry]:
    """Yield short lines with what stands under them."""
    for index in range(len(layout.lines) - 1):
        line, following = layout.lines[index], layout.lines[index + 1]
        if (
            line.page != following.page
            or len(line.text) > _MAX_LABEL
            or line.text[-1] in ".,;:!?"
            or len(line.text.split()) > _SHORT_WORDS
            or CELL in line.text
            or CELL in following.text
            or labels.stand_in(line.text)
            or labels.stand_in(following.text)
        ):
            continue
        yield Entry(line.page, line.text, line.start, line.end, following.start,
                    _paragraph_end(layout, index + 1), Relation.STACK)  # fmt: skip


def _captions(layout: Layout) -> Iterator[Entry]:
    """Yield what stands over a caption in parentheses, as under the blanks of printed forms."""
    for index in range(1, len(layout.lines)):
        line, above = layout.lines[index], layout.lines[index - 1]
        if line.text[0] != "(" or above.text[0] == "(" or line.page != above.page:
            continue
        if line.text.lstrip("(")[:1].isdigit() or (
            above.text[-1] in ".;" and len(above.text) > _WRAPPED
        ):
            continue
        captions = _caption_block(layout, index)
        parts = _parts(above.text, len(captions))
        for (label, start, end), (left, right) in zip(captions, parts, strict=False):
            yield Entry(line.page, label, start, end, above.start + left, above.start + right,
                        Relation.CAPTION)  # fmt: skip


def _caption_block(layout: Layout, index: int) -> list[tuple[str, int, int]]:
    """Return the captions that begin on a line, which may run over the next."""
    first = layout.lines[index]
    end = first.end
    text = layout.pages[first.page].text
    for at in range(index + 1, min(index + 3, len(layout.lines))):
        line = layout.lines[at]
        block = text[first.start : end]
        if line.page != first.page or (
            block.count("(") <= block.count(")") and line.text[0] != "("
        ):
            break
        end = line.end
    block = text[first.start : end]
    return [
        (match[1], first.start + match.start(1), first.start + match.end(1))
        for match in _CAPTION.finditer(block)
    ]


def _parts(text: str, count: int) -> list[tuple[int, int]]:
    """Return a line in as many parts as there are captions under it, cut where its look changes."""
    pieces = list(re.finditer(r"\S+", text))
    if count <= 1 or len(pieces) <= 1:
        return [(0, len(text))]
    changes = [
        index
        for index in range(1, len(pieces))
        if _has_digit(pieces[index].group()) != _has_digit(pieces[index - 1].group())
        and not pieces[index - 1].group().endswith(",")
    ]
    cuts = sorted(changes[-(count - 1) :])
    bounds = [0, *cuts, len(pieces)]
    return [
        (pieces[left].start(), pieces[right - 1].end())
        for left, right in pairwise(bounds)
        if left < right
    ]


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


# Sentences


def _units(layout: Layout) -> Iterator[Unit]:
    """Yield the sentences of running text, and each other line by itself."""
    index = 0
    lines = layout.lines
    while index < len(lines):
        last = index
        while last + 1 < len(lines) and _joined(lines[last], lines[last + 1]):
            last += 1
        yield from _sentences(layout, lines[index], lines[last])
        index = last + 1


def _joined(line: Line, following: Line) -> bool:
    if following.page != line.page or following.after_blank or CELL in line.text:
        return False
    if line.wraps or following.text[0].islower():
        return True
    return (
        len(line.text) > _WRAPPED
        and line.text[-1] not in ".:!?"
        and figures_start(line.text) == len(line.text)
    )


def _sentences(layout: Layout, first: Line, last: Line) -> Iterator[Unit]:
    text = layout.pages[first.page].text
    start = first.start
    for match in _SENTENCE_END.finditer(text, start, last.end):
        if match.end() - start > 1:
            yield Unit(first.page, start, match.start())
            start = match.end()
    if start < last.end:
        yield Unit(first.page, start, last.end)
