"""The probe's metrics."""

import json

import probe
import pytest

pytestmark = pytest.mark.usefixtures("key_parameter")


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_node_that_serves_is_up(start_node, monkeypatch, capsys):
    monkeypatch.setenv("QDRANT_URLS", start_node().url)
    assert probe.handler({}, None) == {"127.0.0.1": True}
    (line,) = lines(capsys)
    assert (line["Up"], line["Environment"], line["Node"]) == (1, "test", "127.0.0.1")
    assert line["ResponseTime"] > 0


def test_the_line_is_cloudwatchs_embedded_format(start_node, monkeypatch, capsys):
    monkeypatch.setenv("QDRANT_URLS", start_node().url)
    probe.handler({}, None)
    (line,) = lines(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Assay/Qdrant"
    assert directive["Dimensions"] == [["Environment", "Node"]]
    assert {each["Name"] for each in directive["Metrics"]} <= line.keys()


@pytest.mark.parametrize("fault", [{"ready": False}, {"key": "another"}])
def test_a_node_that_refuses_is_down(start_node, monkeypatch, capsys, fault):
    monkeypatch.setenv("QDRANT_URLS", start_node(**fault).url)
    assert probe.handler({}, None) == {"127.0.0.1": False}
    (line,) = lines(capsys)
    assert line["Up"] == 0
    assert "HTTP Error" in line["reason"]


def test_a_node_that_is_away_is_down_and_the_other_is_still_asked(start_node, monkeypatch, capsys):
    here = start_node()
    port = here.url.rpartition(":")[2]
    monkeypatch.setenv("QDRANT_URLS", f"http://127.0.0.1:9,http://localhost:{port}")
    assert probe.handler({}, None) == {"127.0.0.1": False, "localhost": True}
    assert [line["Up"] for line in lines(capsys)] == [0, 1]
