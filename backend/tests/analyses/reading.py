"""Documents for the engine: written in a test, or read from the real ones."""

from pathlib import Path
from uuid import UUID, uuid5

from assay.analyses.models import Page, Source
from assay.documents import pdf

NAMESPACE = UUID("5f0b5a52-7c1b-4d5e-9a53-7d2f7e0f1c11")


def written(*texts: str, name: str = "report.pdf") -> Source:
    pages = tuple(Page(number, text) for number, text in enumerate(texts, 1))
    return Source(uuid5(NAMESPACE, name), name, pages)


def read(path: Path) -> Source:
    return written(*pdf.texts(pdf.open_pdf(path)), name=path.name)
