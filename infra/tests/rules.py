"""Holds an environment's plan against checkov's rules: `rules.py CHECKOV PLAN.json`.

A rule that fails must be excepted beside its resource, with a reason: `#checkov:skip=ID:reason`.
The exceptions are looked up here: checkov takes the first resource of the same type and name,
whatever module it stands in.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from fill_plan import fill, without_keys

INFRA = Path(__file__).parents[1]
SKIP = re.compile(r"#checkov:skip=(\w+):(\S.*)")
RESOURCE = re.compile(
    r'^resource "(?P<type>\w+)" "(?P<name>\w+)" \{\n(?P<body>.*?)^\}', re.MULTILINE | re.DOTALL
)
MOST_RULES = 15
BILLED_BY = {"Project", "Environment", "Part"}
"""Tags that divide the bill; everything that takes tags has them."""
Json = dict[str, Any]


def exceptions() -> dict[tuple[Path, str], set[str]]:
    """Return the excepted rules of each resource, by its folder and its address there."""
    return {
        (file.parent, f"{found['type']}.{found['name']}"): {
            rule for rule, _ in SKIP.findall(found["body"])
        }
        for folder in ("stack", "modules")
        for file in sorted((INFRA / folder).rglob("*.tf"))
        if ".terraform" not in file.parts
        for found in RESOURCE.finditer(file.read_text())
    }


def excepted_rules() -> set[str]:
    """Return all rules that have an exception anywhere."""
    return set().union(*exceptions().values())


def folders(module: Json, here: Path, path: str = "") -> dict[str, Path]:
    """Return the folder in which each module's resources are written, by the module's address."""
    found = {path: here}
    for name, call in module.get("module_calls", {}).items():
        found |= folders(call["module"], (here / call["source"]).resolve(), f"{path}module.{name}.")
    return found


def written_at(address: str, places: dict[str, Path]) -> tuple[Path, str]:
    """Return where a resource of a plan is written."""
    path, resource = re.fullmatch(r"((?:module\.\w+\.)*)(.+)", without_keys(address)).groups()  # type: ignore[union-attr]
    return places[path], resource


def failures(checkov: str, plan: Json) -> tuple[list[tuple[str, str, str]], Json]:
    """Return what fails as (rule, what it says, address), and checkov's summary."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        file.write_text(json.dumps(fill(plan)))
        ran = subprocess.run(
            [
                checkov,
                "--file",
                file,
                "--framework",
                "terraform_plan",
                "--skip-download",
                "--output",
                "json",
            ],
            stdout=subprocess.PIPE,
            # It looks in its environment for an account to report to.
            env={"PATH": os.environ["PATH"], "HOME": folder},
            check=False,
        )
    report = json.loads(ran.stdout)
    failed = report["results"]["failed_checks"]
    return [
        (each["check_id"], each["check_name"], each["resource_address"]) for each in failed
    ], report["summary"]


def unbilled(plan: Json) -> list[str]:
    """Return the resources that take tags and lack one of those that divide the bill."""
    return [
        each["address"]
        for each in plan["resource_changes"]
        if each["mode"] == "managed"
        and "tags_all" in each["change"]["after"] | each["change"]["after_unknown"]
        and not (each["change"]["after"].get("tags_all") or {}).keys() >= BILLED_BY
    ]


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def main(checkov: str, source: str) -> int:
    """Print what fails and what is excepted; return 1 if anything fails that is not."""
    plan = json.loads(Path(source).read_text())
    places = folders(plan["configuration"]["root_module"], INFRA / "stack")
    allowed = exceptions()
    if without := unbilled(plan):
        say(f"without the tags {', '.join(sorted(BILLED_BY))}: {', '.join(without)}")
        return 1
    failed, summary = failures(checkov, plan)
    if summary["parsing_errors"] or summary["resource_count"] < 1:
        raise SystemExit(f"checkov could not read the plan: {summary}")
    excused = Counter(
        rule for rule, _, address in failed if rule in allowed[written_at(address, places)]
    )
    open_ones = [each for each in failed if each[0] not in allowed[written_at(each[2], places)]]
    for rule, says, address in open_ones:
        say(f"FAILED {rule} {says}: {address}")
    say(
        f"checkov {summary['checkov_version']}: {summary['resource_count']} resources, "
        f"{summary['passed']} checks passed, {len(open_ones)} failed, {sum(excused.values())} "
        f"excepted by {len(excused)} rules: {', '.join(sorted(excused))}"
    )
    if len(excepted_rules()) > MOST_RULES:
        say(f"{len(excepted_rules())} rules have exceptions, and {MOST_RULES} may")
        return 1
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
