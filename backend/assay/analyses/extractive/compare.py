"""What documents agree and differ on, and what only some of them say; every side quoted.

Topics are given, or found: labels and rows of figures that documents share, and headings under
which several of them write.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from assay.analyses.extractive import normalise
from assay.analyses.extractive.labelled import (
    Known,
    Labelled,
    figures_rows,
    key,
    labelled_values,
    shared_labels,
)
from assay.analyses.extractive.normalise import Habits
from assay.analyses.extractive.relevance import Corpus, Weights, centre, likeness, terms
from assay.analyses.extractive.sentences import Sentence, sentences
from assay.analyses.extractive.sides import Side, say_the_same
from assay.analyses.extractive.summary import is_back_matter, plainness
from assay.analyses.models import Finding, Page, Passage, Source, Verdict

Nearness = Mapping[str, Mapping[str, float]]
"""How near sentences are to each topic in meaning, 0 to 1."""
Found = Mapping[str, Mapping[UUID, Sequence[Passage]]]
"""The passages that retrieval found for each topic in each document."""

MAX_LABELS, MAX_ROWS, MAX_SECTIONS = 40, 25, 30
"""How many topics of each kind are found, at most."""
_MIN_LABEL_FIT = 0.6
_MIN_SHARE, _MIN_SHARE_IN_PASSAGE = 0.5, 0.34
_LABEL_FIRST, _IN_PASSAGE = 0.8, 0.25
_ALIKE = 0.4
"""What it adds that a candidate is like what the other documents say on the topic."""
_SHORT_LIST = 5
_MIN_NEAR = 0.45
_SAME_KIND = 0.5
"""Share of its labels or headings that two documents need in common for one's lack of a label
to be worth a finding."""
_PARALLEL = 0.35


@dataclass(slots=True)
class _Read:
    """A document, taken apart."""

    source: Source
    habits: Habits
    labelled: list[Labelled]
    rows: list[Labelled]
    sentences: list[Sentence]

    @property
    def id(self) -> UUID:
        return self.source.document_id


@dataclass(slots=True)
class _Candidate:
    side: Side
    score: float


def compare(
    sources: Sequence[Source],
    *,
    topics: Sequence[str] = (),
    found: Found | None = None,
    nearness: Nearness | None = None,
) -> list[Finding]:
    """Return what two or more documents say on each topic, and how that relates.

    :param topics: what to compare, in the order of the findings; none: topics are found.
    :param found: passages that retrieval found for the topics; without it words alone decide.
    :param nearness: of the sentences that `likeliest` returns, for topics that a document puts in
        words of its own.
    """
    known = shared_labels(sources)
    read = [_read(source, known) for source in sources]
    if topics:
        return [
            _on_topic(topic, read, (found or {}).get(topic, {}), (nearness or {}).get(topic, {}))
            for topic in topics
        ]
    return [*_on_labels(read), *_on_rows(read), *_on_sections(read)]


def likeliest(sources: Sequence[Source], found: Found) -> dict[str, list[str]]:
    """Return for each topic the sentences whose nearness to it is worth computing."""
    own = {source.document_id: sentences(source) for source in sources}
    return {
        topic: [
            each.text
            for document, passages in places.items()
            for each in own.get(document, ())
            if _is_inside(each, passages)
        ]
        for topic, places in found.items()
    }


def _read(source: Source, known: Known) -> _Read:
    return _Read(
        source=source,
        habits=normalise.habits("\n".join(page.text for page in source.pages)),
        labelled=labelled_values(source, known),
        rows=figures_rows(source),
        sentences=sentences(source),
    )


def _finding(topic: str, sides: Mapping[UUID, Side | None]) -> Finding:
    said = [side for side in sides.values() if side]
    if len(said) < len(sides):
        verdict = Verdict.MISSING
    else:
        agree = all(say_the_same(said[0], side) for side in said[1:])
        verdict = Verdict.AGREES if agree else Verdict.DIFFERS
    quoted = {
        document: None if side is None else (side.text, side.evidence)
        for document, side in sides.items()
    }
    return Finding(topic, verdict, quoted)


# Topics that are given


def _on_topic(
    topic: str,
    read: Sequence[_Read],
    found: Mapping[UUID, Sequence[Passage]],
    near: Mapping[str, float],
) -> Finding:
    lists = {each.id: _candidates(topic, each, found.get(each.id, ()), near) for each in read}
    texts = [candidate.side.text for own in lists.values() for candidate in own]
    corpus = Corpus.of(texts)
    middle = centre([corpus.weigh(text) for text in texts])
    return _finding(topic, {id_: _best(own, corpus, middle) for id_, own in lists.items()})


def _best(candidates: Sequence[_Candidate], corpus: Corpus, middle: Weights) -> Side | None:
    best = max(
        candidates,
        key=lambda each: each.score + _ALIKE * likeness(corpus.weigh(each.side.text), middle),
        default=None,
    )
    return best.side if best else None


def _candidates(
    topic: str, read: _Read, passages: Sequence[Passage], near: Mapping[str, float]
) -> list[_Candidate]:
    """Return what a document may be saying on a topic, the likeliest first."""
    wanted = set(terms(topic))
    stated = [
        _Candidate(_stated(each, read), _LABEL_FIRST + fit)
        for each in (*read.labelled, *read.rows)
        if (fit := _fit(wanted, each.label)) >= _MIN_LABEL_FIT
    ]
    spoken = list(_spoken(wanted, read, passages))
    if not stated and not spoken:
        spoken = _by_meaning(read, passages, near)
    return sorted([*stated, *spoken], key=lambda each: -each.score)[:_SHORT_LIST]


def _fit(wanted: set[str], label: str) -> float:
    """Return how well a label names a topic: the harmonic mean of what each covers of the other."""
    words = set(terms(label))
    shared = len(wanted & words)
    return 2 * shared / (len(wanted) + len(words)) if shared else 0.0


def _spoken(wanted: set[str], read: _Read, passages: Sequence[Passage]) -> Iterator[_Candidate]:
    corpus = Corpus.of([each.text for each in read.sentences])
    total = sum(corpus.rarity.get(word, corpus.unseen) for word in wanted)
    for each in read.sentences:
        words = set(terms(f"{each.heading} {each.text}"))
        held = sum(corpus.rarity.get(word, corpus.unseen) for word in wanted & words)
        share = held / total if total else 0.0
        inside = _is_inside(each, passages)
        if share >= (_MIN_SHARE_IN_PASSAGE if inside else _MIN_SHARE):
            score = share + _IN_PASSAGE * inside + plainness(each.text)
            yield _Candidate(_side(each, read), score)


def _is_inside(sentence: Sentence, passages: Sequence[Passage]) -> bool:
    place = sentence.evidence
    return any(
        each.page == place.page and each.start <= place.start and place.end <= each.end
        for each in passages
    )


def _by_meaning(
    read: _Read, passages: Sequence[Passage], near: Mapping[str, float]
) -> list[_Candidate]:
    return [
        _Candidate(_side(each, read), near[each.text])
        for each in read.sentences
        if near.get(each.text, 0.0) >= _MIN_NEAR and _is_inside(each, passages)
    ]


def _stated(labelled: Labelled, read: _Read) -> Side:
    return Side(" ".join(labelled.value.split()), labelled.evidence, read.habits, is_prose=False)


def _side(sentence: Sentence, read: _Read) -> Side:
    return Side(sentence.text, sentence.evidence, read.habits, is_prose=True)


# Topics that are found


def _on_labels(read: Sequence[_Read]) -> list[Finding]:
    """Compare the labels that documents of one kind share, each once."""
    by_key = [_first_of_each(each.labelled) for each in read]
    return [
        _finding(
            name, {each.id: _or_none(own.get(shared), each) for each, own in _zip(read, by_key)}
        )
        for shared, name in _shared(by_key)[:MAX_LABELS]
    ]


def _on_rows(read: Sequence[_Read]) -> list[Finding]:
    """Compare the rows of figures that all documents have; those that recur are the key ones."""
    by_key = [_first_of_each(each.rows) for each in read]
    times = Counter(row.key for each in read for row in each.rows)
    common = [(each, name) for each, name in _shared(by_key) if all(each in own for own in by_key)]
    often = sorted(common, key=lambda each: -times[each[0]])[:MAX_ROWS]
    return [
        _finding(
            name, {each.id: _or_none(own.get(shared), each) for each, own in _zip(read, by_key)}
        )
        for shared, name in common
        if (shared, name) in often
    ]


def _zip(
    read: Sequence[_Read], by_key: Sequence[dict[str, Labelled]]
) -> Iterable[tuple[_Read, dict[str, Labelled]]]:
    return zip(read, by_key, strict=True)


def _or_none(labelled: Labelled | None, read: _Read) -> Side | None:
    return None if labelled is None else _stated(labelled, read)


def _first_of_each(labelled: Sequence[Labelled]) -> dict[str, Labelled]:
    first: dict[str, Labelled] = {}
    for each in labelled:
        first.setdefault(each.key, each)
    return first


def _shared(by_key: Sequence[Mapping[str, Labelled]]) -> list[tuple[str, str]]:
    """Return the key and the wording of what several documents name, in their order.

    What one document lacks is worth a finding where most have it, or where two are of a kind.
    """
    names: dict[str, str] = {}
    for own in by_key:
        for each, labelled in own.items():
            names.setdefault(each, labelled.label)
    needed = _needed([set(own) for own in by_key])
    return [
        (each, name) for each, name in names.items() if sum(each in own for own in by_key) >= needed
    ]


def _needed(keys: Sequence[set[str]]) -> int:
    """Return how many documents have to share a name: most, and one of two that are alike."""
    if len(keys) > 2:  # noqa: PLR2004 - of three or more, most
        return len(keys) // 2 + 1
    smaller = min(map(len, keys), default=0)
    alike = len(set.intersection(*keys)) if keys else 0
    return 1 if smaller and alike >= _SAME_KIND * smaller else 2


def _on_sections(read: Sequence[_Read]) -> list[Finding]:
    """Compare what stands under the headings that documents share."""
    parts = [_sections(each) for each in read]
    names: dict[str, str] = {}
    for own in parts:
        for each, under in own.items():
            names.setdefault(each, under[0].heading)
    needed = _needed([set(own) for own in parts])
    shared = [each for each in names if sum(each in own for own in parts) >= needed]
    findings = []
    for each in shared[:MAX_SECTIONS]:
        written = [
            (doc, own.get(each) or _after(doc, each)) for doc, own in zip(read, parts, strict=True)
        ]
        findings.append(_finding(names[each], _parallel(written)))
    return findings


def _sections(read: _Read) -> dict[str, list[Sentence]]:
    parts: dict[str, list[Sentence]] = {}
    for each in read.sentences:
        name = key(each.heading)
        if name and not is_back_matter(each.heading):
            parts.setdefault(name, []).append(each)
    return parts


def _after(read: _Read, heading: str) -> list[Sentence]:
    """Return the sentence that follows a heading which a table parts from its text."""
    for page in read.source.pages:
        position = 0
        for line in page.text.split("\n"):
            if key(line) == heading:
                return [each for each in read.sentences if _follows(each, page, position)][:1]
            position += len(line) + 1
    return []


def _follows(sentence: Sentence, page: Page, position: int) -> bool:
    return (sentence.evidence.page, sentence.evidence.start) >= (page.number, position)


def _parallel(
    sections: Sequence[tuple[_Read, list[Sentence]]],
) -> dict[UUID, Side | None]:
    """Choose the sentence of each section that best answers to one of the others.

    Sentences that stand in all of them alike tell nothing, unless there are no others.
    """
    written = [own for _, own in sections if own]
    corpus = Corpus.of([each.text for own in written for each in own])
    lead = _lead(written, corpus)
    sides: dict[UUID, Side | None] = {}
    for read, own in sections:
        sides[read.id] = None
        if own:
            best = max(own, key=lambda each: _likeness(corpus, each, lead))
            if _likeness(corpus, best, lead) < _PARALLEL:
                best = max(own, key=lambda each: plainness(each.text) + each.first)
            sides[read.id] = _side(best, read)
    return sides


def _likeness(corpus: Corpus, one: Sentence, other: Sentence) -> float:
    return likeness(corpus.weigh(one.text), corpus.weigh(other.text)) + plainness(one.text)


def _lead(written: Sequence[list[Sentence]], corpus: Corpus) -> Sentence:
    """Return the sentence of the first section that differs least from others, yet differs."""
    first, others = written[0], [each for own in written[1:] for each in own]
    same = {each.text for each in others}
    telling = [each for each in first if each.text not in same] or first
    return max(
        telling,
        key=lambda each: (
            plainness(each.text)
            + max(
                (likeness(corpus.weigh(each.text), corpus.weigh(o.text)) for o in others), default=0
            )
        ),
    )
