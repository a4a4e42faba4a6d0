"""How often an answer is given where there is none, and refused where there is one.

`python -m benchmarks.answerability [--out FILE]` from `backend/`: fifty questions of
`unanswerable.txt` that the twenty quarterly reports cannot answer (other companies, other
years, other subjects, figures that are not reported, things that never happened), and the
first fifty reviewed single-passage questions of the reports' own question set. It exits with 1
when a quote is not verbatim on its page.
"""

import argparse
import csv
import fnmatch
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.server import Server, documents, serving, sign_up, unfinished, upload

QUESTIONS = 50
_NOWHERE = (False, "")
KIND = "Single-Doc Single-Chunk RAG"


@dataclass
class Result:
    """What became of one question."""

    question: str
    answerable: bool
    source: str
    answer: str
    cited: list[str]
    verbatim: bool
    seconds: float

    @property
    def answered(self) -> bool:
        """Whether anything was cited."""
        return bool(self.cited)

    @property
    def cites_source(self) -> bool:
        """Whether a citation is of the document that the question was made from."""
        return any(fnmatch.fnmatch(name, f"{self.source}*") for name in self.cited)


def questions() -> list[tuple[str, bool, str]]:
    """Return each question, whether it can be answered, and from which document."""
    own = Path(__file__).with_name("unanswerable.txt").read_text().splitlines()
    table = documents("documents", "sec-10-q", "questions.csv").read_text("utf-8-sig")
    rows = csv.DictReader(table.splitlines(keepends=True))
    reviewed = [row for row in rows if row["Question Type"] == KIND]
    return [(line, *_NOWHERE) for line in own] + [
        (row["Question"], True, row["Source Docs"].strip("* ")) for row in reviewed[:QUESTIONS]
    ]


def ask(server: Server, question: str, *, answerable: bool, source: str) -> Result:
    """Ask one question and check what it cites."""
    began = time.perf_counter()
    answer = server.client.post("/v1/ask", json={"question": question}).raise_for_status().json()
    seconds = time.perf_counter() - began
    citations = answer["citations"]
    return Result(
        question=question,
        answerable=answerable,
        source=source,
        answer=answer["answer"],
        cited=[each["document_name"] for each in citations],
        verbatim=all(_is_verbatim(server, each) for each in citations),
        seconds=seconds,
    )


def _is_verbatim(server: Server, citation: dict[str, Any]) -> bool:
    page = server.client.get(
        f"/v1/documents/{citation['document_id']}/pages/{citation['page']}"
    ).json()
    quote = page["text"][citation["start"] : citation["end"]]
    return bool(quote == citation["quote"])


def main() -> int:
    """Ask all, print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="file for every question and answer, as JSON")
    arguments = parser.parse_args()
    asked = questions()
    with serving() as server:
        sign_up(server)
        upload(server, sorted(documents("documents", "sec-10-q").glob("*.pdf")))
        while unfinished(server):
            time.sleep(1)
        results = [ask(server, text, answerable=can, source=doc) for text, can, doc in asked]
    if arguments.out:
        arguments.out.write_text(json.dumps([asdict(each) for each in results], indent=1))
    report(results)
    return 0 if all(each.verbatim for each in results) else 1


def report(results: list[Result]) -> None:
    """Print the rates as a Markdown table."""
    can = [each for each in results if each.answerable]
    cannot = [each for each in results if not each.answerable]
    rows = {
        "unanswerable, answered all the same": _rate(cannot, [e for e in cannot if e.answered]),
        "answerable, refused": _rate(can, [e for e in can if not e.answered]),
        "answerable, the source document cited": _rate(can, [e for e in can if e.cites_source]),
        "quotes verbatim": _rate(results, [e for e in results if e.verbatim]),
        "median seconds of an answer": f"{statistics.median(e.seconds for e in results):.2f}",
    }
    print("| figure | value |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    for each in cannot:
        if each.answered:
            print(f"  answered all the same: {each.question}")
    for each in can:
        if not each.answered:
            print(f"  refused: {each.question}")


def _rate(all_of: list[Result], some: list[Result]) -> str:
    return f"{len(some)} of {len(all_of)} ({len(some) / len(all_of):.0%})"


if __name__ == "__main__":
    sys.exit(main())
