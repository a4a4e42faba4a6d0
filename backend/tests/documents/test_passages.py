"""Passages cover a page exactly, stay small, and carry what a table or section needs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assay.documents.passages import (
    MAX_CONTEXT,
    MAX_ROW_CHARACTERS,
    MAX_WORDPIECES,
    Page,
    cut,
    wordpieces,
)

WORDS = st.sampled_from(
    [
        "revenue",
        "The",
        "Company",
        "1,234",
        "$",
        "(97)",
        "2022",
        "Note",
        "3",
        "|",
        "fell.",
        "名前",
        "é",
    ]
)
LINES = st.lists(WORDS, max_size=40).map(" ".join)
TEXTS = st.one_of(
    st.text(max_size=3000),
    st.lists(LINES, max_size=60).map("\n".join),
    st.lists(LINES, max_size=20).map("\n\n".join),
    st.text(alphabet="ab \n", min_size=2000, max_size=6000),
)
PAGES = st.lists(TEXTS, max_size=4).map(
    lambda texts: [Page(number, text) for number, text in enumerate(texts, 1)]
)


@given(PAGES, st.text(max_size=200))
def test_offsets_are_exact_and_nothing_but_space_is_left_out(pages, title):
    passages = cut(pages, title)
    for page in pages:
        rest = list(page.text)
        for passage in (p for p in passages if p.page == page.number):
            assert passage.text == page.text[passage.start : passage.end]
            rest[passage.start : passage.end] = " " * len(passage.text)
        assert not "".join(rest).strip()


@given(PAGES, st.text(max_size=200))
def test_passages_are_ordered_apart_bounded_and_never_blank(pages, title):
    passages = cut(pages, title)
    assert [p.ordinal for p in passages] == list(range(len(passages)))
    for before, after in pairwise(passages):
        assert (before.page, before.end) <= (after.page, after.start) or before.page < after.page
    for passage in passages:
        assert passage.text.strip() == passage.text != ""
        assert len(passage.text) <= MAX_ROW_CHARACTERS
        assert len(passage.context) <= MAX_CONTEXT


@given(PAGES)
def test_cutting_is_deterministic(pages):
    assert cut(pages, "a") == cut(pages, "a")


PROSE = (
    "The Company designs, manufactures and markets smartphones, personal computers and tablets. "
    "It sells a variety of related services in all of its markets around the world. "
)


def test_prose_is_cut_at_sentences_near_the_size_that_the_model_reads():
    passages = cut([Page(1, PROSE * 30)])
    assert all(p.text.endswith(".") for p in passages)
    assert all(600 <= len(p.text) <= 1200 for p in passages)
    assert all(wordpieces(p.text) <= MAX_WORDPIECES for p in passages)


def test_a_short_page_is_one_passage():
    assert [p.text for p in cut([Page(1, " One line. \n"), Page(2, "")])] == ["One line."]


def test_a_passage_names_its_document_and_the_headings_it_stands_under():
    text = f"Note 3 — Leases\n{PROSE * 8}\nOperating Leases\n{PROSE * 8}"
    last = cut([Page(1, text)], "10-Q")[-1]
    assert last.context.split("\n") == ["10-Q", "Note 3 — Leases", "Operating Leases"]


def test_headings_reach_over_the_end_of_a_page():
    pages = [Page(1, f"Note 3 — Leases\n{PROSE}"), Page(2, PROSE)]
    assert "Note 3 — Leases" in cut(pages)[-1].context


def test_a_sheet_that_goes_on_carries_its_header_and_no_row_is_broken():
    rows = [f"Person {i} | {i} | City of {i}" for i in range(200)]
    text = "\n".join(["Staff", "", "Name | Age | City", *rows])
    passages = cut([Page(1, text)], "staff")
    assert len(passages) > 2
    assert all("Name | Age | City" in p.context for p in passages[1:])
    assert "Name | Age | City" not in passages[0].context
    assert "\n".join(p.text for p in passages).split("\n")[-200:] == rows


def test_a_statement_that_goes_on_carries_its_caption_and_columns():
    rows = [f"Item of account {i} $ {i},355 (1,{i}00)" for i in range(60)]
    head = ["CONDENSED STATEMENTS OF OPERATIONS (Unaudited)", "(In millions)", "June 25,", "2022"]
    passages = cut([Page(1, "\n".join(head + rows))])
    assert len(passages) > 2
    assert all("STATEMENTS OF OPERATIONS" in p.context for p in passages[1:])
    assert all(line in rows for p in passages[1:] for line in p.text.split("\n"))


def test_columns_and_running_heads_are_no_headings():
    pages = [
        Page(n, f"Acme Corporation Annual Report\n{PROSE}\nAcme Annual Report | {n}")
        for n in range(1, 9)
    ]
    assert all(p.context == "x" for p in cut(pages, "x"))
    table = Page(1, "Total\nFair\nValue\nCash $ 17,908 $ 23,646\nBonds 30,820 24,658\n" + PROSE)
    assert all("Fair" not in p.context for p in cut([table], "x"))
