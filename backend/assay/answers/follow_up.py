"""Makes a follow-up stand on its own: what it leaves out is taken from the earlier question."""

import re
from collections.abc import Iterable

from assay.answers.language import STOP_STEMS, Wanted, name_stems, stem, wanted

_LEANS = re.compile(
    r"^\s*(?:and|but|or|also|what about|how about|and what about|what of|same for)\b"
    r"|\b(?:it|its|they|their|them|that|those|these|this|he|she|his|her|there|then|former|latter"
    r"|same)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:['’]s\b)?")


def standalone(question: str, earlier: Iterable[str]) -> str:
    """Return the question as it would have been asked without the earlier ones.

    Deterministic on purpose: a rewrite by a model would cost a call before the search, and the
    extractive engine has no model. A question leans on the earlier one when it begins like a
    continuation, uses a pronoun, or names no topic of its own; then the earlier question's words
    are kept, without those that the new one replaces (its names by names, its times by times).
    """
    result = ""
    for each in (*earlier, question):
        result = _merge(result, each) if result and _leans(each) else each
    return result


def _leans(question: str) -> bool:
    return bool(_LEANS.search(question)) or not wanted(question).topics(
        name_stems(wanted(question).names)
    )


def _merge(before: str, question: str) -> str:
    now, then = wanted(question), wanted(before)
    dropped = _replaced(now, then) | now.terms
    kept = [word for word in _WORD.findall(before) if stem(word) not in dropped | STOP_STEMS]
    return f"{question.rstrip(' ?')} {' '.join(kept)}?" if kept else question


def _replaced(now: Wanted, then: Wanted) -> set[str]:
    """Return the stems of the earlier question that the new one puts something else for."""
    replaced: set[str] = set()
    if now.names:
        replaced |= {stem(name) for name in then.names}
    if now.years or _quarters(now):
        replaced |= then.years if now.years else set()
        replaced |= _quarters(then) if _quarters(now) else set()
    return replaced


def _quarters(of: Wanted) -> set[str]:
    return {"q1", "q2", "q3", "q4"} & of.terms
