from hypothesis import given
from hypothesis import strategies as st

from assay.analyses.evidence import is_verbatim
from assay.analyses.extractive.classify import MIN_CONFIDENCE, classify, estimate
from assay.analyses.models import Label
from tests.analyses.reading import written

LABELS = [
    Label("Invoice", "a bill with amounts to pay"),
    Label("Contract", "an agreement between parties"),
]
TEXT = "Acme Ltd\nInvoice number 4711\nAmounts to pay: $300\nThis bill is due in 30 days.\n"


def near_first(texts, meanings):
    return [[0.8 if "bill" in text else 0.1] + [0.05] * (len(meanings) - 1) for text in texts]


def test_the_label_comes_with_the_passage_that_speaks_for_it():
    document = written("Cover letter of this bill\n", TEXT)
    cell = classify(document, LABELS, near_first)
    assert cell is not None
    assert cell.value == "Invoice"
    assert cell.evidence.page == 2
    assert "bill" in cell.text
    assert is_verbatim(document, cell.evidence)
    assert MIN_CONFIDENCE <= cell.confidence <= 1


def test_words_alone_decide_without_meaning():
    cell = classify(written(TEXT), LABELS)
    assert cell is not None
    assert cell.value == "Invoice"


def test_no_label_is_given_that_is_likelier_wrong():
    assert classify(written("The weather was fine and the sea was calm."), LABELS) is None
    unlike = [Label("Poem"), Label("Novel")]
    assert classify(written(TEXT), unlike, lambda texts, _: [[0.1, 0.09]] * len(texts)) is None


def test_nothing_to_read_or_to_choose_from_gives_nothing():
    assert classify(written(""), LABELS, near_first) is None
    assert classify(written(TEXT), [], near_first) is None


def test_confidence_grows_with_score_and_lead():
    assert estimate(0.3, 0.1) < estimate(0.6, 0.1) < estimate(0.6, 0.3)
    assert 0 < estimate(-1, 0) < estimate(2, 2) < 1


@given(st.lists(st.text(max_size=700), max_size=5))
def test_whatever_stands_in_a_document_the_passage_is_verbatim(pages):
    document = written(*pages)
    seen = []

    def near(texts, meanings):
        seen.extend(texts)
        return [[1.0, 0.0]] * len(texts)

    cell = classify(document, LABELS, near)
    assert len(seen) <= 16
    if any(page.strip() for page in pages) and cell is not None:
        assert is_verbatim(document, cell.evidence)
