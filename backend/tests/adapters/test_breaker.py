"""The circuit breaker against its description, with a clock that only the test moves."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assay.adapters.breaker import Breaker, BreakerState

FAILURES, SECONDS = 3, 30.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(failures=FAILURES, seconds=SECONDS, clock=clock)
    for _ in range(FAILURES):
        breaker.failed(breaker.admit())
    return breaker, clock


def test_opens_after_failures_in_a_row():
    breaker = Breaker(failures=FAILURES, seconds=SECONDS, clock=Clock())
    for _ in range(FAILURES - 1):
        breaker.failed(breaker.admit())
    breaker.succeeded(breaker.admit())
    for _ in range(FAILURES - 1):
        breaker.failed(breaker.admit())
    assert breaker.state is BreakerState.CLOSED
    breaker.failed(breaker.admit())
    assert breaker.state is BreakerState.OPEN
    assert breaker.admit() is None


def test_lets_one_call_through_after_its_time():
    breaker, clock = opened()
    clock.now += SECONDS - 0.001
    assert breaker.admit() is None
    clock.now += 0.001
    assert breaker.state is BreakerState.HALF_OPEN
    probe = breaker.admit()
    assert probe is not None
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert (breaker.state, breaker.failures) == (BreakerState.CLOSED, 0)


def test_a_failed_probe_opens_it_for_the_whole_time_again():
    breaker, clock = opened()
    clock.now += SECONDS
    breaker.failed(breaker.admit())
    clock.now += SECONDS - 0.001
    assert breaker.admit() is None


def test_a_probe_that_was_given_up_leaves_its_place():
    breaker, clock = opened()
    clock.now += SECONDS
    breaker.gave_up(breaker.admit())
    assert breaker.admit() is not None


def test_a_late_outcome_changes_nothing():
    clock = Clock()
    breaker = Breaker(failures=FAILURES, seconds=SECONDS, clock=clock)
    late = [breaker.admit() for _ in range(2)]
    for _ in range(FAILURES):
        breaker.failed(breaker.admit())
    clock.now += SECONDS
    probe = breaker.admit()
    breaker.succeeded(late[0])
    breaker.gave_up(late[1])
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert breaker.state is BreakerState.CLOSED


class Calls(RuleBasedStateMachine):
    """Calls that begin, end in any order and way, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(failures=FAILURES, seconds=SECONDS, clock=self.clock)
        self.running: list[tuple[int, int]] = []
        """Permits of calls under way, with the period that they began in."""
        self.period = 0
        self.opened_at: float | None = None
        self.in_a_row = 0

    def may_probe(self) -> bool:
        assert self.opened_at is not None
        waited = self.clock.now - self.opened_at >= SECONDS
        return waited and all(period != self.period for _, period in self.running)

    def turn(self, opened_at: float | None) -> None:
        self.opened_at = opened_at
        self.period += 1

    @rule()
    def begin(self):
        expected = self.opened_at is None or self.may_probe()
        permit = self.breaker.admit()
        assert (permit is not None) is expected
        if permit is not None:
            self.running.append((permit, self.period))

    @rule(seconds=st.sampled_from([0.5, 10.0, 30.0]))
    def wait(self, seconds):
        self.clock.now += seconds

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "gave_up"]))
    def end(self, data, outcome):
        index = data.draw(st.integers(0, len(self.running) - 1))
        permit, period = self.running.pop(index)
        getattr(self.breaker, outcome)(permit)
        if period != self.period:
            return
        if outcome == "succeeded":
            self.in_a_row = 0
            if self.opened_at is not None:
                self.turn(None)
        if outcome == "failed":
            self.in_a_row += 1
            if self.opened_at is not None or self.in_a_row >= FAILURES:
                self.turn(self.clock.now)

    @invariant()
    def tells_its_state(self):
        if self.opened_at is None:
            expected = BreakerState.CLOSED
        elif self.clock.now - self.opened_at < SECONDS:
            expected = BreakerState.OPEN
        else:
            expected = BreakerState.HALF_OPEN
        assert (self.breaker.state, self.breaker.failures) == (expected, self.in_a_row)


TestCalls = Calls.TestCase
