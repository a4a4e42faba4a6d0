"""ECS: services as they were asked for."""

from emulator.layer import Service
from emulator.wire import Call, Values

_FORGOTTEN = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "propagateTags",
)


class Ecs(Service):
    """Services, of which moto forgets how they are placed, deployed and tagged.

    That is given back as it came.

    Not proven: that tasks start, that Spot has room, that a deployment rolls back.
    """

    signed_as = botocore_name = moto_name = "ecs"

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[str, Values] = {}
        self.mends = {
            "CreateService": self._keep,
            "UpdateService": self._keep,
            "DescribeServices": self._described,
            "DeleteService": self._forget,
        }

    def _keep(self, call: Call, result: Values) -> Values:
        kept = self._asked.setdefault(result["service"]["serviceArn"], {})
        kept.update({name: call.parameters[name] for name in _FORGOTTEN if name in call.parameters})
        return {"service": self._filled(result["service"])}

    def _described(self, call: Call, result: Values) -> Values:
        del call
        result["services"] = [self._filled(service) for service in result["services"]]
        return result

    def _filled(self, service: Values) -> Values:
        asked = self._asked.get(service["serviceArn"], {})
        if "capacityProviderStrategy" in asked:
            service.pop("launchType", None)
        return {**service, **asked}

    def _forget(self, call: Call, result: Values) -> Values:
        del call
        self._asked.pop(result["service"]["serviceArn"], None)
        return result
