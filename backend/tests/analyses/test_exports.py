import asyncio
import csv
import io
import json
import sys
import textwrap
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.analyses.exports import Column, Format, csv_pieces, headers
from assay.analyses.models import FieldType
from tests.analyses.exporting import DOCUMENT, Cell, Row, as_csv, as_json, as_workbook, paged

COLUMNS = [
    Column("Date", FieldType.DATE),
    Column("Price", FieldType.MONEY),
    Column("Seats", FieldType.NUMBER),
    Column("Insured", FieldType.BOOLEAN),
    Column("Parts", FieldType.LIST),
    Column("Note"),
]
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


async def test_a_csv_holds_the_values_and_reads_back():
    raw = await as_csv(COLUMNS, [ROW])
    assert raw.count(b"\r\n") == 2
    rows = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    assert rows == [
        ["Document", "Date", "Price", "Price (currency)", "Seats", "Insured", "Parts", "Note"],
        ["report.pdf", "2007-12-28", "1234.50", "USD", "-4", "true", "wing; tail", ""],
    ]


async def test_a_csv_takes_evidence_and_a_byte_order_mark_when_asked():
    raw = await as_csv(COLUMNS[:1], [ROW], evidence=True, byte_order_mark=True)
    assert raw.startswith(b"\xef\xbb\xbfDocument,")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0][1:] == ["Date", "Date (page)", "Date (quote)", "Date (confidence)"]
    assert rows[1][1:] == ["2007-12-28", "2", "Date: 12/28/2007", "0.75"]


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=40)))
def test_a_csv_keeps_every_text(values):
    columns = [Column(str(number)) for number in range(len(values))]
    row = Row({str(number): Cell(value) for number, value in enumerate(values)})
    raw = asyncio.run(as_csv(columns, [row]))
    read = list(csv.reader(io.StringIO(raw.decode(), newline="")))[1][1:]
    assert [each.removeprefix("'") for each in read] == [each.removeprefix("'") for each in values]


async def test_json_is_the_table_of_the_api():
    table = json.loads(await as_json(COLUMNS, [ROW, Row({"Note": Cell("x")}, None, None)]))
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
    assert json.loads(await as_json(COLUMNS, [])) == {"columns": table["columns"], "rows": []}


async def test_a_workbook_has_typed_cells(tmp_path):
    async with as_workbook(tmp_path, COLUMNS, [ROW]) as (_, book):
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


async def test_a_workbooks_evidence_leads_back_to_its_cell(tmp_path):
    async with as_workbook(tmp_path, COLUMNS, [ROW], {"Name": "Prices"}) as (_, book):
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
async def test_what_a_spreadsheet_cannot_hold_exactly_stays_a_text(tmp_path, value, kind, written):
    rows = [Row({"X": Cell(value)})]
    async with as_workbook(tmp_path, [Column("X", kind)], rows) as (_, book):
        assert book["Table"]["B2"].value == written


async def test_a_currency_without_a_sign_of_its_own_shows_its_code(tmp_path):
    rows = [Row({"X": Cell({"amount": "5", "currency": code})}) for code in ("CHF", None, 'x"[=]')]
    async with as_workbook(tmp_path, [Column("X", FieldType.MONEY)], rows) as (_, book):
        formats = [book["Table"].cell(row, 2).number_format for row in (2, 3, 4)]
        assert formats == ["#,##0.00 [$CHF]", "#,##0.00", "#,##0.00"]


async def test_long_texts_and_control_characters_keep_a_workbook_readable(tmp_path):
    rows = [Row({"X": Cell("é" * 40_000)}), Row({"X": Cell("a\x01b\x0bc\ud7ff\ufffe")})]
    async with as_workbook(tmp_path, [Column("X")], rows) as (_, book):
        assert len(book["Table"]["B2"].value) == 32_767
        assert "a" in book["Table"]["B3"].value


async def test_a_workbook_is_gone_when_left_also_by_an_error(tmp_path):
    async def broken():
        yield [ROW]
        raise OSError

    async with as_workbook(tmp_path, COLUMNS, [ROW]) as (path, _):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []
    from assay.analyses.exports import xlsx_file

    with pytest.raises(OSError):  # noqa: PT011
        async with xlsx_file(tmp_path, COLUMNS, broken(), {}):
            pass
    assert list(tmp_path.iterdir()) == []


MEASURE = textwrap.dedent(
    """
    import asyncio, resource, sys, tempfile
    from pathlib import Path
    from assay.analyses.exports import Column, csv_pieces, xlsx_file
    from tests.analyses.exporting import Cell, Row

    rows = int(sys.argv[1])
    columns = [Column(str(number)) for number in range(10)]

    async def pages():
        for _ in range(rows // 100):
            cells = {column.name: Cell("v" * 40, quote="q" * 200) for column in columns}
            yield [Row(cells)] * 100

    async def main():
        async for _ in csv_pieces(columns, pages(), evidence=True):
            pass
        async with xlsx_file(Path(tempfile.mkdtemp()), columns, pages(), {}) as path:
            assert path.stat().st_size > 1000

    asyncio.run(main())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    """
)


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_table():
    peaks = []
    for rows in (1_000, 10_000):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", MEASURE, str(rows), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        peaks.append(int(out) / 1024)
    small, large = peaks
    assert large - small < 40, f"{small:.0f} MB for 1,000 rows, {large:.0f} MB for 10,000"


async def test_a_csv_comes_in_pieces():
    rows = [Row({"X": Cell("x" * 1000)})] * 1000
    sizes = [len(each) async for each in csv_pieces([Column("X")], paged(rows))]
    assert len(sizes) > 10
    assert max(sizes) < 70_000


def test_a_files_name_is_safe_in_a_header():
    given = headers('a/b\r\nSet-Cookie: x="1"\u202e', Format.XLSX)["Content-Disposition"]
    assert "\r" not in given
    assert "\n" not in given
    assert given.endswith(".xlsx")
    assert "/" not in given
