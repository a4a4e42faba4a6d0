"""What repeats at the edges of pages is no evidence; what only looks alike is."""

from uuid import UUID, uuid4

from assay.answers.running_heads import running, without
from assay.search.service import Found

DOCUMENT = uuid4()


def found(page_text: str, text: str, page: int = 5, document: UUID = DOCUMENT) -> Found:
    start = page_text.index(text)
    return Found(uuid4(), document, "report.pdf", page, start, start + len(text), text, "", 1.0)


def edges(pages: dict[int, str]) -> list[dict[str, object]]:
    return [
        {"document_id": DOCUMENT, "number": number, "head": text[:400], "foot": text[-400:]}
        for number, text in pages.items()
    ]


REPORT = {
    number: "\n".join(
        [
            "Widgets plc",
            f"What page {number * number} says.",
            "It goes on.",
            f"All of chapter {number * 5}.",
            f"Widgets plc | Q1 2023 Form 10-Q | {number - 3}",
        ]
    )
    for number in range(4, 9)
}


def test_a_foot_that_counts_the_pages_is_left_out_of_a_passage():
    page = REPORT[5]
    (passage,) = without([found(page, page)], edges(REPORT))
    assert passage.text == "What page 25 says.\nIt goes on.\nAll of chapter 25."
    assert page[passage.start : passage.end] == passage.text


def test_a_passage_of_nothing_but_a_foot_is_left_out():
    page = REPORT[5]
    foot = found(page, "Widgets plc | Q1 2023 Form 10-Q | 2")
    assert without([foot], edges(REPORT)) == []


def test_the_same_words_inside_a_passage_stay():
    text = f"We are\nWidgets plc\nof Hull.\n{REPORT[5]}"
    (passage,) = without([found(text, text)], edges(REPORT | {5: text}))
    assert passage.text.startswith("We are\nWidgets plc\nof Hull.")


def test_totals_at_the_foot_of_invoices_are_evidence():
    invoices = {
        number: f"Invoice for work {number * 7}\nTotal due $ {number * 310}"
        for number in range(1, 9)
    }
    assert not any(running(invoices).values())


def test_another_documents_edges_tell_nothing():
    page = REPORT[5]
    passage = found(page, page, document=uuid4())
    assert without([passage], edges(REPORT)) == [passage]


def test_left_and_right_pages_may_have_different_heads():
    pages = {
        number: f"{'Annual report' if number % 2 else 'Widgets plc'}\nText {number**3} here."
        for number in range(1, 9)
    }
    assert running(pages)[3] == {"Annual report"}
    assert running(pages)[4] == {"Widgets plc"}


def test_a_few_pages_have_nothing_that_runs():
    assert not any(running({1: "Terms\nOne.", 2: "Terms\nTwo."}).values())
