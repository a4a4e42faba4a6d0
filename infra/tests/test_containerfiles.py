"""What every image promises: small, without privileges, checked, for two processors."""

import json
import re
from pathlib import Path

import pytest
from conftest import CONTAINERS
from containerfile import exec_form, stages

ROOT = CONTAINERS.parents[1]
FILES = sorted(CONTAINERS.glob("*/Containerfile"))
PORTS = {"backend": "8000", "frontend": "3000", "pgbouncer": "6432"}
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)


def test_every_service_has_an_image():
    assert {path.parent.name for path in FILES} == set(PORTS)


@each_file
def test_bases_are_small_and_of_a_stated_version(path: Path):
    for stage in stages(path):
        name, _, tag = stage.image.partition(":")
        assert tag, f"{name} has no tag"
        assert tag != "latest"
        assert re.search(r"slim|alpine", tag)
        assert "." not in name.split("/")[0], "images come by their plain names"


@each_file
def test_runs_as_a_user_without_privileges(path: Path):
    users = stages(path)[-1].all("USER")
    assert users, "no USER"
    assert users[-1].isdigit(), "a number, so that it can be told from root without the image"
    assert int(users[-1]) > 0


@each_file
def test_writes_to_scratch_only(path: Path):
    assert [json.loads(text) for text in stages(path)[-1].all("VOLUME")] == [["/tmp"]]  # noqa: S108 - the image's


@each_file
def test_has_a_health_check_and_its_port(path: Path):
    last = stages(path)[-1]
    (check,) = last.all("HEALTHCHECK")
    assert exec_form(check[check.index("CMD") + len("CMD") :])
    assert last.all("EXPOSE") == [PORTS[path.parent.name]]


@each_file
def test_gets_signals_itself(path: Path):
    """A shell in between would keep SIGTERM, and a deployment would end in SIGKILL."""
    last = stages(path)[-1]
    for name in ("ENTRYPOINT", "CMD"):
        for text in last.all(name):
            assert exec_form(text)
    assert last.all("ENTRYPOINT")


@each_file
def test_is_built_for_any_processor(path: Path):
    text = path.read_text()
    instructions = [line for line in text.splitlines() if not line.startswith("#")]
    assert not re.search(r"amd64|arm64|x86_64|aarch64", "\n".join(instructions))
    assert not re.search(r"^FROM --platform=(?!\$BUILDPLATFORM)", text, re.MULTILINE)


@each_file
def test_holds_no_secret_and_downloads_no_stranger(path: Path):
    for stage in stages(path):
        assert not stage.all("ADD")
        assert not re.search(
            r"(PASSWORD|SECRET|API_KEY)=", "\n".join(stage.all("ENV") + stage.all("ARG"))
        )
        assert not re.search(r"\b(curl|wget)\b.*https?://", "\n".join(stage.all("RUN")))


@each_file
def test_copies_what_is_there(path: Path):
    for stage in stages(path):
        for text in stage.all("COPY"):
            if text.startswith("--from"):
                continue
            for source in text.split()[:-1]:
                if source.startswith("frontend/") and not (ROOT / "frontend").exists():
                    pytest.skip("not run: the web application is not in this checkout")
                assert (ROOT / source).exists(), source


def test_the_task_definitions_check_health_as_the_images_do():
    """ECS ignores the image's check, so the module repeats it."""
    module = (CONTAINERS.parent / "modules/compute/containers.tf").read_text()
    for path in FILES:
        (check,) = stages(path)[-1].all("HEALTHCHECK")
        program = exec_form(check[check.index("CMD") + len("CMD") :])
        assert json.dumps(program[-1])[1:-1] in module
