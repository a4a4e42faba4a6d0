"""S3: buckets that tell EventBridge."""

from typing import Any
from wsgiref.types import WSGIEnvironment

from emulator.layer import Service
from emulator.wire import Call, Values


class S3(Service):
    """GetBucketNotificationConfiguration, where moto leaves EventBridge out.

    Not proven: that an event arrives.
    """

    signed_as = botocore_name = moto_name = "s3"

    def __init__(self) -> None:
        super().__init__()
        self.mends = {"GetBucketNotificationConfiguration": self._notifications}

    def concerns(self, environ: WSGIEnvironment) -> bool:
        """Only what is asked of notifications: objects pass as they are, however long."""
        return "notification" in environ.get("QUERY_STRING", "")

    def backend(self, region: str) -> Any:
        """The one store of buckets."""
        del region
        return super().backend("aws")

    def _notifications(self, call: Call, result: Values) -> Values:
        bucket = self.backend(call.region).get_bucket(call.parameters["Bucket"])
        kept = bucket.notification_configuration
        if kept and kept.event_bridge is not None:
            result["EventBridgeConfiguration"] = {}
        return result
