"""Counts what a request or a job uses, while it runs and without a round trip.

A `Meter` travels in a context variable, so that adapters add to it without knowing for whom.
Processor time is that of the event loop's thread while it runs the steps of this request, and
of the tasks and threads that the request starts: waiting costs nothing, other requests' steps
are not charged.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from time import thread_time_ns
from typing import Any, ParamSpec, TypeVar

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


@dataclass(slots=True)
class Meter:
    """What was used up to now."""

    database_queries: int = 0
    vector_searches: int = 0
    cpu_ns: int = 0
    """Nanoseconds of processor time."""


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


def current_meter() -> Meter | None:
    """Return the meter of the request or job that is running, if there is one."""
    return _METER.get()


def count_query() -> None:
    """Count a database statement."""
    meter = _METER.get()
    if meter is not None:
        meter.database_queries += 1


def count_vector_search() -> None:
    """Count a call that searches vectors."""
    meter = _METER.get()
    if meter is not None:
        meter.vector_searches += 1


def charge(cpu_ns: int) -> None:
    """Add processor time that was spent elsewhere, such as in a child process."""
    meter = _METER.get()
    if meter is not None:
        meter.cpu_ns += cpu_ns


class _Steps(Coroutine[Any, Any, Result]):
    """A coroutine whose every step adds its processor time to a meter."""

    __slots__ = ("_inner", "_meter")

    def __init__(self, inner: Coroutine[Any, Any, Result], meter: Meter) -> None:
        self._inner, self._meter = inner, meter

    def send(self, value: Any) -> Any:
        began = thread_time_ns()
        try:
            return self._inner.send(value)
        finally:
            self._meter.cpu_ns += thread_time_ns() - began

    def throw(self, *error: Any) -> Any:
        began = thread_time_ns()
        try:
            return self._inner.throw(*error)
        finally:
            self._meter.cpu_ns += thread_time_ns() - began

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Result]:
        step: Callable[[Any], Any] = self.send
        argument: Any = None
        while True:
            try:
                yielded = step(argument)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            try:
                step, argument = self.send, (yield yielded)
            except BaseException as error:  # noqa: BLE001 - a cancellation is the coroutine's own
                step, argument = self.throw, error


async def metered(work: Coroutine[Any, Any, Result], meter: Meter) -> Result:
    """Run a coroutine and add what it uses to a meter."""
    token = _METER.set(meter)
    try:
        return await _Steps(work, meter)
    finally:
        _METER.reset(token)


def task_factory(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> "asyncio.Task[Any]":
    """Make tasks whose steps are charged to the request that starts them.

    For `loop.set_task_factory`.
    """
    meter = _METER.get()
    if meter is not None and asyncio.iscoroutine(work):
        work = _Steps(work, meter)
    return asyncio.Task(work, loop=loop, **options)


def in_thread(
    function: Callable[Parameters, Result],
) -> Callable[Parameters, Result]:
    """Return a function for an executor that charges its thread's time to the present meter."""
    meter = _METER.get()
    if meter is None:
        return function
    context = copy_context()

    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        began = thread_time_ns()
        try:
            return context.run(function, *args, **kwargs)
        finally:
            meter.cpu_ns += thread_time_ns() - began

    return run
