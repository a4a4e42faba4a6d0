"""The limited process: what it reads, how it fails, and that nothing of it is left."""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from assay.documents import formats, parsing
from assay.documents.parsing import ParseFailed, Parser
from tests.documents.sample_files import docx, pdf, word_paragraph

MEMORY = 2 * 1024**3
linux = pytest.mark.skipif(sys.platform != "linux", reason="not run: the limits are Linux's")
with_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="not run: Tesseract is not installed"
)


@pytest.fixture
def parser() -> Parser:
    return Parser(60, MEMORY)


@pytest.fixture
def write(tmp_path):
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    assert parsers() == []


def parsers() -> list[psutil.Process]:
    """The parser processes of this one, living or not reaped."""
    own = [
        child
        for child in psutil.Process().children()
        if child.status() == psutil.STATUS_ZOMBIE or "assay.documents.parser" in child.cmdline()
    ]
    return own + [below for child in own for below in child.children(recursive=True)]


@pytest.fixture
def child(monkeypatch, tmp_path):
    """Put another program in the parser's place."""

    def replace(code: str) -> None:
        package = tmp_path / "assay" / "documents"
        package.mkdir(parents=True)
        (package / "parser.py").write_text(code)
        monkeypatch.setattr(parsing, "_PACKAGE_ROOT", tmp_path)

    return replace


async def failure(parser: Parser, path: Path, mime_type: str = formats.PDF) -> ParseFailed:
    with pytest.raises(ParseFailed) as caught:
        await parser.parse(path, name=path.name, mime_type=mime_type)
    assert caught.value.message.endswith(".")
    return caught.value


async def test_a_pdf_is_read_page_by_page(parser, write):
    path = write("x.pdf", pdf([["First line", "second line"], ["Next page"]]))
    seen = []

    async def progress(done: int, total: int) -> None:
        seen.append((done, total))

    document = await parser.parse(
        path, name="../My report.pdf", mime_type=formats.PDF, progress=progress
    )
    assert [page.text for page in document.pages] == ["First line\nsecond line", "Next page"]
    assert [(p.page, p.text, p.context) for p in document.passages] == [
        (1, "First line\nsecond line", "My report"),
        (2, "Next page", "My report"),
    ]
    assert document.title == "My report"
    assert seen == [(1, 2), (2, 2)]


async def test_other_formats_are_read_too(parser, write):
    path = write("x", docx(word_paragraph("Hello there")))
    document = await parser.parse(path, name="x.docx", mime_type=formats.DOCX)
    assert [page.text for page in document.pages] == ["Hello there"]


async def test_many_at_once(parser, write):
    path = write("x.pdf", pdf([["Hello"]]))
    read = [parser.parse(path, name="x", mime_type=formats.PDF) for _ in range(5)]
    assert {d.pages[0].text for d in await asyncio.gather(*read)} == {"Hello"}


async def test_a_damaged_pdf(parser, write):
    assert (await failure(parser, write("x.pdf", b"%PDF-1.7\nnonsense"))).code == "broken"


async def test_a_file_without_text(parser, write):
    assert (await failure(parser, write("x.txt", b" \n\n "), formats.TEXT)).code == "no_text"


async def test_a_format_that_is_not_read(parser, write):
    assert (await failure(parser, write("x", b"x"), "video/mp4")).code == "unsupported"


