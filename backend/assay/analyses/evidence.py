"""Whether a quote stands in a document, word for word, and where.

Models and people copy with small changes: other white space, straight quotes for typographic
ones, a word joined that a line had parted. Such a quote is found nevertheless, and what is kept
is the page's own text. A word or figure that is not there is never found.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from assay.analyses.models import Evidence, Page, Source

_SINGLE = "‘’`\u00b4\u02bc\u201a\u201b\u2032"
_DOUBLE = "“”„«»\u201f\u2033"
_DASHES = "–—\u2010\u2011\u2012\u2015\u2212\ufe63\uff0d"
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_ALIKE = (
    dict.fromkeys(_SINGLE, "'")
    | dict.fromkeys(_DOUBLE, '"')
    | dict.fromkeys(_DASHES, "-")
    | {"…": "...", "\u2044": "/"}
    | dict.fromkeys(_INVISIBLE, "")
)
_OTHER_MEANING = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>")
"""Decompositions that make another value: 10² is not 102."""
_AROUND = "\"'“”‘’„«»…. \n\t"
_LIST_MARK = re.compile(r"[-–—*•]\s+(?=[^\W\d_])")
_NO_SPACES_FROM = 0x0E00
"""Scripts from here on (Thai, Chinese, Japanese ...) part no words by spaces."""
_PARTS_OF_NUMBERS = ".,"
_WINDOW = 100_000
"""Characters folded at once: a table of 50 MB is one page, and folding it takes ten times that."""
_OVERLAP = 4
"""A copy may be this many times shorter than the page's own words, white space included."""


@dataclass(frozen=True, slots=True)
class _Folded:
    """Text without what copies change, and for each character its index in the original."""

    text: str
    origins: tuple[int, ...]


def is_verbatim(source: Source, evidence: Evidence) -> bool:
    """Tell whether evidence is what it says: the page's own text between its offsets."""
    if evidence.document_id != source.document_id or not 0 <= evidence.start < evidence.end:
        return False
    page = page_of(source, evidence.page)
    return page is not None and page.text[evidence.start : evidence.end] == evidence.quote


def evidence_at(source: Source, page: Page, start: int, end: int) -> Evidence:
    """Return the evidence that a page's text between two offsets is."""
    return Evidence(source.document_id, page.number, start, end, page.text[start:end])


def page_of(source: Source, number: int) -> Page | None:
    """Return the page of that number, None where the document has none."""
    if 1 <= number <= len(source.pages) and source.pages[number - 1].number == number:
        return source.pages[number - 1]
    return next((page for page in source.pages if page.number == number), None)


def find(source: Source, quote: str, *, page: int | None = None, near: int = 0) -> Evidence | None:
    """Return where a quote stands in a document, in the document's own words.

    :param page: where it should stand; the other pages are searched after it.
    :param near: the offset next to which it should stand, where a page holds it more than once.
    :returns: None where no page holds it whole.
    """
    expected = None if page is None else page_of(source, page)
    others = [each for each in source.pages if each is not expected]
    for each in [expected, *others] if expected else others:
        place = locate(each.text, quote, near=near if each is expected else 0)
        if place:
            return evidence_at(source, each, *place)
    return None


def locate(text: str, quote: str, *, near: int = 0) -> tuple[int, int] | None:
    """Return the offsets of a quote in a text, as code points.

    White space, hyphens inside words, the form of quotes and dashes, ligatures and case may
    differ. A place that begins or ends inside a word or a number does not count.
    """
    # Marks of lists and quotations and dots that a copy adds; never the sign of a figure.
    bare = _without_mark(quote.strip(_AROUND))
    places = (
        list(_exact(text, quote)) or list(_tolerant(text, quote)) or list(_tolerant(text, bare))
    )
    return min(places, key=lambda place: abs(place[0] - near), default=None)


def _exact(text: str, quote: str) -> Iterator[tuple[int, int]]:
    trimmed = quote.strip()
    start = text.find(trimmed) if trimmed else -1
    while start >= 0:
        end = start + len(trimmed)
        if _is_whole(text, start, end):
            yield start, end
        start = text.find(trimmed, start + 1)


