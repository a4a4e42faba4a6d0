"""Draws the README's picture: a real session of the command line on a real report.

`python -m benchmarks.picture` from `backend/` writes `docs/images/ask.svg`.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from benchmarks.server import BACKEND, documents

TARGET = BACKEND.parent / "docs" / "images" / "ask.svg"
WIDTH = 110
_FONTS = re.compile(r"@font-face\s*{[^}]*}")
QUESTIONS = (
    "How many shares did Apple repurchase in the six months ended April 1, 2023?",
    "What was Tesla's revenue?",
)


def main() -> None:
    """Ask, record, draw."""
    report = documents("documents", "sec-10-q", "2023 Q2 AAPL.pdf")
    console = Console(record=True, width=WIDTH, file=Path(os.devnull).open("w"))  # noqa: SIM115
    with tempfile.TemporaryDirectory(prefix="assay-picture-") as folder:
        for question in QUESTIONS:
            console.print(Text(f'$ assay ask "{question}" "{report.name}"', style="bold"))
            console.print(Text(_session(folder, question, report)))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    # Without the fonts that the drawing would fetch from elsewhere.
    TARGET.write_text(_FONTS.sub("", console.export_svg(title="assay ask")))


def _session(folder: str, question: str, report: Path) -> str:
    environment = {**os.environ, "ASSAY_DATA_DIR": folder, "PYTHONPATH": str(BACKEND)}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "assay.cli", "ask", question, str(report)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,  # 3 is the honest answer to the second question
    )
    return done.stdout


if __name__ == "__main__":
    main()
