"""The limited process that reads one file: `python -m assay.documents.parser`.

It takes one request as JSON on standard input and answers with frames on standard output,
each a length in 4 bytes (big endian) and that many bytes. A frame is JSON: `cpu_ns`, the
processor time spent so far, with `{"done", "total"}` while it reads and at last a result or
`{"failure"}`; a rendered page follows as raw bytes. It imports what the format at hand needs,
and nothing of the server.
"""

import os
import re
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from assay.documents import formats
from assay.documents.failures import Failure
from assay.documents.limits import Orphaned, confine
from assay.documents.passages import Page, cut

MAX_PAGES = 20_000
MAX_CHARACTERS = 50_000_000
MAX_TITLE = 300


@dataclass(frozen=True, slots=True)
class Request:
    """What to do; `task` is `parse`, `render` or `boxes`."""

    task: str
    path: str
    name: str
    mime_type: str
    parent: int
    memory_bytes: int
    cpu_seconds: int
    page: int = 0
    width: int = 0
    start: int = 0
    end: int = 0


class Answers:
    """Where frames go: the real standard output, which libraries can no longer reach."""

    def __init__(self) -> None:
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)

    def json(self, value: dict[str, Any]) -> None:
        """Send a frame of JSON."""
        self.raw(orjson.dumps({"cpu_ns": _processor_time(), **value}))

    def raw(self, payload: bytes) -> None:
        """Send a frame of bytes."""
        self._out.write(struct.pack(">I", len(payload)))
        self._out.write(payload)
        self._out.flush()


def _processor_time() -> int:
    """Return the nanoseconds of this process and of the programs that it ran."""
    times = os.times()
    return time.process_time_ns() + int((times.children_user + times.children_system) * 1e9)


def main() -> int:
    """Answer the request on standard input; return the exit code."""
    request = Request(**orjson.loads(sys.stdin.buffer.read()))
    answers = Answers()
    _load(request)
    try:
        confine(request.parent, memory_bytes=request.memory_bytes, cpu_seconds=request.cpu_seconds)
        _TASKS[request.task](request, answers)
    except Orphaned:
        return 1
    except Failure as failure:
        answers.json({"failure": failure.reason})
    except (MemoryError, RecursionError):
        answers.json({"failure": "too_complex"})
    return 0


def _load(request: Request) -> None:
    """Import what the task needs while bytecode may still be written to its cache."""
    if request.mime_type == formats.PDF:
        from assay.documents import pdf  # noqa: F401, PLC0415  70 ms that others need not pay
    elif request.mime_type not in formats.IMAGES:
        from assay.documents import readers  # noqa: F401, PLC0415  not needed for PDF
    if request.task == "render" or request.mime_type in formats.IMAGES:
        import PIL.Image  # noqa: F401, PLC0415  20 ms, for pictures only


def _parse(request: Request, answers: Answers) -> None:
    title, texts = _read(request, answers)
    pages = [Page(number, text) for number, text in enumerate(texts, 1)]
    name = Path(request.name).stem.strip()
    passages = cut(pages, name)
    if not passages:
        raise Failure("no_text")
    answers.json(
        {
            "title": (title if _is_title(title) else name)[:MAX_TITLE],
            "pages": texts,
            "passages": [(p.page, p.start, p.end, p.context) for p in passages],
        }
    )


def _is_title(title: str) -> bool:
    """Whether a document's own title is one, and not its program's `untitled` or a file name."""
    return " " in title and not re.search(r"(?i)^microsoft |untitled|\.\w{2,5}$", title)


def _read(request: Request, answers: Answers) -> tuple[str, list[str]]:
    path = Path(request.path)
    if request.mime_type == formats.PDF:
        return _read_pdf(path, answers)
    if request.mime_type in formats.IMAGES:
        return "", _read_image(path, answers)
    from assay.documents import readers  # noqa: PLC0415  see `_load`

    text = readers.read(path, request.mime_type)
    return text.title, _within_bounds(text.pages)


def _read_pdf(path: Path, answers: Answers) -> tuple[str, list[str]]:
    from assay.documents import pdf, recognition  # noqa: PLC0415  see `_load`

    document = pdf.open_pdf(path)
    if len(document) > MAX_PAGES:
        raise Failure("too_complex")
    pages = _within_bounds(_pdf_pages(document, answers))
    if recognition.program() is None and not any(text.strip() for text in pages):
        raise Failure("no_text_without_ocr")
    return pdf.title(document), pages


def _pdf_pages(document: Any, answers: Answers) -> Iterator[str]:
    """Yield the text of each page, recognised where the page is a picture only."""
    from assay.documents import pdf, recognition  # noqa: PLC0415  see `_load`

    program = recognition.program()
    for index, text in enumerate(pdf.texts(document)):
        picture = b""
        if program and not text.strip():
            picture = pdf.picture(document, index, recognition.DPI)
        yield recognition.recognise(picture, program) if program and picture else text
        answers.json({"done": index + 1, "total": len(document)})


def _read_image(path: Path, answers: Answers) -> list[str]:
    from assay.documents import recognition  # noqa: PLC0415  see `_load`

    program = recognition.program()
    if program is None:
        raise Failure("no_text_without_ocr")
    texts: list[str] = []
    for picture in recognition.frames(path):
        texts.append(recognition.recognise(picture, program))
        answers.json({"done": len(texts), "total": len(texts)})
    return texts


def _within_bounds(texts: Iterable[str]) -> list[str]:
    kept: list[str] = []
    length = 0
    for text in texts:
        kept.append(text)
        length += len(text)
        if len(kept) > MAX_PAGES or length > MAX_CHARACTERS:
            raise Failure("too_complex")
    return kept


def _render(request: Request, answers: Answers) -> None:
    from assay.documents import pdf  # noqa: PLC0415  see `_load`

    image = pdf.render(pdf.open_page(_shown(request), request.page), request.width)
    answers.json({"bytes": len(image)})
    answers.raw(image)


def _boxes(request: Request, answers: Answers) -> None:
    from assay.documents import pdf  # noqa: PLC0415  see `_load`

    page = pdf.open_page(_shown(request), request.page)
    answers.json({"boxes": pdf.boxes(page, request.start, request.end)})


def _shown(request: Request) -> Any:
    """Open a document whose pages have pictures."""
    from assay.documents import pdf  # noqa: PLC0415  see `_load`

    path = Path(request.path)
    with path.open("rb") as file:
        if not formats.is_pdf(file.read(formats.HEAD_BYTES)):
            raise Failure("no_image")
    return pdf.open_pdf(path)


_TASKS: dict[str, Callable[[Request, Answers], None]] = {
    "parse": _parse,
    "render": _render,
    "boxes": _boxes,
}


def encode(request: Request) -> bytes:
    """Return a request as the parser process reads it."""
    return orjson.dumps(asdict(request))


if __name__ == "__main__":
    sys.exit(main())
