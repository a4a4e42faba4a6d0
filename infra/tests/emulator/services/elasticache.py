"""ElastiCache: groups of parameters, and the nodes of a replication group."""

from collections.abc import Iterable

from emulator.layer import ACCOUNT, Service
from emulator.wire import Call, Fault, Values

_ECHOED = (
    "AutoMinorVersionUpgrade",
    "CacheNodeType",
    "CacheSubnetGroupName",
    "Engine",
    "PreferredMaintenanceWindow",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
    "TransitEncryptionEnabled",
    "TransitEncryptionMode",
    "AtRestEncryptionEnabled",
    "ReplicationGroupId",
)


class ElastiCache(Service):
    """Parameter groups, members and readers of a replication group, ends of deletions.

    Nodes carry what their group was asked for; a change of the group does not reach them.
    Not proven: that the parameters exist, that a node fails over, that the token is asked for.
    """

    signed_as = botocore_name = moto_name = "elasticache"

    def __init__(self) -> None:
        super().__init__()
        self._groups: dict[str, Values] = {}
        self._parameters: dict[str, dict[str, str]] = {}
        self._nodes: dict[str, Values] = {}
        self.answers = {
            "CreateCacheParameterGroup": self._create_parameters,
            "DescribeCacheParameterGroups": self._describe_groups,
            "ModifyCacheParameterGroup": self._modify_parameters,
            "ResetCacheParameterGroup": self._reset_parameters,
            "DescribeCacheParameters": self._describe_parameters,
            "DeleteCacheParameterGroup": self._delete_parameters,
            "DeleteCacheSubnetGroup": self._delete_subnets,
            "DescribeCacheClusters": self._describe_nodes,
            "ListTagsForResource": self._tags,
        }
        self.mends = {
            "CreateReplicationGroup": self._add_nodes,
            "DeleteReplicationGroup": self._remove_nodes,
        }

    def held(self) -> dict[str, Iterable[str]]:
        """Groups and nodes."""
        return {"parameter groups": self._groups, "nodes": self._nodes}

    def _create_parameters(self, call: Call) -> Values:
        name = call.parameters["CacheParameterGroupName"]
        kept = ("CacheParameterGroupName", "CacheParameterGroupFamily", "Description")
        arn = _arn(call, "parametergroup", name)
        self._groups[name] = {**{key: call.parameters[key] for key in kept}, "ARN": arn}
        self._parameters[name] = {}
        self.backend(call.region).tagging_service.tag_resource(arn, call.parameters.get("Tags", []))
        return {"CacheParameterGroup": self._groups[name]}

    def _describe_groups(self, call: Call) -> Values:
        name = call.parameters.get("CacheParameterGroupName")
        if name and name not in self._groups:
            raise Fault("CacheParameterGroupNotFound", f"{name} does not exist")
        found = [self._groups[name]] if name else list(self._groups.values())
        return {"CacheParameterGroups": found}

    def _modify_parameters(self, call: Call) -> Values:
        name = call.parameters["CacheParameterGroupName"]
        for pair in call.parameters["ParameterNameValues"]:
            self._parameters[name][pair["ParameterName"]] = pair["ParameterValue"]
        return {"CacheParameterGroupName": name}

    def _reset_parameters(self, call: Call) -> Values:
        name = call.parameters["CacheParameterGroupName"]
        for pair in call.parameters.get("ParameterNameValues", []):
            self._parameters[name].pop(pair["ParameterName"], None)
        return {"CacheParameterGroupName": name}

    def _describe_parameters(self, call: Call) -> Values:
        kept = self._parameters[call.parameters["CacheParameterGroupName"]]
        return {
            "Parameters": [
                {"ParameterName": name, "ParameterValue": value, "Source": "user"}
                for name, value in kept.items()
            ]
        }

    def _delete_parameters(self, call: Call) -> Values:
        name = call.parameters["CacheParameterGroupName"]
        self._groups.pop(name, None)
        self._parameters.pop(name, None)
        return {}

    def _tags(self, call: Call) -> Values:
        # Moto knows the tags, and refuses the ARNs of what it lacks.
        tagged = self.backend(call.region).tagging_service
        return {"TagList": tagged.list_tags_for_resource(call.parameters["ResourceName"])["Tags"]}

    def _delete_subnets(self, call: Call) -> Values:
        name = call.parameters["CacheSubnetGroupName"]
        self.backend(call.region).cache_subnet_groups.pop(name, None)
        return {}

    def _add_nodes(self, call: Call, result: Values) -> Values:
        asked = call.parameters
        group = asked["ReplicationGroupId"]
        names = [
            f"{group}-{number:03d}" for number in range(1, asked.get("NumCacheClusters", 1) + 1)
        ]
        made = self.backend(call.region).replication_groups[group]
        made.member_clusters = names
        for shard in made.node_groups:
            # Moto keeps it under a name that its answers do not know.
            address = shard["reader_endpoint_address"]
            shard["reader_endpoint"] = {"address": address, "port": made.port}
        if asked.get("TransitEncryptionEnabled"):
            # As AWS does where nothing is asked.
            asked.setdefault("TransitEncryptionMode", "required")
            made.transit_encryption_mode = asked["TransitEncryptionMode"]
        self._nodes.update({name: _node(call, name) for name in names})
        result["ReplicationGroup"]["MemberClusters"] = names
        return result

    def _remove_nodes(self, call: Call, result: Values) -> Values:
        group = call.parameters["ReplicationGroupId"]
        self.backend(call.region).replication_groups.pop(group)
        for name in [
            name for name, node in self._nodes.items() if node["ReplicationGroupId"] == group
        ]:
            del self._nodes[name]
        return result

    def _describe_nodes(self, call: Call) -> Values:
        name = call.parameters.get("CacheClusterId")
        if name and name not in self._nodes:
            raise Fault("CacheClusterNotFound", f"{name} does not exist")
        return {"CacheClusters": [self._nodes[name]] if name else list(self._nodes.values())}


def _arn(call: Call, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{call.region}:{ACCOUNT}:{kind}:{name}"


def _node(call: Call, name: str) -> Values:
    asked = call.parameters
    version = asked["EngineVersion"]
    return {
        **{key: asked[key] for key in _ECHOED if key in asked},
        "CacheClusterId": name,
        "ARN": _arn(call, "cluster", name),
        "CacheClusterStatus": "available",
        "NumCacheNodes": 1,
        # AWS takes 7.1 and says 7.1.0.
        "EngineVersion": version if version.count(".") > 1 else f"{version}.0",
        "AuthTokenEnabled": "AuthToken" in asked,
        "CacheParameterGroup": {
            "CacheParameterGroupName": asked.get("CacheParameterGroupName"),
            "ParameterApplyStatus": "in-sync",
        },
        "SecurityGroups": [
            {"SecurityGroupId": each, "Status": "active"}
            for each in asked.get("SecurityGroupIds", [])
        ],
    }
