"""What of a text is a value of the field's type, and how well it looks the part."""

import re
from collections.abc import Sequence

from assay.analyses.extractive import matching, normalise, words
from assay.analyses.extractive.index import Index
from assay.analyses.extractive.layout import Entry, Relation
from assay.analyses.extractive.matching import Wanted
from assay.analyses.extractive.normalise import Habits
from assay.analyses.models import FieldType, Json

TYPED = frozenset({FieldType.DATE, FieldType.MONEY, FieldType.NUMBER})
"""Types whose values show by their form what they are."""
_SHORT, _LONG = 60, 120
_TYPED_WITHIN = 400
_FACTORS = 3
_ABSENT = re.compile(r"(?i)^(?:n\s?/\s?a|n\.a\.?|not applicable|not available|[-–—_./\s]+|_+)$")
_YEARS = re.compile(r"\b(?:19|20)\d\d\b")
CODE = re.compile(
    r"(?<![\w-])(?=[\w/.#-]{0,30}\d)[A-Z0-9#][\w/.#-]{1,30}\w(?!\w)|\b[A-Z]{1,3}-[A-Z]{2,5}\b"
)
PATTERNS = {
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "phone": re.compile(
        r"(?<![\w.-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?"
        r"\d{2,5}(?:[ .-]\d{2,5}){1,4}(?![\w-])"
    ),
    "url": re.compile(r"(?:https?://|www\.)[^\s<>()\"]{3,200}[^\s<>()\".,;]"),
    "company": re.compile(
        r"(?<![\w&])[A-Z][\w&.'’-]{0,30}(?:,? (?:&|and|of|[A-Z][\w&.'’-]{0,30})){0,5}?,? "
        r"(?:Inc|INC|Incorporated|Corp|Corporation|CORPORATION|Co|Company|LLC|L\.L\.C|Ltd|LTD"
        r"|Limited|LLP|LP|PLC|plc|GmbH|AG|SE|KG|S\.A|SA|SAS|SARL|B\.V|BV|N\.V|NV|Oy|AB|AS|ApS|S\.p\.A|Pty"
        r"|Group|Bank|University)\b\.?"
    ),
}


def is_absent(text: str) -> bool:
    """Whether a text says that there is no value: empty, a dash, `N/A`."""
    return not text.strip() or bool(_ABSENT.match(text.strip()[:40]))


def take(
    text: str, about: Wanted, index: Index, entry: Entry | None = None
) -> tuple[int, int, Json] | None:
    """Return the part of a value's text that is of the field's type, and its meaning."""
    kind = about.field.type
    if is_absent(text):
        return None
    if kind in {FieldType.MONEY, FieldType.NUMBER} and entry and entry.relation is Relation.FIGURES:
        return _figure(text, about, index, entry)
    if kind in TYPED:
        figures = entry is not None and entry.relation is Relation.FIGURES
        whole = not figures or not any(map(str.isdigit, entry.label if entry else ""))
        return _typed(text, kind, index.habits, whole=whole)
    start = len(text) - len(text.lstrip())
    end = start + len(text.strip())
    if kind is FieldType.TEXT:
        start, end = _pattern_inside(text, about) or (start, end)
        if (
            entry
            and entry.relation in {Relation.FIGURES, Relation.INLINE}
            and "code" in about.kinds
        ):
            code = CODE.search(text)
            start, end = code.span() if code else (start, end)
        value: Json | None = normalise.value(text[start:end], kind)
    else:
        value = normalise.value(text, kind, about.field.options, index.habits)
    return None if value is None else (start, end, value)


def _typed(
    text: str, kind: FieldType, habits: Habits, *, whole: bool
) -> tuple[int, int, Json] | None:
    for each in normalise.find(text[:_TYPED_WITHIN], kind, habits):
        return each.start, each.end, each.value
    short = whole and len(text) <= _SHORT
    if kind is FieldType.NUMBER and not short:
        return None
    value = normalise.value(text, kind, (), habits) if short else None
    if value is None:
        return None
    start = len(text) - len(text.lstrip())
    match = re.search(r"[-−–(]?\s?[\d.,'’]*\d[)]?", text) if kind is FieldType.MONEY else None
    return (match.start(), match.end(), value) if match else (start, len(text.rstrip()), value)


