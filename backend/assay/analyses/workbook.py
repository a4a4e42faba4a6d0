"""A table as an XLSX workbook: typed cells, a sheet of evidence, a sheet about the whole.

It is written as it goes (ECMA-376, texts inline), so memory does not grow with the table and the
first bytes leave with the first rows. Every text is written as a text: no formula and no outside
link can come of what documents say.
"""

import re
from array import array
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from tempfile import TemporaryFile
from xml.sax.saxutils import quoteattr

from assay.analyses.archive import Archive, Deflated
from assay.analyses.exports import Cell, Column, Out, Row, as_text
from assay.analyses.models import FieldType, Json

TABLE, EVIDENCE, ABOUT = "Table", "Evidence", "About"
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
"""Rows of a sheet and characters of a cell, as Excel has them."""
MAX_LINKS = 20_000
"""Cells of the evidence that lead back to the table; a sheet holds some 65,000."""
MAX_SHEET_BYTES = 1_500_000_000
"""Of a sheet's XML; two of them stay below what a ZIP file of the old kind holds."""
_EXACT_DIGITS = 15
"""A spreadsheet's numbers are doubles; what has more digits is written as text."""
_FIRST_DATE = date(1900, 3, 1)
"""Before it spreadsheets disagree, since one of them had a 29 February 1900."""
_DAY_ZERO = date(1899, 12, 30)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CODE = re.compile(r"[A-Z]{3}")
_CURRENCIES = {
    "USD": "[$$-409]#,##0.00",
    "EUR": "[$€-2] #,##0.00",
    "GBP": "[$£-809]#,##0.00",
    "JPY": "[$¥-411]#,##0",
}
_WIDTHS = {
    FieldType.TEXT: 32,
    FieldType.LIST: 40,
    FieldType.CHOICE: 20,
    FieldType.DATE: 13,
    FieldType.NUMBER: 14,
    FieldType.MONEY: 18,
    FieldType.BOOLEAN: 10,
}
_MAX_WIDTH = 60
_EVIDENCE_COLUMNS = (
    ("Document", 36),
    ("Column", 24),
    ("Cell", 10),
    ("Value", 32),
    ("As written", 32),
    ("Page", 7),
    ("Quote", 80),
    ("Confidence", 12),
    ("Start", 9),
    ("End", 9),
    ("Document id", 38),
)
_BOLD, _LINK, _FIRST_FORMAT = 1, 2, 3
"""Styles of cells, by their place in `styles.xml`."""

_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEETS = (TABLE, EVIDENCE, ABOUT)


