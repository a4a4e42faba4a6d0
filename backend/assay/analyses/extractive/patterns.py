"""Values without a label: terms that a contract defines, and things that show what they are."""

import re
from collections.abc import Iterator

from assay.analyses.extractive import matching, normalise, words
from assay.analyses.extractive.index import Index
from assay.analyses.extractive.layout import Relation
from assay.analyses.extractive.matching import Fit, Wanted
from assay.analyses.extractive.places import TRUST, Candidate
from assay.analyses.extractive.values import PATTERNS, TYPED
from assay.analyses.models import FieldType, Json

_SCANNED = 20_000
"""Characters of a page that are scanned."""
_FIRST = 3
_SHORT_NAME = 2
_MIN_FIT = 0.6
_DEFINED = re.compile(
    r"\((?:(?:hereinafter|hereafter|referred to as|each|together|collectively|a|an|the|as)"
    r"[\s,]{1,2}){0,5}[\"“]([^\"”]{2,50})[\"”]\)"
)
_APPOSITION = re.compile(r",\s(?:an?|the)\s[^,()]{3,90}$")
_NAME_BEFORE = re.compile(r"(?:[A-Z0-9][\w&.'’/-]{0,40},?\s(?:(?:of|and|the|de|&)\s)?){1,8}$")


def defined(index: Index, about: Wanted) -> Iterator[Candidate]:
    """Yield what stands before a defined term: `Acme Ltd (the "Supplier")`."""
    for unit in index.units(about, ()):
        text = index.text(unit)
        for match in _DEFINED.finditer(text):
            fit = matching.fit(about, words.terms(match[1]), index.weights)
            if fit.score < _MIN_FIT:
                continue
            before = _APPOSITION.sub("", text[: match.start()].rstrip())
            taken: tuple[int, int, Json] | None = None
            if about.field.type in TYPED:
                for each in normalise.find(before, about.field.type, index.habits):
                    taken = each.start, each.end, each.value
            elif about.field.type is FieldType.TEXT:
                name = _NAME_BEFORE.search(before[-160:] + " ")
                if name:
                    start = len(before) - len(before[-160:]) + name.start()
                    end = start + len(name.group().rstrip(" ,\n"))
                    taken = start, end, text[start:end]
            if taken:
                start, end, value = taken
                yield Candidate(
                    unit.page, unit.start + start, unit.start + end, unit.start + start,
                    unit.start + match.end(), value, Relation.DEFINED, fit,
                    fit.score * TRUST[Relation.DEFINED] * index.early(unit.page),
                )  # fmt: skip


def patterned(index: Index, about: Wanted) -> Iterator[Candidate]:
    """Yield addresses, links, companies and dates where the field asks for one, without a label."""
    if about.field.type is FieldType.DATE and set(about.name) <= words.GENERAL:
        text = "".join(page.text[:_SCANNED] for page in index.layout.pages[:1])
        for each in normalise.find(text, FieldType.DATE, index.habits)[:1]:
            yield Candidate(
                0, each.start, each.end, each.start, each.end, each.value, Relation.PATTERN,
                Fit(0.5), TRUST[Relation.PATTERN],
            )  # fmt: skip
    if about.field.type is not FieldType.TEXT:
        return
    for kind in ("email", "url", "company"):
        if kind not in about.kinds or (kind == "company" and len(about.name) > _SHORT_NAME):
            continue
        if kind != "company" and len(about.kinds) > 1:
            continue
        for number, shown in enumerate(index.layout.pages[:_FIRST]):
            for at, match in enumerate(PATTERNS[kind].finditer(shown.text[:_SCANNED])):
                if at >= _FIRST:
                    break
                score = TRUST[Relation.PATTERN] * (1 - 0.1 * at) * (1 - 0.2 * number)
                yield Candidate(
                    number, match.start(), match.end(), match.start(), match.end(),
                    str(normalise.value(match.group(), FieldType.TEXT)), Relation.PATTERN,
                    Fit(0.5), score,
                )  # fmt: skip
