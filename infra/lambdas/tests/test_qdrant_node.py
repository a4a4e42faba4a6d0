"""A node's start, run on this machine as far as it goes: what needs EC2 is stood in for by name."""

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from conftest import serving

FILES = Path(__file__).parents[2] / "modules/vectors/files"
PROGRAM = b"#!/bin/sh\necho qdrant\n"
STAND_INS = ("mount", "mountpoint", "systemctl", "dnf", "useradd", "id", "chown", "resize2fs")


def installed(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"not run: {program} is not on this machine")
    return path


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("qdrant")
        entry.size = len(PROGRAM)
        tar.addfile(entry, io.BytesIO(PROGRAM))
    return buffer.getvalue()


@pytest.fixture
def release():
    """Serve the archive of a release; give its address."""
    data = archive()

    class Release(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    with serving(Release) as url:
        yield f"{url}/qdrant.tar.gz", hashlib.sha256(data).hexdigest()


class Machine:
    """A file system below a folder, a blank disk, and programs that only note that they ran."""

    def __init__(self, root: Path) -> None:
        self.root, self.log, self.disk = root, root / "ran", root / "disk"
        for folder in ("etc/qdrant", "etc/systemd/system", "programs"):
            (root / folder).mkdir(parents=True)
        (root / "etc/fstab").touch()
        self.log.touch()
        with self.disk.open("wb") as disk:
            disk.truncate(16 * 1024 * 1024)
        for name in STAND_INS:
            self.stand_in(name, 1 if name in {"mountpoint", "id"} else 0)

    def stand_in(self, name: str, code: int = 0, says: str = "") -> None:
        program = self.root / "programs" / name
        program.write_text(
            f"#!/bin/sh\necho {name} $* >>{self.log}\nprintf '{says}'\nexit {code}\n"
        )
        program.chmod(0o755)

    def run(self, script: str, **values: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root}/programs:{os.environ['PATH']}:/usr/sbin:/sbin"
        env = {"PATH": path, "ROOT": str(self.root), "SECONDS_FOR_DEVICE": "0", **values}
        command = ["bash", FILES / script]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def install(self, url: str, sha256: str, device: str | None = None):
        (self.root / "etc/qdrant/install.env").write_text(
            f"QDRANT_VERSION=1.19.0\nQDRANT_SHA256={sha256}\nQDRANT_URL={url}\n"
            f"DEVICE={device or self.disk}\n"
        )
        return self.run("install")

    @property
    def ran(self) -> str:
        return self.log.read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for program in ("mkfs.ext4", "blkid", "curl", "tar"):
        installed(program)
    return Machine(tmp_path)


def label(disk: Path) -> str:
    command = ["/sbin/blkid", "-p", "-o", "value", "-s", "LABEL", disk]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_a_blank_volume_is_formatted_mounted_and_served_from(machine, release):
    result = machine.install(*release)
    assert result.returncode == 0, result.stderr
    assert label(machine.disk) == "qdrant"
    assert " /qdrant ext4 " in (machine.root / "etc/fstab").read_text()
    assert (machine.root / "opt/qdrant/current/qdrant").read_bytes() == PROGRAM
    assert os.access(machine.root / "opt/qdrant/current/qdrant", os.X_OK)
    assert f"mount {machine.root}/qdrant" in machine.ran
    assert "systemctl enable --now qdrant.service" in machine.ran


def test_a_volume_with_data_is_never_formatted(machine, release):
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-L", "precious", machine.disk], check=True)
    before = hashlib.sha256(machine.disk.read_bytes()).digest()
    assert machine.install(*release).returncode == 0
    assert label(machine.disk) == "precious"
    assert hashlib.sha256(machine.disk.read_bytes()).digest() == before


def test_a_volume_of_which_nothing_can_be_told_is_never_formatted(machine, release):
    machine.stand_in("blkid", 8)
    result = machine.install(*release)
    assert result.returncode == 1
    assert "cannot tell what is on" in result.stderr
    assert machine.disk.read_bytes().strip(b"\0") == b""


def test_without_its_volume_nothing_starts(machine, release):
    result = machine.install(*release, device=str(machine.root / "missing"))
    assert result.returncode == 1
    assert "no volume at" in result.stderr
    assert "systemctl" not in machine.ran


def test_a_release_that_is_not_the_pinned_one_is_refused(machine, release):
    result = machine.install(release[0], "0" * 64)
    assert result.returncode == 1
    assert "is not the version that was pinned" in result.stderr
    assert not (machine.root / "opt/qdrant/current").exists()
    assert "systemctl" not in machine.ran


def test_a_second_run_changes_nothing(machine, release):
    machine.install(*release)
    before = hashlib.sha256(machine.disk.read_bytes()).digest()
    assert machine.install("http://127.0.0.1:9/gone", release[1]).returncode == 0
    assert hashlib.sha256(machine.disk.read_bytes()).digest() == before
    assert (machine.root / "etc/fstab").read_text().count("/qdrant") == 1


def test_without_the_agent_qdrant_serves_all_the_same(machine, release):
    machine.stand_in("dnf", 1)
    result = machine.install(*release)
    assert result.returncode == 0
    assert "the CloudWatch agent is missing" in result.stderr


def fetch_key(machine: Machine) -> subprocess.CompletedProcess[str]:
    values = {"API_KEY_PARAMETER": "/k", "AWS_REGION": "us-east-1"}
    return machine.run("fetch-key", RUNTIME_DIRECTORY=str(machine.root), **values)


def test_the_key_is_for_root_alone(machine):
    machine.stand_in("aws", says="k" * 64)
    assert fetch_key(machine).returncode == 0
    file = machine.root / "environment"
    assert file.read_text() == f"QDRANT__SERVICE__API_KEY={'k' * 64}\n"
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("says", "code"), [("None", 0), ("", 0), ("", 255)])
def test_without_a_key_qdrant_does_not_start_open(machine, says, code):
    machine.stand_in("aws", code, says)
    assert fetch_key(machine).returncode != 0
    assert not (machine.root / "environment").exists()


