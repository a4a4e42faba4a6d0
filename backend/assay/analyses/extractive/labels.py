"""Where the labels of a line begin and end, learned from the document itself.

`Ship to: Austin, TX Order Number: 12` holds two labels, and nothing but the words between the
colons says where the second begins. What is known of it: labels stand elsewhere too, at the start
of a line, after another colon or behind other words; their words also occur in lower case, which
names do not; a comma, a digit or a change of case parts a value from a label.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from assay.analyses.extractive import words

MAX_LABEL_WORDS = 12
MAX_COLONS = 12
"""Colons of a line that are looked at; a line with more is no line of a form."""

_COLON = re.compile("\\s{0,3}[:\uff1a](?=\\s|$|[^\\d/\\s:\uff1a])")
_PIECE = re.compile(r"\S+")
_GAP = re.compile(r"\s{2,}|\t|\s\|\s|;\s")
_SENTENCE = re.compile(r"[.!?]\s+(?=[^\W\d_])")
_SUFFIX = 6
_COUNT = re.compile(r"\d{1,3}")
"""A number that a word of the value may follow: `3 adults`, `12 months`."""
_REPEATED = 2
_SMALL = frozenset("of the and in from to for at by on or de la & / - – #".split())
_EMPTY_BEFORE = 0.4
_LENGTH_PRIOR = {1: -0.45, 2: -0.3, 3: -0.6, 4: -1.2, 5: -1.9}
_LONG = -2.8
_KNOWN, _ASKED = 3.5, 2.0
_COMMON_WORD, _UNKNOWN_WORD = 0.6, -0.2
_GENERAL_ALONE = -1.0
_COMMA_INSIDE = -2.0
_CAPITALS, _DIGITS, _STOPS, _LOWER_START = -1.0, -2.5, -4.0, -2.5
_AFTER_COMMA, _AFTER_DIGIT, _AFTER_CAPITALS, _AFTER_NAME = -2.0, 1.0, 0.6, 0.3
_AFTER_LOWER = 0.8


@dataclass(frozen=True, slots=True)
class Colon:
    """A label and what stands after it, as code points of the line."""

    label: int
    label_end: int
    value: int
    end: int


@dataclass(slots=True)
class Vocabulary:
    """What a document shows of its labels."""

    lower: set[str] = field(default_factory=set)
    """Words that occur in lower case."""
    known: set[tuple[str, ...]] = field(default_factory=set)
    """Labels that are certain."""
    asked: frozenset[tuple[str, ...]] = frozenset()
    """The names of the fields that are looked for."""
    without_value: float = 0.1
    """Share of the labels at the ends of lines that have no value."""


def learn(lines: Iterable[str], asked: Iterable[str]) -> Vocabulary:
    """Return what the lines of a document, and the names of fields, show of its labels."""
    vocabulary = Vocabulary(asked=frozenset(_key(words.tokens(name)) for name in asked))
    before: dict[tuple[str, ...], set[str]] = {}
    last = bare = 0
    for line in lines:
        vocabulary.lower.update(word for word in words.tokens(line) if word[0].islower())
        colons = _colons(line)
        last += len(colons) > 1
        bare += len(colons) > 1 and not line[colons[-1][2] :].strip()
        for index, (begin, colon, _) in enumerate(colons):
            region = line[begin:colon]
            if index == 0 or len(_PIECE.findall(region)) == 1:
                vocabulary.known.add(_key(words.tokens(_tail(region))))
            if index:
                for label, predecessor in _suffixes(_PIECE.findall(region)):
                    before.setdefault(label, set()).add(predecessor)
    vocabulary.known.update(
        label
        for label, seen in before.items()
        if len(seen) >= _REPEATED and (len(label) > 1 or any(map(_ends_value, seen)))
    )
    vocabulary.known.discard(())
    vocabulary.without_value = (bare + 1) / (last + 10)
    return vocabulary


def _key(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.casefold() for part in parts)


def _suffixes(pieces: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the ends of a text before a colon, each with the word before it."""
    for start in range(max(1, len(pieces) - _SUFFIX), len(pieces)):
        small = _SMALL & {pieces[start].casefold(), pieces[start - 1].casefold()}
        if not small and pieces[start][0].isalnum():
            yield _key(words.tokens(" ".join(pieces[start:]))), pieces[start - 1]


def _ends_value(piece: str) -> bool:
    """Whether a word before a label shows that it belongs to a value."""
    return _has_digit(piece) or piece[-1] in ",." or piece.isupper()


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _colons(line: str) -> list[tuple[int, int, int]]:
    """Return, for each colon, where its region begins, where it stands and where it ends."""
    found: list[tuple[int, int, int]] = []
    begin = 0
    for match in _COLON.finditer(line):
        if not line[begin : match.start()].strip():
            continue
        if found and _is_inside_value(line[begin : match.start()]):
            continue
        found.append((begin, match.start(), match.end()))
        begin = match.end()
        if len(found) > MAX_COLONS:
            return []
    return found


def _is_inside_value(region: str) -> bool:
    """Whether a colon after others belongs to a value: `Rule: Part 91: General`."""
    return _has_digit(_PIECE.findall(region)[-1])


def _tail(region: str) -> str:
    """Return the end of a text before a colon, which alone can be its label."""
    cut = 0
    for match in _SENTENCE.finditer(region):
        if (
            match.start() > 0
            and region[: match.start()].rsplit(None, 1)[-1].casefold() not in _DOTTED
        ):
            cut = match.end()
    region = region[cut:]
    opened = region.rfind("(")
    if opened > region.rfind(")"):
        region = region[opened + 1 :]
    pieces = list(_PIECE.finditer(region))
    return region[pieces[-MAX_LABEL_WORDS].start() :] if len(pieces) > MAX_LABEL_WORDS else region


