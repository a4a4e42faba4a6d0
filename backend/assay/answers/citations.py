"""Turns a model's marks into citations while its answer streams.

A mark `[3]` is shown only if passage 3 was given; it becomes the number of a quote that is cut
from that passage here, on the server, so that a quote cannot be invented. Any other mark is
dropped, and no part of a mark is sent before it is known to be one.
"""

import re
from collections.abc import Sequence

from assay.answers.language import Piece, pieces, stems
from assay.answers.models import Outcome, Quote
from assay.search.service import Found

_MARK = re.compile(r"[ \t]?\[(\d{1,9}(?:\s*[,;]\s*\d{1,9})*)\]")
_OPEN = re.compile(r"[ \t]?(?:\[[\d\s,;]{0,60})?$")
"""What the end of a chunk may be the beginning of: a blank before a mark, or part of one."""
_SENTENCE_START = re.compile(r"[.!?\n]\s+(?=\S)")


class Citer:
    """Reads an answer piece by piece; gives back what may be shown."""

    def __init__(self, passages: Sequence[Found], outcome: Outcome) -> None:
        self._passages, self._outcome = passages, outcome
        self._held = ""
        self._pieces: dict[int, list[tuple[Piece, set[str]]]] = {}

    def feed(self, delta: str) -> str:
        """Take the next piece of the answer; return the text that is safe to show now."""
        text = self._held + delta
        held = _OPEN.search(text)
        cut = held.start() if held else len(text)
        self._held = text[cut:]
        return self._show(text[:cut])

    def finish(self) -> str:
        """Return what was held back; an unfinished mark is dropped."""
        rest, self._held = self._held, ""
        return self._show("" if "[" in rest else rest)

    def _show(self, text: str) -> str:
        shown, position = "", 0
        for match in _MARK.finditer(text):
            shown += self._say(text[position : match.start()])
            shown += self._cite(match)
            position = match.end()
        return shown + self._say(text[position:])

    def _say(self, text: str) -> str:
        self._outcome.text += text
        return text

    def _cite(self, match: re.Match[str]) -> str:
        blank = " " if match.group()[:1].isspace() else ""
        claim = set(stems(self._claim()))
        marks = "".join(
            f"[{self._number(self._quote(number, claim))}]"
            for number in dict.fromkeys(map(int, re.findall(r"\d+", match.group(1))))
            if 1 <= number <= len(self._passages)
        )
        return self._say(blank + marks) if marks else ""

    def _claim(self) -> str:
        """Return the sentence that the mark stands behind."""
        text = re.sub(r"\[\d+\]", "", self._outcome.text).rstrip()
        starts = [match.end() for match in _SENTENCE_START.finditer(text)]
        return text[starts[-1] :] if starts else text

    def _quote(self, number: int, claim: set[str]) -> Quote:
        """Return the sentence or row of a passage that shares most with the claim."""
        passage = self._passages[number - 1]
        if number not in self._pieces:
            self._pieces[number] = [
                (piece, set(stems(passage.text[piece.start : piece.end])))
                for piece in pieces(passage.text)
            ]
        best = max(self._pieces[number], key=lambda each: _overlap(each[1], claim))[0]
        return Quote(passage, passage.start + best.start, passage.start + best.end)

    def _number(self, quote: Quote) -> int:
        """Return the quote's number: by its first appearance, the same quote the same number."""
        for number, known in enumerate(self._outcome.quotes, 1):
            if known.place == quote.place:
                return number
        self._outcome.quotes.append(quote)
        return len(self._outcome.quotes)


def _overlap(words: set[str], claim: set[str]) -> float:
    """Return how much two sets of stems share; figures count double."""
    shared = words & claim
    figures = sum(word[0].isdigit() for word in shared)
    return (len(shared) + figures) / (1 + 0.2 * len(words)) if words else 0.0
