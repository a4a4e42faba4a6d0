"""What commands cost through Assay's one connection to Redis, and through redis-py's pool.

`python -m benchmarks.redis_calls` from `backend/`. It prints a Markdown table: processor time of
a hundred commands at once on new connections, that of single ones, and how many of 500 fail within
0.25 s when each caller then works for a moment, with idle and with busy cores.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from assay.adapters.redis_wire import Wire
from assay.embedded.supervisor import Embedded
from assay.settings import Settings

AT_ONCE, BURSTS, SINGLE = 100, 5, 1000
WORK_SECONDS = 0.002
"""What a request does between two commands."""
BUSY_PROGRAMS = 6

Ask = Callable[[], Awaitable[Any]]


def wire(settings: Settings) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """Return how Assay asks, and how it stops."""
    one = Wire(settings, lambda _: None)
    return lambda: one.call("GET", "key"), one.close


def pool(settings: Settings) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """Return how redis-py asks, with a connection for each command under way."""
    client = redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        password=settings.redis_password.get_secret_value(),
        socket_timeout=0.25,
        socket_connect_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
        max_connections=AT_ONCE,
    )
    return lambda: client.get("key"), client.aclose


@contextmanager
def busy_cores() -> Iterator[None]:
    """Run programs that leave little of the processor."""
    spin = [sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(spin) for _ in range(BUSY_PROGRAMS)]  # noqa: S603 - our own
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


async def request(ask: Ask) -> bool:
    """Ask and work three times; tell whether all was answered."""
    try:
        for _ in range(3):
            await ask()
            began = time.thread_time()
            while time.thread_time() - began < WORK_SECONDS:
                pass
    except RedisError:
        return False
    return True


async def burst_ms(settings: Settings, client: Any) -> float:
    """Return the processor time of many commands at once by a client that has no connection."""
    ask, close = client(settings)
    began = time.process_time()
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    spent = time.process_time() - began
    await close()
    return spent * 1000


async def single_ms(settings: Settings, client: Any) -> float:
    """Return the processor time of a command when nothing else is under way."""
    ask, close = client(settings)
    await ask()
    began = time.process_time()
    for _ in range(SINGLE):
        await ask()
    spent = time.process_time() - began
    await close()
    return spent * 1000 / SINGLE


async def failures(settings: Settings, client: Any) -> int:
    """Return how many requests were left without an answer."""
    failed = 0
    for _ in range(BURSTS):
        ask, close = client(settings)
        done = await asyncio.gather(*(request(ask) for _ in range(AT_ONCE)))
        failed += done.count(False)
        await close()
    return failed


async def main() -> int:
    """Measure both, print the table; return 1 when Assay's own connection failed."""
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as folder:
        parts = Embedded(Settings(_env_file=None, mode="embedded", data_dir=Path(folder)))  # type: ignore[call-arg]
        await parts.start()
        try:
            rows = await table(parts.app_settings)
        finally:
            await parts.stop()
    print("| figure | one connection | redis-py's pool |\n|---|---|---|")
    for name, *values in rows:
        print(f"| {name} | " + " | ".join(f"{value:.3g}" for value in values) + " |")
    return int(any(row[1] for row in rows[-2:]))


async def table(settings: Settings) -> list[tuple[str, float, float]]:
    """Return the rows."""
    both = wire, pool
    burst = [min([await burst_ms(settings, each) for _ in range(BURSTS)]) for each in both]
    single = [min([await single_ms(settings, each) for _ in range(BURSTS)]) for each in both]
    idle = [await failures(settings, each) for each in both]
    with busy_cores():
        busy = [await failures(settings, each) for each in both]
    return [
        (f"CPU of {AT_ONCE} commands at once, ms", burst[0], burst[1]),
        ("CPU of one command, ms", single[0], single[1]),
        (f"requests of {AT_ONCE * BURSTS} that failed", *idle),
        ("the same, busy cores", *busy),
    ]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
