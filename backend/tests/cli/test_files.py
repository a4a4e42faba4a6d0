"""Which files a command takes."""

import os
from pathlib import Path

import pytest

from assay.cli.failures import CommandFailed
from assay.cli.files import chosen, upload_name


@pytest.fixture
def letters(tmp_path):
    folder = tmp_path / ".private" / "letters"
    (folder / "old").mkdir(parents=True)
    (folder / ".cache").mkdir()
    for name in ("b.txt", "old/a.txt", ".hidden", ".cache/c.txt"):
        (folder / name).write_text("Words.")
    return folder


def test_a_folder_gives_what_is_not_hidden_in_it(letters):
    assert chosen([letters]) == [letters / "b.txt", letters / "old" / "a.txt"]


def test_a_folder_may_be_named_by_dots(letters, monkeypatch):
    monkeypatch.chdir(letters / "old")
    assert [path.name for path in chosen([Path("..")])] == [
        "b.txt",
        "a.txt",
    ]


def test_a_hidden_file_is_taken_when_it_is_named(letters):
    assert chosen([letters / ".hidden"]) == [letters / ".hidden"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing.txt", "does not exist"),
        ("b.txt/inside", "does not exist"),
        ("a" * 5000, "cannot be read"),
        ("empty", "holds no files"),
        ("pipe", "neither a file nor a folder"),
    ],
)
def test_what_cannot_be_taken_is_told(letters, name, words):
    (letters / "empty").mkdir()
    os.mkfifo(letters / "pipe")
    with pytest.raises(CommandFailed, match=words) as told:
        chosen([letters / name])
    assert told.value.code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="not run: root may read everything")
@pytest.mark.parametrize("name", ["b.txt", "old"])
def test_what_may_not_be_read_is_told(letters, name):
    (letters / name).chmod(0)
    with pytest.raises(CommandFailed, match="permission denied"):
        chosen([letters / name])
    (letters / name).chmod(0o700)


def test_a_name_that_is_not_unicode_is_made_so(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    assert upload_name(path) == "caf�.txt"
