"""The sliding minute and the leases kept in a process, on a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from assay.admission.local import LocalWindows


@given(
    steps=st.lists(st.floats(0, 30), min_size=1, max_size=200),
    limit=st.integers(1, 20),
)
def test_no_minute_holds_more_than_the_limit(steps: list[float], limit: int):
    now, taken = 0.0, []
    windows = LocalWindows(lambda: now)
    for step in steps:
        now += step
        if windows.take("tenant", limit)[0]:
            taken.append(now)
    for start in taken:
        assert sum(start <= moment < start + 60 for moment in taken) <= limit


@given(limit=st.integers(1, 20), gap=st.floats(0, 5))
def test_who_waits_as_told_is_let_in(limit: int, gap: float):
    now = 1000.0
    windows = LocalWindows(lambda: now)
    while windows.take("tenant", limit)[0]:
        now += gap / limit
    now += windows.take("tenant", limit)[1].reset
    assert windows.take("tenant", limit)[0]


def test_keys_are_counted_apart():
    windows = LocalWindows(lambda: 0.0)
    assert windows.take("a", 1)[0]
    assert not windows.take("a", 1)[0]
    assert windows.take("b", 1)[0]


def test_looking_whether_a_limit_is_reached_counts_nothing():
    windows = LocalWindows(lambda: 0.0)
    assert [windows.full("a", 1)[0] for _ in range(3)] == [False] * 3
    assert windows.take("a", 1)[0]
    assert windows.full("a", 1)[0]
