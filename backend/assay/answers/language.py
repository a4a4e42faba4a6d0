"""Words of questions and pieces of passages: stems, names, years, sentences, rows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import Stemmer

_stemmer = Stemmer.Stemmer("english")

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:['’]s\b)?")
_YEAR = re.compile(r"(?:(?<=\bFY)|\b)(?:19|20)\d\d(?:(?![^\W_])|(?=Q[1-4]\b))")
_QUARTER = re.compile(r"\b(first|second|third|fourth)[ -](?:fiscal )?quarter\b", re.IGNORECASE)
_QUARTER_NUMBERS = {"first": "q1", "second": "q2", "third": "q3", "fourth": "q4"}
_FIGURE = re.compile(
    r"\bhow (?:much|many|large|big|high)\b|\b(?:what|give|tell|state)\b.*\b(?:number|amount|rate"
    r"|percentage|percent|revenue|revenues|sales|income|profit|loss|cost|costs|expense|expenses"
    r"|margin|cash|debt|assets|liabilities|share|shares|price|value|total|earnings)\b",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_DAY = re.compile(rf"\b{_MONTH} (\d{{1,2}})\b|\b(\d{{1,2}})\.? {_MONTH}\b", re.IGNORECASE)
_DATE = re.compile(
    rf"\b({_MONTH})\s+(\d{{1,2}}),?\s+((?:19|20)\d\d)\b"
    rf"|\b(\d{{1,2}})\.?\s+({_MONTH})\s+((?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,.]*")
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"')\]”’»]*\s+(?=[\"'(\[“‘«]*[A-Z0-9À-ÞА-Я])|\s+(?=[•▪●]\s)"
)

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further
    give given gives had has have having he her here hers him his how however i if in into is it
    its itself just list many me might more most much must my name no nor not of off on once only
    or other our out over own please same say says shall she should show so some such tell than
    that the their them then there these they this those through to too under until up us very was
    we were what whats when where which while who whom whose why will with would yet you your
    according amount company companies describe document documents explain file files filing
    following get go got happen happened made make mention mentioned mentions report reported
    reports state stated states
    affect affected align announce announced announcing any attributed based change changed changes
    chief compare compared compares comparing comparison concerning contribute contributed
    contributing contributor contributors detail details differ disclose disclosed disclosing
    discuss discussed driver drivers effect effects experience experienced extent factor factors
    figure figures focus give highlighted identify impact impacts include included including
    indicate indicated influence influenced influencing information key level levels magnitude main
    major measure measured new notable noted occur occurred outline outlined part particular
    particularly potential presented primary provide provided quarter's reason reasons reflect
    reflected regarding relate related respect result resulted reveal revealed role scale
    significant significantly specific specifically stack substantial suggest suggested terms
    undertake undertaken various way ways""".split()
)
"""Words that say nothing of what is asked."""

_NOT_NAMES = frozenset(
    """q1 q2 q3 q4 what which how when where who why did do does is are was were the in on for of
    a an and i january february march april may june july august september october november
    december usd us eps gaap form mr ms dr""".split()
)


ABBREVIATIONS = {
    "ceo": "chief executive officer",
    "cfo": "chief financial officer",
    "coo": "chief operating officer",
    "cto": "chief technology officer",
    "eps": "earnings per share",
    "r&d": "research and development",
    "capex": "capital expenditures",
    "hq": "headquarters",
}
"""Spelled out in questions: documents write them in full, at least once."""
_ABBREVIATION = re.compile(
    r"(?<!\w)(" + "|".join(map(re.escape, ABBREVIATIONS)) + r")(?!\w)", re.IGNORECASE
)


_BUY_BACK = re.compile(r"\b(?:buy|buys|buying|bought)[ -]backs?\b|\bbuybacks?\b", re.IGNORECASE)
_IRREGULAR = {
    "bought": "buy",
    "fell": "fall",
    "gave": "give",
    "grew": "grow",
    "held": "hold",
    "paid": "pay",
    "rose": "rise",
    "sold": "sell",
    "spent": "spend",
}
_SAME = {
    "buy": "acquir",
    "declin": "decreas",
    "drop": "decreas",
    "fall": "decreas",
    "shrink": "decreas",
    "grow": "increas",
    "growth": "increas",
    "rise": "increas",
    "headcount": "employe",
    "staff": "employe",
    "workforc": "employe",
}
"""Stems that people and reports use for one another."""


