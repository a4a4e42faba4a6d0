"""Samples, sessions and the bounds of what is counted."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from assay.adapters import telemetry_calls, telemetry_sessions
from assay.adapters import telemetry_metrics as metrics
from assay.adapters.telemetry_sessions import IDLE_SECONDS, Sessions


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


@given(st.lists(st.floats(0, 100), max_size=500))
def test_a_sample_holds_some_of_the_values_and_no_more_than_it_may(values):
    sample = metrics.Sample()
    for each in values:
        sample.add(each)
    taken = sample.take()
    assert len(taken) == min(len(values), metrics.SAMPLE)
    assert set(taken) <= {round(each * 1000, 3) for each in values}
    assert sample.take() == []


def test_a_sample_is_fair():
    """Of 10,000 rising values a fair sample's mean lies near the middle (7 deviations)."""
    sample = metrics.Sample()
    for number in range(10_000):
        sample.add(number / 1000)
    taken = sample.take()
    assert sum(taken) / len(taken) == pytest.approx(5000, abs=7 * 2887 / 10)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 400)), max_size=60))
def test_sessions_are_those_of_the_last_minutes(steps):
    clock, ended, last = Clock(), [], {}
    sessions = Sessions(ended.append, clock)
    for number, later in steps:
        clock.now += later
        sessions.see(UUID(int=number))
        last[number] = clock.now
    alive = {number for number, at in last.items() if clock.now - at <= IDLE_SECONDS}
    assert sessions.active() == len(alive)
    assert all(seconds >= 0 for seconds in ended)


def test_a_session_lasts_from_its_first_to_its_last_request():
    clock, ended = Clock(), []
    sessions, session = Sessions(ended.append, clock), uuid4()
    for _ in range(3):
        sessions.see(session)
        clock.now += 200
    clock.now += IDLE_SECONDS
    assert sessions.active() == 0
    assert ended == [400]


def test_sessions_take_bounded_memory(monkeypatch):
    monkeypatch.setattr(telemetry_sessions, "MOST", 10)
    sessions = Sessions(lambda _: None, Clock())
    for _ in range(50):
        sessions.see(uuid4())
    assert sessions.active() == 10


def test_odd_methods_make_no_new_series():
    before = value(
        "assay_http_request_seconds_count", method="other", route="unmatched", status="4xx"
    )
    for number in range(5):
        metrics.request_began()
        metrics.request_ended(f"ODD{number}", "unmatched", 405, 0.01)
    after = value(
        "assay_http_request_seconds_count", method="other", route="unmatched", status="4xx"
    )
    assert after - before == 5


def test_a_failed_search_counts_as_failed():
    failures = value("assay_vector_search_failures_total")
    searches = value("assay_vector_search_seconds_count")
    with telemetry_calls.vector_search():
        pass
    with pytest.raises(OSError, match="gone"), telemetry_calls.vector_search():
        raise OSError("gone")
    assert value("assay_vector_search_failures_total") - failures == 1
    assert value("assay_vector_search_seconds_count") - searches == 2


def test_a_model_that_is_not_waited_for_did_not_fail():
    def count(outcome: str) -> float:
        return value("assay_model_call_seconds_count", model="m", outcome=outcome)

    def leave_early():
        with telemetry_calls.model_call("m"):
            yield

    answered, failed = count("answered"), count("failed")
    asking = leave_early()
    next(asking)
    asking.close()
    with pytest.raises(OSError, match="gone"), telemetry_calls.model_call("m"):
        raise OSError("gone")
    assert (count("answered") - answered, count("failed") - failed) == (1, 1)


def test_only_slow_statements_are_logged_with_tenant_and_without_values(monkeypatch):
    import structlog
    from sqlalchemy import text
    from structlog.testing import capture_logs

    times = iter([0.0, 0.499, 10.0, 10.5])
    monkeypatch.setattr(telemetry_calls, "perf_counter", lambda: next(times))
    monkeypatch.setattr(telemetry_calls._Slow, "seconds", 0.5)
    asked = text("select *\n   from documents where name = :name").bindparams(name="MARKED")
    tenant_id = uuid4()
    with capture_logs() as logs:
        # The module's own logger may have been used, and then keeps its processors.
        monkeypatch.setattr(telemetry_calls, "log", structlog.get_logger())
        for _ in range(2):
            with telemetry_calls.statement(asked, tenant_id):
                pass
    (line,) = logs
    assert line == {
        "event": "database.slow",
        "log_level": "warning",
        "statement": "select * from documents where name = :name",
        "tenant_id": str(tenant_id),
        "ms": 500.0,
        "error": None,
    }
