"""What forms say: labels with their values on a line, and rows of figures with their names.

Several labels may share a line (`Location: Houston, TX Accident Number: DFW08CA051`), and then
only other documents of the same form tell where a value ends and the next label begins: the
wording that most of them have in common.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assay.analyses.evidence import evidence_at
from assay.analyses.models import Evidence, Page, Source
from assay.documents import layout
from assay.documents.layout import CELL, Kind

_COLON = re.compile(r"(?<=[^\W_)%.?#]):(?=\s|$)|(?<=[)%.?#]):(?=\s|$)")
_FIRST_FIGURE = re.compile(r"[-–—(+]?\s?[$€£¥]?\s?\(?\d")
_WORDS = re.compile(r"\S+")
MAX_LABEL = 60
_MAX_WORDS = 7
_MAX_VALUE = 200
_MAX_PROSE_VALUE = 14
_SENTENCE = re.compile(r"[a-z]{3,}[.!?](?:\s|$)")
_TWO_CELLS = 2
_AMOUNT = re.compile(r"([^\W\d_][^\d:$€£¥|]{1,40}?)\s+[-(]?[$€£¥]\s?[\d.,]+\)?")
"""A name, then one amount: `Total due $ 821.14`."""

_NEARLY = 0.9
_A_FIGURE = re.compile(r"\d{2}|\d[.,]\d")


@dataclass(frozen=True, slots=True)
class Known:
    """What documents of a kind show of their labels, by the labels' keys."""

    counts: Mapping[str, int] = field(default_factory=dict)
    """In how many of the documents a wording stands before a colon."""
    behind: frozenset[str] = frozenset()
    """Wordings that somewhere stand behind a value, and so begin a label."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label and its value; the evidence quotes both."""

    label: str
    value: str
    evidence: Evidence
    is_row: bool = False
    """Whether it is a row of figures."""

    @property
    def key(self) -> str:
        """What equal labels have in common."""
        return key(self.label)


def key(label: str) -> str:
    """Return a label as labels are compared: words alone, in small letters."""
    return " ".join(re.findall(r"[^\W_]+", label.casefold()))


def labelled_values(source: Source, known: Known | None = None) -> list[Labelled]:
    """Return a document's labelled values in its order.

    :param known: the labels of documents of the same kind, from `shared_labels`; without it a
        line with several labels is left alone.
    """
    return [
        found
        for page, start, end in _lines(source)
        for found in _of_line(source, page, start, end, known or Known())
    ]


def shared_labels(sources: Sequence[Source]) -> Known:
    """Return which wordings stand before a colon, and in how many of the documents."""
    counts: Counter[str] = Counter()
    behind: set[str] = set()
    for source in sources:
        own: set[str] = set()
        for page, start, end in _lines(source):
            left = start
            for colon in _colons(page.text, start, end):
                for each in _openings(page.text, left, colon):
                    wording = key(page.text[each:colon])
                    own.add(wording)
                    if page.text[left:each].strip():
                        behind.add(wording)
                left = colon + 1
        counts.update(own)
    return Known(counts, frozenset(behind))


def figures_rows(source: Source) -> list[Labelled]:
    """Return the rows of tables that have a name and then figures, in the document's order."""
    furniture = layout.furniture([page.text for page in source.pages])
    found = []
    for page in source.pages:
        for line in layout.read(page.text, furniture):
            if line.kind is not Kind.ROW:
                continue
            figure = _FIRST_FIGURE.search(line.text)
            name = line.text[: figure.start()].replace("|", " ").strip(" .:") if figure else ""
            if figure and _TWO_CELLS < len(name) <= MAX_LABEL and _A_FIGURE.search(line.text):
                value = line.text[figure.start() :].strip()
                evidence = evidence_at(source, page, line.start, line.end)
                found.append(Labelled(" ".join(name.split()), value, evidence, is_row=True))
    return found


def _lines(source: Source) -> Iterator[tuple[Page, int, int]]:
    furniture = layout.furniture([page.text for page in source.pages])
    for page in source.pages:
        position = 0
        for raw in page.text.split("\n"):
            stripped = raw.strip()
            start = position + len(raw) - len(raw.lstrip())
            if stripped and layout.anonymous(stripped) not in furniture:
                yield page, start, start + len(stripped)
            position += len(raw) + 1


def _colons(text: str, start: int, end: int) -> list[int]:
    return [match.start() for match in _COLON.finditer(text, start, end)]


def _of_line(source: Source, page: Page, start: int, end: int, known: Known) -> Iterator[Labelled]:
    text = page.text
    cells = text[start:end].split(CELL)
    if len(cells) == _TWO_CELLS and ":" not in cells[0]:
        colons, skip = [start + len(cells[0])], len(CELL)
    elif amount := _AMOUNT.fullmatch(text, start, end):
        colons, skip = [amount.end(1)], 1
    else:
        colons, skip = _colons(text, start, end), 1
    cuts = list(_labels(text, start, colons, known))
    if len(cuts) != len(colons):
        return
    for index, (begin, colon) in enumerate(cuts):
        stop = cuts[index + 1][0] if index + 1 < len(cuts) else end
        found = _labelled(source, page, (begin, colon, stop), skip)
        if found:
            yield found


def _labels(
    text: str, start: int, colons: Sequence[int], known: Known
) -> Iterator[tuple[int, int]]:
    """Yield where each label begins and ends; fewer than there are colons if that is unclear."""
    left = start
    for index, colon in enumerate(colons):
        openings = _openings(text, left, colon)
        if index:
            best = _opening(text, left, colon, openings, known)
        else:
            best = left if left in openings else None
        if best is None:
            return
        yield best, colon
        left = colon + 1


def _opening(text: str, left: int, colon: int, openings: Sequence[int], known: Known) -> int | None:
    """Return where a label behind another's value begins.

    It is made longer word by word, while nearly as many documents print the longer wording and
    a word is left for the value; a word in small letters before it is the label's own.
    """
    best: int | None = None
    for each in reversed(openings):
        wording = key(text[each:colon])
        count = known.counts.get(wording, 0)
        if best is None:
            best = each if count > 1 else None
        elif count < _NEARLY * known.counts[key(text[best:colon])]:
            break
        elif text[left:each].strip() or wording in known.behind or _is_small(text[left:best]):
            best = each
    return best


def _is_small(before: str) -> bool:
    words = before.split()
    return bool(words) and words[-1].islower()


def _openings(text: str, left: int, colon: int) -> list[int]:
    """Return where a label that ends at a colon may begin: at a capital, few words before it."""
    words = [left + match.start() for match in _WORDS.finditer(text[left:colon])]
    return [
        each for each in words[-_MAX_WORDS:] if colon - each <= MAX_LABEL and text[each].isupper()
    ]


def _labelled(
    source: Source, page: Page, place: tuple[int, int, int], skip: int
) -> Labelled | None:
    begin, colon, stop = place
    written = page.text[colon + skip : stop]
    value = written.strip()
    prose = len(value.split()) > _MAX_PROSE_VALUE and _SENTENCE.search(value)
    if not value or len(value) > _MAX_VALUE or prose:
        return None
    end = colon + skip + len(written.rstrip())
    return Labelled(
        " ".join(page.text[begin:colon].split()), value, evidence_at(source, page, begin, end)
    )
