"""Services and how they grow, read from the account; figures are typed here, from the design."""

import json

import pytest

SERVICES = ("frontend", "backend", "worker", "pgbouncer")
# CPU units, MB, and tasks that run. The frontend and backend of production are the design's.
TASKS = {
    "production": {
        "frontend": (256, 512, 2),
        "backend": (512, 1024, 3),
        "worker": (512, 2048, 1),
        "pgbouncer": (256, 512, 2),
    },
    "staging": {
        "frontend": (256, 512, 1),
        "backend": (512, 1024, 2),
        "worker": (512, 2048, 1),
        "pgbouncer": (256, 512, 2),
    },
    "development": {
        "frontend": (256, 512, 1),
        "backend": (512, 1024, 1),
        "worker": (512, 2048, 1),
        "pgbouncer": (256, 512, 1),
    },
}
BOUNDS = {
    "production": {"frontend": (2, 4), "backend": (3, 6), "worker": (1, 2)},
    "staging": {"frontend": (1, 2), "backend": (2, 3)},
    "development": {},
}
PORTS = {"frontend": 3000, "backend": 8000}
COOLDOWN = 300


@pytest.fixture(scope="module")
def services(aws, name):
    found = aws("ecs").describe_services(cluster=name, services=list(SERVICES))["services"]
    return {each["serviceName"]: each for each in found}


@pytest.fixture(scope="module")
def definitions(aws, services):
    describe = aws("ecs").describe_task_definition
    return {
        part: describe(taskDefinition=each["taskDefinition"])["taskDefinition"]
        for part, each in services.items()
    }


@pytest.fixture(scope="module")
def policies(aws):
    found = aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")
    return found["ScalingPolicies"]


@pytest.fixture
def only_in_production(environment):
    if environment != "production":
        pytest.skip(f"{environment} scales less")


def service_of(policy):
    return policy["ResourceId"].rpartition("/")[2]


def test_tasks_have_the_designs_sizes_and_numbers(services, definitions, environment):
    assert {
        part: (int(each["cpu"]), int(each["memory"]), services[part]["desiredCount"])
        for part, each in definitions.items()
    } == TASKS[environment]


def test_containers_listen_where_the_design_says(definitions):
    for part, port in PORTS.items():
        (container,) = definitions[part]["containerDefinitions"]
        assert [each["containerPort"] for each in container["portMappings"]] == [port]


def test_containers_cannot_write_their_root_and_log(definitions, name):
    for part, each in definitions.items():
        (container,) = each["containerDefinitions"]
        assert container["readonlyRootFilesystem"] is True
        assert container["logConfiguration"]["options"]["awslogs-group"] == f"/{name}/{part}"


def test_addresses_and_secrets_come_from_parameter_store(aws, definitions, environment):
    (container,) = definitions["backend"]["containerDefinitions"]
    given = {each["name"]: each["valueFrom"] for each in container["secrets"]}
    hosts = ("POSTGRES_HOST", "REDIS_HOST", "REDIS_READER_HOST", "QDRANT_HOST")
    for wanted in (*hosts, "POSTGRES_PASSWORD"):
        assert f":parameter/assay/{environment}/" in given[wanted]
    plain = {each["name"] for each in container["environment"]}
    assert not any(word in key for key in plain for word in ("PASSWORD", "KEY", "TOKEN"))
    kinds = aws("ssm").get_parameters(
        Names=[given["POSTGRES_PASSWORD"].partition(":parameter")[2]], WithDecryption=False
    )["Parameters"]
    assert [each["Type"] for each in kinds] == ["SecureString"]


def test_a_base_is_on_demand_and_the_rest_on_spot(services, environment):
    base = {"production": {"frontend": 1, "backend": 2}, "staging": {"frontend": 1, "backend": 1}}
    for part in ("frontend", "backend"):
        strategy = {
            each["capacityProvider"]: each for each in services[part]["capacityProviderStrategy"]
        }
        assert strategy["FARGATE_SPOT"]["weight"] == 1
        assert strategy["FARGATE"].get("base", 0) == base.get(environment, {}).get(part, 0)
        assert strategy["FARGATE"].get("weight", 0) == 0
    assert {
        each["capacityProvider"] for each in services["pgbouncer"]["capacityProviderStrategy"]
    } == {"FARGATE"}


def test_a_failed_deployment_is_taken_back(services):
    for each in services.values():
        breaker = each["deploymentConfiguration"]["deploymentCircuitBreaker"]
        assert breaker == {"enable": True, "rollback": True}


def test_tasks_stand_in_private_subnets(aws, services):
    for each in services.values():
        network = each["networkConfiguration"]["awsvpcConfiguration"]
        assert network["assignPublicIp"] == "DISABLED"
        found = aws("ec2").describe_subnets(SubnetIds=network["subnets"])["Subnets"]
        assert {one["CidrBlock"] for one in found} == {"10.0.10.0/24", "10.0.20.0/24"}


