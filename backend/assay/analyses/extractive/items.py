"""One row for each item: of the table whose columns fit the fields best."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assay.analyses.extractive import layout, values, words
from assay.analyses.extractive.index import Index
from assay.analyses.extractive.layout import Line, Relation
from assay.analyses.extractive.matching import Fit, Wanted
from assay.analyses.extractive.places import TRUST, Candidate
from assay.documents.layout import CELL

MAX_ROWS = 5000
"""Rows of a table that are read."""
MIN_COLUMN_FIT = 0.5
_MIN_COLUMNS = 2
_MAX_HEADER = 200
_MAX_ROW = 400
_STRAY_LINES = 1
_GAP = re.compile(r"\s{2,}|\t")
_ATOM = re.compile(
    r"[$€£¥]?\s?[-–(]?\d[\d,.'’]*%?\)?(?=\s|$)"
    r"|(?=[^\s]*\d)[^\s]+"
    r"|(?:(?![^\s]*\d)[^\s]+)(?:\s(?![^\s]*\d)[^\s]+)*"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that holds a field: its cell's place in a row, from the left or from the right."""

    about: Wanted
    fit: Fit
    at: int


@dataclass(slots=True)
class Found:
    """A table: its columns, and its rows as spans of cells on a page."""

    columns: list[Column]
    rows: list[tuple[int, list[tuple[int, int]]]] = field(default_factory=list)

    @property
    def score(self) -> float:
        """How well the table fits what is asked for."""
        return sum(column.fit.score for column in self.columns) if self.rows else 0.0


def rows(index: Index, wanted: Sequence[Wanted]) -> list[dict[str, Candidate]]:
    """Return the items of the table that fits best: by the fields' names, the cells that hold them.

    None when no table has columns for at least two of the fields, or for the only one.
    """
    needed = min(_MIN_COLUMNS, len(wanted))
    tables = [*_marked(index, wanted), *_plain(index, wanted)]
    tables = [table for table in tables if len(table.columns) >= needed and table.rows]
    if not tables:
        return []
    best = max(tables, key=lambda table: table.score)
    same = [table for table in tables if table.columns == best.columns]
    found = []
    for table in same:
        for page, cells in table.rows[:MAX_ROWS]:
            item = _item(index, table.columns, page, cells)
            if len(item) >= needed:
                found.append(item)
    return found


def _item(
    index: Index, columns: Sequence[Column], page: int, cells: list[tuple[int, int]]
) -> dict[str, Candidate]:
    text = index.layout.pages[page].text
    item = {}
    for column in columns:
        if not -len(cells) <= column.at < len(cells):
            continue
        start, end = cells[column.at]
        taken = values.take(text[start:end], column.about, index)
        if taken:
            left, right, value = taken
            item[column.about.field.name] = Candidate(
                page, start + left, start + right, cells[0][0], cells[-1][1], value,
                Relation.COLUMN, column.fit, column.fit.score * TRUST[Relation.COLUMN],
            )  # fmt: skip
    return item


def _columns(index: Index, names: Sequence[str], wanted: Sequence[Wanted]) -> list[Column]:
    """Return which column holds which field, the best pairs first."""
    pairs = sorted(
        (
            (index.fit(about, name), at, about)
            for at, name in enumerate(names)
            if name
            for about in wanted
        ),
        key=lambda pair: (-pair[0].score, pair[1]),
    )
    taken: list[Column] = []
    for fit, at, about in pairs:
        free = all(column.at != at and column.about != about for column in taken)
        if fit.score >= MIN_COLUMN_FIT and free:
            taken.append(Column(about, fit, at))
    return taken


def _marked(index: Index, wanted: Sequence[Wanted]) -> Iterator[Found]:
    """Yield the tables whose cells are marked."""
    for table in index.layout.tables:
        names = layout.header(index.layout, table)
        if names:
            page = table.lines[0].page
            found = Found(_columns(index, names, wanted))
            found.rows = [(page, row) for row in table.rows[1:] if len(row) == len(names)]
            yield found


# Tables of which only the words are left


def _plain(index: Index, wanted: Sequence[Wanted]) -> Iterator[Found]:
    lines = index.layout.lines
    needed = min(_MIN_COLUMNS, len(wanted))
    related = [{term for stem in w.name for term in words.relatives(stem)} for w in wanted]
    past = 0
    for at, line in enumerate(lines):
        if at < past or not _may_be_header(line, related, needed):
            continue
        segments = _segments(index, line.text, wanted)
        if sum(about is not None for _, about in segments) < needed:
            continue
        body = list(_body(lines, at))
        if body:
            past = body[-1][0] + 1
            yield _aligned(segments, [(line, cells) for _, line, cells in body])


