"""Running heads and feet: what repeats at the edges of pages says nothing, so it is no evidence.

A line is one if it stands at the edge of several pages near each other, either word for word or
with one number that counts along with the pages. Figures that differ in any other way, like the
totals at the foot of invoices, make lines of their own.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from assay.adapters.postgres import Row
from assay.search.service import Found

EDGE_LINES = 2
MAX_LINE = 200
MIN_PAGES = 3
MIN_SHARE = 3
"""One of so many pages must have the line: left and right pages may have different ones."""

Running = Mapping[int, frozenset[str]]
"""The lines to leave out, by the number of their page."""

_NUMBER = re.compile(r"\d{1,9}")
_NONE: frozenset[str] = frozenset()


def without(found: Sequence[Found], edges: Sequence[Row]) -> list[Found]:
    """Return the passages without running heads and feet; what has nothing else is left out.

    :param edges: `document_id`, `number`, `head` and `foot` of pages around the passages.
    """
    pages: dict[object, dict[int, str]] = defaultdict(dict)
    for row in edges:
        pages[row["document_id"]][row["number"]] = f"{row['head']}\n{row['foot']}"
    lines = {document: running(texts) for document, texts in pages.items()}
    trimmed = (
        _trimmed(each, lines.get(each.document_id, {}).get(each.page, _NONE)) for each in found
    )
    return [each for each in trimmed if each.text]


def running(pages: Mapping[int, str]) -> Running:
    """Return the running heads and feet of pages, given by their numbers."""
    at_edge = {
        number: {line: _keys(line, number) for line in _edge(text)}
        for number, text in pages.items()
    }
    counts = Counter(
        key for lines in at_edge.values() for key in set(chain.from_iterable(lines.values()))
    )
    often = max(MIN_PAGES, len(pages) // MIN_SHARE)
    return {
        number: frozenset(
            line for line, keys in lines.items() if any(counts[key] >= often for key in keys)
        )
        for number, lines in at_edge.items()
    }


def _edge(text: str) -> set[str]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    outer = lines[:EDGE_LINES] + lines[-EDGE_LINES:]
    return {line for line in outer if len(line) <= MAX_LINE}


def _keys(line: str, page: int) -> list[tuple[str, int | None, str]]:
    """Return what is equal for equal lines, and for lines with a number that counts the pages."""
    numbers = _NUMBER.finditer(line)
    counting = [(line[: it.start()], int(it.group()) - page, line[it.end() :]) for it in numbers]
    return [(line, None, ""), *counting]


def _trimmed(found: Found, lines: frozenset[str]) -> Found:
    text = found.text
    start, end = 0, len(text)
    while start < end:
        first = text[start:end].split("\n", 1)[0]
        if first.strip() and first.strip() not in lines:
            break
        start = min(end, start + len(first) + 1)
    while start < end:
        last = text[start:end].rsplit("\n", 1)[-1]
        if last.strip() and last.strip() not in lines:
            break
        end = max(start, end - len(last) - 1)
    if (start, end) == (0, len(text)):
        return found
    return replace(found, text=text[start:end], start=found.start + start, end=found.start + end)
