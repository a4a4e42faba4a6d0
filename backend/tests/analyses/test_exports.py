import asyncio
import csv
import io
import json
import re
import sys
import tempfile
import textwrap
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.analyses.downloads import headers
from assay.analyses.exports import UNSURE_BELOW, Column, CsvFile, Format
from assay.analyses.models import FieldType
from assay.analyses.workbook import Workbook, letters
from tests.analyses.exporting import DOCUMENT, Cell, Row, as_csv, as_json, as_workbook, plain

WEB = Path(__file__).parents[3] / "frontend" / "src"
COLUMNS = [
    Column("Date", FieldType.DATE),
    Column("Price", FieldType.MONEY),
    Column("Seats", FieldType.NUMBER),
    Column("Insured", FieldType.BOOLEAN),
    Column("Parts", FieldType.LIST),
    Column("Note"),
]
ESCAPED = re.compile("_x([0-9A-F]{4})_")


def unescape(text):
    """Return a text as a spreadsheet shows it; openpyxl leaves it as it is stored."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


class Sizes:
    """Takes pieces and keeps how large they are."""

    def __init__(self):
        self.sizes = []

    def write(self, piece):
        self.sizes.append(len(piece))


LONG = "0.1234567890123456789"
ROW = Row(
    {
        "Date": Cell("2007-12-28", text="12/28/2007", quote="Date: 12/28/2007"),
        "Price": Cell({"amount": "1234.50", "currency": "USD"}),
        "Seats": Cell(-4),
        "Insured": Cell(value=True),
        "Parts": Cell(["wing", "tail"]),
        "Note": None,
    }
)


def test_a_csv_holds_the_values_and_reads_back():
    raw = as_csv(COLUMNS, [ROW])
    assert raw.count(b"\r\n") == 2
    rows = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    assert rows == [
        [
            "Document", "Date", "Price", "Price (currency)", "Seats", "Insured", "Parts", "Note",
            "Unsure cells",
        ],
        ["report.pdf", "2007-12-28", "1234.50", "USD", "-4", "true", "wing; tail", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("evidence", [False, True])
def test_a_csv_names_the_cells_that_are_unsure_in_its_last_column(evidence):
    sure, unsure, unrated = (Cell(1, confidence=each) for each in (0.6, 0.5999, None))
    names = ("Sure", "Unsure", "=Doubted", "Unrated", "None")
    row = Row(dict(zip(names, (sure, unsure, unsure, unrated, None), strict=True)))
    columns = [Column(name) for name in names]
    raw = as_csv(columns, [row, Row({"=Doubted": unsure}), Row()], evidence=evidence)
    header, *rows = csv.reader(io.StringIO(raw.decode(), newline=""))
    assert header[-1] == "Unsure cells"
    assert [each[-1] for each in rows] == ["Unsure; =Doubted", "'=Doubted", ""]
    assert {len(each) for each in rows} == {len(header)}


def test_the_web_application_calls_the_same_cells_unsure():
    written = (WEB / "features" / "analyses" / "values.ts").read_text()
    low = re.search(r"const LOW = ([\d.]+);", written)
    assert low
    assert float(low[1]) == UNSURE_BELOW


def test_a_csv_takes_evidence_and_a_byte_order_mark_when_asked():
    raw = as_csv(COLUMNS[:1], [ROW], evidence=True, byte_order_mark=True)
    assert raw.startswith(b"\xef\xbb\xbfDocument,")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0][1:] == [
        "Date", "Date (page)", "Date (quote)", "Date (confidence)", "Unsure cells",
    ]  # fmt: skip
    assert rows[1][1:] == ["2007-12-28", "2", "Date: 12/28/2007", "0.75", ""]


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=40)))
def test_a_csv_keeps_every_text(values):
    columns = [Column(str(number)) for number in range(len(values))]
    row = Row({str(number): Cell(value) for number, value in enumerate(values)})
    raw = as_csv(columns, [row])
    read = list(csv.reader(io.StringIO(raw.decode(), newline="")))[1][1:-1]
    assert [each.removeprefix("'") for each in read] == [each.removeprefix("'") for each in values]


def test_json_is_the_table_of_the_api():
    table = json.loads(as_json(COLUMNS, [ROW, Row({"Note": Cell("x")}, None, None)]))
    assert table["columns"] == [column.name for column in COLUMNS]
    first, second = table["rows"]
    assert first["document_id"] == str(DOCUMENT)
    assert first["cells"]["Date"] == {
        "value": "2007-12-28",
        "text": "12/28/2007",
        "document_id": str(DOCUMENT),
        "page": 2,
        "start": 10,
        "end": 20,
        "quote": "Date: 12/28/2007",
        "confidence": 0.75,
    }
    assert first["cells"]["Note"] is None
    assert second["document_name"] is None
    assert json.loads(as_json(COLUMNS, [])) == {"columns": table["columns"], "rows": []}


def test_a_workbook_has_typed_cells(tmp_path):
    with as_workbook(tmp_path, COLUMNS, [ROW]) as (_, book):
        sheet = book["Table"]
        day, price, seats, insured, parts, note = (sheet.cell(2, each) for each in range(2, 8))
        assert (day.value, day.number_format) == (datetime(2007, 12, 28), "yyyy-mm-dd")  # noqa: DTZ001
        assert (price.value, price.number_format) == (1234.5, "[$$-409]#,##0.00")
        assert (seats.value, seats.data_type) == (-4, "n")
        assert (insured.value, insured.data_type) == (True, "b")
        assert parts.value == "wing; tail"
        assert note.value is None
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == "A1:G2"
        assert sheet.column_dimensions["C"].width > 15


def test_a_workbooks_evidence_leads_back_to_its_cell(tmp_path):
    with as_workbook(tmp_path, COLUMNS, [ROW], {"Name": "Prices"}) as (_, book):
        header, first, *rest = book["Evidence"].iter_rows()
        assert [cell.value for cell in header][:3] == ["Document", "Column", "Cell"]
        assert [cell.value for cell in first] == [
            "report.pdf", "Date", "B2", "2007-12-28", "12/28/2007", 2, "Date: 12/28/2007", 0.75,
            10, 20, str(DOCUMENT),
        ]  # fmt: skip
        assert first[2].hyperlink.location == "'Table'!B2"
        assert len(rest) == 4
        about = {row[0].value: row[1].value for row in book["About"].iter_rows(min_row=2)}
        assert (about["Name"], about["Rows"]) == ("Prices", "1")


@pytest.mark.parametrize(
    ("value", "kind", "written"),
    [
        ("2007-12", FieldType.DATE, "2007-12"),
        ("1899-05-01", FieldType.DATE, "1899-05-01"),
        ("2007-02-31", FieldType.DATE, "2007-02-31"),
        (12345678901234567890, FieldType.NUMBER, "12345678901234567890"),
        ({"amount": LONG, "currency": "EUR"}, FieldType.MONEY, f"{LONG} EUR"),
        ({"amount": "many", "currency": None}, FieldType.MONEY, "many"),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_cannot_hold_exactly_stays_a_text(tmp_path, value, kind, written):
    rows = [Row({"X": Cell(value)})]
    with as_workbook(tmp_path, [Column("X", kind)], rows) as (_, book):
        assert book["Table"]["B2"].value == written


def test_a_currency_without_a_sign_of_its_own_shows_its_code(tmp_path):
    rows = [Row({"X": Cell({"amount": "5", "currency": code})}) for code in ("CHF", None, 'x"[=]')]
    with as_workbook(tmp_path, [Column("X", FieldType.MONEY)], rows) as (_, book):
        formats = [book["Table"].cell(row, 2).number_format for row in (2, 3, 4)]
        assert formats == ["#,##0.00 [$CHF]", "#,##0.00", "#,##0.00"]


def test_long_texts_and_control_characters_keep_a_workbook_readable(tmp_path):
    rows = [Row({"X": Cell("é" * 40_000)}), Row({"X": Cell("a\x01b\x0bc\ud7ff\ufffe")})]
    with as_workbook(tmp_path, [Column("X")], rows) as (_, book):
        assert len(book["Table"]["B2"].value) == 32_767
        assert "a" in book["Table"]["B3"].value


def test_a_workbook_leaves_nothing_beside_it(tmp_path):
    out = io.BytesIO()
    book = Workbook(out, COLUMNS, tmp_path)
    book.write(plain([ROW]))
    assert list(tmp_path.iterdir()) == []
    book.close({})
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30).filter(str.strip), min_size=1, max_size=5))
def test_a_workbook_keeps_every_text(values):
    columns = [Column(str(number)) for number in range(len(values))]
    row = Row({str(number): Cell(value, quote=value) for number, value in enumerate(values)})
    with (
        tempfile.TemporaryDirectory() as folder,
        as_workbook(Path(folder), columns, [row]) as (_, book),
    ):
        read = [unescape(cell.value) for cell in book["Table"][2]][1:]
        quotes = [unescape(line[6].value) for line in book["Evidence"].iter_rows(min_row=2)]
    assert read == quotes == values


def test_texts_that_look_like_escapes_are_kept(tmp_path):
    rows = [Row({"X": Cell("_x0041_ _x41_ &lt; ]]>")})]
    with as_workbook(tmp_path, [Column("X")], rows) as (_, book):
        assert unescape(book["Table"]["B2"].value) == "_x0041_ _x41_ &lt; ]]>"


def test_an_archive_is_one_that_others_read(tmp_path):
    rows = [Row({"Note": Cell(f"{number} " * 50)}) for number in range(3000)]
    with as_workbook(tmp_path, COLUMNS, rows) as (path, book), ZipFile(path) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ET.fromstring(archive.read(name))  # noqa: S314 - our own
        assert book["Table"].max_row == book["Evidence"].max_row == 3001


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_columns_have_letters(index, name):
    assert letters(index) == name


MEASURE = textwrap.dedent(
    """
    import os, resource, sys
    from pathlib import Path
    from assay.analyses.exports import Column, CsvFile
    from assay.analyses.workbook import Workbook
    from tests.analyses.exporting import Cell, Row, plain

    rows = int(sys.argv[1])
    columns = [Column(str(number)) for number in range(10)]

    cells = {column.name: Cell("v" * 40, quote="q" * 200) for column in columns}
    page = plain([Row(cells)] * 100)
    with open(os.devnull, "wb") as out:
        book = Workbook(out, columns, Path(sys.argv[2]))
        for file in (CsvFile(out, columns, evidence=True), book):
            for _ in range(rows // 100):
                file.write(page)
            file.close({})
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    """
)


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_table(tmp_path):
    peaks = []
    for rows in (1_000, 10_000):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", MEASURE, str(rows), str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        peaks.append(int(out) / 1024)
    small, large = peaks
    assert large - small < 40, f"{small:.0f} MB for 1,000 rows, {large:.0f} MB for 10,000"


def test_a_csv_comes_in_pieces():
    out = Sizes()
    file = CsvFile(out, [Column("X")])
    file.write(plain([Row({"X": Cell("x" * 1000)})] * 1000))
    file.close({})
    assert len(out.sizes) > 10
    assert max(out.sizes) < 70_000


def test_a_files_name_is_safe_in_a_header():
    given = headers('a/b\r\nSet-Cookie: x="1"\u202e', Format.XLSX)["Content-Disposition"]
    assert "\r" not in given
    assert "\n" not in given
    assert given.endswith(".xlsx")
    assert "/" not in given
