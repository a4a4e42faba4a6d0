"""A copy of the Terraform code to apply, so that the tree stays as it is."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .account import ACCOUNT, DOMAIN
from .processes import Failed, run

HERE = Path(__file__).resolve().parent
INFRA = HERE.parents[1]
_COPIED = ("stack", "modules", "environments", "build")
_NOTHING_TO_DO, _CHANGES = 0, 2


class Workspace:
    """The stack with an environment's values, ready for Terraform."""

    def __init__(
        self, folder: Path, environment: str, zone_id: str, aws: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self.stack = folder / "stack"
        self._environment = {**aws, **_quiet()}
        self._values = [
            f"-var-file=../environments/{environment}/terraform.tfvars",
            "-var-file=../example.tfvars",
            f"-var=account_id={ACCOUNT}",
            f"-var=domain={json.dumps({'name': DOMAIN, 'zone_id': zone_id})}",
        ]
        _copy(folder)

    def init(self) -> None:
        """Install the provider and the modules."""
        mirror = _mirror()
        self._must("init", "-no-color", *([f"-plugin-dir={mirror}"] if mirror else []), seconds=300)

    def apply(self, *further: str) -> None:
        """Make the account as the configuration says."""
        self._must(
            "apply",
            "-no-color",
            "-auto-approve",
            "-parallelism=30",
            *self._values,
            *further,
            seconds=900,
        )

    def plan(self) -> str:
        """What an apply would change: empty, or the plan as Terraform writes it."""
        code = self._run(
            "plan", "-no-color", "-detailed-exitcode", "-parallelism=30", *self._values, seconds=300
        )
        if code not in {_NOTHING_TO_DO, _CHANGES}:
            raise Failed(f"terraform plan failed (code {code}):\n{self._said('plan')}")
        return self._said("plan") if code == _CHANGES else ""

    def destroy(self, *further: str) -> bool:
        """Take everything down; tell whether it had to be asked twice.

        An answer that is lost makes Terraform stop, and asking again is what a person does. Whether
        anything is left is looked at afterwards in any case.
        """
        arguments = ("-no-color", "-auto-approve", "-parallelism=30", *self._values, *further)
        again = self._run("destroy", *arguments, seconds=900) != 0
        if again:
            self._must("destroy", *arguments, seconds=900)
        return again

    def resources(self) -> list[str]:
        """Addresses in the state, without what is only read."""
        self._must("state", "list", seconds=60)
        addresses = self._log("state").read_text().split()
        return [each for each in addresses if ".data." not in f".{each}"]

    def _must(self, verb: str, *arguments: str, seconds: float) -> None:
        code = self._run(verb, *arguments, seconds=seconds)
        if code:
            raise Failed(f"terraform {verb} failed (code {code}):\n{self._said(verb)}")

    def _run(self, verb: str, *arguments: str, seconds: float) -> int:
        return run(
            ["terraform", verb, *arguments],
            folder=self.stack,
            seconds=seconds,
            log=self._log(verb),
            environment=self._environment,
        )

    def _log(self, verb: str) -> Path:
        return self.folder / f"{verb}.log"

    def _said(self, verb: str) -> str:
        """What a person needs of a log: the first error and what follows, or the changes."""
        text = self._log(verb).read_text()
        if (at := text.find("\nError: ")) >= 0:
            return text[at:].strip()
        starts = (
            "\nTerraform will perform the following actions",
            "\nNote: Objects have changed",
        )
        found = [at for each in starts if (at := text.find(each)) >= 0]
        return text[min(found, default=max(0, len(text) - 3000)) :].strip()


def _copy(folder: Path) -> None:
    for name in _COPIED:
        ignored = shutil.ignore_patterns(".terraform", "*.tfstate*", "tests")
        shutil.copytree(INFRA / name, folder / name, ignore=ignored)
    shutil.copy(HERE.parent / "example.tfvars", folder)
    shutil.copy(HERE / "emulator_override.tf", folder / "stack")


def _quiet() -> dict[str, str]:
    return {
        "CHECKPOINT_DISABLE": "1",
        "TF_INPUT": "0",
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_CONFIG_FILE": _configuration(),
    }


def _configuration() -> str:
    """The command's configuration; Terraform complains of one that does not exist."""
    named = os.environ.get("TF_CLI_CONFIG_FILE", "")
    return named if Path(named).is_file() else ""


def _mirror() -> str | None:
    """A folder of providers to use instead of the registry, found as `tests/plan` finds it."""
    if _configuration():
        return None
    if named := os.environ.get("TF_PLUGIN_MIRROR"):
        return named
    found = Path("/").glob("*/*/registry.terraform.io")
    return next((str(each.parent) for each in found if each.is_dir()), None)
