"""What a linter of Terraform would say: typed, described and used, pinned, named alike."""

import re
from pathlib import Path

import pytest

INFRA = Path(__file__).parents[1]
FOLDERS = [INFRA / "bootstrap", INFRA / "stack", *sorted((INFRA / "modules").iterdir())]
BLOCK = re.compile(
    r'^(?P<kind>\w+)(?: "(?P<one>[\w-]+)")?(?: "(?P<two>[\w-]+)")? \{(?P<body>.*?)^\}',
    re.MULTILINE | re.DOTALL,
)
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@pytest.fixture(params=FOLDERS, ids=[folder.name for folder in FOLDERS])
def folder(request) -> Path:
    return request.param


def text(folder: Path) -> str:
    return "\n".join(file.read_text() for file in sorted(folder.glob("*.tf")))


def blocks(folder: Path, kind: str) -> list[re.Match[str]]:
    return [found for found in BLOCK.finditer(text(folder)) if found["kind"] == kind]


def test_every_variable_has_a_type_and_says_what_it_is(folder):
    for each in blocks(folder, "variable"):
        assert re.search(r"^  type\s+= ", each["body"], re.MULTILINE), each["one"]
        assert re.search(r"^  description\s+= ", each["body"], re.MULTILINE), each["one"]


def test_every_output_says_what_it_is(folder):
    for each in blocks(folder, "output"):
        assert re.search(r"^  description\s+= ", each["body"], re.MULTILINE), each["one"]


def test_every_validation_says_what_to_change(folder):
    said = re.findall(r"error_message\s+= (.+)", text(folder))
    asked = re.findall(r"^\s+(?:validation|precondition) \{", text(folder), re.MULTILINE)
    assert len(said) == len(asked)
    assert all(len(line.split()) >= 3 for line in said)


def test_every_variable_is_used(folder):
    files = [file.read_text() for file in folder.rglob("*.tf") if ".terraform" not in file.parts]
    outside = BLOCK.sub(
        lambda found: "" if found["kind"] == "variable" else found[0], "\n".join(files)
    )
    for each in blocks(folder, "variable"):
        assert re.search(rf"\bvar\.{each['one']}\b", outside), each["one"]


def test_every_local_is_used(folder):
    for block in blocks(folder, "locals"):
        for name in re.findall(r"^  (\w+)\s+= ", block["body"], re.MULTILINE):
            assert re.search(rf"\blocal\.{name}\b", text(folder)), name


def test_every_data_source_is_used(folder):
    for each in blocks(folder, "data"):
        assert re.search(rf"\bdata\.{each['one']}\.{each['two']}\b", text(folder)), each["two"]


def test_names_are_lower_case_with_underscores(folder):
    for kind in ("resource", "data", "module", "variable", "output"):
        for each in blocks(folder, kind):
            assert NAME.fullmatch(each["two"] or each["one"]), each["two"] or each["one"]


def test_terraform_and_providers_are_pinned(folder):
    versions = (folder / "versions.tf").read_text()
    assert re.search(r'required_version = "~> 1\.11', versions)
    assert re.search(r'version\s+= "~> 5\.', versions)
    assert (folder / ".terraform.lock.hcl").stat().st_size > 0


def test_modules_take_their_providers_from_outside(folder):
    assert folder.parent.name != "modules" or not blocks(folder, "provider")
