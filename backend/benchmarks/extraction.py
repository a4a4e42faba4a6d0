"""How well fields are found without a model, and what its confidence is worth.

`python -m benchmarks.extraction` from `backend/`. Four kinds of documents with hand-written gold
in `gold/`: twenty accident reports of one form, twenty quarterly reports, files of several formats,
and forms, letters and contracts made for this purpose. Each set was halved before anything was
built: the engine was made on the development halves. It prints exactness after normalisation by
field and half, other phrasings of the same fields, precision by confidence, and the time; and exits
with 1 when a field of the accident reports is below 90% on the half that was held out, or a quote
is not verbatim. `--fit` fits the weights of the confidence on the development halves.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from assay.analyses.extractive import confidence, fields
from assay.analyses.models import Field, FieldType, Page, Source
from assay.documents import formats, pdf, readers
from benchmarks.server import documents

GOLD = Path(__file__).parent / "gold"
TARGET = 0.9
DEV, HELD_OUT = "dev", "held-out"
BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)

_TEXT, _DATE, _MONEY, _NUMBER = FieldType.TEXT, FieldType.DATE, FieldType.MONEY, FieldType.NUMBER
_DAMAGE = ("None", "Minor", "Substantial", "Destroyed")
ACCIDENT = {
    "location": Field("Location", _TEXT, "Where the accident happened"),
    "date": Field("Date", _DATE, "Date of the accident"),
    "make": Field("Aircraft make", _TEXT, "Who made the aircraft"),
    "model": Field("Aircraft model", _TEXT, "Model of the aircraft"),
    "make_and_model": Field("Aircraft make and model", _TEXT),
    "registration": Field("Registration", _TEXT, "Registration number of the aircraft"),
    "injuries": Field("Injuries", _TEXT, "Injuries to people, all together"),
    "damage": Field("Highest damage level", FieldType.CHOICE, "Damage to the aircraft", _DAMAGE),
}
_ALSO: dict[str, list[tuple[str, str]]] = {
    "location": [
        ("Accident location", ""),
        ("Place", "City and state of the accident"),
        ("Where did it happen?", "Location of the accident"),
    ],
    "date": [("Accident date", ""), ("Date and time", ""), ("When", "Date of the accident")],
    "make": [("Make", ""), ("Manufacturer", "Aircraft manufacturer"), ("aircraft_make", "")],
    "model": [("Model", "Aircraft model"), ("aircraftModel", ""), ("Model/Series", "")],
    "make_and_model": [
        ("Aircraft", ""),
        ("Make and model", ""),
        ("Aircraft type", "Make and model of the aircraft"),
    ],
    "registration": [
        ("Tail number", "Registration mark painted on the aircraft, e.g. N12345"),
        ("Registration number", ""),
        ("Aircraft registration", "e.g. N12345"),
    ],
    "injuries": [
        ("Total injuries", ""),
        ("Injury level", "Number and severity of injuries"),
        ("People hurt", "Injuries, for example 1 Fatal"),
    ],
    "damage": [
        ("Aircraft damage", ""),
        ("Damage", "Damage to the aircraft"),
        ("Damage level", "How badly the aircraft was damaged"),
    ],
}
PHRASINGS = {
    key: [
        Field(name, ACCIDENT[key].type, description, ACCIDENT[key].options)
        for name, description in also
    ]
    for key, also in _ALSO.items()
}
"""The same fields as others would name them."""
QUARTERLY = {
    "company": Field("Company name", _TEXT, "Exact name of the registrant"),
    "quarter_end": Field("Quarter end", _DATE, "End of the quarterly period"),
    "state": Field("State of incorporation", _TEXT),
    "file_number": Field("Commission file number", _TEXT),
    "employer_id": Field("Employer identification number", _TEXT, "I.R.S. number"),
    "shares": Field("Shares outstanding", _NUMBER, "Shares of common stock outstanding"),
    "revenue": Field("Total revenue", _MONEY, "Total net sales or revenue of the quarter"),
    "net_income": Field("Net income", _MONEY),
}
FILES: dict[str, list[tuple[Field, Any]]] = {
    "RECEIPT-2024-TXN-98765_retail_purchase.pdf": [
        (Field("Transaction", _TEXT, "Transaction number"), "TXN-98765-2024"),
        (Field("Cashier", _TEXT), "Emily Rodriguez"),
        (Field("Total", _MONEY), "821.14"),
        (Field("Subtotal", _MONEY), "863.91"),
        (Field("Sales tax", _MONEY), "66.23"),
        (Field("Date", _DATE), "2024-11-23"),
        (Field("Points earned", _NUMBER), 821),
        (Field("Register", _TEXT), "POS-07"),
    ],
    "SPARSE-2024-INV-1234_borderless_table.pdf": [
        (Field("Report ID", _TEXT), "SPARSE-2024-INV-1234"),
        (Field("Warehouse", _TEXT), "Distribution Center East"),
        (Field("Report date", _DATE), "2024-11-15"),
        (Field("Author", _TEXT, "Who prepared the report"), "Sarah Martinez"),
        (Field("Variance cost", _MONEY, "Total cost of the variance"), "4287.50"),
        (Field("Accuracy", _NUMBER, "Overall accuracy"), 97.2),
    ],
    "movie-theater-booking-2024.pdf": [
        (Field("Order number", _TEXT, "Order / revision"), "2024-12-5678"),
        (Field("Cinema", _TEXT), "Downtown Multiplex"),
        (Field("Payment terms", _TEXT), "Corporate"),
        (Field("Customer ID", _TEXT), "CUST-98765"),
        (Field("Primary contact", _TEXT), "Sarah Johnson"),
        (Field("Commission", _NUMBER), 10),
        (Field("Total revenue", _MONEY), "12500.00"),
        (Field("Region", _TEXT), "NORTHEAST"),
    ],
    "REPAIR-2022-INV-001_multipage.pdf": [
        (Field("Insured name", _TEXT), "Gabriel Diaz"),
        (Field("Claim number", _TEXT), "SF-1008"),
        (Field("Policy number", _TEXT), "POL-2022-555"),
        (Field("Vehicle make", _TEXT), "Jeep"),
        (Field("VIN", _TEXT), "1C4RJFBG2NC123456"),
        (Field("Subtotal", _MONEY), "2730"),
        (Field("Grand total", _MONEY), "5738"),
        (Field("Estimator", _TEXT), "Ellis Turner"),
        (Field("Email", _TEXT), "gabriel@contoso.com"),
    ],
    "test_outlook_msg.msg": [
        (Field("Subject", _TEXT), "Test Email Message"),
        (Field("Date", _DATE), "2024-12-22"),
        (Field("Recipient", _TEXT), "test.recipient@example.com"),
    ],
}
ABSENT = [
    Field("Blood type", _TEXT), Field("Milk yield", _NUMBER, "Litres of milk a day"),
    Field("Conductor", _TEXT, "Conductor of the choir"), Field("Wedding date", _DATE),
    Field("Passport number", _TEXT), Field("Monthly mortgage payment", _MONEY),
    Field("Vessel name", _TEXT), Field("Allergies", FieldType.LIST),
    Field("Warranty expired", FieldType.BOOLEAN), Field("Thesis supervisor", _TEXT),
    Field("Harvest weight", _NUMBER, "Weight of the harvest in tons"),
    Field("Visa status", FieldType.CHOICE, "", ("Granted", "Denied")),
]  # fmt: skip
"""Fields that no document here answers: whatever is given for one is wrong."""

ELSEWHERE = [
    *(
        Field(name, _TEXT)
        for name in ("Author", "Editor", "Doctor", "Landlord", "Captain", "Witness")
    ),
    *(Field(name, _TEXT) for name in ("Supervisor", "Venue", "Ship to", "Invoice number")),
    *(Field(name, _DATE) for name in ("Delivery date", "Check-in date", "Date of birth")),
    Field("Total price", _MONEY, "Price to pay"),
    Field("Deposit", _MONEY, "Deposit paid by the tenant"),
    Field("Pets allowed", FieldType.BOOLEAN),
]
"""Fields of other documents, asked of long reports, whose prose has many of their words."""


@dataclass(frozen=True)
class Case:
    """A field of a document, and what the document says; None where it says nothing."""

    set: str
    half: str
    document: str
    key: str
    field: Field
    gold: Any


@dataclass(frozen=True)
class Result:
    """What became of a case."""

    case: Case
    value: Any
    confidence: float
    features: dict[str, float]

    @property
    def given(self) -> bool:
        """Whether the engine gives the value."""
        return self.confidence >= confidence.MIN_CONFIDENCE

    @property
    def right(self) -> bool:
        """Whether the best candidate is right, given or not."""
        return self.value is not None and same(self.value, self.case.gold)

    @property
    def exact(self) -> bool:
        """Whether the cell is as it should be: the right value, or rightly none."""
        return self.right and self.given if self.case.gold is not None else not self.given


def same(value: Any, gold: Any) -> bool:
    """Compare a value with the gold: amounts and numbers as such, texts without case and marks."""
    if gold is None:
        return False
    if isinstance(value, dict):
        return Decimal(value["amount"]) == Decimal(str(gold))
    if isinstance(value, bool) or isinstance(gold, bool):
        return value is gold
    if isinstance(value, int | float):
        return Decimal(str(value)) == Decimal(str(gold))
    if isinstance(value, list):
        return [_plain(each) for each in value] == [_plain(each) for each in gold]
    return _plain(str(value)) == _plain(str(gold))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .,;:")


def read(path: Path) -> Source:
    """Return a file as the service hands it to the engine."""
    data = path.read_bytes()
    if formats.detect(path.name, data[: formats.HEAD_BYTES]) == formats.PDF:
        texts = list(pdf.texts(pdf.open_pdf(path)))
    else:
        texts = list(
            readers.read(path, formats.detect(path.name, data[: formats.HEAD_BYTES])).pages
        )
    return Source(uuid4(), path.name, tuple(Page(n, text) for n, text in enumerate(texts, 1)))


def cases() -> Iterator[tuple[Path, list[Case]]]:
    """Yield every document with its cases."""
    for name, folder, asked in (
        ("accident_reports", "ntsb", ACCIDENT),
        ("quarterly_reports", "sec-10-q", QUARTERLY),
    ):
        for line in (GOLD / f"{name}.jsonl").read_text().splitlines():
            row = json.loads(line)
            every = [(key, field) for key, field in asked.items()]
            if asked is ACCIDENT:
                every += [(f"{key}: {f.name}", f) for key, fs in PHRASINGS.items() for f in fs]
            yield documents("documents", folder, row["document"]), [
                *(
                    Case(name, row["half"], row["document"], key, field,
                         row["values"][key.partition(":")[0]]["value"])
                    for key, field in every
                ),
                *_absent(name, row["half"], row["document"]),
                *(
                    Case(f"{name}, absent", row["half"], row["document"], each.name, each, None)
                    for each in (ELSEWHERE if asked is QUARTERLY else ())
                ),
            ]  # fmt: skip
    for number, report in enumerate(("DOT2022.pdf", "GSA2022.pdf", "HHS2022.pdf")):
        half = HELD_OUT if number % 2 else DEV
        yield (
            documents("documents", "agencies", report),
            [
                Case("agencies, absent", half, report, each.name, each, None)
                for each in (*ABSENT, *ELSEWHERE)
            ],
        )
    for number, (file, pairs) in enumerate(FILES.items()):
        half = HELD_OUT if number % 2 else DEV
        yield (
            documents("formats", file),
            [
                *(Case("files", half, file, field.name, field, gold) for field, gold in pairs),
                *_absent("files", half, file),
            ],
        )
    for path in sorted((GOLD / "made").glob("*.txt")):
        gold = json.loads(path.with_suffix(".json").read_text())
        yield path, [
            *(
                Case("made", gold["half"], path.name, each["name"],
                     Field(each["name"], FieldType(each["type"]), each["description"],
                           tuple(each.get("options", ()))),
                     each["value"])
                for each in gold["fields"]
            ),
            *_absent("made", gold["half"], path.name),
        ]  # fmt: skip


def _absent(name: str, half: str, document: str) -> Iterator[Case]:
    for field in ABSENT:
        yield Case(f"{name}, absent", half, document, field.name, field, None)


def run(path: Path, every: Sequence[Case]) -> tuple[list[Result], int, float]:
    """Return the results of a document's cases, how many quotes are not verbatim, the CPU time."""
    source = read(path)
    asked = [case.field for case in every if ":" not in case.key and "absent" not in case.set]
    began = time.process_time()
    index = fields.read(source, asked)
    results = []
    broken = 0
    for case in every:
        judged = fields.judge(index, case.field, ())
        if judged is None:
            results.append(Result(case, None, 0.0, {}))
            continue
        cell = fields.cell(source, judged.candidate, judged.confidence)
        evidence = cell.evidence
        page = source.pages[evidence.page - 1].text
        broken += (
            page[evidence.start : evidence.end] != evidence.quote or cell.text not in evidence.quote
        )
        results.append(Result(case, cell.value, judged.confidence, dict(judged.features)))
    return results, broken, time.process_time() - began


