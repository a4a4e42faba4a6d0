"""How well documents are put into classes without a model, and whether its confidence is true.

`python -m benchmarks.classification [--out FILE]` from `backend/`. Two sets: one-line
descriptions of Debian packages, whose section is the class (where `apt-cache` is there), and
whole documents: accident reports, quarterly reports, strategic plans, abstracts. Each is
classified twice, with its own class among the labels and without it, when no label is right.
The confidence is fitted on half of the descriptions; all else is only reported.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt

from assay.adapters.embeddings_local import LocalEmbeddings
from assay.analyses.extractive.classify import (
    MIN_CONFIDENCE,
    estimate,
    meaning,
    read,
    spoken,
    telling,
)
from assay.analyses.models import Label, Page, Source
from assay.documents import pdf
from benchmarks.server import documents

PER_SECTION = 40
ABSTRACTS = 60
SECTIONS = {
    "database": "databases",
    "editors": "text editors",
    "education": "learning and teaching",
    "electronics": "circuit design and electronics",
    "fonts": "typefaces and fonts",
    "games": "games to play",
    "graphics": "pictures, drawing and image processing",
    "hamradio": "amateur radio",
    "mail": "electronic mail clients and servers",
    "math": "mathematics software",
    "news": "usenet and news feeds",
    "shells": "command shells",
    "sound": "audio, music and sound",
    "video": "video playback and editing",
    "web": "web browsers and servers",
}
KINDS = {
    "accident report": "an investigation of an accident",
    "quarterly report": "financial results of a company for a quarter",
    "strategic plan": "goals, objectives and strategies of an agency",
    "invoice or receipt": "a bill for goods or services with prices",
    "scientific article": "research with methods and results",
}
FOLDERS = {"ntsb": "accident report", "sec-10-q": "quarterly report", "agencies": "strategic plan"}


@dataclass(frozen=True)
class Try:
    """One document against one set of labels."""

    among: bool
    """Whether its class was among the labels."""
    score: float
    lead: float
    right: bool


class Nearness:
    """Nearness by the local embeddings, each text computed once."""

    def __init__(self, folder: Path) -> None:
        self._model = LocalEmbeddings(folder)
        self._known: dict[str, list[float]] = {}

    def __call__(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        """Return for each text its nearness to each of the others."""
        near: list[list[float]] = (self._vectors(texts) @ self._vectors(others).T).tolist()
        return near

    def _vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._model._embed(text)  # noqa: SLF001 - without its threads
        return np.array([self._known[text] for text in texts])


def descriptions() -> Iterator[tuple[Source, str]]:
    """Yield descriptions of packages with their sections; nothing where there is no apt."""
    program = shutil.which("apt-cache")
    if program is None:
        return
    listed = subprocess.run([program, "dumpavail"], check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, list[str]] = {section: [] for section in SECTIONS}
    for record in listed.stdout.split("\n\n"):
        section = re.search(r"^Section: (\S+)", record, re.MULTILINE)
        name = re.search(r"^Package: (\S+)", record, re.MULTILINE)
        line = re.search(r"^Description: (.*)", record, re.MULTILINE)
        if section and name and line and section[1] in found:
            found[section[1]].append(f"{name[1]}\n{line[1]}")
    chance = random.Random(5)  # noqa: S311
    for section, texts in found.items():
        for text in chance.sample(texts, min(PER_SECTION, len(texts))):
            yield source(text), section


def reports() -> Iterator[tuple[Source, str]]:
    """Yield whole documents with their kinds."""
    for folder, kind in FOLDERS.items():
        for path in sorted(documents("documents", folder).glob("*.pdf")):
            yield source(*pdf.texts(pdf.open_pdf(path))), kind
    corpus = documents("retrieval", "scifact", "corpus.jsonl").read_text().splitlines()
    for line in corpus[:ABSTRACTS]:
        abstract = json.loads(line)
        yield source(f"{abstract['title']}\n{abstract['text']}"), "scientific article"


def source(*texts: str) -> Source:
    """Return a document of these pages."""
    pages = tuple(Page(number, text) for number, text in enumerate(texts, 1))
    return Source(UUID(int=0), "document", pages)


def tries(
    labelled: Sequence[tuple[Source, str]], names: Mapping[str, str], nearness: Nearness
) -> list[Try]:
    """Classify each document with its class among the labels, and without."""
    labels = [Label(name, description) for name, description in names.items()]
    made = []
    for document, right in labelled:
        for among in (True, False):
            offered = [each for each in labels if among or each.name != right]
            passages = telling(document, offered)
            texts = [spoken(each) for each in passages]
            near = nearness(texts, [meaning(each) for each in offered])
            reading = read(passages, offered, near)
            if reading:
                is_right = reading.label.name == right
                made.append(Try(among, reading.score, reading.lead, is_right))
    return made


def fitted(made: Sequence[Try]) -> list[float]:
    """Return base and weights of score and lead by logistic regression (Newton's method)."""
    features = np.array([[1.0, each.score, each.lead] for each in made])
    right = np.array([float(each.right) for each in made])
    weights = np.zeros(3)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-features @ weights))
        curve = (features * (chance * (1 - chance))[:, None]).T @ features + 1e-3 * np.eye(3)
        weights += np.linalg.solve(curve, features.T @ (right - chance) - 1e-3 * weights)
    return [float(weight) for weight in weights]


def figures(made: Sequence[Try]) -> dict[str, float]:
    """Return how often a label is given and right, and how far the confidence is off."""
    among = [each for each in made if each.among]
    given = [each for each in made if estimate(each.score, each.lead) >= MIN_CONFIDENCE]
    bins: dict[int, list[tuple[float, bool]]] = {}
    for each in made:
        confidence = estimate(each.score, each.lead)
        bins.setdefault(int(confidence * 10), []).append((confidence, each.right))
    off = sum(abs(sum(sure - right for sure, right in own)) for own in bins.values())
    return {
        "documents": len(among),
        "best label right": sum(each.right for each in among) / len(among),
        "given, class among labels": sum(each.among for each in given) / len(among),
        "right of those": sum(each.right for each in given)
        / max(1, sum(each.among for each in given)),
        "given, class not among labels": sum(not each.among for each in given) / len(among),
        "calibration error": off / len(made),
    }


def main() -> int:
    """Fit, report, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        nearness = Nearness(Path(folder))
        result: dict[str, object] = {}
        packages = list(descriptions())
        random.Random(7).shuffle(packages)  # noqa: S311
        half = len(packages) // 2
        if packages:
            seen, unseen = packages[:half], packages[half:]
            result["fitted on half of the descriptions"] = fitted(tries(seen, SECTIONS, nearness))
            result["the other half"] = figures(tries(unseen, SECTIONS, nearness))
        result["whole documents"] = figures(tries(list(reports()), KINDS, nearness))
    report = json.dumps(result, indent=2)
    print(report)
    if out:
        out.write_text(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
