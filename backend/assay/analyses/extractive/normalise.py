"""Values as documents write them, turned into values that compare: dates, money, numbers, choices.

`value` is for a text that is the value (what an engine took from a document); `find` looks for
values in longer text. Both read numbers and dates by the habits of the document where it shows
them (`3/4/2024` in a document that also says `25/12/2023`). Every pattern is bounded, so the time
is linear in the text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date
from decimal import Decimal

from assay.analyses.models import FieldType, Json

MAX_VALUE = 4000
"""Longest text that is read as one value, in characters."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a document writes what could be read in two ways."""

    day_first: bool = False
    decimal_comma: bool = False
    currency: str | None = None
    """The only currency that the document names, for amounts that stand without one."""


DEFAULT_HABITS = Habits()


@dataclass(frozen=True, slots=True)
class Found:
    """A value of a type inside a text, at code points `start` to `end`."""

    start: int
    end: int
    value: Json


# Dates

_MONTH_NAMES = """
january jan januar januari janvier enero gennaio janeiro jänner
february feb februar februari février fevrier febrero febbraio fevereiro févr fév
march mar märz maart mars marzo março mär mrz
april apr avril abril aprile avr
may mai mei mayo maggio maio
june jun juni juin junio giugno junho
july jul juli juillet julio luglio julho juil
august aug augustus août aout agosto ago
september sep sept septembre septiembre settembre setembro
october oct oktober octobre octubre ottobre outubro okt
november nov novembre noviembre novembro
december dec dezember décembre decembre diciembre dicembre dezembro dez déc dic
"""
_MONTHS = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.strip().splitlines(), 1)
    for name in names.split()
}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:1[5-9]|20|21)\d\d"
_ORDINAL = r"(?:st|nd|rd|th|er|º|\.)?"
_DATE = re.compile(
    rf"""(?ix)
    (?<![\w./-])(?:
      (?P<iso_y>{_YEAR})(?P<iso_s>[-/.])(?P<iso_m>\d\d?)(?P=iso_s)(?P<iso_d>\d\d?)(?=\D|$)
    | (?P<cjk_y>{_YEAR})\ ?年\ ?(?P<cjk_m>\d\d?)\ ?月\ ?(?P<cjk_d>\d\d?)\ ?日
    | (?P<a>\d\d?)(?P<sep>[-/.])\ ?(?P<b>\d\d?)(?P=sep)\ ?(?P<num_y>{_YEAR}|\d\d)(?![\w/-]|\.\d)
    | (?P<mdy_m>{_MONTH})\s{{1,3}}(?P<mdy_d>\d\d?){_ORDINAL}(?:\s?,\s?|\s{{1,3}})
      (?P<mdy_y>{_YEAR})\b
    | (?P<dmy_d>\d\d?){_ORDINAL}(?:\s{{1,3}}(?:day\ )?(?:of\ |de\ )?|-)(?P<dmy_m>{_MONTH})
      (?:\s?,\s?|\s{{1,3}}(?:de\ |del\ |of\ )?|-)(?P<dmy_y>{_YEAR}|'?\d\d)\b
    | (?P<my_m>{_MONTH})(?:,?\s{{1,3}}(?:of\ |de\ )?|-)(?P<my_y>{_YEAR})\b
    | (?P<ym_y>{_YEAR})-(?P<ym_m>\d\d)(?![\w-])
    )"""
)
_BARE_YEAR = re.compile(rf"(?<![\w.,/$€£-]){_YEAR}(?![\w/-]|[.,]\d)")
_COMPACT = re.compile(rf"({_YEAR})(\d\d)(\d\d)(?:T\d{{4,6}}Z?)?")
_CENTURY, _PIVOT = 100, 70
_LAST_MONTH = 12


def _dates(text: str, habits: Habits) -> Iterator[Found]:
    for match in _DATE.finditer(text):
        iso = _iso(match, habits)
        if iso:
            yield Found(match.start(), match.end(), iso)