def fit(results: Sequence[Result]) -> dict[str, float]:
    """Return logistic weights, fitted with a quadratic penalty by Newton's method.

    The same field of ten like documents is right or wrong ten times for one reason, so it counts
    as three.
    """
    used = [each for each in results if each.features]
    names = sorted({name for each in used for name in each.features})
    x = np.array([[each.features[name] for name in names] for each in used])
    y = np.array([float(each.right) for each in used])
    alike = Counter((each.case.set, each.case.key) for each in used)
    weight = np.array([alike[each.case.set, each.case.key] ** -0.5 for each in used])
    weight *= len(used) / weight.sum()
    penalty = np.diag([0.0 if name == "bias" else 1.0 for name in names])
    w = np.zeros(len(names))
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (weight * (p - y)) + penalty @ w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty + 1e-6 * np.eye(len(names))
        w -= np.linalg.solve(hessian, gradient)
    return {name: round(float(value), 2) for name, value in zip(names, w, strict=True)}


HOSTILE = (
    *("Name: x ", "a", "1,", "1.000,", "( ", '(the "', "A ", "A b, ", "Acme Inc, ", "- ", "$ 1 "),
    *("| ", "x | y\n", "Total 1 2\n", "Name:\n", "a@", "Jan 1 ", "12/", ": ", "\t", " ", "not "),
    *("Name Date Total\nA 1 2\n", "• ", "Date of the thing ", "☒ Yes "),
)
"""What patterns that are not linear in the text would take long over, many times in a row."""
_SMALL, _TIMES = 20_000, 8
_SQUARE = 24
"""Of growth, what is no longer linear, whatever else the machine does meanwhile."""


