"""The network, read from the account; figures are typed here, from the design."""

from ipaddress import ip_network

import pytest

ZONES = ("us-east-1a", "us-east-1b")
SUBNETS = {
    "10.0.1.0/24": ("Public", ZONES[0]),
    "10.0.2.0/24": ("Public", ZONES[1]),
    "10.0.10.0/24": ("Private", ZONES[0]),
    "10.0.20.0/24": ("Private", ZONES[1]),
    "10.0.100.0/24": ("Database", ZONES[0]),
    "10.0.200.0/24": ("Database", ZONES[1]),
}
EVERYWHERE = "0.0.0.0/0"
# Group and port, and who comes in. 6334 (gRPC) and 6432 (PgBouncer) are not in the design's list,
# nor the functions that take snapshots: without them its own parts could not speak.
INBOUND = {
    ("alb", 80): {EVERYWHERE},
    ("alb", 443): {EVERYWHERE},
    ("ecs", 3000): {"alb"},
    ("ecs", 8000): {"alb"},
    ("ecs", 6432): {"ecs"},
    ("rds", 5432): {"ecs"},
    ("redis", 6379): {"ecs"},
    ("qdrant", 6333): {"ecs", "lambda"},
    ("qdrant", 6334): {"ecs"},
    ("qdrant", 22): {"bastion"},
    ("endpoints", 443): {"ecs", "lambda", "qdrant"},
}
OUTBOUND = {
    ("alb", 3000): {"ecs"},
    ("alb", 8000): {"ecs"},
    ("ecs", 443): {EVERYWHERE},
    ("ecs", 5432): {"rds"},
    ("ecs", 6379): {"redis"},
    ("ecs", 6333): {"qdrant"},
    ("ecs", 6334): {"qdrant"},
    ("ecs", 6432): {"ecs"},
    ("lambda", 443): {EVERYWHERE},
    ("lambda", 6333): {"qdrant"},
    ("qdrant", 443): {EVERYWHERE},
    ("bastion", 22): {"qdrant"},
}


@pytest.fixture(scope="module")
def vpc(aws, name):
    found = aws("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def inside(vpc):
    return [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]


@pytest.fixture(scope="module")
def subnets(aws, inside):
    return {
        each["CidrBlock"]: each for each in aws("ec2").describe_subnets(Filters=inside)["Subnets"]
    }


@pytest.fixture(scope="module")
def groups(aws, inside, name):
    found = aws("ec2").describe_security_groups(Filters=inside)["SecurityGroups"]
    return {each["GroupId"]: each["GroupName"].removeprefix(f"{name}-") for each in found}


@pytest.fixture(scope="module")
def rules(aws):
    return aws("ec2").describe_security_group_rules()["SecurityGroupRules"]


def test_the_vpc_is_10_0_0_0_16(vpc):
    assert vpc["CidrBlock"] == "10.0.0.0/16"


def test_six_subnets_of_three_kinds_lie_in_two_zones(subnets):
    assert {cidr: each["AvailabilityZone"] for cidr, each in subnets.items()} == {
        cidr: zone for cidr, (_, zone) in SUBNETS.items()
    }
    assert all(not each["MapPublicIpOnLaunch"] for each in subnets.values())


def test_one_nat_gateway_stands_in_a_public_subnet(aws, subnets):
    (gateway,) = aws("ec2").describe_nat_gateways()["NatGateways"]
    public = {each["SubnetId"] for cidr, each in subnets.items() if SUBNETS[cidr][0] == "Public"}
    assert gateway["SubnetId"] in public


def ways_out(aws, inside, subnets):
    tables = aws("ec2").describe_route_tables(Filters=inside)["RouteTables"]
    by_subnet = {
        each["SubnetId"]: table
        for table in tables
        for each in table["Associations"]
        if "SubnetId" in each
    }
    found = {}
    for cidr, subnet in subnets.items():
        routes = by_subnet[subnet["SubnetId"]]["Routes"]
        out = [each for each in routes if each.get("DestinationCidrBlock") == EVERYWHERE]
        targets = {each.get("GatewayId") or each.get("NatGatewayId") for each in out}
        found.setdefault(SUBNETS[cidr][0], set()).update(target[:3] for target in targets)
    return found


def test_public_subnets_reach_the_internet_private_ones_by_nat_databases_not_at_all(
    aws, inside, subnets
):
    found = ways_out(aws, inside, subnets)
    assert found.get("Public") == {"igw"}
    assert found.get("Private") == {"nat"}
    assert not found.get("Database")


@pytest.mark.parametrize(
    ("outward", "wanted"), [(False, INBOUND), (True, OUTBOUND)], ids=["in", "out"]
)
def test_security_groups_are_the_designs_and_nothing_more(groups, rules, outward, wanted):
    found: dict[tuple[str, int], set[str]] = {}
    for rule in rules:
        group = groups.get(rule["GroupId"])
        if rule["IsEgress"] is not outward or group is None:
            continue
        assert rule["IpProtocol"] == "tcp", rule
        assert rule["FromPort"] == rule["ToPort"], rule
        other = rule.get("CidrIpv4") or groups[rule["ReferencedGroupInfo"]["GroupId"]]
        found.setdefault((group, rule["FromPort"]), set()).add(other)
    assert found == wanted


def test_databases_subnets_are_fenced_to_the_two_ports(aws, inside, subnets):
    acls = aws("ec2").describe_network_acls(Filters=inside)["NetworkAcls"]
    databases = {
        each["SubnetId"] for cidr, each in subnets.items() if SUBNETS[cidr][0] == "Database"
    }
    (fence,) = [
        each for each in acls if databases & {one["SubnetId"] for one in each["Associations"]}
    ]
    assert databases == {one["SubnetId"] for one in fence["Associations"]}
    allowed = [each for each in fence["Entries"] if each["RuleAction"] == "allow"]
    assert all(each["CidrBlock"].startswith("10.0.") for each in allowed)
    coming = {
        (each["CidrBlock"], each["PortRange"]["From"], each["PortRange"]["To"])
        for each in allowed
        if not each["Egress"] and each["CidrBlock"] in {"10.0.10.0/24", "10.0.20.0/24"}
    }
    assert coming == {
        (cidr, port, port) for cidr in ("10.0.10.0/24", "10.0.20.0/24") for port in (5432, 6379)
    }


def test_every_subnet_has_an_acl_of_ours(aws, inside, subnets):
    acls = aws("ec2").describe_network_acls(Filters=inside)["NetworkAcls"]
    fenced = {
        one["SubnetId"] for each in acls if not each["IsDefault"] for one in each["Associations"]
    }
    assert fenced == {each["SubnetId"] for each in subnets.values()}


def test_s3_is_reached_inside_the_vpc(aws, inside):
    (endpoint,) = aws("ec2").describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert len(endpoint["RouteTableIds"]) == 2


def test_all_traffic_is_logged_for_7_days(aws, vpc, name):
    (log,) = aws("ec2").describe_flow_logs()["FlowLogs"]
    assert (log["ResourceId"], log["TrafficType"]) == (vpc["VpcId"], "ALL")
    (group,) = aws("logs").describe_log_groups(logGroupNamePrefix=f"/{name}/vpc-flow")["logGroups"]
    assert group["retentionInDays"] == 7


def test_subnets_do_not_overlap(subnets):
    networks = [ip_network(cidr) for cidr in subnets]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
