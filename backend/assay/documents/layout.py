"""What the lines of a page are: prose, headings, table rows; seen from the plain text alone.

PDF text has no mark-up, so every format goes through the same rules. Converters write
table rows with ` | ` between the cells and keep blank lines between blocks.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

CELL = " | "

_MAX_HEADING = 90
_MAX_LABEL = 90
_MAX_HEADER_LINES = 6
_MAX_HEADER = 240
_LABELS_INSIDE_TABLE = 2
_NUMERIC_CELLS = 2
_MAX_FIGURES_ROW = 250
_EDGE_LINES = 2
_MAX_RUNNING_HEAD = 200
_REPEATED_ON_PAGES = 3

_NUMBER = re.compile(r"[(\-–—+]?[$€£¥]?\s?\d[\d,.]*\)?%?\)?$|^[—–-]$|^[$€£¥%)]$")
_SECTION = re.compile(
    r"(?i:item|note|part|section|chapter|appendix|article|annex|schedule)\s+[\divxlc]+\b"
    r"|\d{1,2}(\.\d{1,2})+\.?\s+[^\W\d_]"
)
_LISTED = re.compile(r"\d{1,2}[.)]?\s+[^\W\d_]")
_ONE_DATE = re.compile(r"(?:[A-Z][a-z]{2,8}\.? \d{1,2},?( \d{4})?|(?:19|20)\d\d)")
_BULLET = re.compile(r"[•‣◦▪●○■*·–—-]\s")
_SMALL_WORDS = 3
_NUMBERED_WORDS = 2
_MAX_COLUMN_HEAD = 25
_CAPTION_WORDS = 4
_TITLE_CASE_SHARE = 0.6


class Kind(Enum):
    """What a line is."""

    PROSE = "prose"
    ITEM = "item"
    HEADING = "heading"
    ROW = "row"
    LABEL = "label"


@dataclass(slots=True)
class Line:
    """A non-blank line of a page, at code points `start` to `end` of its text."""

    start: int
    end: int
    text: str
    after_blank: bool
    kind: Kind = Kind.PROSE
    header: str = ""
    """Of a table's line: the table's header rows, as far as they are short."""
    header_start: int = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Under which headings something stands: the last numbered one, and the last after it."""

    section: str = ""
    heading: str = ""

    def at(self, heading: str) -> "Place":
        """Return the place below another heading."""
        return Place(heading) if _SECTION.match(heading) else Place(self.section, heading)


def read(text: str, furniture: frozenset[str] = frozenset()) -> list[Line]:
    """Return the lines of a page with what they are."""
    lines = list(_lines(text))
    for index, line in enumerate(lines):
        line.kind = _kind(lines, index, furniture)
    _mark_tables(lines)
    return lines


