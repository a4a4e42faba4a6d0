"""A model's marks become citations, or vanish."""

import re
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.answers.citations import Citer
from assay.answers.models import Outcome
from assay.search.service import Found

TEXTS = (
    "Revenue was 48.2 million in 2023. Costs were 30 million.",
    "The office moved to Porto.\nNet income 3,156 2,872\nThe end.",
)


def passages(offset: int = 7) -> list[Found]:
    return [
        Found(uuid4(), uuid4(), "a.txt", 1, offset, offset + len(text), text, "", 1.0)
        for text in TEXTS
    ]


def run(chunks: list[str]) -> tuple[str, Outcome]:
    outcome = Outcome(model="m")
    citer = Citer(passages(), outcome)
    shown = "".join(citer.feed(chunk) for chunk in chunks) + citer.finish()
    assert shown == outcome.text
    return shown, outcome


def test_a_mark_becomes_the_number_of_a_quote():
    shown, outcome = run(["Revenue was 48.2 million [1]. They moved to Porto [2]."])
    assert shown == "Revenue was 48.2 million [1]. They moved to Porto [2]."
    assert [quote.text for quote in outcome.quotes] == [
        "Revenue was 48.2 million in 2023.",
        "The office moved to Porto.",
    ]


@pytest.mark.parametrize("mark", ["[3]", "[0]", "[99]", "[007 ]", "[1", "[", "[,]"])
def test_a_mark_without_its_passage_is_never_shown(mark):
    shown, outcome = run([f"Revenue rose {mark}"])
    assert shown.rstrip() in ("Revenue rose", "Revenue rose [007 ]", "Revenue rose [,]")
    assert outcome.quotes == []


def test_numbers_follow_the_order_of_appearance_and_repeat():
    shown, outcome = run(["Moved to Porto [2]. Revenue was 48.2 [1]. To Porto they moved [2]."])
    assert re.findall(r"\[\d+\]", shown) == ["[1]", "[2]", "[1]"]
    assert len(outcome.quotes) == 2


def test_several_numbers_in_one_mark():
    shown, _ = run(["Both [1, 2, 9]."])
    assert shown == "Both [1][2]."


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["[1]", "[2]", "[3]", "[12]", "[1,2]", " [1", "]", "[", " ", "."]),
            st.text(alphabet="abc [],019.\n", max_size=6),
        ),
        max_size=30,
    ),
    st.integers(1, 5),
)
def test_whatever_a_model_says_only_supported_numbers_are_shown(parts, size):
    text = "".join(parts)
    whole, outcome = run([text])
    in_pieces, again = run([text[at : at + size] for at in range(0, len(text), size)])
    assert whole == in_pieces
    assert [quote.place[1:] for quote in outcome.quotes] == [q.place[1:] for q in again.quotes]
    shown = {int(number) for number in re.findall(r"\[(\d+)\]", whole)}
    assert shown == set(range(1, len(outcome.quotes) + 1))
    for quote in outcome.quotes:
        at = quote.start - quote.passage.start
        assert quote.passage.text[at : at + len(quote.text)] == quote.text
        assert quote.text
