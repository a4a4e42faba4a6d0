"""Changes figures of the code, applies, asks that the read-back notices: `mutations.py [ROUND]`.

The changes are in mutations.toml, each with the test that has to fail. Those of one round are
applied together, from nothing, to an emulated account of their own: a round takes an apply.
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from applied.account import Account  # noqa: E402
from applied.workspace import Workspace  # noqa: E402


@dataclass(frozen=True)
class Change:
    """A figure, what it becomes, and the test that notices."""

    file: str
    stands: str
    becomes: str
    test: str
    round: int = 1


CHANGES = [
    Change(**each)
    for each in tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["change"]
]


def change(folder: Path, each: Change) -> None:
    """Put a change into a copy of the code."""
    file = folder / each.file
    text = file.read_text()
    if each.stands not in text:
        raise SystemExit(f"{each.file} no longer has {each.stands!r}")
    file.write_text(text.replace(each.stands, each.becomes, 1))


def failing(account: Account) -> set[str]:
    """Read the account back; return the tests that failed."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", "deployed"],
        cwd=TESTS,
        env=os.environ | dict(account.environment) | {"ENVIRONMENT": "production"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=600,
    )
    return set(re.findall(r"^(?:FAILED|ERROR) [\w./]+::(\w+)", ran.stdout, re.MULTILINE))


def held(number: int) -> bool:
    """Apply a round of changes and say which were noticed."""
    changes = [each for each in CHANGES if each.round == number]
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="assay-mutations-")))
        account = ends.enter_context(Account(folder / "emulator.log", 0))
        workspace = Workspace(folder, "production", account.make_zone(), account.environment)
        for each in changes:
            change(folder, each)
        workspace.init()
        workspace.apply()
        failed = failing(account)
    missed = [each for each in changes if each.test not in failed]
    for each in missed:
        sys.stdout.write(
            f"NOT NOTICED: {each.file}: {each.stands} -> {each.becomes} ({each.test})\n"
        )
    sys.stdout.write(
        f"round {number}: {len(changes) - len(missed)} of {len(changes)} changes noticed\n"
    )
    sys.stdout.flush()
    return not missed


if __name__ == "__main__":
    asked = {int(number) for number in sys.argv[1:]} or {each.round for each in CHANGES}
    rounds = [held(number) for number in sorted(asked)]
    sys.exit(0 if all(rounds) else 1)
