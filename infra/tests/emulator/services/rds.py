"""RDS: performance insights, and parameters that a person set."""

from typing import Any
from uuid import uuid4

from emulator.layer import Service
from emulator.wire import Call, Values


class Rds(Service):
    """What moto forgets: performance insights, who set a parameter, an id for each instance.

    Not proven: that the engine has the parameters, that the class has performance insights.
    """

    signed_as = botocore_name = moto_name = "rds"

    def __init__(self) -> None:
        super().__init__()
        self.mends = {
            "CreateDBInstance": self._created,
            "ModifyDBInstance": self._modified,
            "DescribeDBParameters": self._parameters,
        }

    def _created(self, call: Call, result: Values) -> Values:
        # Moto gives every instance one and the same; the provider looks instances up by it.
        own = f"db-{uuid4().hex[:26].upper()}"
        self._instance(call).dbi_resource_id = own
        result["DBInstance"]["DbiResourceId"] = own
        return self._modified(call, result)

    def _modified(self, call: Call, result: Values) -> Values:
        asked = call.parameters
        if "EnablePerformanceInsights" in asked:
            instance = self._instance(call)
            instance.performance_insights_enabled = asked["EnablePerformanceInsights"]
            instance.performance_insights_kms_key_id = asked.get("PerformanceInsightsKMSKeyId")
            days = asked.get("PerformanceInsightsRetentionPeriod", 7)
            instance.performance_insights_retention_period = days
        return result

    def _instance(self, call: Call) -> Any:
        return self.backend(call.region).databases[call.parameters["DBInstanceIdentifier"]]

    def _parameters(self, call: Call, result: Values) -> Values:
        del call
        for parameter in result.get("Parameters", []):
            parameter["Source"] = "user"
        return result
