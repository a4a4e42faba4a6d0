"""Text of each format that is not a PDF."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.documents import formats, readers
from assay.documents.drawings import read_svg
from assay.documents.failures import Failure
from assay.documents.markup import read_html
from tests.documents.sample_files import docx, odt, word_paragraph


@pytest.fixture
def text_of(tmp_path):
    def read(data: bytes, mime_type: str) -> str:
        path = tmp_path / "file"
        path.write_bytes(data)
        return "\f".join(readers.read(path, mime_type).pages)

    return read


@given(st.text())
def test_clean_text_is_what_postgresql_takes(text):
    clean = readers.clean(text + "\x00\ud800\r\n\xad")
    clean.encode()
    assert not set(clean) & {"\x00", "\r", "\xad"}


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C", "Z"))))
def test_printable_text_stays_as_it_is(text):
    assert readers.clean(text) == text


@pytest.mark.parametrize(
    "data",
    [
        "Grüße".encode(),
        "Grüße".encode("utf-8-sig"),
        "Grüße".encode("utf-16"),
        '<meta charset="iso-8859-1">Grüße'.encode("latin-1"),
        ("Viele schöne Grüße aus München, wo es heute heiß ist. " * 4).encode("cp1252"),
    ],
)
def test_text_is_decoded_as_declared_or_as_it_looks(data):
    assert "Grüße" in readers.decode(data)


def test_csv_keeps_rows_and_quoted_cells(text_of):
    data = b'name;note\r\nAda;"first; and\nforemost"\r\n\r\nAlan;x\r\n'
    assert text_of(data, formats.CSV) == "name | note\nAda | first; and foremost\nAlan | x"


def test_tsv_and_odd_encodings(text_of):
    assert text_of(b"a\tb\n1\t2\n", formats.TSV) == "a | b\n1 | 2"
    japanese = "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n".encode("shift_jis")
    assert "佐藤太郎 | 30 | 東京" in text_of(japanese, formats.CSV)


def test_html_is_its_text_without_scripts_and_with_rows():
    title, text = read_html(
        "<title>My page</title><style>p{}</style><script>if (a<b) x()</script><h1>Head</h1>"
        "<p>One <b>bold</b>\n word<br>next</p><ul><li>first<li>second</ul>"
        "<table><tr><th>A<th>B</tr><tr><td><p>1</p></td><td>2 &amp; 3</td></tr></table>"
    )
    assert title == "My page"
    assert text.split("\n") == [
        *("Head", "", "One bold word", "next", "", "• first", "• second", ""),
        *("A | B", "", "1 | 2 & 3"),
    ]


def test_a_layout_table_is_no_table():
    _, text = read_html(f"<table><tr><td>menu</td><td><p>{'word ' * 200}</p></td></tr></table>")
    assert " | " not in text


@given(st.text(alphabet="<>/!-&;#=\"' abtdrhscipvgxe[CDAT]"))
def test_any_markup_is_read(source):
    read_html(source)
    read_svg(f"<svg><text>{source}")


def test_a_drawing_is_its_words_and_none_of_its_source(text_of):
    drawing = """<?xml version="1.0"?>
    <!DOCTYPE svg [<!ENTITY lol "lollollol"><!ENTITY xxe SYSTEM "file:///etc/passwd">]>
    <svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">
      <title>Budget &amp; plan</title><desc>What was spent</desc>
      <metadata><title>made by hand</title></metadata>
      <style>.a { fill: red }</style><script>alert("words")</script>
      <g id="layer"><path d="M0 0 L1 1"/>
        <text x="0" y="10">Travel <tspan font-weight="bold">in 2022</tspan></text>
        <text x="90" y="10"><![CDATA[< 4,100]]></text>
        <text y="20"><tspan x="0" dy="1em">Two</tspan><tspan x="0" dy="1em">lines</tspan></text>
        <text>&xxe;</text>
      </g>
    </svg>"""
    assert text_of(drawing.encode(), formats.SVG) == (
        "Budget & plan\n\nWhat was spent\nTravel in 2022 < 4,100\n\nTwo\nlines\n&xxe;"
    )
    assert read_svg(drawing)[0] == "Budget & plan"


def test_of_a_switch_in_a_drawing_what_is_drawn_is_read():
    label = "<foreignObject><div><p>Pay</p>the bill</div></foreignObject>"
    private = '<foreignObject requiredExtensions="http://ns.example.com/">AAAA</foreignObject>'
    words = read_svg(f"<svg><switch>{private}{label}<text>Pay the...</text></switch></svg>")[1]
    assert words == "Pay\nthe bill"


def test_a_diagram_is_its_labels(text_of):
    diagram = (
        '<mxfile host="app"><diagram name="Payments" id="x1"><mxGraphModel><root>'
        '<mxCell id="0"/><mxCell id="1" value="Bill &lt;b&gt;arrives&lt;/b&gt;" style="rounded=1"/>'
        '<UserObject label="Bill is paid" id="2"/></root></mxGraphModel></diagram></mxfile>'
    )
    text = text_of(diagram.encode(), formats.DIAGRAM)
    assert text == "Payments\nBill arrives\nBill is paid"


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (b'<svg><style>.a{}</style><path d="M0 0"/><!-- words --></svg>', formats.SVG),
        (b'<mxfile><diagram id="a">7VpLc9s2EP41OqZDgk</diagram></mxfile>', formats.DIAGRAM),
    ],
)
def test_a_drawing_without_words_says_so(text_of, data, mime_type):
    with pytest.raises(Failure, match="no_words_in_drawing"):
        text_of(data, mime_type)


def test_mail_shows_its_heads_its_body_and_what_is_attached(text_of):
    data = (
        b"From: Ada <ada@example.org>\r\nTo: b@example.org\r\n"
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>See the <b>bill</b>.</p>\r\n--X\r\n"
        b"Content-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename=bill.pdf\r\n\r\n"
        b"xxxx\r\n--X--\r\n"
    )
    assert text_of(data, formats.EML) == (
        "From: Ada <ada@example.org>\nTo: b@example.org\nSubject: Grüße\n\nSee the bill.\n\n"
        "Attachments: bill.pdf"
    )


def test_json_is_readable_and_complete(text_of):
    value = {"title": "Grüße", "items": [1, {"deep": None}]}
    text = text_of(json.dumps(value).encode(), formats.JSON)
    assert "Grüße" in text
    assert json.loads(text) == value
    assert text_of(b'{"a": 1}\n{"a": 2}\n', formats.JSON) == '{"a": 1}\n{"a": 2}\n'
    deep = "[" * 100_000
    assert text_of(deep.encode(), formats.JSON) == deep


def test_word_tables_are_rows(text_of):
    cells = "".join(f"<w:tc>{word_paragraph(text)}</w:tc>" for text in ("Name", "Age"))
    table = f"<w:tbl><w:tr>{cells}</w:tr><w:tr>{cells}</w:tr></w:tbl>"
    text = text_of(docx(word_paragraph("Before") + table), formats.DOCX)
    assert text == "Before\n\nName | Age\nName | Age"


def test_opendocument_and_rich_text(text_of):
    body = '<text:h text:outline-level="1">Head</text:h><text:p>One paragraph.</text:p>'
    assert text_of(odt(body), formats.ODT) == "Head\n\nOne paragraph."
    assert text_of(rb"{\rtf1\ansi Gr\'fc\'dfe\par}", formats.RTF) == "Grüße"


def test_an_encrypted_office_file_says_so(text_of):
    with pytest.raises(Failure, match="encrypted"):
        text_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), formats.DOCX)


def test_a_damaged_office_file_says_so(text_of):
    with pytest.raises(Failure, match="broken"):
        text_of(docx(word_paragraph("x"))[:200], formats.DOCX)
