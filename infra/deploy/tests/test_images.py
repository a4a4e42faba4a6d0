"""The script that builds and pushes, with programs that only note that they ran."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = (
    "backend/requirements.txt",
    "backend/assay/main.py",
    "backend/migrations/env.py",
    "frontend/src/main.tsx",
    "infra/containers/backend/Containerfile",
    "infra/containers/frontend/Containerfile",
    "infra/containers/pgbouncer/start",
)


class Project:
    """A copy of the project's outline, and the programs that the script calls."""

    def __init__(self, root: Path) -> None:
        self.root, self.log = root / "project", root / "ran"
        for name in SOURCES:
            self.write(name, name)
        self.write("infra/deploy/images", "")
        shutil.copy(ROOT / "infra/deploy/images", self.root / "infra/deploy/images")
        self.programs = root / "programs"
        self.programs.mkdir()
        self.log.touch()
        self.program("aws", 'case "$1" in ecr) exit 254 ;; esac')
        self.program("docker", 'case "$1" in create) echo abc ;; cp) mkdir -p "$3/assets" ;; esac')

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def program(self, name: str, body: str) -> None:
        file = self.programs / name
        file.write_text(f'#!/bin/sh\necho {name} "$*" >>{self.log}\n{body}\n')
        file.chmod(0o755)

    def run(self, **values: str) -> subprocess.CompletedProcess[str]:
        self.log.write_text("")
        env = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "REGISTRY": "r.example.com",
            "NAME": "assay-test",
            **values,
        }
        command = ["bash", self.root / "infra/deploy/images"]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def images(self, **values: str) -> dict[str, str]:
        result = self.run(**values)
        assert result.returncode == 0, result.stderr
        return dict(line.split("=", 1) for line in result.stdout.splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_all_three_are_built_from_their_containerfiles_and_pushed(project):
    images = project.images()
    assert list(images) == ["backend", "frontend", "pgbouncer"]
    for part, image in images.items():
        assert image.startswith(f"r.example.com/assay-test/{part}:")
        assert f"--file infra/containers/{part}/Containerfile --tag {image} --push" in (
            project.log.read_text()
        )


def test_only_what_changed_gets_another_tag(project):
    before = project.images()
    project.write("backend/assay/main.py", "changed")
    after = project.images()
    assert {part for part in before if before[part] != after[part]} == {"backend"}


def test_what_tools_leave_behind_changes_nothing(project):
    before = project.images()
    for name in ("frontend/node_modules/a/b.js", "frontend/dist/x", "backend/assay/__pycache__/a"):
        project.write(name, "left")
    assert project.images() == before


def test_another_processor_is_another_image(project):
    assert project.images()["backend"] != project.images(PLATFORM="linux/arm64")["backend"]


def test_what_the_registry_has_is_not_built_again(project):
    project.program("aws", "exit 0")
    project.images()
    assert "docker" not in project.log.read_text()


def test_assets_are_put_beside_those_of_the_last_release(project):
    project.images(ASSETS_BUCKET="assets")
    ran = project.log.read_text()
    assert "s3 cp --recursive" in ran
    assert "s3://assets/assets" in ran
    assert "--delete" not in ran


@pytest.mark.parametrize("failing", ["docker", "aws"])
def test_a_failure_prints_no_image_and_ends(project, failing):
    body = {"docker": "exit 1", "aws": 'case "$1" in ecr) exit 254 ;; *) exit 1 ;; esac'}[failing]
    project.program(failing, body)
    result = project.run(ASSETS_BUCKET="assets")
    assert result.returncode != 0
    assert "frontend=" not in result.stdout


@pytest.mark.parametrize("name", ["REGISTRY", "NAME"])
def test_a_missing_setting_is_told(project, name):
    result = project.run(**{name: ""})
    assert result.returncode != 0
    assert name in result.stderr


def test_the_real_project_has_what_images_are_made_from():
    for name in ("backend/requirements.txt", "backend/assay", "backend/migrations"):
        assert (ROOT / name).exists()
    for part in ("backend", "frontend", "pgbouncer"):
        assert (ROOT / "infra/containers" / part / "Containerfile").exists()


def test_the_shell_is_clean():
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("not run: shellcheck is not on this machine")
    subprocess.run([program, ROOT / "infra/deploy/images"], check=True)
