"""Broken, encrypted, hostile and strange files; and the common ones, word for word."""

import asyncio
import re
from pathlib import Path

import psutil
import pytest

from assay.documents.failures import MESSAGES, code_of
from assay.documents.formats import HEAD_BYTES, detect
from assay.documents.parsing import ParsedDocument, ParseFailed, Parser
from assay.errors import UnsupportedMedia

pytestmark = [pytest.mark.data, pytest.mark.slow]

CODES = {code_of(reason) for reason in MESSAGES}
EXPECTED_CODES = {"password": {"encrypted", "broken"}, "bomb": {"broken", "too_complex", "ok"}}


@pytest.fixture(scope="module")
def folder(data: Path) -> Path:
    return data


async def read(path: Path) -> ParsedDocument:
    with path.open("rb") as file:
        mime_type = detect(path.name, file.read(HEAD_BYTES))
    return await Parser(60, 2 * 1024**3).parse(path, name=path.name, mime_type=mime_type)


async def outcome(path: Path, gate: asyncio.Semaphore) -> str:
    async with gate:
        try:
            document = await read(path)
        except ParseFailed as failed:
            return failed.code if failed.message.endswith(".") else "no sentence"
        except UnsupportedMedia as refused:
            return refused.code
    for passage in document.passages:
        page = document.pages[passage.page - 1]
        assert passage.text == page.text[passage.start : passage.end]
    "".join(page.text for page in document.pages).encode()
    return "ok"


async def test_each_odd_file_is_read_or_refused_with_a_code(folder):
    paths = sorted(path for path in (folder / "odd").iterdir() if path.name[0].isdigit())
    assert len(paths) == 78
    gate = asyncio.Semaphore(3)
    results = await asyncio.gather(*(outcome(path, gate) for path in paths))
    for path, result in zip(paths, results, strict=True):
        kind = path.name.split("-")[1]
        assert result in CODES - {"crashed", "timeout"} | {"ok", "unsupported_media_type"}, path
        assert result in EXPECTED_CODES.get(kind, {result}), path
    left = [child.cmdline() for child in psutil.Process().children()]
    assert not [line for line in left if "assay.documents.parser" in line or not line]


def words(text: str) -> list[str]:
    return re.findall(r"\w{3,}", text.casefold())


@pytest.mark.parametrize(
    "name",
    [
        "REPAIR-2022-INV-001_multipage",
        "SPARSE-2024-INV-1234_borderless_table",
        "RECEIPT-2024-TXN-98765_retail_purchase",
        "movie-theater-booking-2024",
        "test",
    ],
)
async def test_the_words_that_a_converter_should_find_are_found(folder, name):
    expected = words((folder / "formats" / "expected" / f"{name}.md").read_text())
    document = await read(folder / "formats" / f"{name}.pdf")
    found = set(words("\n".join(page.text for page in document.pages)))
    missing = [word for word in expected if word not in found]
    assert len(missing) <= len(expected) * 0.02, missing


@pytest.mark.parametrize(
    ("name", "pages", "phrase"),
    [
        ("test.docx", 1, "d666f1f7-46cb-42bd-9a39-9a39cf2a509f"),
        ("test.pptx", 6, "2cdda5c8-e50e-4db4-b5f0-9722a649f455"),
        ("test.xlsx", 2, "58 | 6ff4173b-42a5-4784-9b19-f49caff4d93d | 22 | 9"),
        ("test.xls", 2, "09060124-b5e7-4717-9d07-3c046eb"),
        ("test.epub", 1, "This is a blockquote for testing."),
        ("test.json", 1, "5b64c88c-b3c3-4510-bcb8-da0b200602d8"),
        ("test_blog.html", 1, "(LLMs) are powerful tools that can generate natural"),
        ("test_wikipedia.html", 1, "Microsoft entered the operating system (OS) business in 1980"),
        ("test_mskanji.csv", 1, "髙橋淳 | 35 | 名古屋"),
        ("test_notebook.ipynb", 1, 'print("markitdown")'),
        ("test_outlook_msg.msg", 1, "This is the body of the test email message"),
        ("test_rss.xml", 1, "Ignite 2024: Why nearly 70% of the Fortune 500"),
    ],
)
async def test_each_format_gives_its_pages_and_text(folder, name, pages, phrase):
    document = await read(folder / "formats" / name)
    text = "\n".join(page.text for page in document.pages)
    assert len(document.pages) == pages
    assert phrase in text
    assert "<script" not in text
