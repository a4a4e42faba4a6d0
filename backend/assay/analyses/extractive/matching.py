"""How well a label, or the words of a sentence, fit what a field asks for."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assay.analyses.extractive import words
from assay.analyses.models import Field, FieldType

_JOINED = 2
_GENERAL_WEIGHT, _TITLE_WEIGHT = 0.35, 0.15
_EXAMPLE = re.compile(
    r"(?i)\(?\b(?:e\.?g\.?|for example|for instance|such as|like|i\.?e\.?)[,:]?\s+([^()]{1,200})"
)
_QUOTED = re.compile(r"[\"“'‘`]([^\"”'’`]{1,60})[\"”'’`]")
_CONJUNCTION = re.compile(r"\s+(?:and|&|/|\+)\s+|/", re.IGNORECASE)
_BY_DESCRIPTION, _EXTRA, _MODIFIER = 0.72, 0.5, 0.55
_EXAMPLE_PIECE = re.compile(r"[^\s,;]+")
_DIGIT_CLASS = re.compile(r"\d+")
_LETTER_CLASS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field as the engine looks for it."""

    field: Field
    name: tuple[str, ...]
    """The stems of its name."""
    described: frozenset[str]
    """The stems of its description, without examples."""
    shapes: frozenset[str]
    """What its examples look like: `A9` for `N12345`."""
    kinds: frozenset[str]
    """What the name and the description say that values are: `code`, `email`, `company` ..."""

    @property
    def stems(self) -> frozenset[str]:
        """Every stem of name and description."""
        return frozenset(self.name) | self.described


_KINDS = {
    "code": "number no # id identifier code reference ref serial plate vin iban isbn sku",
    "email": "email e-mail mail",
    "phone": "phone telephone tel mobile fax",
    "url": "website url web homepage link",
    "company": "company organisation organization firm corporation business employer vendor"
    " supplier seller buyer client issuer registrant manufacturer landlord tenant lessor lessee"
    " agency",
    "person": "person who contact signatory author candidate applicant patient manager",
    "place": "city country where address place",
}
_KIND_STEMS = {kind: frozenset(map(words.stem, text.split())) for kind, text in _KINDS.items()}


def wanted(field: Field) -> Wanted:
    """Return what to look for, of a field's name, type and description."""
    examples = " ".join(m[1] for m in _EXAMPLE.finditer(field.description))
    described = _QUOTED.sub(" ", _EXAMPLE.sub(" ", field.description))
    name = words.terms(_spelled(field.name))
    name = _without(_DEGREES, name)
    if words.is_empty(field.name) and described.strip():
        name = words.terms(described)  # `When`, `Who`: the description says of what
    name = _without(_IMPLIED.get(field.type, frozenset()), name)
    about = frozenset(words.terms(described)) | frozenset(name)
    kinds = frozenset(
        kind
        for kind, stems in _KIND_STEMS.items()
        if stems & frozenset(name) or (kind == "code" and stems & about)
    )
    return Wanted(
        field,
        tuple(dict.fromkeys(name)),
        frozenset(words.terms(described)) - frozenset(name),
        frozenset(map(shape, _EXAMPLE_PIECE.findall(examples))) - {""},
        kinds,
    )


_DEGREES = frozenset(
    map(
        words.stem,
        """highest lowest largest smallest maximum minimum max min greatest least exact main overall
        complete current latest respective official actual""".split(),
    )
)
"""Words of a name that labels leave out: of `Highest level`, forms say `Level`."""
_IMPLIED = {
    FieldType.MONEY: frozenset(map(words.stem, "amount value figure".split())),
    FieldType.NUMBER: frozenset(map(words.stem, "amount value figure number no count".split())),
}
"""Words of a name that its type says already: `Total amount` is the total."""


