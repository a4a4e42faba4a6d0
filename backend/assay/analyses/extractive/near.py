"""Values near a field's words: behind them on a line, or beside them in a sentence."""

import re
from collections.abc import Iterator, Sequence

from assay.analyses.extractive import labels, normalise, values, words
from assay.analyses.extractive.index import Index
from assay.analyses.extractive.layout import Relation
from assay.analyses.extractive.matching import Fit, Wanted
from assay.analyses.extractive.normalise import Habits
from assay.analyses.extractive.places import TRUST, Candidate
from assay.analyses.models import FieldType, Json, Passage

_MAX_UNIT = 700
_MIN_NAMED = 0.45
"""Share of a field's name that has to stand together."""
_IN_FORM = 0.35
"""What is left of the trust in values near words on a line of a form: its labels say more."""
_LINE = 150
_INLINE_WITHIN, _BESIDE, _NEXT, _CODE_WITHIN = 25, 2, 4, 80
_LINK = re.compile(r"\b(?:is|was|are|were|be|of|totall?ed|amounts? to)\s$|[:=]\s?$")
_LINKED = 0.95
_ANSWER, _CLAUSE = 40, 4
_NAME_AFTER = re.compile(
    r"[\s,:“\"'-]*(?:(?:is|are|was|were|be|by|of|in|to|at|the|and"
    r"|with|called|named|known as|shall be|will be|means|between|laws?|State|Commonwealth)\b"
    r"[\s,:“\"'-]*){0,7}"
)
_NAME = re.compile(
    r"[A-Z][\w&.'’/-]{0,40}(?:,? (?:(?:of|and|the|de|van|von|&) )?[A-Z][\w&.'’/-]{0,40}){0,6}"
)
_CLAUSES = frozenset(
    map(
        words.stem,
        """clause summary cause reason description obligation abstract conclusion finding purpose
        objective scope provision narrative background""".split(),
    )
)


def near(index: Index, about: Wanted, found: Sequence[Passage]) -> Iterator[Candidate]:
    """Yield the values that stand near a field's words."""
    for unit in index.units(about, found):
        text = index.text(unit)[:_MAX_UNIT]
        hits = _hits(text, about, index)
        if not hits or text.rstrip()[-1:] == ":":
            continue
        form = bool(labels.split(text.partition("\n")[0], index.layout.vocabulary))
        if form and about.field.type in {FieldType.TEXT, FieldType.CHOICE}:
            continue
        said = {words.stem(word) for word in words.tokens(text)} if about.described else set()
        fit = _coverage(hits, said, about, index)
        if fit.named < _MIN_NAMED:
            continue
        for start, end, value, relation, closeness in _values_near(text, hits, about, index):
            if form and start < hits[-1][1] and about.field.type in values.TYPED:
                continue  # another label's
            score = fit.score * TRUST[relation] * closeness * values.suits(text[start:end], about)
            score *= (_IN_FORM if form else 1.0) * index.early(unit.page)
            quote = (min(start, hits[0][0]), max(end, hits[-1][1]))
            if relation is Relation.SENTENCE or about.field.type is FieldType.BOOLEAN:
                quote = (0, len(text))
            yield Candidate(
                unit.page, unit.start + start, unit.start + end, unit.start + quote[0],
                unit.start + quote[1], value, relation, fit, score,
                values.shaped(text[start:end], about),
            )  # fmt: skip


Hit = tuple[int, int, str, float]
"""Where a word of a unit stands, the stem of the name that it stands for, and how well."""


def _hits(text: str, about: Wanted, index: Index) -> list[Hit]:
    del index
    hits: list[Hit] = []
    for match in re.finditer(r"[^\W_]+(?:['’][^\W_]+)?|#", text):
        term = words.stem(match.group())
        best = max(((words.likeness(stem, term), stem) for stem in about.name), default=(0.0, ""))
        if best[0]:
            hits.append((match.start(), match.end(), best[1], best[0]))
    return _densest(hits)


_SPREAD = 60


def _densest(hits: list[Hit]) -> list[Hit]:
    """Return the hits that stand together and cover the most of the name."""
    best: list[Hit] = []
    group: list[Hit] = []
    for hit in hits:
        if group and hit[0] - group[-1][1] > _SPREAD:
            group = []
        group = [*group, hit]
        if len({each[2] for each in group}) > len({each[2] for each in best}):
            best = group
    return best


def _coverage(hits: Sequence[Hit], said: set[str], about: Wanted, index: Index) -> Fit:
    by_stem: dict[str, float] = {}
    for _, _, stem, likeness in hits:
        by_stem[stem] = max(by_stem.get(stem, 0.0), likeness)
    total = sum(index.weights.of(stem) for stem in about.name)
    named = sum(index.weights.of(stem) * share for stem, share in by_stem.items()) / total
    spread = hits[-1][1] - hits[0][0] - sum(end - start for start, end, _, _ in hits)
    tight = 1.0 if spread <= 3 * len(hits) else max(0.9, 1 - spread / 200)
    general = all(stem in words.GENERAL for stem in about.name)
    about_it = sum(any(words.likeness(s, t) for t in said) for s in about.described)
    described = 0.75 + 0.25 * about_it / len(about.described) if about.described else 0.95
    score = named**1.5 * tight * described * (0.6 if general else 1.0)
    return Fit(score, named=named, extra=1 - tight)