def _tolerant(text: str, quote: str) -> Iterator[tuple[int, int]]:
    wanted = _fold(quote).text
    if not wanted:
        return
    overlap = _OVERLAP * (len(quote) + 1)
    for begin in range(0, len(text), _WINDOW):
        window = text[begin : begin + _WINDOW + overlap]
        for start, end in _matches(_fold(window), wanted):
            if _is_whole(text, begin + start, begin + end):
                yield begin + start, begin + end


def _matches(folded: _Folded, wanted: str) -> Iterator[tuple[int, int]]:
    at = folded.text.find(wanted)
    while at >= 0:
        last = at + len(wanted) - 1
        if _is_unbroken(folded, at, last):
            yield folded.origins[at], folded.origins[last] + 1
        at = folded.text.find(wanted, at + 1)


def _without_mark(quote: str) -> str:
    mark = _LIST_MARK.match(quote)
    return quote[mark.end() :] if mark else quote


def _is_unbroken(folded: _Folded, first: int, last: int) -> bool:
    """Whether a match takes characters whole: no half of a ligature, no letter sans its accent."""
    origins, after = folded.origins, last + 1
    if first and origins[first - 1] == origins[first]:
        return False
    if after == len(origins):
        return True
    return origins[after] != origins[last] and not unicodedata.combining(folded.text[after])


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no word or number goes on across an end."""
    return not _goes_on(text, start) and not _goes_on(text, end)


def _goes_on(text: str, cut: int) -> bool:
    if not 0 < cut < len(text):
        return False
    before, after = text[cut - 1], text[cut]
    if unicodedata.combining(after):
        return True
    if before.isalnum() and after.isalnum():
        return max(ord(before), ord(after)) < _NO_SPACES_FROM
    return _parts_a_number(text, cut)


def _parts_a_number(text: str, cut: int) -> bool:
    """Whether a cut lies beside the point of a figure such as 1.5 or 12,000."""
    ahead, behind = text[cut : cut + 2], text[max(0, cut - 2) : cut]
    if text[cut - 1].isdigit() and len(ahead) > 1:
        return ahead[0] in _PARTS_OF_NUMBERS and ahead[1].isdigit()
    if text[cut].isdigit() and len(behind) > 1:
        return behind[1] in _PARTS_OF_NUMBERS and behind[0].isdigit()
    return False


@lru_cache(maxsize=64)
def _fold(text: str) -> _Folded:
    """Drop white space, and hyphens between letters; write everything else in one way.

    White space between digits stays, since 3 4 is not 34; so does a sign before a figure.
    """
    written: list[str] = []
    origins: list[int] = []
    pending = ""
    pending_at = 0
    for index, char in enumerate(text):
        plain = _plain(char)
        if char.isspace() or plain == "-":
            if not pending:
                pending_at = index
            pending += "-" if plain == "-" else " "
            continue
        if not plain:
            continue
        kept = _between(written[-1] if written else "", pending, plain[0])
        written += kept
        origins += [pending_at + pending.index(kept)] if kept else []
        pending = ""
        written += plain
        origins += [index] * len(plain)
    if "-" in pending:
        written.append("-")
        origins.append(pending_at + pending.index("-"))
    return _Folded("".join(written), tuple(origins))


def _between(before: str, pending: str, after: str) -> str:
    """Return what is left of white space and hyphens between two characters."""
    if "-" in pending:
        return "" if _is_letter(before) and _is_letter(after) else "-"
    return " " if pending and before.isdigit() and after.isdigit() else ""


def _is_letter(char: str) -> bool:
    return char.isalpha() or bool(char and unicodedata.combining(char))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char in _ALIKE:
        return _ALIKE[char]
    if unicodedata.decomposition(char).startswith(_OTHER_MEANING):
        return char
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    return "".join(_ALIKE.get(each, each) for each in decomposed if not each.isspace())
