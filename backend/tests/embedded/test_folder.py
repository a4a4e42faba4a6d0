"""The data folder has one holder, and its secrets outlive everything."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assay.embedded import folder as module
from assay.embedded.folder import DataFolder, DataFolderError, DataFolderInUse, write_atomically

BACKEND = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from assay.embedded.folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
folder.lock()
folder.publish("http://127.0.0.1:8123")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(BACKEND)},
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_everything_is_private_to_its_owner(tmp_path):
    folder = DataFolder(tmp_path / "new" / "data")
    folder.lock()
    folder.secrets()
    assert mode(folder.path) == 0o700
    assert {mode(each) for each in folder.path.iterdir() if each.is_dir()} == {0o700}
    assert mode(folder / "secrets.json") == 0o600
    folder.release()


def test_the_holder_is_told_with_its_url(tmp_path, holder):
    folder = DataFolder(tmp_path)
    found = folder.holder()
    assert (found.pid, found.url) == (holder.pid, "http://127.0.0.1:8123")
    with pytest.raises(DataFolderInUse, match=rf"{holder.pid}.*:8123.*ASSAY_DATA_DIR"):
        folder.lock()


def test_what_a_killed_holder_left_is_in_nobodys_way(tmp_path, holder):
    holder.kill()
    holder.wait()
    folder = DataFolder(tmp_path)
    assert (tmp_path / "run" / "state.json").exists()
    assert folder.holder() is None
    folder.lock()
    assert json.loads((tmp_path / "run" / "state.json").read_text())["pid"] == os.getpid()
    folder.release()


def test_a_holder_whose_state_is_unreadable_still_holds(tmp_path, holder):
    assert holder.poll() is None
    (tmp_path / "run" / "state.json").write_text("{")
    assert DataFolder(tmp_path).holder() is not None
    with pytest.raises(DataFolderInUse, match="another process"):
        DataFolder(tmp_path).lock()


def test_a_look_at_the_lock_refuses_no_start(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PROBE_SECONDS", 30)
    folder = DataFolder(tmp_path)
    folder.lock()
    folder.release()
    with (tmp_path / "run" / "lock").open() as probe:
        fcntl.flock(probe, fcntl.LOCK_SH)
        start = threading.Thread(target=folder.lock)
        start.start()
        fcntl.flock(probe, fcntl.LOCK_UN)
        start.join(30)
    assert folder.holder().pid == os.getpid()
    folder.release()
    assert folder.holder() is None


def test_an_unused_folder_has_no_holder_and_is_not_made(tmp_path):
    assert DataFolder(tmp_path / "none").holder() is None
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="ASSAY_DATA_DIR"):
        DataFolder(tmp_path / "file" / "data").lock()


def test_secrets_are_made_once_and_all_differ(tmp_path):
    made = DataFolder(tmp_path).secrets()
    assert DataFolder(tmp_path).secrets() == made
    values = json.loads((tmp_path / "secrets.json").read_text()).values()
    assert len(set(values)) == len(made.__dataclass_fields__)
    assert all(len(each) >= 32 for each in values)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"redis": "x"}', "null", "\x00"])
def test_damaged_secrets_are_told_and_kept(tmp_path, content):
    path = tmp_path / "secrets.json"
    path.write_text(content)
    with pytest.raises(DataFolderError, match=r"secrets\.json is damaged.*backup"):
        DataFolder(tmp_path).secrets()
    assert path.read_text() == content


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "state.json"
    write_atomically(path, {"a": 1})
    with pytest.raises(TypeError):
        write_atomically(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
