"""Pictures of pages, and where a quotation stands on them."""

import io

import pytest
from PIL import Image

from assay.documents import formats
from assay.documents.parsing import ParseFailed, Parser
from tests.documents.sample_files import pdf

LINES = ["Alpha beta", "Gamma delta"]


@pytest.fixture
def parser() -> Parser:
    return Parser(60, 2 * 1024**3)


@pytest.fixture
def page(tmp_path):
    def write(rotate: int = 0):
        path = tmp_path / f"{rotate}.pdf"
        path.write_bytes(pdf([LINES], rotate=rotate))
        return path

    return write


async def test_a_page_is_shown_as_webp_of_the_width_asked(parser, page):
    image = Image.open(io.BytesIO(await parser.render(page(), 1, width=306)))
    assert image.format == "WEBP"
    assert image.size == (306, 396)


async def test_a_page_that_is_not_there(parser, page):
    for call in (parser.render(page(), 2), parser.boxes(page(), 0, 0, 3)):
        with pytest.raises(ParseFailed) as caught:
            await call
        assert caught.value.code == "no_image"


async def test_a_file_that_is_no_pdf_has_no_pictures(parser, tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("words")
    with pytest.raises(ParseFailed) as caught:
        await parser.render(path, 1)
    assert caught.value.code == "no_image"


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
async def test_boxes_lie_where_the_ink_is(parser, page, rotate):
    """Nothing is drawn outside the boxes of all text, and something inside each."""
    path = page(rotate)
    document = await parser.parse(path, name="x.pdf", mime_type=formats.PDF)
    boxes = await parser.boxes(path, 1, 0, len(document.pages[0].text))
    image = Image.open(io.BytesIO(await parser.render(path, 1, width=612))).convert("L")
    for x0, y0, x1, y1 in boxes:
        area = (
            *(int(x0 * image.width) - 1, int(y0 * image.height) - 1),
            *(int(x1 * image.width) + 2, int(y1 * image.height) + 2),
        )
        assert image.crop(area).getextrema()[0] < 128
        image.paste(255, area)
    assert image.getextrema()[0] > 200


async def test_one_box_per_line_and_only_of_the_words_quoted(parser, page):
    path = page()
    text = "\n".join(LINES)
    both = await parser.boxes(path, 1, 0, len(text))
    assert len(both) == 2
    start = text.index("beta")
    (one,) = await parser.boxes(path, 1, start, start + 4)
    assert both[0][0] < one[0] < one[2] <= both[0][2]
    assert both[0][0] == pytest.approx(72 / 612, abs=0.01)
    assert both[0][3] == pytest.approx(72 / 792, abs=0.02)


async def test_a_range_beyond_the_text_has_no_boxes(parser, page):
    assert await parser.boxes(page(), 1, 900, 999) == []
