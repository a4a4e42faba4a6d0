import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.analyses.evidence import is_verbatim
from assay.analyses.extractive.fields import extract
from assay.analyses.models import Field, FieldType, Passage
from assay.documents import readers
from assay.documents.formats import CSV, EML
from tests.analyses.reading import written

MADE = Path(__file__).parents[2] / "benchmarks" / "gold" / "made"
TEXT, DATE, MONEY, NUMBER = FieldType.TEXT, FieldType.DATE, FieldType.MONEY, FieldType.NUMBER


def found(document, *fields):
    """Return the values of one row, every one of them with evidence that holds."""
    (row,) = extract(document, fields, {})
    assert list(row) == [field.name for field in fields]
    for cell in row.values():
        if cell:
            check(document, cell)
    return {name: cell and cell.value for name, cell in row.items()}


def check(document, cell):
    assert is_verbatim(document, cell.evidence)
    assert cell.text in cell.evidence.quote
    assert 0 < cell.confidence <= 1


def value(text, name, kind=TEXT, description="", options=()):
    return found(written(text), Field(name, kind, description, options))[name]


FORM = """CITY OF LINDEN
Dog Licence
Owner Name: Carla Diaz Licence No: 55-0192
Dog: Biscuit Breed: Border Collie Vaccinated: Yes
Date Issued: 02/11/2024 Expires: Fee: $34.00
Condition: Good Owner Name: Carla Diaz
"""


def test_a_value_ends_where_the_next_label_of_its_line_begins():
    assert value(FORM, "Owner") == "Carla Diaz"
    assert value(FORM, "Breed") == "Border Collie"
    assert value(FORM, "Licence number") == "55-0192"
    assert value(FORM, "Vaccinated", FieldType.BOOLEAN) is True
    assert value(FORM, "Fee", MONEY) == {"amount": "34.00", "currency": "USD"}
    assert value(FORM, "Condition", FieldType.CHOICE, "", ("Bad", "Good")) == "Good"


def test_a_label_without_a_value_gives_nothing():
    assert value(FORM, "Expires", DATE) is None
    assert value("Name: N/A\nCity: Porto\nAge: -\n", "Name") is None


def test_what_the_document_does_not_say_is_not_found():
    absent = [Field("Blood type", TEXT), Field("Wedding date", DATE), Field("Rent", MONEY)]
    assert set(found(written(FORM), *absent).values()) == {None}
    assert set(found(written(""), *absent).values()) == {None}


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("breed", ""),
        ("BREED", ""),
        ("dog_breed", ""),
        ("dogBreed", ""),
        ("Race of the animal", "Breed of the dog"),
    ],
)
def test_fields_are_named_in_many_ways(name, description):
    assert value(FORM, name, TEXT, description) == "Border Collie"


def test_a_label_may_stand_over_its_value():
    text = "Application\n\nFirst name\nAroha\n\nDate of birth\n22 August 1985\n\nFee:\n$12.00\n"
    assert value(text, "First name") == "Aroha"
    assert value(text, "Date of birth", DATE) == "1985-08-22"
    assert value(text, "Fee", MONEY) == {"amount": "12.00", "currency": "USD"}


def test_a_caption_may_stand_under_its_value():
    text = (
        "ANNUAL FILING\nLakeside Mills Inc.\n(Exact name of the issuer)\n"
        "Ohio 31-1234567\n(State of organization) (Tax number)\n"
    )
    assert value(text, "Name of the issuer") == "Lakeside Mills Inc."
    assert value(text, "State of organization") == "Ohio"
    assert value(text, "Tax number") == "31-1234567"


def test_rows_of_figures_give_the_latest_year_unless_another_is_asked_for():
    text = (
        "Statement of income\nYear\n2021 2022\nInterest income 8,410 9,275\nNet income 1,336 1,753"
    )
    assert value(text, "Interest income", MONEY) == {"amount": "9275", "currency": None}
    assert value(text, "Net income", NUMBER) == 1753
    asked = value(text, "Interest income", NUMBER, "Interest income of 2021")
    assert asked == 8410


CONTRACT = """AGREEMENT
This Agreement is made as of March 1, 2022 (the "Effective Date") between Northgate Analytics LLC, a
Delaware company (the "Provider"), and Pelican Foods Corporation (the
"Client").
The Agreement shall renew automatically each year.
The Client may not sublet the premises. Smoking is not permitted.
The monthly fee is $12,500.
This Agreement is governed by the laws of the State of New York.
"""


def test_contracts_define_their_terms_and_say_yes_or_no():
    assert value(CONTRACT, "Provider") == "Northgate Analytics LLC"
    assert value(CONTRACT, "Client") == "Pelican Foods Corporation"
    assert value(CONTRACT, "Effective date", DATE) == "2022-03-01"
    assert value(CONTRACT, "Monthly fee", MONEY) == {"amount": "12500", "currency": "USD"}
    assert value(CONTRACT, "Automatic renewal", FieldType.BOOLEAN) is True
    assert value(CONTRACT, "Smoking permitted", FieldType.BOOLEAN) is False
    assert value(CONTRACT, "Arbitration", FieldType.BOOLEAN) is None


def test_two_things_asked_for_as_one_are_found_where_both_stand():
    text = "Car: Volvo V60 Owner: Ann Lee\nCar Make: Volvo Colour: Red\nModel: V60 Year: 2019\n"
    assert value(text, "Car make and model") == "Volvo V60"