def filled(template: str, values: str, tmp_path: Path) -> str:
    """Let Terraform fill a template in, in a folder without any configuration."""
    env = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    text = subprocess.run(
        [installed("terraform"), "console"],
        input=f'jsonencode(templatefile("{FILES}/{template}", {values}))',
        cwd=tmp_path,
        env=env | {"CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return yaml.safe_load(yaml.safe_load(text))


def unit(tmp_path: Path, volume: str = "true") -> str:
    return filled("qdrant.service.tftpl", f'{{ arguments = "", volume = {volume} }}', tmp_path)


def user_data(path: str, file: str, tmp_path: Path) -> str:
    values = f'{{ files = {{ "{path}" = {file} }} }}'
    return filled("cloud-config.yaml.tftpl", values, tmp_path)


def test_the_units_are_ones_that_systemd_takes(tmp_path):
    analyze = installed("systemd-analyze")
    values = '{ uri = "http://n:6335", leaves = true }'
    replicas = filled("replicas.service.tftpl", values, tmp_path)
    for name, text in {
        "qdrant.service": unit(tmp_path),
        "qdrant-replicas.service": replicas,
    }.items():
        here = re.sub(r"/(opt/qdrant/current|usr/local/sbin)/[\w-]+", "/bin/true", text)
        (tmp_path / name).write_text(here)
    result = subprocess.run(
        [analyze, "verify", "--man=no", *tmp_path.glob("*.service")],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    about_ours = [line for line in result.stderr.splitlines() if "qdrant" in line]
    assert about_ours == []


def test_the_unit_restarts_waits_for_its_volume_and_has_no_rights(tmp_path):
    lines = unit(tmp_path).splitlines()
    for line in (
        "Restart=always",
        "RequiresMountsFor=/qdrant",
        "User=qdrant",
        "NoNewPrivileges=yes",
    ):
        assert line in lines
    assert "RequiresMountsFor=/qdrant" not in unit(tmp_path, volume="false")


def test_cloud_init_takes_the_user_data(tmp_path):
    program = installed("cloud-init")
    text = user_data("/etc/a b", '{ mode = "0644", content = "one\\ntwo: 3" }', tmp_path)
    (tmp_path / "user-data").write_text(text)
    command = [program, "schema", "--config-file", tmp_path / "user-data"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


WRITE = """
import sys
from cloudinit.config import cc_write_files
from cloudinit.util import load_yaml
files = load_yaml(open(sys.argv[1]).read())["write_files"]
here = [{**each, "path": sys.argv[2] + each["path"], "owner": sys.argv[3]} for each in files]
cc_write_files.write_files("write_files", here, sys.argv[3])
"""


def test_cloud_init_writes_the_files_as_they_are_given(tmp_path):
    program = Path(installed("cloud-init"))
    python = program.read_text().splitlines()[0].removeprefix("#!")
    text = user_data("/usr/local/sbin/a", '{ mode = "0755", content = "ü\\n" }', tmp_path)
    (tmp_path / "user-data").write_text(text)
    me = f"{os.geteuid()}:{os.getegid()}" if os.geteuid() else "root:root"
    command = [python, "-c", WRITE, tmp_path / "user-data", tmp_path / "root", me]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    file = tmp_path / "root/usr/local/sbin/a"
    assert file.read_text() == "ü\n"
    assert file.stat().st_mode & 0o777 == 0o755


def test_the_user_data_writes_what_it_was_given(tmp_path):
    text = user_data("/etc/a", '{ mode = "0755", content = "ü\\n" }', tmp_path)
    assert text.startswith("#cloud-config\n")
    config = yaml.safe_load(text)
    (file,) = config["write_files"]
    assert (file["path"], file["permissions"]) == ("/etc/a", "0755")
    assert base64.b64decode(file["content"]).decode() == "ü\n"
    assert config["runcmd"] == [["/usr/local/sbin/qdrant-install"]]


def test_the_shell_is_clean():
    subprocess.run([installed("shellcheck"), FILES / "install", FILES / "fetch-key"], check=True)