def _may_be_header(line: Line, related: Sequence[set[str]], needed: int) -> bool:
    """Whether a line has words of enough fields, and looks like names of columns."""
    text = line.text
    if CELL in text or len(text) > _MAX_HEADER or text[-1] in ".;":
        return False
    if layout.figures_start(text) < len(text):
        return False
    said = set(words.terms(text))
    return sum(not said.isdisjoint(terms) for terms in related) >= needed


Segment = tuple[str, Wanted | None]


def _segments(index: Index, text: str, wanted: Sequence[Wanted]) -> list[Segment]:
    """Return a header's columns: the words that name a field, and those between them."""
    if _GAP.search(text):
        names = _GAP.split(text)
        by_place = {column.at: column.about for column in _columns(index, names, wanted)}
        return [(name, by_place.get(at)) for at, name in enumerate(names)]
    pieces = text.split()
    runs: list[tuple[int, int, Wanted]] = []
    for about in wanted:
        run = _run(index, pieces, about)
        if run and not any(start < run[1] and run[0] < end for start, end, _ in runs):
            runs.append((*run, about))
    segments: list[Segment] = []
    position = 0
    for start, end, about in sorted(runs, key=lambda run: run[0]):
        if position < start:
            segments.append((" ".join(pieces[position:start]), None))
        segments.append((" ".join(pieces[start:end]), about))
        position = end
    if position < len(pieces):
        segments.append((" ".join(pieces[position:]), None))
    return segments


_MAX_RUN, _RUN_FIT = 3, 0.72
_NAMED = Fit(0.9, named=0.9)


def _run(index: Index, pieces: Sequence[str], about: Wanted) -> tuple[int, int] | None:
    """Return the words of a header that name a field best."""
    best, score = None, _RUN_FIT
    for start in range(len(pieces)):
        for end in range(start + 1, min(start + _MAX_RUN, len(pieces)) + 1):
            fit = index.fit(about, " ".join(pieces[start:end]))
            if fit.score > score:
                best, score = (start, end), fit.score
    return best


def _body(lines: Sequence[Line], header: int) -> Iterator[tuple[int, Line, list[tuple[int, int]]]]:
    """Yield the lines under a header that look like rows, with the spans of their cells."""
    strays = 0
    first = header + 1
    for at in range(first, min(len(lines), first + MAX_ROWS)):
        line = lines[at]
        cells = _cells(line)
        numeric = any(map(str.isdigit, line.text))
        ended = (line.after_blank and at > first) or line.text == lines[header].text
        if ended or line.page != lines[first].page or len(line.text) > _MAX_ROW:
            return
        if len(cells) < _MIN_COLUMNS or not numeric or line.text[0] == "(":
            strays += 1
            if strays > _STRAY_LINES:
                return
            continue
        strays = 0
        yield at, line, cells


def _cells(line: Line) -> list[tuple[int, int]]:
    if _GAP.search(line.text):
        spans = []
        position = 0
        for gap in (*_GAP.finditer(line.text), None):
            end = gap.start() if gap else len(line.text)
            spans.append((line.start + position, line.start + end))
            position = gap.end() if gap else end
        return spans
    return [
        (line.start + match.start(), line.start + match.end())
        for match in _ATOM.finditer(line.text)
        if match.group().strip()
    ]


def _aligned(
    segments: Sequence[Segment], body: Sequence[tuple[Line, list[tuple[int, int]]]]
) -> Found:
    """Return rows with their columns in place.

    Columns are counted from the left, or from the right behind words that may name several.
    """
    usual = Counter(len(cells) for _, cells in body).most_common(1)[0][0]
    even = usual == len(segments)
    columns = []
    unclear = [
        at
        for at, (name, about) in enumerate(segments)
        if about is None and not even and len(name.split()) > 1
    ]
    for at, (_, about) in enumerate(segments):
        before = any(each < at for each in unclear)
        after = any(each > at for each in unclear)
        if about and not (before and after):
            columns.append(Column(about, _NAMED, at - len(segments) if before else at))
    found = Found(columns)
    found.rows = [(line.page, cells) for line, cells in body if len(cells) == usual]
    return found
