"""Telemetry of a process, from its start to its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from assay.adapters.background import running
from assay.adapters.telemetry_calls import set_slow_query_ms
from assay.adapters.telemetry_emf import EmfWriter
from assay.adapters.telemetry_metrics import watch_event_loop
from assay.adapters.telemetry_spans import tracing
from assay.settings import Settings


@asynccontextmanager
async def telemetry(settings: Settings, service: Literal["api", "worker"]) -> AsyncIterator[None]:
    """Measure, and report where the settings say, until the block ends."""
    set_slow_query_ms(settings.slow_query_ms)
    works = [watch_event_loop()]
    if settings.metrics_emf:
        works.append(EmfWriter(settings, service).run())
    async with tracing(settings, service), running(*works):
        yield
