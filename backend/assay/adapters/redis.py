"""Redis as a cache that may vanish: every failure is a miss, never an error."""

from typing import cast

import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from assay.settings import Settings

log = structlog.get_logger()

_FAILURES = (RedisError, OSError, TimeoutError)


class Cache:
    """Small values with a time to live; the callers keep the truth elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self._client = redis.Redis(
            host=settings.redis_host,
            port=settings.redis_port,
            password=settings.redis_password.get_secret_value() or None,
            ssl=settings.redis_tls,
            socket_timeout=0.25,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 1),
            max_connections=100,
        )

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when it is absent or Redis is away."""
        try:
            return cast("bytes | None", await self._client.get(key))
        except _FAILURES as error:
            log.warning("cache.unavailable", error=type(error).__name__)
            return None

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep a value for some seconds, if Redis is there."""
        try:
            await self._client.set(key, value, ex=seconds)
        except _FAILURES as error:
            log.warning("cache.unavailable", error=type(error).__name__)

    async def drop(self, *keys: str) -> bool:
        """Forget values at once; False when Redis is away and may still hold them."""
        if not keys:
            return True
        try:
            await self._client.delete(*keys)
        except _FAILURES as error:
            log.warning("cache.unavailable", error=type(error).__name__)
            return False
        return True

    async def healthy(self) -> bool:
        """Tell whether Redis answers."""
        try:
            return bool(await self._client.ping())
        except _FAILURES:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
