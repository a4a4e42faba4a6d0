"""`examine` tells what is there and what is wrong, and starts and makes nothing."""

import os
import socket

import pytest

from assay.embedded.doctor import Finding, examine
from assay.settings import Settings
from tests.embedded.installation import URL, held


def look(folder, **settings: object) -> dict[str, Finding]:
    found = examine(Settings(_env_file=None, data_dir=folder, **settings))
    return {each.part: each for each in found}


def test_a_bare_machine_is_well_and_nothing_is_made(tmp_path):
    found = look(tmp_path / "data", port=0)
    assert not [each for each in found.values() if not each.ok]
    assert found["serve"].detail == "not running"
    assert found["postgres"].detail.startswith("16 at ")
    assert {"python", "redis", "embeddings", "ocr", "answers", "disk"} <= found.keys()
    assert list(tmp_path.iterdir()) == []


def test_a_running_installation_is_shown_with_its_processes(tmp_path):
    with held(tmp_path) as installation:
        found = look(tmp_path)
        assert found["serve"].detail == f"process {installation.process.pid} serves {URL}"
        for part in ("api", "postgres", "redis", "vectors"):
            assert "MiB resident" in found[f"· {part}"].detail
        assert found["cluster"].ok


def test_a_cluster_of_another_version_is_bad(tmp_path):
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("13\n")
    finding = look(tmp_path)["cluster"]
    assert not finding.ok
    assert "POSTGRES_PROGRAMS" in finding.remedy


def test_a_taken_port_is_bad(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = look(tmp_path, port=taken.getsockname()[1])["port"]
    assert not finding.ok
    assert "--port" in finding.remedy


def test_missing_programs_are_bad_and_the_rest_is_told(tmp_path):
    found = look(tmp_path, postgres_programs=tmp_path, redis_server=tmp_path / "none")
    assert not found["postgres"].ok
    assert not found["redis"].ok
    assert found["embeddings"].ok


def test_services_that_do_not_answer_are_bad(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        hosts = dict.fromkeys(("postgres_host", "redis_host", "qdrant_host"), "127.0.0.1")
        ports = {"postgres_port": port, "redis_port": port, "qdrant_port": 1}
        found = look(tmp_path, mode="services", **hosts, **ports)
    assert found["postgres"].ok
    assert not found["vectors"].ok


@pytest.mark.skipif(os.geteuid() == 0, reason="not run: root may write everywhere")
def test_a_folder_of_another_user_is_bad(tmp_path):
    tmp_path.chmod(0o500)
    assert not look(tmp_path / "data")["data folder"].ok
