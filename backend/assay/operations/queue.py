"""The queue as metrics show it: looked at by the worker, told to the API through the cache."""

from dataclasses import asdict
from math import nan

import orjson

from assay.adapters import telemetry_metrics as metrics
from assay.adapters.jobs import JobRunner
from assay.adapters.redis import Cache

KEY = "queue:state"
LANES_KEY = "queue:lanes"
SECONDS = 60
"""How long a look counts; without a worker the queue is unknown."""


class QueueWatch:
    """Looks at the queue with every sweep of a worker."""

    def __init__(self, runner: JobRunner, cache: Cache) -> None:
        self._runner, self._cache = runner, cache

    async def sweep(self) -> None:
        """Look, and tell."""
        lanes = await self._runner.lanes()
        waiting = sum(lane.waiting for lane in lanes)
        oldest = max(lane.oldest_seconds for lane in lanes)
        metrics.queue_seen(waiting, oldest)
        await self._cache.put(KEY, orjson.dumps([waiting, oldest]), SECONDS)
        await self._cache.put(LANES_KEY, orjson.dumps([asdict(lane) for lane in lanes]), SECONDS)


async def learn_queue(cache: Cache) -> None:
    """Take over into this process's metrics what a worker saw last."""
    told = await cache.get(KEY)
    waiting, oldest = (nan, nan) if told is None else orjson.loads(told)
    metrics.queue_seen(waiting, oldest)
