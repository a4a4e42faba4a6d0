from hypothesis import given
from hypothesis import strategies as st

from assay.analyses.evidence import is_verbatim
from assay.analyses.extractive.classify import (
    MAX_PASSAGES,
    MIN_CONFIDENCE,
    classify,
    estimate,
    spoken,
    telling,
)
from assay.analyses.models import Label
from tests.analyses.reading import written

LABELS = [
    Label("Invoice", "a bill with amounts to pay"),
    Label("Contract", "an agreement between parties"),
]
TEXT = "Acme Ltd\nInvoice number 4711\nAmounts to pay: $300\nThis bill is due in 30 days.\n"


def classified(document, labels, near=None):
    passages = telling(document, labels)
    assert len(passages) <= MAX_PASSAGES
    return classify(passages, labels, near and [near(spoken(each)) for each in passages])


def near_first(text):
    return [0.8 if "bill" in text else 0.1, 0.05]


def test_the_label_comes_with_the_passage_that_speaks_for_it():
    document = written("Cover letter of this bill\n", TEXT)
    cell = classified(document, LABELS, near_first)
    assert cell is not None
    assert cell.value == "Invoice"
    assert cell.evidence.page == 2
    assert "bill" in cell.text
    assert is_verbatim(document, cell.evidence)
    assert MIN_CONFIDENCE <= cell.confidence <= 1


def test_words_alone_decide_without_meaning():
    cell = classified(written(TEXT), LABELS)
    assert cell is not None
    assert cell.value == "Invoice"


def test_no_label_is_given_that_is_likelier_wrong():
    assert classified(written("The weather was fine and the sea was calm."), LABELS) is None
    unlike = [Label("Poem"), Label("Novel")]
    assert classified(written(TEXT), unlike, lambda _: [0.1, 0.09]) is None


def test_nothing_to_read_or_to_choose_from_gives_nothing():
    assert classified(written(""), LABELS, near_first) is None
    assert classified(written(TEXT), [], lambda _: []) is None


def test_confidence_grows_with_score_and_lead():
    assert estimate(0.3, 0.1) < estimate(0.6, 0.1) < estimate(0.6, 0.3)
    assert 0 < estimate(-1, 0) < estimate(2, 2) < 1


@given(st.lists(st.text(max_size=700), max_size=5))
def test_whatever_stands_in_a_document_the_passage_is_verbatim(pages):
    document = written(*pages)
    cell = classified(document, LABELS, lambda _: [1.0, 0.0])
    if cell is not None:
        assert is_verbatim(document, cell.evidence)
