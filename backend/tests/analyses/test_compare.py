from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.analyses.evidence import is_verbatim
from assay.analyses.extractive.compare import compare, likeliest
from assay.analyses.models import Passage, Verdict
from tests.analyses.reading import read, written

OFFER = """Supply Agreement
Number: A-17 Date: March 1, 2024
Currency: EUR Warranty: 24 months
Total price: $1,200.00
Delivery
The supplier delivers the goods within 30 days after the order. Partial deliveries are allowed.
Governing Law
This agreement is governed by the laws of Norway and by no other laws.
Confidentiality
Each party keeps the terms of this agreement secret for five years.
"""
COUNTER_OFFER = """Supply Agreement
Number: B-4 Date: 03/01/2024
Currency: EUR Warranty: 12 months
Total price: USD 1200
Delivery
The supplier delivers the goods within 45 days after the order. Partial deliveries are allowed.
Governing Law
This agreement is governed by the laws of Norway and by no other laws.
"""
ONE, TWO = written(OFFER, name="one.pdf"), written(COUNTER_OFFER, name="two.pdf")


def verdicts(findings):
    return {finding.topic: finding.verdict for finding in findings}


def said(finding, source):
    side = finding.sides[source.document_id]
    return None if side is None else side[0]


def test_what_two_papers_of_a_kind_agree_and_differ_on_and_what_one_lacks():
    found = verdicts(compare([ONE, TWO]))
    assert found["Number"] is Verdict.DIFFERS
    assert found["Date"] is Verdict.AGREES, "one day, written in two ways"
    assert found["Total price"] is Verdict.AGREES, "one amount, written in two ways"
    assert found["Currency"] is Verdict.AGREES
    assert found["Warranty"] is Verdict.DIFFERS
    assert found["Delivery"] is Verdict.DIFFERS
    assert found["Governing Law"] is Verdict.AGREES
    assert found["Confidentiality"] is Verdict.MISSING


def test_each_side_is_quoted_where_it_stands():
    for finding in compare([ONE, TWO]):
        assert set(finding.sides) == {ONE.document_id, TWO.document_id}
        for source in (ONE, TWO):
            side = finding.sides[source.document_id]
            if side is not None:
                text, evidence = side
                assert is_verbatim(source, evidence)
                assert text in " ".join(evidence.quote.split())
    delivery = next(each for each in compare([ONE, TWO]) if each.topic == "Delivery")
    assert "30 days" in said(delivery, ONE)
    assert "45 days" in said(delivery, TWO), "the sentences that answer to one another"


def test_given_topics_are_answered_in_their_order_and_missing_ones_are_said_to_be():
    topics = ["confidentiality", "delivery of the goods", "volcanic eruptions", "warranty"]
    findings = compare([ONE, TWO], topics=topics)
    assert [finding.topic for finding in findings] == topics
    assert [finding.verdict for finding in findings] == [
        Verdict.MISSING,
        Verdict.DIFFERS,
        Verdict.MISSING,
        Verdict.DIFFERS,
    ]
    assert said(findings[0], ONE) is not None
    assert said(findings[2], ONE) is None
    assert (said(findings[3], ONE), said(findings[3], TWO)) == ("24 months", "12 months")


def test_meaning_finds_a_topic_that_no_word_names_but_only_in_what_was_found():
    start = OFFER.index("Each party")
    passage = Passage(1, start, len(OFFER), OFFER[start:], 1.0)
    found = {"discretion": {ONE.document_id: [passage]}}
    texts = likeliest([ONE, TWO], found)["discretion"]
    near = {"discretion": {text: 0.8 if "secret" in text else 0.1 for text in texts}}
    (finding,) = compare([ONE, TWO], topics=["discretion"], found=found, nearness=near)
    assert "secret" in said(finding, ONE)
    assert finding.verdict is Verdict.MISSING
    (unaided,) = compare([ONE, TWO], topics=["discretion"], found=found)
    assert said(unaided, ONE) is None


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("worth 5 million dollars", "worth $5,000,000", "agrees"),
        ("kept at all times", "not kept at all times", "differs"),
        ("paid before delivery", "paid after delivery", "differs"),
        ("that are insured", "that were insured", "agrees"),
        ("gaining 5% a year", "gaining 5 points a year", "differs"),
    ],
)
def test_one_word_or_figure_makes_the_difference(one, other, verdict):
    sources = [
        written(f"Goods\nThis agreement is about all of the goods {text}.\n", name=f"{number}.pdf")
        for number, text in enumerate((one, other))
    ]
    (finding,) = compare(sources, topics=["goods"])
    assert finding.verdict == verdict


def test_documents_that_share_nothing_have_no_findings():
    assert compare([written("Sea and sand", name="a"), written("Rock", name="b")]) == []


def test_three_documents_are_compared_at_once():
    three = written(OFFER.replace("24 months", "36 months"), name="three.pdf")
    found = verdicts(compare([ONE, TWO, three]))
    assert found["Warranty"] is Verdict.DIFFERS
    assert found["Currency"] is Verdict.AGREES
    assert found["Confidentiality"] is Verdict.MISSING, "two of three keep it secret"


@settings(max_examples=60)
@given(st.lists(st.text(max_size=300), min_size=2, max_size=3), st.text(max_size=20))
def test_whatever_stands_in_documents_the_sides_are_verbatim(texts, topic):
    sources = [written(text, name=str(number)) for number, text in enumerate(texts)]
    for topics in ([], [topic]):
        for finding in compare(sources, topics=topics):
            for source in sources:
                side = finding.sides[source.document_id]
                assert side is None or is_verbatim(source, side[1])
            if finding.verdict is not Verdict.MISSING:
                assert None not in finding.sides.values()


@pytest.mark.data
def test_real_forms_are_compared_label_by_label(data: Path):
    paths = sorted((data / "documents" / "ntsb").glob("*.pdf"))[8:10]
    sources = [read(path) for path in paths]
    findings = compare(sources)
    assert len(findings) > 20
    for finding in findings:
        for source in sources:
            side = finding.sides[source.document_id]
            assert side is None or is_verbatim(source, side[1])