_FORM = re.compile(r"\b(?:form )?(?:10-[KQ]|8-K|20-F)s?\b", re.IGNORECASE)
"""Kinds of filings: they name the document asked about, never a thing in it."""


def spelled_out(question: str) -> str:
    """Return the question with its abbreviations in full, without the names of forms."""
    text = _BUY_BACK.sub("repurchase", _FORM.sub(" ", question))
    return _ABBREVIATION.sub(lambda match: ABBREVIATIONS[match.group().lower()], text)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a word in any case, without a possessive; one for words alike."""
    lowered = word.lower().removesuffix("'s").removesuffix("’s")
    stemmed = str(_stemmer.stemWord(_IRREGULAR.get(lowered, lowered)))
    return _SAME.get(stemmed, stemmed)


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, in order; quarters count as `q1` to `q4` as well."""
    found = [stem(word) for word in _WORD.findall(text)]
    found += [_QUARTER_NUMBERS[name.lower()] for name in _QUARTER.findall(text)]
    return found


class Moments(NamedTuple):
    """What a text names to tell when, a set for each kind of it."""

    years: frozenset[str] = frozenset()
    quarters: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    dates: frozenset[tuple[str, str, str]] = frozenset()
    """Year, month and day."""


_YEARS = frozenset(map(str, range(1900, 2100)))
_QUARTERS = frozenset(_QUARTER_NUMBERS.values())
# Without May, which is a verb more often.
_MONTHS = frozenset(
    stem(word)
    for word in """january february march april june july august september october november
    december""".split()
)


def moments(words: Iterable[str], text: str = "") -> Moments:
    """Return when something is, by the stems of its words and its text.

    :param text: where dates are looked for.
    """
    dates = frozenset(
        (year or last, (month or other).lower(), day or first)
        for month, day, year, first, other, last in _DATE.findall(text)
    )
    return Moments(
        _YEARS.intersection(words),
        _QUARTERS.intersection(words),
        _MONTHS.intersection(words),
        dates,
    )


