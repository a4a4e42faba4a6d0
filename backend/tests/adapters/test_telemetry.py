"""What logs hold, and what they must not."""

import io
import json
import logging

import pytest
import structlog

from assay.adapters import telemetry
from assay.adapters.telemetry import configure_logging, describe_error
from assay.errors import Unavailable

SECRET = "MARKED-4711"


@pytest.fixture
def lines(monkeypatch):
    """What is logged, as a process without a terminal writes it."""
    output = io.StringIO()
    monkeypatch.setattr(telemetry.sys, "stderr", output)
    configure_logging("INFO")
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    monkeypatch.undo()
    configure_logging("WARNING")


def read() -> None:
    raise ValueError(SECRET)


def failing() -> Exception:
    try:
        try:
            read()
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        return error


def test_an_error_is_described_without_what_it_says():
    told = describe_error(failing())
    assert SECRET not in told
    assert "ValueError" in told.split("which led to")[0]
    assert told.endswith("KeyError")
    assert "in failing" in told


def test_our_own_sentences_are_kept():
    assert describe_error(Unavailable("Try again.")) == "Unavailable: Try again."


def test_every_error_of_a_group_is_described():
    group = ExceptionGroup(SECRET, [failing(), OSError(SECRET)])
    told = describe_error(group)
    assert SECRET not in told
    assert "KeyError" in told
    assert "OSError" in told


def test_logged_errors_quote_nothing(lines):
    structlog.get_logger().error("it.failed", exc_info=failing())
    (line,) = lines()
    assert (line["event"], line["level"]) == ("it.failed", "error")
    assert "KeyError" in line["exception"]
    assert SECRET not in json.dumps(line)


def test_what_libraries_log_has_the_same_form_and_quotes_nothing(lines):
    logging.getLogger("some.library").error(
        "It broke\nfuture: <Task exception=ValueError(%r)>", SECRET, exc_info=failing()
    )
    logging.getLogger("some.library").info("Not told.")
    (line,) = lines()
    assert (line["event"], line["logger"], line["message"]) == (
        "library",
        "some.library",
        "It broke",
    )
    assert SECRET not in json.dumps(line)