def growth(piece: str) -> float:
    """Return how much more time eight times as much of a text takes, 8 where it is linear."""
    seconds = []
    for size in (_SMALL, _SMALL, _SMALL * _TIMES):
        text = piece * (size // len(piece))
        source = Source(uuid4(), "hostile", (Page(1, text),))
        asked = [*ABSENT, Field("Name", _TEXT), Field("Date", _DATE), Field("Total", _MONEY)]
        began = time.process_time()
        fields.extract(source, asked, {})
        fields.extract(source, asked, {}, per_item=True)
        seconds.append(time.process_time() - began)
    return seconds[2] / max(seconds[1], 0.02)


def main() -> int:
    """Run all, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--fit", action="store_true", help="print weights fitted on the development halves"
    )
    parser.add_argument(
        "--misses", action="store_true", help="print what is wrong on the development halves"
    )
    arguments = parser.parse_args()
    results: list[Result] = []
    broken, seconds = 0, 0.0
    for path, every in cases():
        some, bad, spent = run(path, every)
        results += some
        broken += bad
        seconds += spent
    if arguments.fit:
        print(json.dumps(fit([each for each in results if each.case.half == DEV]), indent=4))
    if arguments.misses:
        _print_misses([each for each in results if each.case.half == DEV])
    missed = report(results)
    print(
        f"\nquotes that are not verbatim: {broken};"
        f" {len(results)} cells in {seconds:.1f} s of processor time"
    )
    worst = max(HOSTILE, key=growth)
    grown = growth(worst)
    print(f"hostile text: 8 times as much takes {grown:.1f} times as long at worst ({worst!r})")
    return 1 if missed or broken or grown > _SQUARE else 0


def _print_misses(results: Sequence[Result]) -> None:
    for each in results:
        if not each.exact:
            where = f"{each.case.set} {each.case.document[:24]} {each.case.key}"
            got = f"{str(each.value)[:70]!r} at {each.confidence:.2f}"
            print(f"  {where}: {each.case.gold!r} but {got}")


def report(results: Sequence[Result]) -> list[str]:
    """Print the tables; return the fields of the accident reports that miss the target."""
    print("| set | field | development | held out |\n|---|---|---|---|")
    groups: dict[tuple[str, str], dict[str, list[Result]]] = defaultdict(
        lambda: {DEV: [], HELD_OUT: []}
    )
    for each in results:
        absent = "absent" in each.case.set
        whole = absent or each.case.set in {"files", "made"}
        groups[each.case.set, "all" if whole else each.case.key][each.case.half].append(each)
    missed = []
    for (name, key), halves in groups.items():
        print(f"| {name} | {key} | {_share(halves[DEV])} | {_share(halves[HELD_OUT])} |")
        held = halves[HELD_OUT]
        target = name == "accident_reports" and key in ACCIDENT
        if target and sum(each.exact for each in held) < TARGET * len(held):
            missed.append(key)
    for half in (DEV, HELD_OUT):
        print(
            f"\nPrecision by confidence, {half}\n\n"
            "| confidence | cells | right | precision |\n|---|---|---|---|"
        )
        for low, high in pairwise(BINS):
            some = [each for each in results if each.case.half == half
                    and low <= each.confidence < high + (high == 1.0)]  # fmt: skip
            right = sum(each.right for each in some)
            share = f"{right / len(some):.0%}" if some else ""
            print(f"| {low:.2f} to {high:.2f} | {len(some)} | {right} | {share} |")
    if missed:
        print(f"\nbelow {TARGET:.0%} on the half that was held out: {', '.join(missed)}")
    return missed


def _share(results: Sequence[Result]) -> str:
    exact = sum(each.exact for each in results)
    return f"{exact} of {len(results)}" if results else ""


if __name__ == "__main__":
    sys.exit(main())