def _without(implied: frozenset[str], name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(stem for stem in name if stem not in implied) or name


def _spelled(name: str) -> str:
    """Return a name with the words of `camelCase` and `snake_case` apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " "))


def shape(text: str) -> str:
    """Return the look of a code: `N103JT` is `A9A`; nothing where there is no digit in it."""
    if not any(char.isdigit() for char in text):
        return ""
    return _LETTER_CLASS.sub("A", _DIGIT_CLASS.sub("9", text.strip(".,;:()")))


def parts(field: Field) -> list[Field]:
    """Return the fields that a name with a conjunction is made of: `Car make and model`."""
    if field.type is not FieldType.TEXT:
        return []
    names = [name.strip() for name in _CONJUNCTION.split(field.name) if name.strip()]
    if len(names) != _JOINED:
        return []
    first = names[0].split()
    shared = " ".join(first[:-1])
    second = f"{shared} {names[1]}" if shared and len(names[1].split()) == 1 else names[1]
    return [Field(names[0], field.type), Field(second, field.type)]


class Weights:
    """How much each stem tells among a document's labels: the rarer, the more.

    Words of the document's title tell little: `Invoice date` is the date of an invoice.
    """

    def __init__(self, labels: Iterable[Sequence[str]], title: frozenset[str]) -> None:
        self._title = title
        kinds = {tuple(label) for label in labels}
        self._occurs = Counter(stem for label in kinds for stem in set(label))
        self._count = len(kinds)

    def of(self, stem: str) -> float:
        """Return a stem's weight, 0 to 1."""
        if stem in words.GENERAL or stem.isdigit():
            return _GENERAL_WEIGHT
        if stem in self._title:
            return _TITLE_WEIGHT
        occurs = self._occurs[stem]
        if occurs <= 1 or self._count <= 1:
            return 1.0
        return 0.3 + 0.7 * math.log(self._count / occurs) / math.log(self._count)


_LONG_LABEL = 5
"""Stems of a label with more are a sentence's, of which a field's name is a part."""
_ASIDE = re.compile(r"\([^()]{0,80}\)")
_EITHER = re.compile(r"([^\W\d_]+)(?:\s?/\s?|\s&\s|\s(?:and|or)\s)([^\W\d_]+)")


def readings(label: str) -> list[tuple[str, ...]]:
    """Return the stems of a label, and of each thing that it names: `Date & Time`, `Size/Kind`."""
    found = [words.terms(label)]
    bare = _ASIDE.sub(" ", label).strip()
    if bare and bare != label.strip():
        found.append(words.terms(bare))
    either = _EITHER.search(label)
    if either:
        left, right = label[: either.start()], label[either.end() :]
        found += [words.terms(f"{left}{either[side]}{right}") for side in (1, 2)]
    return found


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a label fits a field, 0 to 1."""

    score: float
    exact: bool = False
    named: float = 0.0
    """Share of the name that the label covers."""
    extra: float = 0.0
    """Share of the label that the field does not ask for."""


NO_FIT = Fit(0.0)


def fit(about: Wanted, label: Sequence[str], weights: Weights, section: Sequence[str] = ()) -> Fit:
    """Compare a label's stems, and its section's, with a field's name and description."""
    if not label:
        return NO_FIT
    name = about.name
    if _same(name, label):
        return Fit(1.0, exact=True, named=1.0)
    if _initials(label, name) or _initials(name, label):
        return Fit(0.9, named=1.0)
    mine = {stem: max(words.likeness(stem, term) for term in label) for stem in name}
    rest = [stem for stem in name if not mine[stem]] if section else []
    for stem in rest:
        mine[stem] = _BY_SECTION * max(words.likeness(stem, term) for term in section)
    total = sum(weights.of(stem) for stem in name)
    named = sum(weights.of(stem) * mine[stem] for stem in name) / total if total else 0.0
    weight = sum(weights.of(term) for term in label)
    by_name = {
        term: max((words.likeness(stem, term) for stem in name), default=0.0) for term in label
    }
    by_words = {
        term: max((words.likeness(stem, term) for stem in about.described), default=0.0)
        if by_name[term] == 0
        else by_name[term]
        for term in label
    }
    extra = 1 - sum(weights.of(term) * by_words[term] for term in label) / weight
    if len(label) > _LONG_LABEL:
        extra = min(extra, 0.5)
    strong = max((weights.of(term) * by_words[term] for term in label), default=0.0)
    score = named * (1 - _EXTRA * extra) if any(by_name.values()) else 0.0
    if named:
        head = next((s for s in reversed(name) if weights.of(s) > _GENERAL_WEIGHT), name[-1])
        score *= 1.0 if mine[head] else _MODIFIER + (1 - _MODIFIER) * named
    score *= _SECTIONED if any(mine[stem] for stem in rest) else 1.0
    described = sum(weights.of(t) * by_words[t] for t in label) / weight
    through = _BY_DESCRIPTION * described * (1 - extra) * min(1.0, strong + 0.1) * min(1.0, weight)
    score = max(score, through) + 0.08 * (described - 0.5) * min(score, 1 - score)
    return Fit(max(0.0, min(1.0, score)), named=named, extra=extra)


_READING = 0.95
_BY_SECTION, _SECTIONED = 0.85, 0.9
"""How far a word of a section's heading stands for one of its labels: `Owner` over `Name`."""


def best_fit(
    about: Wanted,
    label: Sequence[tuple[str, ...]],
    weights: Weights,
    section: Sequence[str] = (),
) -> Fit:
    """Return the fit of the reading of a label that fits best."""
    whole = fit(about, label[0], weights, section)
    for reading in label[1:]:
        each = fit(about, reading, weights, section)
        if each.score * _READING > whole.score:
            whole = Fit(each.score * _READING, named=each.named, extra=each.extra)
    return whole


def _same(name: Sequence[str], label: Sequence[str]) -> bool:
    return tuple(name) == tuple(label) or "".join(name) == "".join(label)


def _initials(short: Sequence[str], long: Sequence[str]) -> bool:
    return (
        len(short) == 1
        and len(long) > 1
        and len(short[0]) == len(long)
        and short[0] == "".join(term[0] for term in long)
    )
