from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.analyses.evidence import is_verbatim
from assay.analyses.extractive.sentences import sentences
from assay.analyses.extractive.summary import POINTS, likeliest, summarise, summarise_all
from tests.analyses.reading import read, written

REPORT = """Harbour Authority Annual Report 2024
Overview
The harbour handled 4.2 million tonnes of cargo in 2024, an increase of 8% over the year
before. Container traffic through the new eastern terminal was the main reason for the growth
in cargo. The authority employed 312 people at the end of the year.
Cargo by terminal 2024 2023
Eastern terminal 2,100 1,400
Western terminal 1,900 2,300
Finance
Revenue from harbour dues rose to $61.5 million because of the higher cargo volume. The
authority repaid a loan of $12 million in June 2024. See Note 4 for a discussion of borrowings.
Environment
Shore power was installed at three berths, which cut emissions of ships at berth by 40%.
Page 1 of 1"""
BOILERPLATE = "The authority was founded by royal charter and serves the public interest."


def texts(points):
    return [point.text for point in points]


def test_points_are_the_documents_sentences_in_its_order():
    report = written(REPORT)
    points = summarise(report, points=4)
    assert len(points) == 4
    places = [point.evidence[0].start for point in points]
    assert places == sorted(places)
    for point in points:
        assert is_verbatim(report, point.evidence[0])
        assert point.text == " ".join(point.evidence[0].quote.split())


def test_rows_headings_and_pointers_elsewhere_are_no_points():
    spoken = " ".join(texts(summarise(written(REPORT), points=5)))
    for noise in ("2,100", "Page 1", "Cargo by terminal", "See Note 4"):
        assert noise not in spoken


def test_what_a_summary_is_for_comes_first():
    spoken = " ".join(texts(summarise(written(REPORT), points=POINTS["short"])))
    assert "4.2 million tonnes" in spoken


def test_a_focus_takes_what_is_about_it_and_nothing_else():
    report = written(REPORT)
    assert texts(summarise(report, points=3, focus="How was revenue?")) == [
        "Revenue from harbour dues rose to $61.5 million because of the higher cargo volume."
    ]
    assert summarise(report, points=3, focus="volcanic eruptions") == []


def test_meaning_finds_a_focus_that_no_word_names():
    report = written(REPORT)
    near = {text: 0.9 if "emissions" in text else 0.0 for text in likeliest(report, "climate")}
    points = summarise(report, points=3, focus="climate", nearness=near)
    assert ["emissions" in text for text in texts(points)] == [True]


def test_the_same_thing_is_said_once():
    sentence = "The eastern terminal was opened in March 2024 after two years of building."
    report = written(f"{sentence}\n\n{REPORT}", f"Annex\n{sentence}\n")
    spoken = texts(summarise(report, points=12))
    assert spoken.count(sentence) == 1


def test_a_form_is_told_by_its_values_those_with_totals_first():
    receipt = written("Register: POS-07\nSold by: Anna\nDate: 2024-11-15\nTOTAL $821.14\n")
    assert texts(summarise(receipt, points=2)) == ["TOTAL $821.14", "Date: 2024-11-15"]


@pytest.mark.parametrize("text", ["", " \n\n ", "Page 1", "|", "1 2 3\n4 5 6"])
def test_a_document_without_sentences_has_no_summary(text):
    assert summarise(written(text), points=6) == []


def test_sentences_do_not_end_at_abbreviations():
    first = "The long report by Dr. Smith of the U.S. Navy costs approx. 40 dollars in most shops."
    second = "It was sold out within a week of its printing."
    assert [each.text for each in sentences(written(f"{first} {second}"))] == [first, second]


def test_an_overall_summary_hears_every_document_and_names_it():
    reports = []
    for port, tonnes in [("Alba", 4), ("Bora", 7), ("Cora", 9)]:
        text = (
            f"Overview\nThe port of {port} handled {tonnes} million tonnes of grain this year."
            f"\n\nAbout\n{BOILERPLATE}\n"
        )
        report = written(text, name=f"{port}.pdf")
        reports.append((report, summarise(report, points=3)))
    spoken = texts(summarise_all(reports, points=3))
    assert [text.split(":")[0] for text in spoken] == ["Alba", "Bora", "Cora"]
    assert all("million tonnes" in text for text in spoken), "not what all of them print"
    assert len(summarise_all(reports, points=2)) == 2
    assert summarise_all([], points=3) == []


@given(st.lists(st.text(max_size=400), max_size=4), st.integers(1, 8), st.text(max_size=20))
def test_whatever_stands_in_a_document_the_points_are_verbatim(pages, count, focus):
    report = written(*pages)
    points = summarise(report, points=count, focus=focus)
    assert len(points) <= count
    assert all(is_verbatim(report, each) for point in points for each in point.evidence)


@pytest.mark.data
def test_real_reports_are_summed_up_by_whole_sentences(data: Path):
    reports = [read(path) for path in sorted((data / "documents" / "ntsb").glob("*.pdf"))]
    summaries = [(report, summarise(report, points=POINTS["medium"])) for report in reports]
    for report, points in summaries:
        assert len(points) == POINTS["medium"]
        for point in points:
            assert is_verbatim(report, point.evidence[0])
            assert point.text[0].isupper()
            assert point.text.endswith((".", '"', "”"))
    overall = summarise_all(summaries, points=len(reports))
    assert {point.evidence[0].document_id for point in overall} == {
        report.document_id for report in reports
    }