def furniture(texts: Sequence[str]) -> frozenset[str]:
    """Return the running heads and feet: lines at the edge of many pages, digits aside."""
    counts: Counter[str] = Counter()
    for text in texts:
        lines = [line for line in text.split("\n") if line.strip()]
        counts.update({anonymous(line) for line in lines[:_EDGE_LINES] + lines[-_EDGE_LINES:]})
    often = max(_REPEATED_ON_PAGES, len(texts) // 4)
    return frozenset(line for line, count in counts.items() if count >= often)


def anonymous(line: str) -> str:
    """Return a line as running heads are compared: without digits and case."""
    return re.sub(r"\d+", "#", line[:_MAX_RUNNING_HEAD].strip().casefold())


def _lines(text: str) -> Iterable[Line]:
    after_blank = True
    position = 0
    for raw in text.split("\n"):
        stripped = raw.strip()
        if stripped:
            start = position + raw.index(stripped)
            yield Line(start, start + len(stripped), stripped, after_blank)
        after_blank = not stripped
        position += len(raw) + 1


def _kind(lines: Sequence[Line], index: int, furniture: frozenset[str]) -> Kind:
    line = lines[index]
    if anonymous(line.text) in furniture:
        return Kind.LABEL
    if _is_cells(lines, index) or _is_figures(line.text):
        return Kind.ROW
    if _BULLET.match(line.text):
        return Kind.ITEM
    return Kind.HEADING if _is_heading(lines, index) else Kind.PROSE


def _is_cells(lines: Sequence[Line], index: int) -> bool:
    """Whether a line is one of at least two neighbours with cell separators."""
    if CELL not in lines[index].text:
        return False
    near = [*lines[max(0, index - 1) : index], *lines[index + 1 : index + 2]]
    return any(CELL in line.text for line in near)


def _is_figures(text: str) -> bool:
    return len(text) <= _MAX_FIGURES_ROW and _numeric_cells(text) >= _NUMERIC_CELLS


def _numeric_cells(text: str) -> int:
    """Return how many figures stand at the end of a line, as in a row of accounts."""
    count = 0
    for word in reversed(text.split(" ")):
        if not _NUMBER.match(word):
            break
        count += any(char.isdigit() or char in "—–-" for char in word)
    return count


def _is_heading(lines: Sequence[Line], index: int) -> bool:
    line = lines[index]
    if not _looks_like_heading(line.text):
        return False
    following = lines[index + 1] if index + 1 < len(lines) else None
    if following and not following.after_blank and following.text[0].islower():
        return False
    before = lines[index - 1] if index else None
    if before and not line.after_blank and before.text[-1] not in ".:!?)" and _runs_on(before):
        return False
    stacked = following and not following.after_blank and len(following.text) <= _MAX_COLUMN_HEAD
    return is_numbered(line.text) or (_is_title_case(line.text) and not stacked)


def _looks_like_heading(text: str) -> bool:
    if len(text) > _MAX_HEADING:
        return False
    words = text.split()
    return (
        text[-1] not in ".,:;!?"
        and (text[0].isupper() or text[0].isdigit())
        and (": " not in text or is_numbered(text))
        and (not _numeric_cells(text) or (is_numbered(text) and len(words) <= _NUMBERED_WORDS))
        and not _ONE_DATE.fullmatch(text)
    )


def is_numbered(text: str) -> bool:
    """Whether a heading is one of a series: `Note 3`, `Item 1A.`, `2.4 Methods`."""
    return bool(_SECTION.match(text) or _LISTED.match(text))


def _runs_on(line: Line) -> bool:
    return line.kind in {Kind.PROSE, Kind.ITEM} and len(line.text) > _MAX_LABEL // 2


def _is_title_case(text: str) -> bool:
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > _SMALL_WORDS]
    return bool(words) and sum(w[0].isupper() for w in words) >= len(words) * _TITLE_CASE_SHARE


def _mark_tables(lines: list[Line]) -> None:
    index = 0
    while index < len(lines):
        if lines[index].kind is not Kind.ROW:
            index += 1
            continue
        end = _table_end(lines, index)
        _mark_table(lines, index, end)
        index = end


def _table_end(lines: Sequence[Line], first: int) -> int:
    """Return the index after a table's last row; few short lines between rows belong to it."""
    end = first + 1
    for index in range(first + 1, len(lines)):
        if lines[index].kind is Kind.ROW:
            end = index + 1
        elif index - end >= _LABELS_INSIDE_TABLE or len(lines[index].text) > _MAX_LABEL:
            break
    return end


def _mark_table(lines: list[Line], first: int, end: int) -> None:
    if CELL in lines[first].text:
        head = first
        header = lines[first].text
    else:
        head = _header_start(lines, first)
        header = "\n".join(line.text for line in lines[head:first])
    for index in range(head, end):
        line = lines[index]
        line.header = header[:_MAX_HEADER]
        line.header_start = lines[head].start
        if index >= first:
            line.kind = Kind.ROW
        elif line.kind is Kind.HEADING and not _is_caption(line.text):
            line.kind = Kind.LABEL


def _header_start(lines: Sequence[Line], first: int) -> int:
    """Return the index of the first of the short lines that stand on top of a table."""
    head = first
    length = 0
    while head > max(0, first - _MAX_HEADER_LINES - 2):
        line = lines[head - 1]
        length += len(line.text) + 1
        if line.kind is Kind.ROW or length > _MAX_HEADER or _ends_sentence(line):
            break
        head -= 1
    return head


def _is_caption(text: str) -> bool:
    """Whether a line on top of a table names it, rather than a column of it."""
    return is_numbered(text) or len(text.split()) >= _CAPTION_WORDS


def _ends_sentence(line: Line) -> bool:
    return line.text[-1] in ".;" and len(line.text) > _MAX_LABEL // 3
