import re
import unicodedata
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from assay.analyses.evidence import evidence_at, find, is_verbatim, locate
from assay.analyses.models import Evidence, Page, Source

DOCUMENT = UUID(int=1)
PAGE = (
    "The Company’s net sales rose 4.5% to $12,345 million.\n"
    "Our “best-in-class” multi-\nagent effi\ufb01ciency was re-\nported by café owners.\n"
    "Change: -24 units – see 10² and 1.5 m. Total 12 34 pieces."
)


def source(*texts: str) -> Source:
    pages = tuple(Page(number, text) for number, text in enumerate(texts, 1))
    return Source(DOCUMENT, "report.pdf", pages)


def located(text: str, quote: str) -> str | None:
    place = locate(text, quote)
    return None if place is None else text[place[0] : place[1]]


@pytest.mark.parametrize(
    ("quote", "own_words"),
    [
        ("The Company's net sales rose 4.5%", "The Company’s net sales rose 4.5%"),
        ("$12,345 million. Our", "$12,345 million.\nOur"),
        ('Our "best-in-class" multi-agent', "Our “best-in-class” multi-\nagent"),
        ("multiagent", "multi-\nagent"),
        ("was reported by", "was re-\nported by"),
        ("cafe\u0301 owners", "café owners"),
        ("change: −24 units - see", "Change: -24 units – see"),
        ("“net sales rose…”", "net sales rose"),
        ("- net sales rose", "net sales rose"),
        ("  net   sales\u00a0rose ", "net sales rose"),
    ],
)
def test_small_changes_of_a_copy_are_forgiven_and_the_page_is_quoted(quote, own_words):
    assert located(PAGE, quote) == own_words


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " \n ",
        "…",
        "net sales fell 4.5%",
        "net sales rose 4%",
        "4.5",  # found: see the next test; here inside 14.5
        "345 million",
        "12,34",
        "ompany",
        "cafe owners",
        "102",
        "1234 pieces",
        "-12,345 million",
    ],
)
def test_another_word_or_figure_or_a_part_of_one_is_never_found(quote):
    assert locate(PAGE.replace("4.5", "14.5"), quote) is None


def test_the_occurrence_next_to_the_expected_place_is_taken():
    assert locate("none, none, none", "none", near=7) == (6, 10)


def test_a_word_of_a_script_without_spaces_is_found_inside_a_line():
    assert located("合同总金额为人民币一百万元", "人民币") == "人民币"


def test_a_quote_is_found_deep_in_a_page_as_long_as_a_table_can_be():
    text = "row of filler\n" * 20_000 + "the\n“last”   row"
    assert located(text, 'filler the "last" row') == "filler\nthe\n“last”   row"


def test_the_named_page_goes_first_and_a_wrong_page_is_mended():
    report = source("Damage: None", "Damage: None", "Fire: None")
    assert find(report, "Damage: None", page=2) == Evidence(DOCUMENT, 2, 0, 12, "Damage: None")
    assert find(report, "Fire: None", page=9) == Evidence(DOCUMENT, 3, 0, 10, "Fire: None")
    assert find(report, "None Fire: None") is None, "a quote lies on one page"


def test_evidence_is_verbatim_only_with_its_own_document_page_and_offsets():
    report = source(PAGE)
    good = evidence_at(report, report.pages[0], 0, 3)
    assert is_verbatim(report, good)
    for field, value in [
        ("document_id", UUID(int=2)),
        ("page", 2),
        ("start", 1),
        ("end", 4),
        ("quote", "the"),
    ]:
        fields = {name: getattr(good, name) for name in Evidence.__slots__} | {field: value}
        assert not is_verbatim(report, Evidence(**fields)), field
    assert not is_verbatim(report, Evidence(DOCUMENT, 1, -3, len(PAGE), PAGE[-3:]))
    assert not is_verbatim(report, Evidence(DOCUMENT, 1, 4, 4, ""))


TEXTS = st.text(
    st.sampled_from("aAbéßﬁI\u01311234.,-–—’'“\" \n\t\u00ad\u00a0²½…人\u0301€$"),
    max_size=60,
)


def plain(text: str) -> str:
    """Letters and digits alone, so that a lost or changed one shows."""
    spelled = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in spelled if char.isalnum())


@given(TEXTS, TEXTS)
@example("ﬁ", "f")
@example("é", "e")
@example("a-b", "ab")
def test_what_is_found_has_the_letters_and_digits_of_the_quote(text, quote):
    place = locate(text, quote)
    if place is not None:
        start, end = place
        assert 0 <= start < end <= len(text)
        assert plain(text[start:end]) == plain(quote)


WORDS = st.lists(
    st.text(st.sampled_from("abcdéñüßxyzABC"), min_size=2, max_size=9)
    | st.sampled_from(["12.5", "$1,200", "2023", "(4)", "“as is”", "it’s", "co-op"]),
    min_size=3,
    max_size=25,
)


@given(st.data(), WORDS)
def test_any_run_of_words_is_found_however_it_was_copied(data, words):
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    quote = " ".join(words[first:last])
    changed = data.draw(
        st.sampled_from(
            [
                quote,
                quote.replace(" ", "\n  "),
                quote.replace("“", '"').replace("”", '"').replace("’", "'"),
                unicodedata.normalize("NFD", quote),
                re.sub(r"([a-z])([a-z])", "\\1-\n\\2", quote, count=1),
                f"“{quote}…”",
            ]
        )
    )
    found = located(text, changed)
    assert found is not None
    assert plain(found) == plain(quote)


@given(WORDS, st.integers(0, 24), st.text(st.sampled_from("qwjk"), min_size=3, max_size=6))
def test_one_other_word_is_enough_to_be_refused(words, index, other):
    assume(index < len(words))
    changed = [*words[:index], other, *words[index + 1 :]]
    assert locate(" ".join(words), " ".join(changed)) is None