async def test_a_scan_without_tesseract_says_what_is_missing(parser, write, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    failed = await failure(parser, write("x.pdf", pdf([[]])))
    assert failed.code == "no_text"
    assert "Tesseract" in failed.message


@with_tesseract
@pytest.mark.parametrize(("name", "mime_type"), [("a.png", formats.PNG), ("a.pdf", formats.PDF)])
async def test_a_scan_is_recognised(parser, tmp_path, name, mime_type):
    picture = Image.new("L", (1000, 300), 255)
    ImageDraw.Draw(picture).text((40, 60), "Invoice 4711", font=ImageFont.load_default(80))
    picture.save(tmp_path / name)
    document = await parser.parse(tmp_path / name, name=name, mime_type=mime_type)
    assert document.pages[0].text == "Invoice 4711"


@linux
async def test_memory_is_limited(write):
    path = write("x.txt", b"word " * 10_000_000)
    failed = await failure(Parser(60, 192 * 1024**2), path, formats.TEXT)
    assert failed.code == "too_complex"


async def test_more_text_than_one_document_may_have(parser, write):
    path = write("x.txt", b"a" * 50_000_001)
    assert (await failure(parser, path, formats.TEXT)).code == "too_complex"


async def test_a_zip_bomb(parser, write):
    path = write("x.docx", docx(word_paragraph("lorem " * 30_000_000)))
    assert (await failure(parser, path, formats.DOCX)).code == "too_complex"


async def test_time_is_limited(child, write):
    child("import time\nwhile True: time.sleep(60)")
    assert (await failure(Parser(0.5, MEMORY), write("x.pdf", b"x"))).code == "timeout"


async def test_processor_time_is_limited(child, write):
    child("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)")
    assert (await failure(Parser(60, MEMORY), write("x.pdf", b"x"))).code == "timeout"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os\nos.abort()", "crashed"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "crashed"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "too_complex"),
        ("import sys\nsys.exit('memory allocation of 9 bytes failed')", "too_complex"),
        ("pass", "crashed"),
        ("print('nonsense')", "crashed"),
        ("import sys\nsys.stderr.write('x' * 1_000_000)\nsys.exit(3)", "crashed"),
        ("import os\nos.write(1, bytes([255] * 8))", "crashed"),
        ("import os\nos.write(1, bytes([0, 0, 0, 3]) + b'cut')", "crashed"),
        ("import os\nos.write(1, bytes([0, 0, 0, 2]) + b'{}')", "crashed"),
        ("import os\nos.write(1, bytes([0, 0, 9, 0]) + b'cut')", "crashed"),
    ],
)
async def test_a_process_that_breaks_fails_its_file_alone(child, write, code, expected, parser):
    child(code)
    assert (await failure(parser, write("x.pdf", b"x"))).code == expected


async def test_a_cancelled_reading_leaves_no_process(child, write, parser):
    child(
        "import os, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        'answer = b\'{"done":1,"total":2}\'\n'
        "os.write(1, len(answer).to_bytes(4, 'big') + answer)\n"
        "sys.stdin.read()\n"
        "while True: os.wait()"
    )
    started = asyncio.Event()

    async def progress(_done: int, _total: int) -> None:
        started.set()

    reading = asyncio.create_task(
        parser.parse(write("x", b"x"), name="x", mime_type=formats.PDF, progress=progress)
    )
    await started.wait()
    assert len(parsers()) == 2
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@linux
async def test_the_process_dies_with_its_parent():
    """The parent is killed while its parser waits for the request; the parser must follow."""
    code = (
        "import asyncio, sys\n"
        "from assay.documents import parsing\n"
        "async def main():\n"
        "    process = await parsing._start()\n"
        "    request = parsing.Parser(60, 2 << 30)._request('parse', parsing.Path('/dev/stdin'),"
        " mime_type='text/plain')\n"
        "    process.stdin.write(parsing.encode(request)); process.stdin.close()\n"
        "    print(process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(parsing.__file__).parents[2],
    )
    pid = int(await parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    await parent.wait()
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=20)
    assert not psutil.pid_exists(pid)


async def test_the_server_keeps_its_secrets(child, write, parser, monkeypatch):
    monkeypatch.setenv("ASSAY_SECRET_KEY", "s" * 32)
    child(
        "import os, sys\n"
        "assert not any('SECRET' in name for name in os.environ)\n"
        'answer = b\'{"failure":"no_text"}\'\n'
        "os.write(1, len(answer).to_bytes(4, 'big') + answer)"
    )
    assert (await failure(parser, write("x.pdf", b"x"))).code == "no_text"


@linux
async def test_the_process_can_neither_write_files_nor_reach_the_network(tmp_path):
    target = tmp_path / "written"
    code = (
        "import os, socket, sys\n"
        "from assay.documents.limits import confine\n"
        "confine(os.getppid(), memory_bytes=1 << 30, cpu_seconds=10)\n"
        "try: os.write(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY), b'x'); print('wrote')\n"
        "except OSError: print('refused')\n"
        "print(socket.if_nameindex() == [(1, 'lo')])"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", code, str(target)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(parsing.__file__).parents[2],
    )
    said, _ = await process.communicate()
    wrote, isolated = said.decode().split()
    assert wrote == "refused"
    assert target.stat().st_size == 0
    if os.geteuid() == 0:
        assert isolated == "True"
