import json
from pathlib import Path

import httpx
import pytest

from assay.analyses.models import FieldType
from assay.cli import evaluation_scores as scores
from assay.cli.client import Client
from assay.cli.console import Console
from assay.cli.evaluation import evaluate, markdown, missed
from assay.cli.evaluation_set import read_set
from assay.cli.failures import CommandFailed
from tests.cli.test_command_line import assay

DOCS = Path(__file__).parents[3] / "docs" / "evaluation"
TEXT = "Date: March 14, 2025\nEmployees: 312\n"
FIELDS = [
    {"name": "Date", "type": "date"},
    {"name": "Fee", "type": "money"},
    {"name": "Staff", "type": "number"},
]


def cell(value, quote, *, start=None):
    at = TEXT.index(quote) if start is None else start
    place = {"document_id": "1", "page": 1, "start": at, "end": at + len(quote), "quote": quote}
    return {"value": value, "text": quote, "confidence": 0.9, **place}


class Api:
    """Answers as an installation does whose table holds these cells."""

    def __init__(self, cells, *, status="completed"):
        self.cells, self.status, self.calls = cells, status, []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        analysis = {
            "id": "a",
            "status": self.status,
            "engine": "extractive",
            "error": {"message": "No money."},
            "usage": {"cost_usd": 0.25},
        }
        row = {"document_id": "1", "document_name": "a.txt", "cells": self.cells}
        answers = {
            "POST /v1/analyses": analysis,
            "GET /v1/analyses/a/table": {"columns": [], "rows": [row], "next_cursor": None},
            "GET /v1/documents/1/pages/1": {"page": 1, "text": TEXT},
        }
        return httpx.Response(200, json=answers[self.calls[-1]])


async def evaluated(api, lines):
    documents = [{"name": "a.txt", "id": "1", "status": "ready"}]
    transport = httpx.MockTransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        return await evaluate(Client(http), Console(quiet=True), lines, documents)


def lines_of(tmp_path, *lines):
    path = tmp_path / "set.jsonl"
    path.write_text(
        "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    )
    return read_set(path)


def extraction(document="a.txt", **expected):
    return {"kind": "extraction", "document": document, "fields": FIELDS, "expected": expected}


async def test_extraction_counts_right_wrong_invented_and_unquoted(tmp_path):
    lines = lines_of(tmp_path, extraction(Date="14 March 2025", Fee=None, Staff=300))
    api = Api(
        {
            "Date": cell("2025-03-14", "March 14, 2025"),
            "Fee": cell({"amount": "5", "currency": None}, "nowhere", start=3),
            "Staff": cell(312, "312"),
        }
    )
    report = await evaluated(api, lines)
    figures = report["extraction"]
    assert figures["precision"] == pytest.approx(1 / 3)
    assert figures["recall"] == pytest.approx(1 / 2)
    assert figures["f1"] == pytest.approx(0.4)
    assert figures["invented"] == 1
    assert figures["citation_validity"] == pytest.approx(2 / 3)
    assert report["fields"]["Date"]["f1"] == 1
    assert {each["field"] for each in report["mistakes"]} == {"Fee", "Staff"}
    assert (report["cost_usd"], report["engines"]) == (0.25, ["extractive"])
    assert "| Staff | 1 | 0.000 | 0.000 | 0.000 |" in markdown(report, "T")


async def test_lines_of_equal_fields_are_one_analysis(tmp_path):
    line = extraction(Date=None, Fee=None, Staff=None)
    api = Api(dict.fromkeys(["Date", "Fee", "Staff"]))
    report = await evaluated(api, lines_of(tmp_path, line, line))
    assert api.calls.count("POST /v1/analyses") == 1
    assert (report["extraction"]["cells"], report["extraction"]["f1"]) == (6, 1)


@pytest.mark.parametrize("status", ["failed", "paused", "cancelled"])
async def test_an_analysis_that_does_not_end_well_ends_the_command(tmp_path, status):
    lines = lines_of(tmp_path, extraction(Date=None, Fee=None, Staff=None))
    with pytest.raises(CommandFailed, match="No money"):
        await evaluated(Api({}, status=status), lines)


async def test_a_missing_document_is_told_before_anything_is_spent(tmp_path):
    good = extraction(Date=None, Fee=None, Staff=None)
    lines = lines_of(tmp_path, good, extraction("b.txt", Date=None, Fee=None, Staff=None))
    api = Api({})
    with pytest.raises(CommandFailed, match=r"b\.txt") as failed:
        await evaluated(api, lines)
    assert failed.value.code == 2
    assert api.calls == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Invalid JSON"),
        ("[1]", "set.jsonl:2"),
        ({"kind": "guess"}, "kind"),
        ({"kind": "answer", "question": "Q?"}, "expected"),
        ({"kind": "answer", "question": "", "expected": []}, "question"),
        ({"kind": "retrieval", "query": "Q", "relevant": []}, "relevant"),
        ({"kind": "retrieval", "query": "Q", "relevant": [{"document": "a", "page": 0}]}, "page"),
        (extraction(Date=None, Fee=None), "lacks Staff"),
        (extraction(Date=None, Fee=None, Staff=1, Wind=1), "names Wind"),
        ({**extraction(Date=None, Fee=None, Staff=1), "more": 1}, "more"),
    ],
)
def test_a_faulty_line_is_told_by_its_number_and_what_is_wrong(tmp_path, line, told):
    with pytest.raises(CommandFailed) as failed:
        lines_of(tmp_path, {"kind": "answer", "question": "Q?", "expected": []}, line)
    assert failed.value.code == 2
    assert "set.jsonl:2: " in str(failed.value)
    assert told in str(failed.value)


