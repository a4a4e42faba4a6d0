"""The text of an HTML page: blocks in order, tables as rows, no scripts or styles."""

import re
from html.parser import HTMLParser

from assay.documents.layout import CELL

_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "nav", "select"})
_LINES = frozenset(
    [
        *("address", "article", "aside", "caption", "dd", "details", "div", "dl", "dt", "fieldset"),
        *("figcaption", "footer", "form", "header", "hr", "legend", "li", "main", "summary"),
    ]
)
_PARAGRAPHS = frozenset(
    [
        *("blockquote", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p"),
        "pre",
        "section",
        "ul",
    ]
)
_CELLS = frozenset({"td", "th"})
_LAYOUT_CELL = 400
"""A cell with more characters lays out the page; its row is no row of a table."""
_MAX_DEPTH = 200


def read_html(source: str) -> tuple[str, str]:
    """Return the title and the text of an HTML page."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return " ".join(reader.title.split()), tidy(reader.text())


def tidy(text: str) -> str:
    """Return text without trailing spaces and with at most one blank line at a time."""
    lines = (line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def row(cells: list[str]) -> str:
    """Return a table's row as one line."""
    return CELL.join(" ".join(cell.split()) for cell in cells).strip()


class _Reader(HTMLParser):
    """Collects text in a stack of buffers: the page, and one list of cells per open row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._page: list[str] = []
        self._rows: list[list[list[str]]] = []
        self._silent: list[str] = []
        self._in_title = False
        self._preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "title":
            self._in_title = not self.title
        elif tag == "tr" and len(self._rows) < _MAX_DEPTH:
            self._rows.append([])
        elif tag in _CELLS and self._rows:
            self._rows[-1].append([])
        else:
            self._break(tag)
        if tag == "li":
            self._write("• ")
        self._preformatted |= tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag == "title":
            self._in_title = False
        elif tag == "tr" and self._rows:
            self._end_row()
        elif tag != "br":
            self._break(tag)
        self._preformatted &= tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        else:
            self._write(data if self._preformatted else re.sub(r"\s+", " ", data))

    def text(self) -> str:
        while self._rows:
            self._end_row()
        lines = "".join(self._page).split("\n")
        return "\n".join(line if line.startswith("\t") else line.strip(" ") for line in lines)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS or tag == "table":
            self._write("\n\n")
        elif tag in _LINES or tag == "br":
            self._write("\n")

    def _write(self, data: str) -> None:
        if self._silent:
            return
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(data)
        else:
            self._page.append(data)

    def _end_row(self) -> None:
        cells = ["".join(parts) for parts in self._rows.pop()]
        if any(len(cell) > _LAYOUT_CELL for cell in cells):
            self._write("\n" + "\n".join(cells) + "\n")
        elif any(cell.strip() for cell in cells):
            self._write("\n" + row(cells) + "\n")
