import signal

import pytest


@pytest.fixture(scope="package", autouse=True)
def interruptible():
    """Let programs that tests start be interrupted: a shell has what it runs behind ignore that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