def test_a_set_that_cannot_be_read_is_told(tmp_path):
    for content in (b"", b"\n\n", b"\xff\xfe{"):
        (tmp_path / "s").write_bytes(content)
        with pytest.raises(CommandFailed):
            read_set(tmp_path / "s")
    with pytest.raises(CommandFailed, match="cannot be read"):
        read_set(tmp_path / "nowhere")


def test_ranking_figures_are_those_of_the_literature():
    found = scores.retrieval([scores.Ranked([0, 2, 0, 1], [2, 1])], 10)
    assert found["ndcg@10"] == pytest.approx((2 / 1.58496 + 1 / 2.32193) / (2 + 1 / 1.58496), 1e-4)
    assert found["recall@10"] == 1
    assert found["mrr"] == 0.5
    assert scores.retrieval([scores.Ranked([], [1])], 10)["ndcg@10"] == 0


@pytest.mark.parametrize(
    ("kind", "found", "expected", "right"),
    [
        ("money", {"amount": "1200.00", "currency": "USD"}, "$1,200", True),
        ("money", {"amount": "1200", "currency": "EUR"}, "$1,200", False),
        ("number", 312, 312.0, True),
        ("number", 312, "three hundred", False),
        ("date", "2025-03-14", "14 March 2025", True),
        ("boolean", False, False, True),
        ("boolean", True, "yes", True),
        ("list", ["b", "A"], ["a", "B"], True),
        ("text", "Houston,  TX", "houston, tx.", True),
        ("text", "Houston", "Austin", False),
    ],
)
def test_values_are_compared_as_what_they_are(kind, found, expected, right):
    filled = scores.Filled("x", FieldType(kind), found, expected, verbatim=True)
    assert scores.is_right(filled) is right


def test_bounds_are_checked_and_unknown_ones_refused():
    report = {"answers": {"right": 0.8}, "cost_usd": 0.0}
    assert missed(report, ["answers.right=0.8"]) == []
    assert missed(report, ["answers.right=0.9"]) == ["answers.right is 0.800, below 0.9."]
    for wrong in ("answers.left=1", "cost_usd=1", "answers.right=high", "nothing"):
        with pytest.raises(CommandFailed):
            missed(report, [wrong])


def test_the_documented_example_is_a_good_set():
    kinds = [line.kind for line in read_set(DOCS / "set.jsonl")]
    assert set(kinds) == {"extraction", "retrieval", "answer"}


def test_the_command_judges_search_and_answers_without_a_server(tmp_path):
    lines = (DOCS / "set.jsonl").read_text().splitlines()
    chosen = tmp_path / "set.jsonl"
    chosen.write_text("\n".join(line for line in lines if '"extraction"' not in line))
    files = [str(DOCS / name) for name in ("harbour.txt", "ferry.txt")]
    out, told = tmp_path / "r.json", tmp_path / "r.md"
    options = ["--out", str(out), "--markdown", str(told), "--min", "answers.right=1.01"]
    done = assay(tmp_path / "data", "eval", str(chosen), *files, *options)
    assert done.returncode == 6, done.stderr
    assert "answers.right is" in done.stderr
    report = json.loads(out.read_text())
    assert report["retrieval"]["queries"] == 2
    assert report["retrieval"]["recall@10"] == 1
    assert report["answers"] == {
        "questions": 3,
        "answered": 1,
        "right": 1,
        "refused": 1,
        "citation_validity": 1,
    }
    assert "| ndcg@10 |" in told.read_text()
    assert "| ndcg@10 |" in done.stdout


def test_the_command_refuses_a_faulty_set_before_it_starts_anything(tmp_path):
    chosen = tmp_path / "set.jsonl"
    chosen.write_text("{")
    refused = assay(tmp_path / "data", "eval", str(chosen))
    assert refused.returncode == 2
    assert "set.jsonl:1:" in refused.stderr
    assert not (tmp_path / "data").exists()