class Workbook:
    """Takes the rows of a table in their order; complete once closed."""

    def __init__(self, out: Out, columns: Sequence[Column], scratch: Path) -> None:
        """Begin a workbook.

        :param scratch: folder for the evidence until it is written; no name of it is seen there.
        """
        self._columns = [(column, letters(index)) for index, column in enumerate(columns, 1)]
        self._formats: dict[str, int] = {}
        self._archive = Archive(out)
        self._archive.add("[Content_Types].xml", _content_types())
        self._archive.add("_rels/.rels", _relations({"officeDocument": "xl/workbook.xml"}))
        self._archive.add("xl/_rels/workbook.xml.rels", _book_relations())
        self._packed = TemporaryFile(dir=scratch)  # noqa: SIM115 - closed with the workbook
        self._table = self._archive.begin(_part(0))
        self._table.write(_head([("Document", 36), *map(_width, columns)], chosen=True))
        self._evidence = Deflated(self._packed)
        self._evidence.write(_head(_EVIDENCE_COLUMNS))
        self._links = array("L")
        self._rows = self._places = self._left_out = 0

    def write(self, rows: Sequence[Row]) -> None:
        """See `exports.File`."""
        for row in rows:
            if self._rows + 1 >= MAX_ROWS or self._table.size >= MAX_SHEET_BYTES:
                self._left_out += 1
                continue
            self._rows += 1
            line = self._rows + 1
            parts = [f'<row r="{line}">', _text("A", line, row["document_name"] or "")]
            cells = row["cells"]
            for index, (column, letter) in enumerate(self._columns, 1):
                cell = cells.get(column.name)
                if cell is not None:
                    parts.append(self._value(f"{letter}{line}", cell["value"], column.type))
                    if cell["quote"]:
                        self._place(row, column.name, index, cell)
            parts.append("</row>")
            self._table.write("".join(parts))

    def close(self, about: Mapping[str, str]) -> None:
        """Add the sheet about the whole and what holds the sheets together."""
        filters = {
            0: f"A1:{letters(len(self._columns))}{self._rows + 1}",
            1: f"A1:{letters(len(_EVIDENCE_COLUMNS) - 1)}{self._places + 1}",
        }
        self._table.write(_tail(filters[0]))
        self._archive.finish()
        self._evidence.write(_tail(filters[1], self._hyperlinks()))
        self._evidence.close()
        self._archive.put(_part(1), self._evidence, self._packed)
        self._packed.close()
        self._archive.add(_part(2), self._about(about))
        self._archive.add("xl/styles.xml", _styles(list(self._formats)))
        self._archive.add("xl/workbook.xml", _book(filters))
        self._archive.close()

    def _about(self, about: Mapping[str, str]) -> str:
        lines = {
            **about,
            "Rows": str(self._rows),
            "Empty cells": "Not found in the document.",
            "Confidence": "Estimated probability that the value is right, 0 to 1.",
        }
        if self._left_out:
            lines["Left out"] = f"{self._left_out} rows that a sheet has no room for."
        rows = (
            f'<row r="{line}">{_text("A", line, name)}{_text("B", line, value)}</row>'
            for line, (name, value) in enumerate(lines.items(), 2)
        )
        return _head([("About", 24), ("", 80)]) + "".join(rows) + _tail(None)

    def _format(self, number: str) -> int:
        return self._formats.setdefault(number, _FIRST_FORMAT + len(self._formats))

    def _value(self, place: str, value: Json, kind: FieldType) -> str:
        if isinstance(value, bool):
            return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
        if isinstance(value, int | float):
            return self._number(place, str(value), "")
        if isinstance(value, dict):
            amount, currency = value.get("amount") or "", value.get("currency") or ""
            return self._number(place, amount, _money_format(currency), currency)
        if kind is FieldType.DATE and (day := _day(str(value))):
            serial = (day - _DAY_ZERO).days
            return f'<c r="{place}" s="{self._format("yyyy-mm-dd")}"><v>{serial}</v></c>'
        return _text(place, "", "; ".join(value) if isinstance(value, list) else value)

    def _number(self, place: str, number: str, form: str, behind: str = "") -> str:
        exact = _exact(number)
        if exact is None:
            return _text(place, "", f"{number} {behind}".strip())
        style = f' s="{self._format(form)}"' if form else ""
        return f'<c r="{place}"{style}><v>{exact!r}</v></c>'

    def _place(self, row: Row, name: str, index: int, cell: Cell) -> None:
        if self._places + 1 >= MAX_ROWS or self._evidence.size >= MAX_SHEET_BYTES:
            return
        self._places += 1
        line = self._places + 1
        if self._places <= MAX_LINKS:
            self._links.extend((self._rows + 1, index))
        style = _LINK if self._places <= MAX_LINKS else 0
        self._evidence.write(
            f'<row r="{line}">{_text("A", line, row["document_name"] or "")}'
            f"{_text('B', line, name)}"
            f"{_text('C', line, f'{letters(index)}{self._rows + 1}', style)}"
            f"{_text('D', line, as_text(cell['value']))}{_text('E', line, cell['text'] or '')}"
            f"{_figure('F', line, cell['page'])}{_text('G', line, cell['quote'])}"
            f"{_figure('H', line, cell['confidence'])}{_figure('I', line, cell['start'])}"
            f"{_figure('J', line, cell['end'])}{_text('K', line, cell['document_id'] or '')}</row>"
        )

    def _hyperlinks(self) -> str:
        if not self._links:
            return ""
        pairs = zip(self._links[::2], self._links[1::2], strict=True)
        links = (
            f'<hyperlink ref="C{line}" location="\'{TABLE}\'!{letters(index)}{row}"/>'
            for line, (row, index) in enumerate(pairs, 2)
        )
        return f"<hyperlinks>{''.join(links)}</hyperlinks>"


def letters(index: int) -> str:
    """Return a column's name: A for 0, AA for 26."""
    name = ""
    while index >= 0:
        name = chr(ord("A") + index % 26) + name
        index = index // 26 - 1
    return name


def _text(column: str, line: int | str, text: str, style: int = 0) -> str:
    """Return a cell that holds a text."""
    if not text:
        return ""
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    form = f' s="{style}"' if style else ""
    space = "" if text == text.strip() else ' xml:space="preserve"'
    told = _escaped(text)
    return f'<c r="{column}{line}"{form} t="inlineStr"><is><t{space}>{told}</t></is></c>'


