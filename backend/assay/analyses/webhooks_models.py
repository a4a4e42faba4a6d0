"""What webhooks are told, when they are tried again, and how they know that it was us."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from enum import StrEnum

from assay.settings import Settings, key_id

DELIVER = "webhooks.deliver"
"""Name of the job; it takes the delivery's id as its lock."""

MOST = 20
"""Webhooks of a workspace."""
RETRY_SECONDS = (1, 10, 60, 300, 1800, 7200, 18_000, 36_000)
"""Waits between attempts: the last one comes about 17 hours after the first."""
DISABLED_AFTER = timedelta(days=5)
"""A webhook that nothing could be delivered to for so long is switched off."""
KEPT = timedelta(days=30)
"""How long deliveries can be looked up."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - of Standard Webhooks
SALT_BYTES = 32


class Event(StrEnum):
    """What a webhook may be told."""

    ANALYSIS_COMPLETED = "analysis.completed"
    ANALYSIS_FAILED = "analysis.failed"


TEST = "webhook.test"
"""The event of a test call, which every webhook is told."""


class DeliveryStatus(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Secrets:
    """The webhooks' signing secrets, derived from the key ring, so that none is stored."""

    def __init__(self, settings: Settings) -> None:
        self._keys = {key_id(key): key.get_secret_value() for key in settings.secret_keys}
        self.key_id = key_id(settings.secret_keys[0]) if settings.secret_keys else ""

    def of(self, key: str, salt: bytes) -> bytes | None:
        """Return a webhook's secret; None where its key has left the ring."""
        ring_key = self._keys.get(key)
        if ring_key is None:
            return None
        return hmac.digest(ring_key.encode(), b"assay webhook" + salt, hashlib.sha256)

    def shown(self, key: str, salt: bytes) -> str:
        """Return a secret as its owner keeps it."""
        secret = self.of(key, salt)
        assert secret is not None  # noqa: S101 - made with a key of the ring
        return SECRET_PREFIX + base64.b64encode(secret).decode()


def signed(secret: bytes, identifier: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery, as Standard Webhooks has them."""
    stamp = str(int(at.timestamp()))
    content = f"{identifier}.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Assay-Webhooks",
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