def test_retrieval_decides_between_places_that_are_alike():
    text = "The fee of the club is $10 a year.\n\nThe fee of the pool is $20 a year.\n"
    document = written(text)
    start = text.index("The fee of the pool")
    passage = Passage(1, start, len(text), text[start:], 1.0)
    (row,) = extract(document, [Field("Fee", MONEY)], {"Fee": [passage]})
    assert row["Fee"] is not None
    assert row["Fee"].value == {"amount": "20", "currency": "USD"}


ITEMS = """Invoice 7

Description Qty Unit price Total
Oak door, fitted 4 £310.00 £1,240.00
Skirting board 36 £8.50 £306.00

Subtotal £1,546.00
"""
MARKED = """Description | Qty | Total
Oak door, fitted | 4 | £1,240.00
Skirting board | 36 | £306.00
"""
SPACED = """Description        Qty     Total
Oak door, fitted     4  £1,240.00
Skirting board      36    £306.00
"""
COLUMNS = [Field("Description", TEXT), Field("Quantity", NUMBER), Field("Total", MONEY)]


@pytest.mark.parametrize(
    "text",
    [
        ITEMS,
        MARKED,
        SPACED,
    ],
)
def test_one_row_for_each_item_of_a_table(text):
    document = written(text)
    rows = extract(document, COLUMNS, {}, per_item=True)
    for row in rows:
        for cell in row.values():
            check(document, cell)
    assert [[row[field.name].value for field in COLUMNS] for row in rows] == [
        ["Oak door, fitted", 4, {"amount": "1240.00", "currency": "GBP"}],
        ["Skirting board", 36, {"amount": "306.00", "currency": "GBP"}],
    ]


def test_no_table_no_items():
    assert extract(written(CONTRACT), COLUMNS, {}, per_item=True) == []


def parsed(tmp_path, name, mime_type, data):
    path = tmp_path / name
    path.write_bytes(data)
    return written(*readers.read(path, mime_type).pages, name=name)


def test_a_csv_file(tmp_path):
    document = parsed(tmp_path, "a.csv", CSV, b"name,city,age\nAnn,Oslo,30\nBo,Rome,41\n")
    rows = extract(document, [Field("Name", TEXT), Field("Age", NUMBER)], {}, per_item=True)
    assert [row["Age"].value for row in rows] == [30, 41]


def test_a_mail(tmp_path):
    mail = b"From: a@example.org\nTo: b@example.org\nSubject: Offer\n\n"
    mail += b"Your start date is 2 May 2024.\n"
    document = parsed(tmp_path, "a.eml", EML, mail)
    asked = Field("Sender", TEXT), Field("Subject", TEXT), Field("Start date", DATE)
    assert found(document, *asked) == {
        "Sender": "a@example.org",
        "Subject": "Offer",
        "Start date": "2024-05-02",
    }


@pytest.mark.parametrize("path", sorted(MADE.glob("*.txt")), ids=lambda path: path.stem)
def test_every_quote_in_made_documents_is_verbatim(path):
    gold = json.loads(path.with_suffix(".json").read_text())["fields"]
    fields = [
        Field(e["name"], FieldType(e["type"]), e["description"], tuple(e.get("options", ())))
        for e in gold
    ]
    given_ = found(written(path.read_text()), *fields)
    assert sum(value is not None for value in given_.values()) >= len(fields) // 2


ASKED = [
    Field("Name", TEXT),
    Field("Invoice number", TEXT, "e.g. A-123"),
    Field("Date", DATE, "Date of the thing"),
    Field("Total amount", MONEY),
    Field("Number of pages", NUMBER),
    Field("Approved", FieldType.BOOLEAN),
    Field("Make and model", TEXT),
    Field("State", FieldType.CHOICE, "", ("Open", "Closed")),
    Field("Items", FieldType.LIST),
    Field("?", TEXT),
]
WORDS = st.sampled_from(
    "Name: Date: Total Invoice number No. A-12 12/03/2024 $5.00 (12) Open Yes ☒ | : ( ) , . -"
    " state of Items: • Make Model 2022 approved not Acme Inc. (the “Name”) \t \n \n\n é 年"
    " 😀".split(" ")
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.lists(WORDS).map(" ".join), st.text(max_size=200)), max_size=4))
def test_any_text_gives_cells_with_verbatim_evidence(texts):
    document = written(*texts)
    for per_item in (False, True):
        for row in extract(document, ASKED, {}, per_item=per_item):
            for cell in row.values():
                if cell:
                    check(document, cell)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(FieldType))
def test_any_field_may_be_asked_for(name, description, kind):
    extract(written(FORM + CONTRACT), [Field(name, kind, description, ("a", ""))], {})


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "Name: x ",
            "a",
            "1,",
            "1.000,",
            "( ",
            '(the "',
            "A ",
            "A b, ",
            "Acme Inc, ",
            "- ",
            "$ 1 ",
        ),
        *(
            "| ",
            "x | y\n",
            "Total 1 2\n",
            "Name:\n",
            "a@",
            "Jan 1 ",
            "12/",
            ": ",
            "\t",
            " ",
            "not ",
        ),
        *("Name Date Total\nA 1 2\n", "• ", "Date of the thing ", "☒ Yes "),
    ],
)
def test_hostile_text_comes_to_an_end(piece):
    """How the time grows is measured by `python -m benchmarks.extraction`."""
    document = written(piece * (20_000 // len(piece)))
    for per_item in (False, True):
        extract(document, ASKED, {}, per_item=per_item)
