"""Words of labels and of fields: stems, what is general in them, which stand for one another."""

import re
from functools import lru_cache

import Stemmer

_stemmer = Stemmer.Stemmer("english")

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|#")
_MAX_WORD = 40

STOP = frozenset(
    """a an and any are as at be been by do does each for from had has have he her his how if in
    into is it its may of on or our shall she should such than that the their them then
    there these they this those to under upon was we were what when where which who whom
    whose why will with would you your s give given please state stated document der die
    das und des den von für im ein eine le la les du de et un une el los las y del""".split()
)
"""Words that carry nothing in a label or a description."""

_GENERAL = """
number no nr num # id identifier code reference ref
name title
date day time
type kind category class
value amount figure
total overall whole
level status state
list details information data description
allowed permitted required included
""".split()

_SAME = """
number no nr num # id identifier code ref reference
phone telephone tel mobile cell
email mail e-mail
date day dated time
company organisation organization firm corporation business registrant entity
customer client buyer purchaser
supplier vendor seller
address street
place location site venue
start begin commence commencement effective
end expire expiry expiration termination
due payable
total overall sum grand
price cost fee charge rate
amount value
quantity qty count units
revenue sales turnover
birth born dob
employer company
employee staff worker
salary wage pay compensation remuneration
author writer
maker manufacturer make brand
duration term period length
quarter quarterly
year annual yearly
law legal
tax vat gst
subject topic re
sender from
recipient to
kind type category
job position role
describe description item
first given
last family surname
zip postal postcode
incorporation incorporated organized
state jurisdiction
fax facsimile
page pages
"""


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the stem of a word in any case, without a possessive."""
    word = re.sub(r"['’]s?$", "", word[:_MAX_WORD].casefold())
    return str(_stemmer.stemWord(word))


GENERAL = frozenset(stem(word) for word in _GENERAL)
"""Stems that labels of every kind share; they tell one field from another the least."""


def _groups() -> dict[str, frozenset[int]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(_SAME.strip().splitlines()):
        for word in line.split():
            groups.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in groups.items()}


_GROUPS = _groups()
_NONE: frozenset[int] = frozenset()


@lru_cache(maxsize=20_000)
def relatives(term: str) -> frozenset[str]:
    """Return the stems that may stand for a stem, itself included."""
    mine = _GROUPS.get(term, _NONE)
    return frozenset([term, *(word for word, numbers in _GROUPS.items() if mine & numbers)])


def tokens(text: str) -> list[str]:
    """Return the words of a text as they are written."""
    return _TOKEN.findall(text)


@lru_cache(maxsize=20_000)
def terms(text: str) -> tuple[str, ...]:
    """Return the stems of a short text's words that carry meaning, in order."""
    every = _TOKEN.findall(text)
    telling = [word for word in every if word.casefold() not in STOP]
    return tuple(map(stem, telling or every))


_VOWELS = "aeiou"
"""What abbreviations do not end in: `age` is none of `agency`."""
MIN_ABBREVIATION, _MAX_ABBREVIATION = 3, 4


def likeness(wanted: str, term: str) -> float:
    """Return how far one stem stands for another, 0 to 1."""
    if wanted == term:
        return 1.0
    if term in relatives(wanted):
        return _RELATED
    short, long = sorted((wanted, term), key=len)
    cut = MIN_ABBREVIATION <= len(short) <= _MAX_ABBREVIATION or len(long) - len(short) == 1
    short_form = len(short) >= MIN_ABBREVIATION and short.isalpha() and short[-1] not in _VOWELS
    if cut and short_form and long.startswith(short):
        return _ABBREVIATED
    return 0.0


_RELATED, _ABBREVIATED = 0.85, 0.7


def is_empty(text: str) -> bool:
    """Whether no word of a text carries meaning by itself."""
    return all(word.casefold() in STOP for word in _TOKEN.findall(text))
