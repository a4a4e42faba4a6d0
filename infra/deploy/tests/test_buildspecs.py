"""Buildspecs: their shell, their targets, and what one stage hands to the next."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
NAMES = ("test", "images", "migrate", "release")


def spec(name: str) -> dict:
    return yaml.safe_load((ROOT / f"infra/deploy/buildspecs/{name}.yml").read_text())


def commands(name: str) -> list[str]:
    phases = spec(name)["phases"].values()
    return [command for phase in phases for command in phase.get("commands", [])]


@pytest.mark.parametrize("name", NAMES)
def test_every_target_exists(name):
    for command in commands(name):
        program, *words = command.split()
        if program == "make":
            dry = ["make", "--dry-run", "--no-print-directory", *words]
            result = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", NAMES)
def test_the_shell_is_clean(name):
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("not run: shellcheck is not on this machine")
    script = "\n".join(["#!/bin/bash", "REGISTRY=${REGISTRY:?}", *commands(name), ""])
    subprocess.run([program, "-"], input=script, text=True, check=True)


def test_what_the_images_stage_hands_on_is_enough_to_release(tmp_path):
    """The later stages have no other files than these."""
    (tmp_path / "images.txt").write_text("")
    for pattern in spec("images")["artifacts"]["files"]:
        for file in ROOT.glob(pattern):
            (tmp_path / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, tmp_path / file.relative_to(ROOT))
    for name in ("migrate", "release"):
        assert (tmp_path / f"infra/deploy/buildspecs/{name}.yml").exists()
        for command in commands(name):
            dry = [*command.split(), "--dry-run", "--no-print-directory"]
            result = subprocess.run(dry, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stderr
            assert "infra/deploy/release.py" in result.stdout


def test_a_failed_build_of_images_leaves_no_list_of_them(tmp_path):
    """A half list would release a part of the parts."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").write_text("#!/bin/sh\nexit 1\n")
    (programs / "aws").write_text("#!/bin/sh\nexit 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    images = tmp_path / "images.txt"
    env = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "REGISTRY": "r.example.com",
        "NAME": "assay-test",
    }
    command = ["make", "--no-print-directory", "deploy-images", f"IMAGES={images}"]
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert result.returncode != 0
    assert not images.exists()
