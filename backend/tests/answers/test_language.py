"""How questions and pages are read."""

import pytest

from assay.answers.language import stem, wanted, without_names


@pytest.mark.parametrize(
    ("asked", "written"),
    [("fell", "decreased"), ("grew", "increase"), ("bought", "acquired"), ("spent", "spend")],
)
def test_words_alike_have_one_stem(asked, written):
    assert stem(asked) == stem(written)


def test_a_buy_back_is_a_repurchase():
    assert stem("repurchased") in wanted("How many shares did they buy back?").terms


@pytest.mark.parametrize("date", ["June 25, 2022", "25 June 2022"])
def test_a_day_is_a_time_and_no_topic(date):
    about = wanted(f"What were total assets at {date}?")
    assert about.topics() == {"total", "asset"}
    assert "25" in about.times


def test_a_number_that_is_no_day_stays_a_topic():
    assert "25" in wanted("Who owns 25 percent of it since June?").topics()


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("What was Apple's revenue?", "What was revenue?"),
        ("What did Apple say of Applebee?", "What did say of Applebee?"),
        ("Apple?", "Apple?"),
        ("Who is Apple's?", "Who is Apple's?"),
    ],
)
def test_names_are_left_out_unless_nothing_else_is_asked(question, left):
    assert without_names(question, ["Apple"]) == left


def test_a_year_stands_alone():
    assert wanted("Revenue of FY2022, 2023Q1, 1999 and of part zz2041ab or 120235?").years == {
        "2022",
        "2023",
        "1999",
    }
