"""The sentences of a document's prose.

Left out is what pages carry besides: heads, feet, tables, forms, contents, lists of references.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from assay.analyses.evidence import evidence_at
from assay.analyses.models import Evidence, Page, Source
from assay.documents import layout
from assay.documents.layout import Kind, Line

_END = re.compile(
    r"(?<=[.!?…])[\"')\]”’»]*(?:\[\d+\])?\s+(?=[\"'(\[“‘«]*[A-Z0-9À-ÞА-Я•])"
    r"|(?<=[。！？])\s*(?=\S)"  # noqa: RUF001
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Gen|Sen|Rep|Gov|Capt|Lt|Col|No|Nos|Fig|Figs|Eq|Sec|Art|"
    r"Vol|Ch|pp|vs|cf|al|approx|e\.g|i\.e|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"
    r"|(?<![^\W\d_])[A-Z])\.$"
)
_MAY_END = re.compile(r"(?:\b(?:Inc|Corp|Co|Ltd|LLC|L\.P|etc|a\.m|p\.m|U\.S|U\.K|E\.U))\.$")
_STARTS = re.compile(
    r"(?:The|A|An|In|On|At|As|For|If|It|Its|This|These|Those|We|Our|They|He|She|However|During|"
    r"When|While|After|Before|Under|To|There|Such|No)\b"
)
_BULLET = re.compile(
    r"[•‣◦▪●○■*·–—-]\s+|\(?(?:[a-z]|[ivx]{1,4}|\d{1,2}(?:\.\d{1,2}){0,3})[.)]\s+"
    r"|\d{1,2}(?:\.\d{1,2}){1,3}\s+"
)
_ENDED = re.compile(r"[.!?…。！？][\"')\]”’»]*$")  # noqa: RUF001
_LABEL = re.compile(r"(?:^|\s)[A-Z][\w&/(). -]{0,40}:(?:\s|$)")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_OPENING = "\"'“‘«["
_SHORT_LINE = 0.65
"""Share of a page's usual line below which a line ends its paragraph, if the next one could
begin another."""
_MIN_LINE = 30
MIN_WORDS, MAX_WORDS = 6, 70
_MIN_LETTERS = 0.62
_MAX_CAPITALS = 0.5
_ENTRIES = 0.2
_LABELS_OF_A_FORM = 2


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence on a page, in the order of the document."""

    evidence: Evidence
    text: str
    """Its words on one line."""
    heading: str
    section: str
    order: int
    first: bool
    """Whether it opens what stands under its heading."""
    depth: float
    """Where in the document it stands: 0 at the start, near 1 at the end."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph as offsets on its page, under a heading."""

    page: Page
    start: int
    end: int
    place: layout.Place


def sentences(source: Source) -> list[Sentence]:
    """Return the sentences that can stand on their own in a summary."""
    blocks = list(_blocks(source))
    total = sum(block.end - block.start for block in blocks) or 1
    found: list[Sentence] = []
    seen: set[tuple[str, str]] = set()
    passed = 0
    for block in blocks:
        for start, end in _split(block.page.text, block.start, block.end):
            evidence = evidence_at(source, block.page, start, end)
            text = " ".join(evidence.quote.split())
            if is_prose(text):
                place = (block.place.section, block.place.heading)
                depth = (passed + start - block.start) / total
                new = place not in seen
                found.append(Sentence(evidence, text, place[1], place[0], len(found), new, depth))
                seen.add(place)
        passed += block.end - block.start
    return found


def is_prose(text: str) -> bool:
    """Whether a text is one readable sentence, not a row, a form's line or an entry of a list."""
    words = _WORD.findall(text)
    if not MIN_WORDS <= len(words) <= MAX_WORDS or not _ENDED.search(text):
        return False
    first = text.lstrip(_OPENING)[:1]
    if not (first.isupper() or first.isdigit()):
        return _is_other_script(text)
    letters = sum(char.isalpha() for char in text) / len(text)
    capitals = sum(word[0].isupper() or word[0].isdigit() for word in words) / len(words)
    return (
        letters >= _MIN_LETTERS
        and capitals <= _MAX_CAPITALS
        and len(_LABEL.findall(text)) < _LABELS_OF_A_FORM
        and "...." not in text
        and text.count(",") <= len(words) * (_ENTRIES + capitals / 2)
    )


def _is_other_script(text: str) -> bool:
    """Whether a text is written without capitals, in most of its letters."""
    cased = sum(char.lower() != char.upper() for char in text)
    return cased < sum(char.isalpha() for char in text) / 2


def _blocks(source: Source) -> Iterator[_Block]:
    furniture = layout.furniture([page.text for page in source.pages])
    place = layout.Place()
    for page in source.pages:
        lines = layout.read(page.text, furniture)
        usual = _usual_length(lines)
        begin: Line | None = None
        before: Line | None = None
        for line in lines:
            joined = begin is not None and before is not None and _runs_on(before, line, usual)
            if begin and before and not joined:
                yield _block(page, begin, before, place)
                begin = None
            if line.kind is Kind.HEADING:
                place = place.at(line.text)
            elif line.kind in {Kind.PROSE, Kind.ITEM} and begin is None:
                begin = line
            before = line
        if begin and before:
            yield _block(page, begin, before, place)


def _block(page: Page, first: Line, last: Line, place: layout.Place) -> _Block:
    bullet = _BULLET.match(page.text, first.start, first.end)
    return _Block(page, bullet.end() if bullet else first.start, last.end, place)


def _usual_length(lines: Sequence[Line]) -> float:
    lengths = [len(line.text) for line in lines if len(line.text) >= _MIN_LINE]
    return quantiles(lengths, n=4)[-1] if len(lengths) > 1 else 0.0


def _runs_on(before: Line, line: Line, usual: float) -> bool:
    if line.kind is not Kind.PROSE or line.after_blank:
        return False
    if before.text[-1] in ",;-" or line.text[0].islower():
        return True
    if _is_form(before.text) or _is_form(line.text):
        return False
    return len(before.text) >= usual * _SHORT_LINE or before.text[-1] == ":"


def _is_form(line: str) -> bool:
    """Whether a line holds labels with their values rather than prose."""
    labels = _LABEL.findall(line)
    return len(labels) >= _LABELS_OF_A_FORM or (bool(labels) and not _ENDED.search(line))


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    left = start
    for match in _END.finditer(text, start, end):
        right = match.start() + len(match.group().rstrip())
        if _ends_here(text[left:right].rstrip("\"')]”’»"), text[match.end() : end]):
            yield left, right
            left = match.end()
    if left < end:
        yield left, end


def _ends_here(sentence: str, following: str) -> bool:
    tail = sentence[-12:]
    if _MAY_END.search(tail):
        return bool(_STARTS.match(following))
    return not _ABBREVIATED.search(tail)