def test_services_scale_between_the_designs_bounds(aws, environment):
    found = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    assert {
        service_of(each): (each["MinCapacity"], each["MaxCapacity"])
        for each in found["ScalableTargets"]
    } == BOUNDS[environment]


def test_processor_and_memory_are_followed(policies, environment):
    wanted = {
        ("frontend", "ECSServiceAverageCPUUtilization"): 70,
        ("backend", "ECSServiceAverageCPUUtilization"): 60,
        ("backend", "ECSServiceAverageMemoryUtilization"): 70,
    }
    found = {}
    for each in policies:
        rule = each.get("TargetTrackingScalingPolicyConfiguration", {})
        metric = rule.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        if metric and service_of(each) in PORTS:
            found[service_of(each), metric] = rule["TargetValue"]
            assert (rule["ScaleOutCooldown"], rule["ScaleInCooldown"]) == (COOLDOWN, COOLDOWN)
    assert found == ({} if environment == "development" else wanted)


def test_steps_add_and_take_one_task(policies, environment):
    steps = {
        (service_of(each), step["ScalingAdjustment"])
        for each in policies
        if (rule := each.get("StepScalingPolicyConfiguration"))
        for step in rule["StepAdjustments"]
    }
    assert steps == {(part, by) for part in BOUNDS[environment] for by in (1, -1)}
    cooldowns = {
        each["StepScalingPolicyConfiguration"]["Cooldown"]
        for each in policies
        if "StepScalingPolicyConfiguration" in each
    }
    assert cooldowns <= {COOLDOWN}


@pytest.mark.parametrize(
    ("direction", "when"),
    [
        ("out", "IF(cpu > 70 OR memory > 80, 1, 0)"),
        ("in", "IF(cpu < 30 AND memory < 50, 1, 0)"),
    ],
)
@pytest.mark.parametrize("part", ["frontend", "backend"])
def test_steps_are_taken_at_the_designs_triggers(aws, name, environment, part, direction, when):
    if environment == "development":
        pytest.skip("development does not scale")
    alarm = f"{name}-scaling-{part}-{direction}"
    (found,) = aws("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    expressions = [each["Expression"] for each in found["Metrics"] if "Expression" in each]
    assert expressions == [when]
    assert len(found["AlarmActions"]) == 1


def test_connections_and_response_time_are_followed(aws, name, policies, only_in_production):
    (connections,) = [
        rule
        for each in policies
        if (rule := each.get("TargetTrackingScalingPolicyConfiguration", {}))
        and rule.get("CustomizedMetricSpecification")
    ]
    assert connections["CustomizedMetricSpecification"]["MetricName"] == "ActiveConnections"
    alarm = f"{name}-scaling-backend-slow"
    (slow,) = aws("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert (slow["MetricName"], slow["ExtendedStatistic"]) == ("ResponseTime", "p95")
    assert (slow["ComparisonOperator"], slow["Threshold"]) == ("GreaterThanThreshold", 200)


def test_working_hours_keep_more_backends_ready(aws, only_in_production):
    found = aws("application-autoscaling").describe_scheduled_actions(ServiceNamespace="ecs")
    planned = {
        each["Schedule"]: each["ScalableTargetAction"]["MinCapacity"]
        for each in found["ScheduledActions"]
    }
    assert set(planned) == {"cron(0 9 ? * MON-FRI *)", "cron(0 18 ? * MON-FRI *)"}
    assert planned["cron(0 9 ? * MON-FRI *)"] > planned["cron(0 18 ? * MON-FRI *)"] == 3


def test_only_the_owners_task_reads_the_owners_password(aws, name):
    readers = []
    for part in (*SERVICES, "migrate"):
        role = aws("iam").get_role_policy(RoleName=f"{name}-{part}-start", PolicyName="start")
        if "secretsmanager:GetSecretValue" in json.dumps(role["PolicyDocument"]):
            readers.append(part)
    assert readers == ["migrate"]


def test_no_policy_of_ours_opens_data_to_a_wildcard(aws, name):
    """An action on files, secrets, parameters, keys or queues names what it is done to."""
    guarded = ("s3:", "ssm:Get", "secretsmanager:", "kms:", "sqs:", "dynamodb:", "rds:")
    wide = []
    for page in aws("iam").get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if not role["RoleName"].startswith(name):
                continue
            for policy in aws("iam").list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                found = aws("iam").get_role_policy(RoleName=role["RoleName"], PolicyName=policy)
                for statement in found["PolicyDocument"]["Statement"]:
                    actions = statement["Action"]
                    actions = [actions] if isinstance(actions, str) else actions
                    if statement["Resource"] == "*" and any(
                        each.startswith(guarded) for each in actions
                    ):
                        wide.append((role["RoleName"], statement))
                    assert "*" not in actions, (role["RoleName"], statement)
    assert wide == []
