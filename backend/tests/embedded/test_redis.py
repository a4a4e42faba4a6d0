"""Which Redis server is run."""

import pytest

from assay.embedded.folder import DataFolderError
from assay.embedded.redis import program_version, server
from assay.settings import Settings


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Put a server of a version on the PATH, and nothing else."""

    def put(version: str):
        program = tmp_path / "redis-server"
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return program

    return put


def test_the_setting_comes_first(installed, tmp_path):
    installed("7.2.4")
    own = tmp_path / "own"
    assert server(Settings(_env_file=None, redis_server=own)) == own


@pytest.mark.parametrize("version", ["6.2.0", "7.0.15", "8.0.0", "10.1.2"])
def test_a_new_enough_server_of_the_machine_is_taken(installed, version):
    program = installed(version)
    assert server(Settings(_env_file=None)) == program


def test_an_old_server_of_the_machine_is_passed_over(installed):
    old = installed("6.0.16")
    found = server(Settings(_env_file=None))
    assert found != old
    assert program_version(found) >= (6, 2)


def test_no_server_at_all_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DataFolderError, match=r"Install Redis 6\.2.*REDIS_SERVER"):
        server(Settings(_env_file=None))
