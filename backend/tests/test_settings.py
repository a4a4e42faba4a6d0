"""Settings that refuse rather than pass over."""

import pytest
from pydantic import ValidationError

from assay.settings import Settings


def test_the_seeds_figures_of_a_process_are_settings(monkeypatch):
    monkeypatch.setenv("WORKERS", "1")
    monkeypatch.setenv("MAX_REQUESTS", "1000")
    monkeypatch.setenv("REQUEST_TIMEOUT", "30")
    monkeypatch.setenv("KEEPALIVE", "2")
    settings = Settings(_env_file=None)
    assert (settings.workers, settings.max_requests) == (1, 1000)
    assert (settings.request_timeout_seconds, settings.keepalive_seconds) == (30, 2)


def test_more_workers_in_one_container_are_refused(monkeypatch):
    monkeypatch.setenv("WORKERS", "4")
    with pytest.raises(ValidationError, match="WORKERS"):
        Settings(_env_file=None)
