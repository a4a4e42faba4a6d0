"""How often an answer is given where there is none, and refused where there is one.

`python -m benchmarks.answerability [--out FILE]` from `backend/`: fifty questions of
`unanswerable.txt` that the twenty quarterly reports cannot answer (other companies, other
years, other subjects, figures that are not reported, things that never happened), fifty of
`answerable.tsv` that they can, with words that a right quote holds, and all reviewed questions
of the reports' own set, many of which ask for a judgement or for several reports at once. It
exits with 1 when a quote is not verbatim on its page.
"""

import argparse
import csv
import fnmatch
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from benchmarks.server import Server, documents, serving, sign_up, unfinished, upload


class Kind(StrEnum):
    """Where a question comes from."""

    UNANSWERABLE = "unanswerable"
    ANSWERABLE = "answerable"
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class Question:
    """A question, and how to know a good answer."""

    text: str
    kind: Kind
    words: str = ""
    """What a right quote holds."""
    sources: tuple[str, ...] = ()
    """Patterns of the documents that the answer stands in."""


@dataclass
class Result:
    """What became of one question."""

    question: Question
    answer: str
    cited: list[str]
    quotes: list[str]
    verbatim: bool
    seconds: float

    @property
    def answered(self) -> bool:
        """Whether anything was cited."""
        return bool(self.cited)

    @property
    def right(self) -> bool:
        """Whether a quote holds the words that were expected."""
        words = self.question.words
        return bool(words) and any(words in " ".join(each.split()) for each in self.quotes)

    @property
    def cites_source(self) -> bool:
        """Whether a citation is of a document that the question was made from."""
        return any(
            fnmatch.fnmatch(name, f"{source}*")
            for name in self.cited
            for source in self.question.sources
        )


def questions() -> list[Question]:
    """Return every question, those of one kind together."""
    here = Path(__file__).parent
    cannot = (here / "unanswerable.txt").read_text().splitlines()
    can = [line.split("\t") for line in (here / "answerable.tsv").read_text().splitlines()]
    table = documents("documents", "sec-10-q", "questions.csv").read_text("utf-8-sig")
    return [
        *(Question(text, Kind.UNANSWERABLE) for text in cannot),
        *(Question(text, Kind.ANSWERABLE, words=words) for text, words in can),
        *(
            Question(row["Question"], Kind.REVIEWED, sources=_patterns(row["Source Docs"]))
            for row in csv.DictReader(table.splitlines(keepends=True))
        ),
    ]


def _patterns(sources: str) -> tuple[str, ...]:
    return tuple(f"*{each.strip().strip('*')}" for each in sources.split(","))


def ask(server: Server, question: Question) -> Result:
    """Ask one question and check what it cites."""
    began = time.perf_counter()
    answer = server.client.post("/v1/ask", json={"question": question.text})
    seconds = time.perf_counter() - began
    body = answer.raise_for_status().json()
    citations = body["citations"]
    return Result(
        question=question,
        answer=body["answer"],
        cited=[each["document_name"] for each in citations],
        quotes=[each["quote"] for each in citations],
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
        results = [ask(server, each) for each in asked]
    if arguments.out:
        arguments.out.write_text(json.dumps([asdict(each) for each in results], indent=1))
    report(results)
    return 0 if all(each.verbatim for each in results) else 1


def report(results: list[Result]) -> None:
    """Print the rates as a Markdown table."""
    of = {kind: [each for each in results if each.question.kind is kind] for kind in Kind}
    cannot, can, reviewed = of[Kind.UNANSWERABLE], of[Kind.ANSWERABLE], of[Kind.REVIEWED]
    rows = {
        "unanswerable, answered all the same": _rate(cannot, [e for e in cannot if e.answered]),
        "answerable, refused": _rate(can, [e for e in can if not e.answered]),
        "answerable, the right words quoted": _rate(can, [e for e in can if e.right]),
        "reviewed, refused": _rate(reviewed, [e for e in reviewed if not e.answered]),
        "reviewed, a source document cited": _rate(
            reviewed, [e for e in reviewed if e.cites_source]
        ),
        "quotes verbatim": _rate(results, [e for e in results if e.verbatim]),
        "median seconds of an answer": f"{statistics.median(e.seconds for e in results):.2f}",
    }
    print("| figure | value |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    for each in cannot:
        if each.answered:
            print(f"  answered all the same: {each.question.text}")
    for each in can:
        if not each.right:
            print(f"  {'other words' if each.answered else 'refused'}: {each.question.text}")


def _rate(all_of: list[Result], some: list[Result]) -> str:
    return f"{len(some)} of {len(all_of)} ({len(some) / len(all_of):.0%})"


if __name__ == "__main__":
    sys.exit(main())