_DOTTED = frozenset("no nr st dr mr mrs ms wt tel ref inc acc approx max min dept".split())


def stand_in(line: str) -> bool:
    """Whether a line has a label with a colon."""
    return bool(_colons(line))


def split(line: str, vocabulary: Vocabulary) -> list[Colon]:
    """Return the labels of a line with their values, in order; none when no colon ends a label."""
    colons = _colons(line)
    starts: list[int] = []
    for index, (begin, colon, _) in enumerate(colons):
        if index == 0:
            starts.append(colon - len(_tail(line[:colon])))
        else:
            starts.append(begin + _label_start(line[begin:colon], vocabulary))
    found = []
    for index, (_, colon, after) in enumerate(colons):
        stop = starts[index + 1] if index + 1 < len(starts) else len(line)
        start = starts[index] + _leading(line[starts[index] : colon])
        found.append(Colon(start, colon, *_trim(line, after, stop)))
    return found


def _leading(text: str) -> int:
    return len(text) - len(text.lstrip(" \t•*|-–—\"'"))


def _trim(line: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the white space and the marks around a value."""
    while start < end and (line[start].isspace() or line[start] in "|\"'"):
        start += 1
    while start < end and (line[end - 1].isspace() or line[end - 1] in "|,;\"'"):
        end -= 1
    if line[start:end].endswith(")") and line.count("(", start, end) < line.count(")", start, end):
        end -= 1
    return start, max(start, end)


def _label_start(region: str, vocabulary: Vocabulary) -> int:
    """Return where the label begins in the text between two colons: value, then label."""
    ends = [gap.end() for gap in _GAP.finditer(region) if region[gap.end() :].strip()]
    offset = ends[-1] if ends else 0
    pieces = list(_PIECE.finditer(region, offset))
    if not pieces:
        return 0
    best, best_score = pieces[-1].start(), -1e9
    label_score = 0.0
    for count, index in enumerate(range(len(pieces) - 1, -1, -1), 1):
        if count > MAX_LABEL_WORDS:
            break
        piece = pieces[index].group()
        label_score += _word_score(piece, vocabulary, last=count == 1)
        score = (
            label_score
            + _LENGTH_PRIOR.get(count, _LONG)
            + _start_score(piece)
            + _boundary(pieces[index - 1].group() if index else "", vocabulary)
            + _recognised(region[pieces[index].start() :], vocabulary)
            + (_GENERAL_ALONE if count == 1 and index and _is_general(piece) else 0.0)
        )
        if score > best_score:
            best, best_score = pieces[index].start(), score
    return best


def _word_score(piece: str, vocabulary: Vocabulary, *, last: bool) -> float:
    """Return how well a word fits into a label."""
    bare = piece.strip("()[].,/&#-")
    if piece.casefold() in _SMALL or not bare:
        return 0.0
    if piece[-1] == "," and piece[0].isupper() and not last:
        return _COMMA_INSIDE
    if piece[-1] in ",;!?" or (piece[-1] == "." and not last and bare.casefold() not in _DOTTED):
        return _STOPS
    if _has_digit(bare):
        return _DIGITS
    if bare.casefold() in vocabulary.lower or words.stem(bare) in words.GENERAL:
        return _COMMON_WORD
    return _CAPITALS if bare.isupper() else _UNKNOWN_WORD


def _is_general(piece: str) -> bool:
    return words.stem(piece.strip("()[].,/&#-")) in words.GENERAL


def _start_score(piece: str) -> float:
    if piece.casefold() in _SMALL or piece[0] == "(":
        return _STOPS
    return _LOWER_START if piece[0].islower() else 0.0


def _boundary(before: str, vocabulary: Vocabulary) -> float:
    """Return how well a value may end with a word."""
    if not before:
        share = vocabulary.without_value
        return math.log(share / (1 - share)) / 2 + _EMPTY_BEFORE
    if before[-1] == "," or before.casefold() in _SMALL:
        return _AFTER_COMMA if before[-1] == "," else _STOPS
    bare = before.strip("()[].,")
    if _has_digit(before) or not bare:
        return 0.0 if _COUNT.fullmatch(before) else _AFTER_DIGIT
    if len(bare) > 1 and bare.isupper():
        return _AFTER_CAPITALS
    if bare[0].islower():
        return _AFTER_LOWER
    return _AFTER_NAME if bare.casefold() not in vocabulary.lower else 0.0


def _recognised(label: str, vocabulary: Vocabulary) -> float:
    key = _key(words.tokens(label))
    if key in vocabulary.known:
        return _KNOWN
    return _ASKED if key in vocabulary.asked else 0.0


def cut(text: str, vocabulary: Vocabulary) -> int:
    """Return where a value without a colon ends: before a word that begins another known label."""
    pieces = list(_PIECE.finditer(text))
    for index in range(1, min(len(pieces), 2 * MAX_LABEL_WORDS)):
        if _begins_label(pieces, index, vocabulary):
            return pieces[index - 1].end()
    return len(text)


def _begins_label(pieces: Sequence[re.Match[str]], index: int, vocabulary: Vocabulary) -> bool:
    if index + 1 >= len(pieces):
        return False
    for count in range(1, min(4, len(pieces) - index)):
        key = _key(words.tokens(" ".join(piece.group() for piece in pieces[index : index + count])))
        if key and (key in vocabulary.known or key in vocabulary.asked):
            return True
    piece = pieces[index].group()
    return piece[0].isupper() and words.stem(piece) in words.GENERAL