def _iso(match: re.Match[str], habits: Habits) -> str | None:
    """Return a matched date as ISO 8601, or nothing when there is no such day."""
    group = match.groupdict()
    for form in ("iso", "cjk"):
        if group[f"{form}_y"]:
            return _day(group[f"{form}_y"], group[f"{form}_m"], group[f"{form}_d"])
    for form in ("mdy", "dmy"):
        if group[f"{form}_y"]:
            month = _MONTHS[group[f"{form}_m"].casefold().rstrip(".")]
            return _day(group[f"{form}_y"], str(month), group[f"{form}_d"])
    if group["my_y"]:
        return f"{group['my_y']}-{_MONTHS[group['my_m'].casefold().rstrip('.')]:02}"
    if group["ym_y"]:
        return (
            f"{group['ym_y']}-{group['ym_m']}" if 1 <= int(group["ym_m"]) <= _LAST_MONTH else None
        )
    day_first = habits.day_first or group["sep"] == "."
    orders = [(group["b"], group["a"]), (group["a"], group["b"])]
    for month_text, day_text in orders if day_first else reversed(orders):
        iso = _day(group["num_y"], month_text, day_text)
        if iso:
            return iso
    return None


def _day(year: str, month: str, day: str) -> str | None:
    number = int(year.lstrip("'"))
    if number < _CENTURY:
        number += 2000 if number < _PIVOT else 1900
    try:
        return calendar_date(number, int(month), int(day)).isoformat()
    except ValueError:
        return None


def date(text: str, habits: Habits = DEFAULT_HABITS) -> str | None:
    """Return the first date in a text; `YYYY-MM` or `YYYY` where no more is said."""
    text = text[:MAX_VALUE]
    compact = _COMPACT.fullmatch(text.strip())
    if compact:
        return _day(*compact.groups())
    first = next(_dates(text, habits), None)
    if first:
        return str(first.value)
    year = None if _DATE.search(text) else _BARE_YEAR.search(text)
    return year.group() if year else None


# Numbers and money

