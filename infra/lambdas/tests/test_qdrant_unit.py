"""Qdrant's unit under a real systemd, in namespaces of its own; the program is a stand-in."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_qdrant_node import FILES, installed, unit

BOOT = Path(__file__).with_name("boot")
SYSTEMD = Path("/usr/lib/systemd/systemd")
NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup")
SECONDS = 20
PROGRAM = """#!/bin/bash
mountpoint -q /qdrant && disk=mounted || disk=bare
touch /open/file 2>/dev/null && system=open || system=closed
echo "user=$(id -un) disk=$disk system=$system key=${#QDRANT__SERVICE__API_KEY} $*"
trap 'echo stopped; exit 0' TERM
while true; do sleep 0.1; done
"""
USERS = "root:x:0:0::/root:/bin/sh\nqdrant:x:990:990::/qdrant:/usr/sbin/nologin\n"
GROUPS = "root:x:0:\nqdrant:x:990:\n"


class Node:
    """A machine below a folder, whose first process is systemd."""

    def __init__(self, root: Path, unit_text: str, fstab: str) -> None:
        self.root, self.log = root, root / "var/log/qdrant/qdrant.log"
        self.write("etc/systemd/system/qdrant.service", unit_text)
        target = "[Unit]\nRequires=basic.target\nWants=qdrant.service\nAfter=qdrant.service\n"
        self.write("etc/systemd/system/node.target", target)
        self.write("etc/fstab", fstab)
        self.write("etc/passwd", USERS)
        self.write("etc/group", GROUPS)
        self.write("etc/qdrant/unit.env", "API_KEY_PARAMETER=/k\nAWS_REGION=us-east-1\n")
        self.write("opt/qdrant/current/qdrant", PROGRAM, 0o755)
        fetch = (FILES / "fetch-key").read_text()
        self.write("local/sbin/qdrant-fetch-key", fetch, 0o755)
        self.write("local/bin/aws", f"#!/bin/sh\necho {'k' * 64}\n", 0o755)
        # No network is there to wait for.
        for name in ("systemd-networkd-wait-online", "NetworkManager-wait-online"):
            (root / f"etc/systemd/system/{name}.service").symlink_to("/dev/null")
        for folder in ("qdrant", "var/log/qdrant", "var/tmp", "root"):
            (root / folder).mkdir(parents=True)
        os.chown(self.log.parent, 990, 990)
        (root / "open").mkdir()
        (root / "open").chmod(0o777)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def start(self, cgroups: Path) -> None:
        # A cgroup of its own, which ends with the test.
        self.cgroup = cgroups / f"assay-{self.root.name}-{os.getpid()}"
        self.cgroup.mkdir()
        enter = 'echo $$ >"$0/cgroup.procs"; exec "$@"'
        command = ["unshare", "--fork", "--kill-child", *NAMESPACES, BOOT, self.root]
        self.process = subprocess.Popen(["/bin/sh", "-c", enter, self.cgroup, *command])

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        events = self.cgroup / "cgroup.events"
        ends = time.monotonic() + SECONDS
        while "populated 1" in events.read_text() and time.monotonic() < ends:
            time.sleep(0.05)
        for folder in sorted(self.cgroup.rglob("*/"), reverse=True):
            folder.rmdir()
        self.cgroup.rmdir()

    def systemctl(self, *arguments: str) -> str:
        return self.inside("systemctl", *arguments)

    def inside(self, program: str, *arguments: str) -> str:
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        first = Path(children).read_text().strip()
        if not first:
            return ""
        enter = ["nsenter", "--target", first, "--mount", "--pid", "--root", "--wd=/"]
        command = [*enter, f"/usr/bin/{program}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def says(self, name: str) -> str:
        return self.systemctl("show", "--value", f"--property={name}", "qdrant.service")

    def until(self, true: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + SECONDS
        while not true():
            if time.monotonic() > ends or self.process.poll() is not None:
                state = self.systemctl("status", "qdrant.service", "qdrant.mount")
                jobs = self.systemctl("list-jobs") + self.inside("journalctl", "--lines=20")
                pytest.fail(f"not seen in {SECONDS} s: {what}\n{state}\n{jobs}")
            time.sleep(0.1)

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


def own_cgroup() -> Path | None:
    """Return this process's folder among the cgroups of version 2."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    tops = [each[1] for each in mounts if each[2] == "cgroup2"]
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    here = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    return Path(tops[0]) / here[0] if tops and here else None


@pytest.fixture
def boot(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    """Start machines with a line for /etc/fstab; end them with the test."""
    for program in ("unshare", "nsenter", "systemctl", "terraform"):
        installed(program)
    if not SYSTEMD.exists():
        pytest.skip("not run: systemd is not on this machine")
    tries = ["unshare", "--fork", *NAMESPACES, "mount", "-t", "cgroup2", "none", tmp_path]
    allowed = subprocess.run(tries, capture_output=True, text=True, check=False)
    cgroups = own_cgroup()
    if (
        os.geteuid() != 0
        or cgroups is None
        or not os.access(cgroups, os.W_OK)
        or allowed.returncode != 0
    ):
        pytest.skip("not run: a systemd of its own needs root, namespaces and cgroup2 here")
    nodes: list[Node] = []

    def run(fstab: str) -> Node:
        # Its users must be able to enter the folder that is their root.
        root = tmp_path_factory.mktemp("node")
        root.chmod(0o755)
        nodes.append(Node(root, unit(tmp_path), fstab))
        nodes[-1].start(cgroups)
        return nodes[-1]

    yield run
    for node in nodes:
        node.stop()
        shutil.rmtree(node.root, ignore_errors=True)


def test_systemd_starts_qdrant_after_its_volume_and_again_when_it_is_killed(boot):
    node = boot("volume /qdrant tmpfs mode=0777,nofail 0 0\n")
    node.until(lambda: len(node.lines) == 1, "a first start")
    assert node.lines[0] == (
        "user=qdrant disk=mounted system=closed key=64 --config-path /etc/qdrant/config.yaml"
    )
    assert "qdrant.mount" in node.says("After").split()
    assert "qdrant.mount" in node.says("Requires").split()

    first = node.says("MainPID")
    node.systemctl("kill", "--signal=KILL", "qdrant.service")
    node.until(lambda: len(node.lines) == 2, "a second start")
    node.until(lambda: node.says("ActiveState") == "active", "the unit active again")
    assert node.lines[1] == node.lines[0]
    assert node.says("NRestarts") == "1"
    assert node.says("MainPID") not in {"0", first}

    node.systemctl("stop", "qdrant.service")
    assert node.lines[-1] == "stopped"
    assert node.says("Result") == "success"


def test_systemd_does_not_start_qdrant_on_the_systems_disk(boot):
    node = boot("volume /qdrant tmpfs size=nonsense,nofail 0 0\n")
    node.until(
        lambda: (
            node.says("Job") == ""
            and "failed"
            in node.systemctl("show", "--value", "--property=ActiveState", "qdrant.mount")
        ),
        "a mount that fails",
    )
    node.until(lambda: node.systemctl("is-active", "basic.target") == "active", "the machine up")
    assert node.says("ActiveState") == "inactive"
    assert node.lines == []
