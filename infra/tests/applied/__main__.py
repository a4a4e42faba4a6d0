"""Applies an environment to an emulated account, reads it back, destroys it."""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .account import TESTS, Account
from .leftovers import left
from .processes import Failed, run
from .running import moved
from .workspace import INFRA, Workspace

_SECONDS_TO_READ_BACK = 600


def main() -> None:
    """Run the stages that the arguments ask for."""
    chosen = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="assay-apply-"))
    try:
        _run(folder, chosen)
    except Failed as failure:
        lacking = _lacking(folder / "emulator.log")
        sys.exit(f"FAILED: {chosen.environment}: {failure}\n{lacking}The logs are in {folder}")
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        sys.exit(f"{chosen.environment}: stopped, and the emulated account with it")
    shutil.rmtree(folder)
    _say(f"{chosen.environment}: all held, in {time.monotonic() - began:.0f} s")


def _lacking(log: Path) -> str:
    """What was asked of the emulator that nobody has written; the provider says only 500."""
    start = "NotImplementedError: "
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    told = sorted({line.removeprefix(start) for line in lines if line.startswith(start)})
    return "".join(f"The emulator lacks: {each}\n" for each in told)


def _arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="tests/apply", description=__doc__)
    known = sorted(each.name for each in (INFRA / "environments").iterdir())
    options.add_argument("environment", choices=known)
    options.add_argument(
        "--port", type=int, default=0, help="the emulator's; 0 takes one that is free"
    )
    options.add_argument(
        "--keep", action="store_true", help="stop after the apply and keep the account until Ctrl-C"
    )
    return options.parse_args()


def _run(folder: Path, chosen: argparse.Namespace) -> None:
    with contextlib.ExitStack() as ends:
        with _stage("emulator starts"):
            account = ends.enter_context(Account(folder / "emulator.log", chosen.port))
        workspace = Workspace(folder, chosen.environment, account.make_zone(), account.environment)
        _make(workspace)
        if chosen.keep:
            _keep(account, chosen.environment)
        _read_back(folder, account, chosen.environment)
        with _stage("plan after scaling and a release"), moved(account, chosen.environment):
            if changes := workspace.plan():
                raise Failed(f"an apply would undo scaling or a release:\n{changes}")
        _take_down(workspace, account)


def _make(workspace: Workspace) -> None:
    with _stage("init"):
        workspace.init()
    with _stage("apply"):
        workspace.apply()
    _say(_by_module(workspace.resources()))
    with _stage("second plan"):
        if changes := workspace.plan():
            raise Failed(f"the second plan is not empty:\n{changes}")


def _keep(account: Account, environment: str) -> None:
    told = {**account.environment, "ENVIRONMENT": environment}
    _say("The account is applied and stays until Ctrl-C. Elsewhere:")
    _say("".join(f"  export {name}={value}\n" for name, value in told.items()))
    account.process.wait()
    raise Failed("the emulator ended")


def _read_back(folder: Path, account: Account, environment: str) -> None:
    log = folder / "read-back.log"
    with _stage("read back"):
        code = run(
            [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "deployed"],
            folder=TESTS,
            seconds=_SECONDS_TO_READ_BACK,
            log=log,
            environment={**account.environment, "ENVIRONMENT": environment},
        )
    _say(log.read_text())
    if code:
        raise Failed(f"what was applied is not what was asked for (pytest ended with {code})")


def _take_down(workspace: Workspace, account: Account) -> None:
    with _stage("protections lifted"):
        workspace.apply("-var=protected=false")
    with _stage("destroy"):
        again = workspace.destroy("-var=protected=false")
    if again:
        _say("destroy had to be asked twice")
    if kept := workspace.resources():
        raise Failed(f"the state still holds {', '.join(kept)}")
    if there := left(account.inventory()):
        raise Failed("the account still holds\n  " + "\n  ".join(there))


def _by_module(addresses: list[str]) -> str:
    counted = Counter(each.split(".")[1] for each in addresses)
    lines = [f"  {count:4d} {module}" for module, count in sorted(counted.items())]
    return "\n".join([f"{len(addresses)} resources", *lines])


@contextlib.contextmanager
def _stage(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    _say(f"--- {name}: {time.monotonic() - began:.0f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


main()