Near = tuple[int, int, Json, Relation, float]


def _values_near(text: str, hits: Sequence[Hit], about: Wanted, index: Index) -> Iterator[Near]:
    kind = about.field.type
    if kind in values.TYPED:
        yield from _typed_near(text, hits, kind, index.habits)
    elif kind is FieldType.BOOLEAN:
        yield from _yes_or_no(text, hits)
    elif kind is FieldType.CHOICE:
        option = normalise.choice(text, about.field.options)
        if option:
            place = re.search(re.escape(option.split()[0]), text, re.IGNORECASE)
            start, end = place.span() if place else (0, len(text))
            yield start, end, option, Relation.SENTENCE, 0.9
    elif kind is FieldType.TEXT:
        yield from _text_near(text, hits, about, index)


def _typed_near(text: str, hits: Sequence[Hit], kind: FieldType, habits: Habits) -> Iterator[Near]:
    first, last = hits[0][0], hits[-1][1]
    for each in normalise.find(text, kind, habits):
        if each.start >= last:
            between = text[last : each.start]
            distance = len(between)
            inline = len(between) <= _INLINE_WITHIN and not re.search(r"[.;]\s", between)
            yield (each.start, each.end, each.value,
                   Relation.INLINE if inline else Relation.SENTENCE,
                   _LINKED if _LINK.search(between) else max(0.4, 1 - distance / 120))  # fmt: skip
        elif each.end <= first:
            distance = first - each.end
            counted = kind is FieldType.NUMBER and distance <= _BESIDE
            yield (each.start, each.end, each.value, Relation.SENTENCE,
                   1.3 if counted else max(0.35, 0.85 - distance / 120))  # fmt: skip
        else:
            beside = any(
                -1 <= each.start - end <= _BESIDE or -1 <= start - each.end <= _BESIDE
                for start, end, *_ in hits
            )
            yield each.start, each.end, each.value, Relation.SENTENCE, 1.1 if beside else 0.85


def _yes_or_no(text: str, hits: Sequence[Hit]) -> Iterator[Near]:
    ticked = normalise.boxes(text)
    if ticked is not None:
        yield 0, len(text), ticked, Relation.INLINE, 1.0
        return
    after = text[hits[-1][1] :].lstrip(" :.-")
    said = normalise.boolean(after[:12]) if after and len(text) < _LINE else None
    if said is not None and len(after) < _ANSWER:
        yield hits[0][0], len(text), said, Relation.INLINE, 1.0
    elif len(text.split()) >= _CLAUSE:
        yield 0, len(text), not normalise.negated(text), Relation.SENTENCE, 0.9


def _text_near(text: str, hits: Sequence[Hit], about: Wanted, index: Index) -> Iterator[Near]:
    last = hits[-1][1]
    rest = text[last:]
    if "code" in about.kinds or about.shapes:
        for match in list(values.CODE.finditer(rest[:_CODE_WITHIN]))[:3]:
            if match.start() > 0:
                gap = match.start()
                relation = Relation.INLINE if gap <= _NEXT else Relation.SENTENCE
                yield (last + match.start(), last + match.end(), match.group(), relation,
                       max(0.5, 1 - gap / 80))  # fmt: skip
        bare = re.match(r"[\s,:]{1,3}([A-Z]{4,8})\b", rest)
        if bare:
            yield last + bare.start(1), last + bare.end(1), bare[1], Relation.INLINE, 0.95
        return
    before = text[: hits[0][0]]
    apart = not before.strip() or before.endswith(("  ", "\t"))
    if apart and rest[:1] == " " and len(text) <= _LINE and _like_label(text, hits):
        rest = _GAP.split(rest, maxsplit=1)[0]
        end = labels.cut(rest, index.layout.vocabulary)
        value = normalise.value(rest[:end], FieldType.TEXT)
        if value:
            start = len(rest) - len(rest.lstrip(" :-–"))
            yield last + start, last + end, value, Relation.INLINE, 0.95
    elif about.stems & _CLAUSES and len(text.split()) >= _CLAUSE:
        yield 0, len(text), str(normalise.value(text, FieldType.TEXT)), Relation.SENTENCE, 0.9
    else:
        lead = _NAME_AFTER.match(rest)
        at = last + (lead.end() if lead else 0)
        name = _NAME.match(text, at)
        if name and lead and lead.end() > 1:
            yield name.start(), name.end(), name.group().rstrip(".,"), Relation.SENTENCE, 0.85


_GAP = re.compile(r"(?<=\S)(?:\s{2,}|\t)")


def _like_label(text: str, hits: Sequence[Hit]) -> bool:
    """Whether the words that were hit are set apart from what follows, as labels are."""
    after = text[hits[-1][1] :].lstrip(" :-–#")
    return text[hits[0][0]].isupper() and bool(after) and not after[0].islower()
