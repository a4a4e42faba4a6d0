"""EC2: detailed monitoring, and what rules between security groups are for."""

from typing import Any

from emulator.layer import Service
from emulator.wire import Call, Fault, Values


class Ec2(Service):
    """What moto lacks: detailed monitoring, protection from the start, why groups are let in.

    And AWS's own code where a network ACL's association is gone.

    Not proven: that metrics come every minute, that traffic passes or is refused.
    """

    signed_as = botocore_name = moto_name = "ec2"

    def __init__(self) -> None:
        super().__init__()
        self.answers = {
            "MonitorInstances": lambda call: self._monitor(call, "enabled"),
            "UnmonitorInstances": lambda call: self._monitor(call, "disabled"),
        }
        self.befores = {"ReplaceNetworkAclAssociation": self._associated}
        self.mends = {
            "DescribeSecurityGroupRules": self._described,
            "RunInstances": self._protect,
        }

    def _associated(self, call: Call) -> None:
        """Refuse as AWS does where an association was replaced; moto answers 500."""
        asked = call.parameters["AssociationId"]
        acls = list(self.backend(call.region).network_acls.values())
        if not any(each.id == asked for acl in acls for each in list(acl.associations)):
            raise Fault("InvalidAssociationID.NotFound", f"There is no association {asked}")

    def _monitor(self, call: Call, state: str) -> Values:
        instances = [
            self.backend(call.region).get_instance(each) for each in call.parameters["InstanceIds"]
        ]
        for instance in instances:
            instance.monitoring_state = state
        return {
            "InstanceMonitorings": [
                {"InstanceId": each.id, "Monitoring": {"State": state}} for each in instances
            ]
        }

    def _protect(self, call: Call, result: Values) -> Values:
        for each in result["Instances"]:
            instance = self.backend(call.region).get_instance(each["InstanceId"])
            instance.disable_api_termination = call.parameters.get("DisableApiTermination", False)
        return result

    def _described(self, call: Call, result: Values) -> Values:
        asked = [rule["SecurityGroupRuleId"] for rule in result.get("SecurityGroupRules", [])]
        kept = self.backend(call.region).describe_security_group_rules(asked, {})
        texts = {rule.id: _description(rule) for rule in kept}
        for rule in result.get("SecurityGroupRules", []):
            rule.setdefault("Description", texts.get(rule["SecurityGroupRuleId"]))
        return result


def _description(rule: Any) -> str | None:
    peers = (rule.ip_range, rule.source_group, rule.prefix_list_id)
    return next((peer["Description"] for peer in peers if peer and "Description" in peer), None)