def _figure(text: str, about: Wanted, index: Index, entry: Entry) -> tuple[int, int, Json] | None:
    """Return the figure of a row of accounts that the field asks for."""
    kind, habits = about.field.type, index.habits
    cells = _cells(text, habits, percent=kind is FieldType.NUMBER)
    if not cells:
        return None
    at = _column(cells, about, entry)
    start, end, value = cells[at]
    if kind is FieldType.MONEY:
        written = text[start:end]
        sign = next(iter(re.findall(r"[$€£¥]", text)), "")
        money = normalise.money(
            written if re.search(r"[^\d\s.,()'’–-]", written) else f"{sign}{written}", habits
        )
        return None if money is None else (start, end, money)
    return start, end, value


_CELL = re.compile(
    r"(?:[$€£¥]\s?)?[-–(]{0,2}[$€£¥]?\(?-?\d[\d.,'’]*(?P<percent>\s?%)?\)?(?P<late>\s?%)?"
)


def _cells(text: str, habits: Habits, *, percent: bool) -> list[tuple[int, int, Json]]:
    cells: list[tuple[int, int, Json]] = []
    for match in _CELL.finditer(text):
        if (match["percent"] or match["late"]) and not percent:
            continue
        value = normalise.number(re.sub(r"[$€£¥\s]", "", match.group()), habits)
        if value is not None:
            cells.append((match.start(), match.end(), value))
    return cells


def _column(cells: Sequence[tuple[int, int, Json]], about: Wanted, entry: Entry) -> int:
    years = _YEARS.findall(entry.header)
    if len(years) == len(cells) and len(cells) > 1:
        asked = [
            year
            for year in _YEARS.findall(about.field.name + about.field.description)
            if year in years
        ]
        return years.index(asked[0] if asked else max(years))
    names = entry.header.split()
    if len(names) == len(cells):
        fits = [
            max((words.likeness(s, words.stem(n)) for s in about.stems), default=0.0) for n in names
        ]
        if max(fits) > 0:
            return fits.index(max(fits))
    numbers = [value for _, _, value in cells if isinstance(value, int | float)]
    if len(numbers) >= _FACTORS and abs(numbers[-1] - numbers[-2] * numbers[-3]) < 1:
        return len(cells) - 1
    return 0


def _pattern_inside(text: str, about: Wanted) -> tuple[int, int] | None:
    for kind in ("email", "url", "phone"):
        if kind in about.kinds:
            match = PATTERNS[kind].search(text)
            if match:
                return match.span()
    return None


def purity(text: str, start: int, end: int, about: Wanted, relation: Relation) -> float:
    """Return how much of a value's text the value is; text values should be short."""
    if relation is Relation.FIGURES:
        return 1.0
    if about.field.type in TYPED:
        before = len(text[:start].strip(" $€£¥(:"))
        return 1.0 if before == 0 else max(0.6, 0.92 - before / 100)
    length = end - start
    return 1.0 if length <= _LONG else max(0.6, 1 - (length - _LONG) / 800)


def suits(text: str, about: Wanted) -> float:
    """Return how well a text value looks like what the name and the examples lead to expect."""
    if about.field.type is not FieldType.TEXT:
        return 1.0
    if about.shapes:
        return 1.0 if shaped(text, about) else 0.85
    if "code" in about.kinds:
        return 1.0 if any(char.isdigit() for char in text) else 0.72
    if about.kinds & {"company", "person"} and not any(char.isalpha() for char in text):
        return 0.5
    for kind in ("email", "url", "phone"):
        if kind in about.kinds and len(about.kinds) == 1 and not PATTERNS[kind].search(text):
            return 0.5
    return 1.0


def shaped(text: str, about: Wanted) -> bool:
    """Whether a text looks like an example of the field's description."""
    return any(matching.shape(piece) in about.shapes for piece in text.split()[:4])
