"""A PDF's text and the way back from each code point to pdfium's character."""

from hypothesis import given
from hypothesis import strategies as st

from assay.documents.pdf import HYPHEN_AT_LINE_END, normalise

CODES = st.lists(
    st.one_of(
        st.integers(0, 0x10FFFF),
        st.sampled_from([0, 2, 10, 13, 0xA0, 0xAD, 0xD83D, 0xDE00, 0xFB01, 0xFFFE, 0xFFFF]),
        st.integers(0x20, 0x7E),
    )
)


@given(CODES)
def test_each_code_point_has_an_origin_in_order(codes):
    mapped = normalise(codes)
    assert len(mapped.text) == len(mapped.origins)
    assert mapped.origins == sorted(mapped.origins)
    assert all(0 <= origin < len(codes) for origin in mapped.origins)


@given(CODES)
def test_the_text_can_be_stored(codes):
    text = normalise(codes).text
    text.encode()
    assert not set(text) & {"\x00", "\r", "\ufffe", "\xad"}


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_plain_text_maps_one_to_one(text):
    mapped = normalise([ord(char) for char in text])
    assert mapped.text == text
    assert mapped.origins == list(range(len(text)))


def test_what_pdfium_marks_is_made_readable():
    codes = [
        ord("n"),
        HYPHEN_AT_LINE_END,
        ord("G"),
        13,
        10,
        0xFB01,
        0xA0,
        0xD83D,
        0xDE00,
        0xAD,
        0xDE00,
    ]
    mapped = normalise(codes)
    assert mapped.text == "n-G\nfi \U0001f600"
    assert mapped.origins == [0, 1, 2, 3, 5, 5, 6, 7]