def elsewhen(asked: Moments, told: Moments, around: Moments) -> bool:
    """Whether something is of another year, quarter, month or day than is asked about.

    What it tells itself counts before what is told around it; silence is no other time.
    """
    return any(
        wanted and (here or near) and wanted.isdisjoint(here or near)
        for wanted, here, near in zip(asked, told, around, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question is about."""

    terms: frozenset[str]
    """Stems that carry meaning, names and times among them."""
    names: tuple[str, ...]
    """Proper names as written, without possessives."""
    years: frozenset[str]
    moments: Moments
    """Of when it is."""
    days: frozenset[str] = frozenset()
    """Days of a month, as written."""
    figure: bool = False
    """Whether a number is asked for."""
    phrases: frozenset[tuple[str, str]] = frozenset()
    """Terms that stand next to each other."""

    @property
    def times(self) -> frozenset[str]:
        """Years, quarters, months, days and the words around them."""
        return self.terms & (self.years | self.days | _TIME_STEMS)

    def topics(self, settled: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the terms that an answer has to be about.

        :param settled: names that hold for the whole document.
        """
        return self.terms - self.times - settled


def wanted(question: str) -> Wanted:
    """Read what a question is about."""
    text = spelled_out(question)
    in_order = stems(text)
    terms = frozenset(each for each in in_order if each not in STOP_STEMS and len(each) > 1)
    terms -= _spelled(text)
    return Wanted(
        terms=terms,
        names=tuple(_names(text)),
        years=frozenset(_YEAR.findall(text)),
        days=frozenset(first or second for first, second in _DAY.findall(text)),
        moments=moments(terms, text),
        figure=bool(_FIGURE.search(text)),
        phrases=frozenset(pair for pair in neighbours(in_order) if terms.issuperset(pair)),
    )


def _spelled(text: str) -> frozenset[str]:
    """Return the stems of quarters written out: they are known as `q1` to `q4` already."""
    ordinals = [stem(name) for name in _QUARTER.findall(text)]
    rest = stems(_QUARTER.sub(" ", text))
    return frozenset(ordinals and [*ordinals, stem("quarter")]) - frozenset(rest)


def without_names(question: str, names: Iterable[str]) -> str:
    """Return the question without these names, or as it is when nothing else would be left."""
    left = question
    for name in names:
        left = re.sub(rf"\b{re.escape(name)}\b(?:['’]s\b)?", " ", left)
    return " ".join(left.split()) if wanted(left).terms else question


def neighbours(in_order: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return the pairs of words that follow each other."""
    return frozenset(pairwise(in_order))


def name_stems(names: Iterable[str]) -> frozenset[str]:
    """Return the stems of names."""
    return frozenset(each for name in names for each in stems(name))


STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)
_TIME_STEMS = frozenset(
    stem(word)
    for word in """q1 q2 q3 q4 first second third fourth quarter quarterly fiscal year month months
    week weeks day days date ended ending three six nine twelve period recent latest january
    february march april june july august september october november december""".split()
)


def _names(question: str) -> Iterator[str]:
    """Yield words written like names: with a capital inside a sentence, or a possessive."""
    seen = set()
    for match in _WORD.finditer(question):
        word = match.group()
        possessive = word.endswith(("'s", "’s"))
        bare = word[:-2] if possessive else word
        first = not question[: match.start()].rstrip(" \"'“‘(") or question[
            : match.start()
        ].rstrip().endswith((".", "?", "!", ":"))
        capital = bare[:1].isupper() and not bare.isdigit()
        named = possessive or (capital and not first) or any(map(str.isupper, bare[1:]))
        key = bare.lower()
        if named and bare[0].isalpha() and key not in _NOT_NAMES and key not in seen:
            seen.add(key)
            yield bare


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or a table row of a text, as offsets in it."""

    start: int
    end: int
    is_row: bool


MAX_PIECE = 400
_MIN_PROSE = 40
_ROW_NUMBERS = 2


def pieces(text: str) -> list[Piece]:
    """Cut a text into sentences and table rows that can be quoted on their own."""
    found: list[Piece] = []
    for start, end in _paragraphs(text):
        if _is_row(text[start:end]):
            found.append(Piece(start, end, is_row=True))
        else:
            found += [
                Piece(left, right, is_row=False) for left, right in _sentences(text, start, end)
            ]
    return found


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield lines that are rows, and runs of other lines, trimmed."""
    begin: int | None = None
    position = 0
    last_end = 0
    for line in text.split("\n"):
        start, end = position, position + len(line)
        position = end + 1
        stripped = line.strip()
        alone = not stripped or _is_row(stripped) or _is_label(stripped)
        if alone and begin is not None:
            yield _trim(text, begin, last_end)
            begin = None
        if stripped and alone:
            yield _trim(text, start, end)
        elif stripped:
            begin = start if begin is None else begin
            last_end = end
    if begin is not None:
        yield _trim(text, begin, last_end)


def label(row: str) -> str:
    """Return the words of a row before its first figure."""
    match = re.search(r"[$€£(\s]*\d", row)
    return row[: match.start()] if match else row


def has_figure(text: str) -> bool:
    """Whether a text holds a number other than a year or a day."""
    return any(
        (not _YEAR.fullmatch(number.strip(".,")) and len(number.strip(".,")) > 2)  # noqa: PLR2004
        or "%" in text
        for number in _NUMBER.findall(text)
    )


def _is_row(line: str) -> bool:
    """Whether a line reads like a row of figures: few words, then numbers."""
    if "\n" in line or line.rstrip().endswith((".", "?", "!")):
        return False
    numbers = _NUMBER.findall(line)
    words = [word for word in _WORD.findall(line) if not word[0].isdigit()]
    return len(numbers) >= _ROW_NUMBERS and len(words) <= 3 * len(numbers) + 2 and len(words) < 16  # noqa: PLR2004


def _is_label(line: str) -> bool:
    """Whether a short line stands alone, as headings and form labels do."""
    return len(line) < _MIN_PROSE and not line.endswith((".", ",", ";"))


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    left = start
    for match in _SENTENCE_END.finditer(text, start, end):
        right = match.start() + len(match.group().rstrip())
        yield from _bounded(text, left, right)
        left = match.end()
    yield from _bounded(text, left, end)


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a sentence in pieces of at most `MAX_PIECE` characters, cut at white space."""
    while end - start > MAX_PIECE:
        cut = max(
            text.rfind(" ", start, start + MAX_PIECE), text.rfind("\n", start, start + MAX_PIECE)
        )
        cut = cut if cut > start else start + MAX_PIECE
        yield _trim(text, start, cut)
        start = cut
    start, end = _trim(text, start, end)
    if end > start:
        yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