def _escaped(text: str) -> str:
    """Return a text as XML; what XML cannot hold as `_xHHHH_` (ECMA-376 part 1, 22.4.2.4)."""
    return _SPECIAL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _ENTITIES.get(character) or f"_x{ord(character):04X}_"


def _figure(column: str, line: int, number: float | None) -> str:
    return "" if number is None else f'<c r="{column}{line}"><v>{number}</v></c>'


def _head(columns: Sequence[tuple[str, int]], *, chosen: bool = False) -> str:
    """Return a sheet's XML up to its rows: the first line stays in view."""
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, (_, width) in enumerate(columns, 1)
    )
    titles = "".join(
        _text(letters(index), 1, title, _BOLD) for index, (title, _) in enumerate(columns)
    )
    selected = ' tabSelected="1"' if chosen else ""
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView{selected} workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f'<cols>{widths}</cols><sheetData><row r="1">{titles}</row>'
    )


def _tail(filtered: str | None, links: str = "") -> str:
    filters = f'<autoFilter ref="{filtered}"/>' if filtered else ""
    return f"</sheetData>{filters}{links}</worksheet>"


def _part(sheet: int) -> str:
    return f"xl/worksheets/sheet{sheet + 1}.xml"


def _content_types() -> str:
    parts = {f"/{_part(number)}": "worksheet" for number in range(len(_SHEETS))}
    parts |= {"/xl/styles.xml": "styles", "/xl/workbook.xml": "sheet.main"}
    kinds = "".join(
        f'<Override PartName="{name}" ContentType="{_KIND}.{kind}+xml"/>'
        for name, kind in parts.items()
    )
    return (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{kinds}</Types>'
    )


def _relations(parts: Mapping[str, str]) -> str:
    """Return which parts belong to another, by their kind and a number behind a colon."""
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/{kind.partition(":")[0]}"'
        f' Target="{target}"/>'
        for number, (kind, target) in enumerate(parts.items(), 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>'


def _book_relations() -> str:
    sheets = {
        f"worksheet:{number}": _part(number).removeprefix("xl/") for number in range(len(_SHEETS))
    }
    return _relations(sheets | {"styles": "styles.xml"})


def _book(filters: Mapping[int, str]) -> str:
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(_SHEETS, 1)
    )
    names = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{number}" hidden="1">'
        f"'{_SHEETS[number]}'!{_absolute(place)}</definedName>"
        for number, place in filters.items()
    )
    return (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><bookViews><workbookView/>'
        f"</bookViews><sheets>{sheets}</sheets><definedNames>{names}</definedNames></workbook>"
    )


def _absolute(place: str) -> str:
    return re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", place)


def _styles(formats: Sequence[str]) -> str:
    numbers = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
        for number, code in enumerate(formats, 164)
    )
    used = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"'
        ' applyNumberFormat="1"/>'
        for number in range(164, 164 + len(formats))
    )
    fonts = "".join(
        f'<font>{form}<sz val="11"/>{colour}<name val="Calibri"/><family val="2"/></font>'
        for form, colour in (("", ""), ("<b/>", ""), ("<u/>", '<color rgb="FF0563C1"/>'))
    )
    plain = "".join(
        f'<xf numFmtId="0" fontId="{font}" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        for font in range(3)
    )
    own = f'<numFmts count="{len(formats)}">{numbers}</numFmts>' if formats else ""
    return (
        f'{_XML}<styleSheet xmlns="{_MAIN}">{own}'
        f'<fonts count="3">{fonts}</fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        f'</cellStyleXfs><cellXfs count="{3 + len(formats)}">{plain}{used}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )


def _width(column: Column) -> tuple[str, int]:
    return column.name, min(_MAX_WIDTH, max(_WIDTHS[column.type], len(column.name) + 4))


def _money_format(currency: str) -> str:
    if currency in _CURRENCIES:
        return _CURRENCIES[currency]
    return f"#,##0.00 [${currency}]" if _CODE.fullmatch(currency) else "#,##0.00"


def _day(value: str) -> date | None:
    """Return a whole day that a spreadsheet can hold; `2007-12` and earlier days stay texts."""
    if not _DAY.fullmatch(value):
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day >= _FIRST_DATE else None


def _exact(number: str) -> float | None:
    """Return a number that a double holds with all its digits, else None."""
    try:
        decimal = Decimal(number)
    except InvalidOperation:
        return None
    digits = len(decimal.normalize().as_tuple().digits)
    return float(decimal) if decimal.is_finite() and digits <= _EXACT_DIGITS else None