_CURRENCIES = {
    "US$": "USD", "USD": "USD", "$": "USD", "CA$": "CAD", "C$": "CAD", "CAD": "CAD",
    "AU$": "AUD", "A$": "AUD", "AUD": "AUD", "NZ$": "NZD", "NZD": "NZD", "HK$": "HKD",
    "HKD": "HKD", "S$": "SGD", "SGD": "SGD", "R$": "BRL", "BRL": "BRL", "MX$": "MXN",
    "MXN": "MXN", "€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP", "¥": "JPY", "JPY": "JPY",
    "CNY": "CNY", "RMB": "CNY", "₹": "INR", "INR": "INR", "₽": "RUB", "RUB": "RUB", "₩": "KRW",
    "KRW": "KRW", "₺": "TRY", "TRY": "TRY", "₪": "ILS", "ILS": "ILS", "₴": "UAH", "UAH": "UAH",
    "zł": "PLN", "PLN": "PLN", "Kč": "CZK", "CZK": "CZK", "CHF": "CHF", "SEK": "SEK",
    "NOK": "NOK", "DKK": "DKK", "HUF": "HUF", "RON": "RON", "ZAR": "ZAR", "AED": "AED",
    "SAR": "SAR", "THB": "THB", "IDR": "IDR", "MYR": "MYR", "PHP": "PHP", "VND": "VND",
}  # fmt: skip
_CURRENCY_WORDS = {
    "dollars": "USD", "dollar": "USD", "euros": "EUR", "euro": "EUR", "pounds sterling": "GBP",
    "pounds": "GBP", "yen": "JPY", "rupees": "INR", "francs": "CHF",
}  # fmt: skip
_BY_NAME = {name.casefold(): code for name, code in (_CURRENCIES | _CURRENCY_WORDS).items()}
_SIGNS = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_WORDS = "|".join(sorted(_CURRENCY_WORDS, key=len, reverse=True))
_SCALES = {
    "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "k": 3, "m": 6, "mn": 6, "mm": 6,
    "mio": 6, "bn": 9, "b": 9, "millionen": 6, "millions": 6, "billions": 9, "thousands": 3,
}  # fmt: skip
_SCALE = r"(?:thousands?|millions?|billions?|trillion|millionen|mio|bn|mn|mm|[kmb])"
_FIGURE = (
    r"(?:\d{1,3}(?:,\d{2,3}){1,8}(?:\.\d{1,10})?|\d{1,3}(?:\.\d{3}){1,8}(?:,\d{1,10})?"
    r"|\d{1,3}(?:['’]\d{3}){1,8}(?:[.,]\d{1,10})?|\d{1,20}(?:[.,]\d{1,10})?|\.\d{1,10})"
)
_NUMBER = re.compile(
    rf"""(?ix)(?<![\w.,])(?P<open>\()?\s?(?P<minus>[-−–+])?(?P<figure>{_FIGURE})(?![\d])
    (?:\s?(?P<scale>{_SCALE})(?![\w]))?(?P<percent>\s?%)?(?P<close>\))?"""
)
_SPACED = r"\d{1,3}(?:[ ]\d{3}){1,6}(?:,\d{1,2})?"
_SPACED_CENTS = r"\d{1,3}(?:[ ]\d{3}){1,6},\d\d"
_MONEY = re.compile(
    rf"""(?ix)(?:(?<![\w])|(?<=[:(\s|]))(?P<open>\()?(?P<minus>[-−–])?\s?(?:
      (?P<before>{_SIGNS})\s{{0,3}}(?P<open2>\()?(?P<minus2>[-−–])?\s?(?P<figure>{_SPACED_CENTS}|{_FIGURE})(?!\d)
      (?:\s?(?P<scale>{_SCALE})(?!\w))?
    | (?P<figure2>{_SPACED}(?=\s?(?:{_SIGNS}|{_WORDS})(?!\w))|{_FIGURE})(?!\d)
      (?:\s?(?P<scale2>{_SCALE})(?!\w))?\s?(?:U\.?S\.?\ )?(?P<after>{_SIGNS}|{_WORDS})(?!\w)
    )(?P<close>\))?"""
)
_UNIT_AFTER = re.compile(r"\s?(?:years?|days?|months?|hours?)\b", re.IGNORECASE)
_NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty""".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
_WORD_NUMBER = re.compile(rf"(?i)\b(?:{'|'.join(_NUMBER_WORDS)})\b(?!-)")
_GROUPED = 3
_AFTER_WORD = re.compile(r"[^\W\d_]\s?$")
"""What stands before `(24)` where parentheses repeat a number in words: no loss of an account."""


def _decimal(figure: str, *, decimal_comma: bool) -> Decimal:
    """Read digits with separators.

    A lone separator before three digits groups thousands, save for a point where the document
    does not write decimal commas.
    """
    figure = figure.replace("'", "").replace("’", "").replace(" ", "")
    comma, point = figure.rfind(","), figure.rfind(".")
    if comma >= 0 and point >= 0:
        mark = max(comma, point)
    elif comma >= 0:
        grouped = figure.count(",") > 1 or len(figure) - comma - 1 == _GROUPED
        mark = -1 if grouped and not (decimal_comma and figure.count(",") == 1) else comma
        if grouped and figure.count(",") == 1 and len(figure) - comma - 1 == _GROUPED:
            mark = -1
    else:
        grouped = figure.count(".") > 1 or (
            decimal_comma and point > 0 and len(figure) - point - 1 == _GROUPED
        )
        mark = -1 if grouped else point
    whole = re.sub(r"[.,]", "", figure[:mark] if mark >= 0 else figure)
    fraction = figure[mark + 1 :] if mark >= 0 else ""
    return Decimal(f"{whole or '0'}.{fraction}" if fraction else whole or "0")


def _scaled(amount: Decimal, scale: str | None) -> Decimal:
    return amount.scaleb(_SCALES[scale.casefold()]) if scale else amount


def _numbers(text: str, habits: Habits) -> Iterator[Found]:
    for match in _NUMBER.finditer(text):
        amount = _scaled(
            _decimal(match["figure"], decimal_comma=habits.decimal_comma), match["scale"]
        )
        prose = _AFTER_WORD.search(text, max(0, match.start() - 3), match.start())
        whole = match["open"] and match["close"] and not prose
        if match["minus"] in {"-", "−", "–"} or whole:
            amount = -amount
        start = match.start() if whole else match.start("minus" if match["minus"] else "figure")
        end = match.end() - (len(match["close"] or "") if not whole else 0)
        yield Found(start, end, _plain(amount))


def _plain(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def number(text: str, habits: Habits = DEFAULT_HABITS) -> int | float | None:
    """Return the first number in a text; `4,127 million` and `(12)` are read as they are meant."""
    text = text[:MAX_VALUE]
    first = next(_numbers(text, habits), None)
    word = _WORD_NUMBER.search(text)
    if word and (first is None or word.start() < first.start):
        return _NUMBER_WORDS[word.group().casefold()]
    return first.value if first and isinstance(first.value, int | float) else None


def _moneys(text: str, habits: Habits) -> Iterator[Found]:
    for match in _MONEY.finditer(text):
        figure = match["figure"] or match["figure2"]
        currency = _BY_NAME[(match["before"] or match["after"]).casefold()]
        comma = habits.decimal_comma or (currency == "EUR" and not figure.startswith("0"))
        amount = _scaled(_decimal(figure, decimal_comma=comma), match["scale"] or match["scale2"])
        negative = match["minus"] or match["minus2"] or match["open2"] or _both(match)
        end = match.end() - (
            len(match["close"] or "") if not (_both(match) or match["open2"]) else 0
        )
        start = match.start() + (len(match["open"] or "") if not _both(match) else 0)
        yield Found(start, end, _amount(-amount if negative else amount, currency))


def _both(match: re.Match[str]) -> bool:
    return bool(match["open"] and match["close"])


def _amount(amount: Decimal, currency: str | None) -> dict[str, str | None]:
    return {"amount": f"{amount:f}", "currency": currency}


def money(text: str, habits: Habits = DEFAULT_HABITS) -> dict[str, str | None] | None:
    """Return the first amount of money in a text, as `{"amount", "currency"}`.

    A number without a currency is an amount too: in the document's only currency, or in none.
    """
    text = text[:MAX_VALUE]
    first = next(_moneys(text, habits), None)
    if first and isinstance(first.value, dict):
        return first.value
    for plain in _NUMBER.finditer(text):
        if plain["percent"]:
            continue
        amount = _scaled(
            _decimal(plain["figure"], decimal_comma=habits.decimal_comma), plain["scale"]
        )
        negative = plain["minus"] in {"-", "−", "–"} or (plain["open"] and plain["close"])
        return _amount(-amount if negative else amount, habits.currency)
    return None


# Yes and no, choices, lists, text

_YES = frozenset(
    """yes y true ja oui sí si sim on checked included agreed applicable x ✓ ✔ ☒ ☑
    是 はい""".split()
)
_NO = frozenset(
    """no n false nein non não nao nee off none never unchecked excluded ☐ ✗ ✘ 否
    いいえ""".split()
)
_TICKED, _UNTICKED = "☒☑✓✔", "☐□¨"
_BOX_AFTER = re.compile(rf"(?i)\b(yes|no|true|false)\s{{0,2}}([{_TICKED}{_UNTICKED}])")
_BOX_BEFORE = re.compile(rf"(?i)([{_TICKED}{_UNTICKED}])\s{{0,2}}(yes|no|true|false)\b")
_NEGATION = re.compile(
    r"(?i)\b(?:not|no|never|none|neither|nor|without|cannot|excluded?|excluding|waived?"
    r"|prohibited|nicht|kein\w{0,2})\b|n[’']t\b"
)


def boxes(text: str) -> bool | None:
    """Return what ticked boxes beside `Yes` and `No` say, when they are there."""
    after, before = _BOX_AFTER.search(text), _BOX_BEFORE.search(text)
    if after and (not before or after.start() <= before.start()):
        found = [(m[1], m[2]) for m in _BOX_AFTER.finditer(text)]
    else:
        found = [(m[2], m[1]) for m in _BOX_BEFORE.finditer(text)]
    for word, box in found:
        if box in _TICKED:
            return word.casefold() in _YES
    return None


def negated(text: str) -> bool:
    """Whether a clause denies what it speaks of; two denials cancel out."""
    return len(_NEGATION.findall(text[:MAX_VALUE])) % 2 == 1


def boolean(text: str) -> bool | None:
    """Return yes or no where a text begins with either or has a ticked box; else None."""
    text = text[:MAX_VALUE].strip()
    ticked = boxes(text)
    if ticked is not None:
        return ticked
    first = re.match(r"[^\s,.;:()/]+", text)
    word = first.group().casefold() if first else ""
    if word in _YES or text.startswith(tuple(_TICKED)):
        return True
    return False if word in _NO or text.startswith(tuple(_UNTICKED)) else None


_TOKEN = re.compile(r"[^\W_]+")


def choice(text: str, options: Sequence[str]) -> str | None:
    """Return the option that a text names: the first that stands in it, or that it is part of."""
    words = _words(text[:MAX_VALUE])
    best: tuple[int, int, str] | None = None
    for option in options:
        wanted = _words(option)
        place = _place(wanted, words)
        if place >= 0 and (best is None or (place, -len(wanted)) < best[:2]):
            best = (place, -len(wanted), option)
    if best:
        return best[2]
    inside = [option for option in options if words and set(words) <= set(_words(option))]
    return inside[0] if len(inside) == 1 else None


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _TOKEN.findall(text)]


def _place(wanted: list[str], words: list[str]) -> int:
    if wanted:
        for index in range(len(words) - len(wanted) + 1):
            if words[index : index + len(wanted)] == wanted:
                return index
    return -1


_BULLET = re.compile(r"^\s*(?:[•‣◦▪●○■*·–—-]|\d{1,2}[.)])\s+")
_SEPARATORS = (
    r"\s*\n\s*(?=[•‣◦▪●○■*·–—-]\s|\d{1,2}[.)]\s)",
    r"\s*[;•|]\s*|\n",
    r"\s*,\s+(?:and\s+|or\s+)?",
)


def items(text: str) -> list[str]:
    """Return the parts of a list: bullets, else between semicolons or lines, else commas."""
    text = text[:MAX_VALUE].strip()
    for separator in _SEPARATORS:
        parts = [part for part in re.split(separator, text) if part.strip()]
        if len(parts) > 1:
            break
    if len(parts) == 1:
        parts = re.split(r"\s+(?:and|&)\s+", text)
    cleaned = [words(_BULLET.sub("", part)) for part in parts]
    if len(cleaned) > 1 and "," in separator:
        cleaned[-1:] = re.split(r"\s+(?:and|&)\s+", cleaned[-1])
    return [part for part in cleaned if part]


_SENTENCE = 40


def words(text: str) -> str:
    """Return text on one line, without punctuation that ends or surrounds it."""
    text = " ".join(text.split()).strip(" \t,;:|•*")
    sentence = len(text) > _SENTENCE and text.count(".") == 1
    return text.removesuffix(".") if sentence else text


def value(
    text: str,
    kind: FieldType,
    options: Sequence[str] = (),
    habits: Habits = DEFAULT_HABITS,
) -> Json | None:
    """Return what a text means as a value of a type, or None when it is none.

    :param text: the value as written in a document.
    :param options: what a choice may be.
    """
    readers: dict[FieldType, Callable[[], Json | None]] = {
        FieldType.DATE: lambda: date(text, habits),
        FieldType.MONEY: lambda: money(text, habits),
        FieldType.NUMBER: lambda: number(text, habits),
        FieldType.BOOLEAN: lambda: boolean(text),
        FieldType.CHOICE: lambda: choice(text, options),
        FieldType.LIST: lambda: items(text) or None,
        FieldType.TEXT: lambda: words(text[:MAX_VALUE]) or None,
    }
    return readers[kind]()


def find(text: str, kind: FieldType, habits: Habits = DEFAULT_HABITS) -> list[Found]:
    """Return the dates, numbers or amounts of money in a text, in order.

    Numbers that belong to a date or to an amount of money are none of their own.
    """
    if kind is FieldType.DATE:
        return list(_dates(text, habits))
    moneys = list(_moneys(text, habits))
    if kind is FieldType.MONEY:
        return moneys
    if kind is not FieldType.NUMBER:
        return []
    taken = [(each.start, each.end) for each in (*_dates(text, habits), *moneys)]
    return [
        each
        for each in _numbers(text, habits)
        if not any(start < each.end and each.start < end for start, end in taken)
    ]


def habits(text: str) -> Habits:
    """Return how a document writes dates and numbers, by those that can be read one way only."""
    sample = text[:200_000]
    first_over = len(
        re.findall(r"(?<![\d/])(?:1[3-9]|2\d|3[01])[/-][01]?\d[/-](?:19|20)?\d\d(?!\d)", sample)
    )
    second_over = len(
        re.findall(r"(?<![\d/])[01]?\d[/-](?:1[3-9]|2\d|3[01])[/-](?:19|20)?\d\d(?!\d)", sample)
    )
    comma = len(re.findall(r"(?<![\d.,])(?:\d{1,3}\.\d{3},\d{2}|\d{1,6},\d{2})(?![\d,])", sample))
    point = len(re.findall(r"(?<![\d.,])(?:\d{1,3},\d{3}|\d{1,6}\.\d{2})(?![\d.])", sample))
    named = {_BY_NAME[m.group().casefold()] for m in re.finditer(_SIGNS, sample)}
    return Habits(
        day_first=first_over > second_over,
        decimal_comma=comma > point,
        currency=named.pop() if len(named) == 1 else None,
    )
