"""The words of drawings in markup: what a person reads in them, never their source.

Neither reader resolves entities of a DTD or fetches anything.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from assay.documents.markup import read_html, tidy

_SPOKEN = frozenset({"title", "desc", "text", "foreignobject"})
_SILENT = frozenset({"script", "style", "metadata"})
_LINES = frozenset({"br", "div", "li", "p", "tr"})
_XHTML = "http://www.w3.org/1999/xhtml"
_LABELS = frozenset({"value", "label"})
_CELLS = frozenset({"mxcell", "object", "userobject"})
_MAX_DEPTH = 1000


def read_svg(source: str) -> tuple[str, str]:
    """Return the title of an SVG drawing and its words, a line of the drawing on each line."""
    reader = _Svg()
    reader.feed(_without_cdata(source))
    reader.close()
    return " ".join(reader.title.split()), reader.words()


def read_diagram(source: str) -> str:
    """Return the names of a draw.io file's pages and the labels on them."""
    reader = _Diagram()
    reader.feed(source)
    reader.close()
    return tidy("\n".join(reader.labels))


def _without_cdata(source: str) -> str:
    """Return markup with its CDATA sections, which the parser does not know, as escaped text."""
    first, *parts = source.split("<![CDATA[")
    sections = (part.partition("]]>") for part in parts)
    return first + "".join(html.escape(text) + rest for text, _, rest in sections)


@dataclass(slots=True)
class _Element:
    """An element that is open."""

    name: str
    spoken: bool = False
    silent: bool = False
    chosen: bool = False
    """Whether a `switch` has drawn a child: it draws the first that it can, and no other."""


class _Svg(HTMLParser):
    """Collects the words of the elements that hold words, as far as they are drawn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._parts: list[str] = []
        self._open = [_Element("")]
        self._baseline: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name, parent, values = tag.removeprefix("svg:"), self._open[-1], dict(attrs)
        if len(self._open) > _MAX_DEPTH:
            return
        drawn = not parent.silent and name not in _SILENT and _chosen(parent, values)
        element = _Element(name, parent.spoken or name in _SPOKEN, silent=not drawn)
        self._open.append(element)
        if drawn and element.spoken:
            self._parts.append(self._gap(name, values))

    def handle_endtag(self, tag: str) -> None:
        name = tag.removeprefix("svg:")
        if name not in {each.name for each in self._open[-2:]}:
            return  # no end of what is open, as in a broken file
        while self._open.pop().name != name:
            pass
        if name in _LINES:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        element = self._open[-1]
        if element.silent or not element.spoken:
            return
        self._parts.append(re.sub(r"\s+", " ", data))
        if element.name == "title" and [each.name for each in self._open] == ["", "svg", "title"]:
            self.title += data

    def words(self) -> str:
        """Return all that was collected."""
        lines = "".join(self._parts).split("\n")
        return tidy("\n".join(" ".join(line.split()) for line in lines))

    def _gap(self, name: str, values: Mapping[str, str | None]) -> str:
        """Return what stands before the words of an element."""
        if name in {"title", "desc", "foreignobject"}:
            self._baseline = None
            return "\n\n"
        if name in _LINES:
            return "\n"
        if name == "text" or (name == "tspan" and "x" in values):
            before, self._baseline = self._baseline, values.get("y") or self._baseline
            moved = name == "text" and ("y" not in values or "transform" in values)
            return "\n" if moved or "dy" in values or before != self._baseline else " "
        return ""


def _chosen(parent: _Element, values: Mapping[str, str | None]) -> bool:
    """Whether an element is drawn, as far as its parent and what it requires tell."""
    needed = values.get("requiredextensions") or _XHTML
    if needed != _XHTML or parent.chosen:
        return False
    parent.chosen = parent.name == "switch"
    return True


class _Diagram(HTMLParser):
    """Collects the labels of a draw.io file; they are attributes that may hold HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag == "diagram" and name == "name":
                self.labels.append(f"\n{value or ''}")
            elif tag in _CELLS and name in _LABELS and value:
                self.labels.append(read_html(value)[1])
