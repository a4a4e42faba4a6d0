"""`assay operators` and `assay tenants` as a person runs them."""

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import httpx
import psutil
import pytest

from tests.cli.test_command_line import assay, environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("operators") / "data"


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The address of a running `assay serve`."""
    process = psutil.Popen(
        [sys.executable, "-m", "assay.cli", "serve", "--port", "0"],
        env=environment(folder, LOG_LEVEL="WARNING"),
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stderr.readline()
    assert line.startswith("Assay serves http://127.0.0.1:"), line
    yield line.split()[2]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stderr.close()


def done(folder: Path, *arguments: str, **more: str) -> str:
    finished = assay(folder, *arguments, **more)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_the_folders_operator_is_for_its_owner_alone(url, folder: Path):
    kept = folder / "operator.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["operator_key"].startswith("assay_op_")
    assert "local" in done(folder, "operators", "list")


def test_a_tenants_life(url, folder: Path):
    made = json.loads(
        done(folder, "tenants", "create", "Acme", "ada@example.com", "--tier", "premium", "--json")
    )
    owner = {"email": "ada@example.com", "password": made["owner"]["temporary_password"]}

    def log_in() -> int:
        return httpx.post(f"{url}/v1/auth/login", json=owner).status_code

    assert log_in() == 200
    assert f"{made['id']}  premium   active" in done(folder, "tenants", "list")
    assert done(folder, "tenants", "tier", "Acme", "standard") == "Acme: standard, active"
    shown = done(folder, "tenants", "limits", "Acme", "requests_per_minute=7", "connections=3")
    assert "requests_per_minute    7  (its own)" in shown
    shown = done(folder, "tenants", "limits", made["id"], "requests_per_minute=default")
    assert "requests_per_minute    100\n" in shown
    assert "connections            3  (its own)" in shown
    assert done(folder, "tenants", "suspend", "Acme") == "Acme: standard, suspended"
    assert log_in() == 403
    assert done(folder, "tenants", "resume", "Acme") == "Acme: standard, active"
    assert log_in() == 200
    unsure = assay(folder, "tenants", "delete", "Acme")
    assert unsure.returncode == 1
    assert log_in() == 200
    done(folder, "tenants", "delete", "Acme", "--yes")
    assert log_in() in (401, 403)
    deadline = monotonic() + 60
    while "Acme" in done(folder, "tenants", "list"):  # until the worker has swept
        assert monotonic() < deadline
    assert log_in() == 401


def test_an_operators_life(url, folder: Path):
    key = done(folder, "operators", "create", "Grace")
    remote = {"ASSAY_URL": url, "ASSAY_OPERATOR_KEY": key}
    assert "Local" in done(folder, "tenants", "list", **remote)
    again = assay(folder, "operators", "create", "Grace")
    assert (again.returncode, "already" in again.stderr) == (1, True)
    done(folder, "operators", "revoke", "Grace")
    refused = assay(folder, "tenants", "list", **remote)
    assert (refused.returncode, "operator_only" in refused.stderr) == (1, True)
    listed = json.loads(done(folder, "operators", "list", "--json"))
    grace = next(each for each in listed if each["name"] == "Grace")
    assert grace["revoked_at"]
    assert key not in str(listed)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tenants", "suspend", "Nobody"], 1, "No tenant is named Nobody"),
        (["tenants", "limits", "Local", "connections"], 2, "NAME=VALUE"),
        (["tenants", "limits", "Local", "magic=1"], 1, "magic"),
        (["tenants", "tier", "Local", "gold"], 1, "premium"),
        (["tenants", "list", "--url", "http://127.0.0.1:9"], 2, "ASSAY_OPERATOR_KEY"),
        (["operators", "revoke", "Nobody"], 1, "Nobody"),
        (["operators", "create", "x" * 201], 2, "200 characters"),
        (["operators", "create", "\udcff"], 2, "not valid UTF-8"),
    ],
)
def test_mistakes_get_a_sentence(url, folder: Path, arguments, code, words):
    finished = assay(folder, *arguments)
    assert finished.returncode == code, finished.stderr
    assert words in " ".join(finished.stderr.split())
    assert "Traceback" not in finished.stderr


def test_operators_are_made_where_nothing_runs(tmp_path):
    assert done(tmp_path, "operators", "create", "Grace").startswith("assay_op_")
    assert "Grace" in done(tmp_path, "operators", "list")
    assert not [each for each in psutil.process_iter() if str(tmp_path) in " ".join(_words(each))]


def test_services_mode_needs_the_databases_owner(tmp_path):
    services = {
        "ASSAY_MODE": "services",
        "POSTGRES_HOST": "127.0.0.1",
        "POSTGRES_PORT": "9",
        "REDIS_HOST": "127.0.0.1",
        "QDRANT_HOST": "127.0.0.1",
    }
    missing = assay(tmp_path, "operators", "list", **services)
    assert (missing.returncode, "POSTGRES_OWNER_USER" in missing.stderr) == (2, True)
    away = assay(tmp_path, "operators", "list", **services, POSTGRES_OWNER_USER="owner")
    assert (away.returncode, "does not answer" in away.stderr) == (1, True)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
