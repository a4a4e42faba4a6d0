"""Route 53: private zones."""

from typing import Any

from emulator.layer import Service
from emulator.wire import Call, Values


class Route53(Service):
    """CreateHostedZone with a VPC, which makes the zone private; moto waits for a flag instead.

    Not proven: that names resolve.
    """

    signed_as = botocore_name = moto_name = "route53"

    def __init__(self) -> None:
        super().__init__()
        self.mends = {"CreateHostedZone": self._created}

    def backend(self, region: str) -> Any:
        """The one store of zones: the service has no regions."""
        del region
        return super().backend("aws")

    def _created(self, call: Call, result: Values) -> Values:
        vpc = call.parameters.get("VPC")
        if vpc:
            zone = self.backend(call.region).zones[result["HostedZone"]["Id"].rpartition("/")[2]]
            zone.private_zone = True
            if not zone.vpcs:
                zone.add_vpc(vpc["VPCId"], vpc.get("VPCRegion", call.region))
            result["HostedZone"]["Config"]["PrivateZone"] = True
        return result
