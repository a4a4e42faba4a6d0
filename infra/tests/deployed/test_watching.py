"""Alarms, logs, records and backups of the account; figures are typed here, from the design."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NODES = {"production": 2, "staging": 2, "development": 1}
BUDGET = {"production": "500", "staging": "250", "development": "150"}


@pytest.fixture(scope="module")
def alarms(aws, name):
    pages = aws("cloudwatch").get_paginator("describe_alarms").paginate()
    found = [each for page in pages for each in page["MetricAlarms"]]
    return {each["AlarmName"].removeprefix(f"{name}-"): each for each in found}


@pytest.fixture(scope="module")
def topic(aws, name):
    arns = [each["TopicArn"] for each in aws("sns").list_topics()["Topics"]]
    (one,) = [arn for arn in arns if arn.endswith(f":{name}-alerts")]
    return one


def minutes(alarm):
    periods = (
        [alarm["Period"]]
        if "Period" in alarm
        else [each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each]
    )
    assert len(set(periods)) == 1
    return alarm["EvaluationPeriods"] * periods[0] // 60


def expression(alarm):
    (one,) = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    return one


def dimensions(alarm):
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def value(alarm):
    return alarm["MetricName"], alarm["ComparisonOperator"], alarm["Threshold"], minutes(alarm)


def test_critical_rds_cpu_above_80_for_5_minutes(alarms, name):
    alarm = alarms["critical-rds-cpu"]
    assert value(alarm) == ("CPUUtilization", "GreaterThanThreshold", 80, 5)
    assert dimensions(alarm) == {"DBInstanceIdentifier": name}


@pytest.mark.parametrize("part", ["frontend", "backend"])
def test_critical_more_than_half_of_the_targets_unhealthy(alarms, part):
    alarm = alarms[f"critical-unhealthy-targets-{part}"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 50)
    assert expression(alarm).startswith("100 * ")
    measured = {
        each["MetricStat"]["Metric"]["MetricName"]
        for each in alarm["Metrics"]
        if "MetricStat" in each
    }
    assert measured == {"UnHealthyHostCount", "HealthyHostCount"}


def test_critical_5xx_above_5_percent_for_2_minutes(alarms):
    alarm = alarms["critical-alb-5xx"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 5)
    assert minutes(alarm) == 2
    measured = {
        each["MetricStat"]["Metric"]["MetricName"]
        for each in alarm["Metrics"]
        if "MetricStat" in each
    }
    assert measured == {"HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"}


def test_critical_qdrant_unreachable(alarms):
    alarm = alarms["critical-qdrant-unreachable-node-0"]
    assert value(alarm) == ("Up", "LessThanThreshold", 1, 2)
    assert alarm["TreatMissingData"] == "breaching"


def test_warning_rds_connections_above_70_percent_of_100(alarms):
    found = value(alarms["warning-rds-connections"])
    assert found == ("DatabaseConnections", "GreaterThanThreshold", 70, 5)


def test_warning_redis_memory_above_80_on_every_node(alarms, environment):
    found = [each for key, each in alarms.items() if key.startswith("warning-redis-memory-")]
    assert len(found) == NODES[environment]
    for each in found:
        metric, operator, threshold, _ = value(each)
        assert metric == "DatabaseMemoryUsagePercentage"
        assert (operator, threshold) == ("GreaterThanThreshold", 80)


def test_the_nodes_with_alarms_are_the_nodes_there_are(aws, alarms, name):
    call = aws("elasticache").describe_replication_groups
    (group,) = call(ReplicationGroupId=name)["ReplicationGroups"]
    watched = {
        dimensions(each)["CacheClusterId"]
        for key, each in alarms.items()
        if key.startswith("warning-redis-memory-")
    }
    assert watched == set(group["MemberClusters"])


@pytest.mark.parametrize("part", ["frontend", "backend", "worker", "pgbouncer"])
def test_warning_task_cpu_above_70_for_10_minutes(alarms, name, part):
    alarm = alarms[f"warning-ecs-cpu-{part}"]
    assert value(alarm) == ("CPUUtilization", "GreaterThanThreshold", 70, 10)
    assert dimensions(alarm) == {"ClusterName": name, "ServiceName": part}


def test_warning_the_models_latency_above_10_seconds(alarms):
    """The design gives no number: people wait for the first words, and a call ends after 60 s."""
    alarm = alarms["warning-openai-latency"]
    assert (alarm["MetricName"], alarm["ExtendedStatistic"]) == ("ModelTime", "p95")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 10000)


def test_alarms_tell_people_and_lead_to_a_runbook(alarms, topic):
    told = {key: each for key, each in alarms.items() if key.startswith(("critical-", "warning-"))}
    assert len(told) > 12
    for each in told.values():
        assert each["AlarmActions"] == [topic]
        assert each["ActionsEnabled"]
        (page,) = re.findall(r"docs/runbooks/[\w-]+\.md", each["AlarmDescription"])
        assert (ROOT / page).stat().st_size > 300


def test_people_are_told_by_mail_and_slack(aws, topic):
    found = aws("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {each["Protocol"] for each in found} == {"email", "lambda"}


def test_logs_are_kept_for_7_days(aws, name):
    pages = aws("logs").get_paginator("describe_log_groups").paginate()
    found = {each["logGroupName"]: each for page in pages for each in page["logGroups"]}
    assert {f"/{name}/{part}" for part in ("frontend", "backend", "worker", "qdrant")} <= set(found)
    assert {key: each.get("retentionInDays") for key, each in found.items()} == dict.fromkeys(
        found, 7
    )
    assert all("kmsKeyId" in each for each in found.values())


def test_the_most_active_tenants_can_be_asked_for(aws, name):
    found = aws("logs").describe_query_definitions()["queryDefinitions"]
    queries = {each["name"]: each for each in found}
    assert "by tenant_id" in queries[f"{name}/most-active-tenants"]["queryString"]


def test_dashboards_show_application_custom_and_business_metrics(aws, name):
    found = aws("cloudwatch").list_dashboards()["DashboardEntries"]
    assert {each["DashboardName"] for each in found} == {
        f"{name}-{kind}" for kind in ("application", "custom", "business")
    }


def test_every_call_is_recorded(aws, name):
    trail = aws("cloudtrail").describe_trails()["trailList"][0]
    assert trail["Name"] == name
    assert trail["IsMultiRegionTrail"] is True
    assert trail["LogFileValidationEnabled"] is True
    assert aws("cloudtrail").get_trail_status(Name=name)["IsLogging"] is True


def test_config_records_and_has_rules(aws):
    config = aws("config")
    (recorder,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert recorder["recording"] is True
    found = config.describe_config_rules()["ConfigRules"]
    assert {each["Source"]["SourceIdentifier"] for each in found} >= {
        "ENCRYPTED_VOLUMES",
        "RDS_STORAGE_ENCRYPTED",
        "RDS_INSTANCE_PUBLIC_ACCESS_CHECK",
        "S3_BUCKET_PUBLIC_READ_PROHIBITED",
        "INCOMING_SSH_DISABLED",
        "CLOUD_TRAIL_ENABLED",
    }


def test_guardduty_looks_for_threats(aws):
    (detector,) = aws("guardduty").list_detectors()["DetectorIds"]
    found = aws("guardduty").get_detector(DetectorId=detector)
    assert found["Status"] == "ENABLED"


def test_findings_and_tampering_reach_the_alarms(aws, name, topic):
    events = aws("events")
    for kind in ("guardduty", "tampering", "configuration", "root", "deleted-records"):
        found = events.list_targets_by_rule(Rule=f"{name}-{kind}")["Targets"]
        assert [each["Arn"] for each in found] == [topic]


def test_a_snapshot_a_week_is_kept_for_30_days(aws, name):
    plans = aws("backup").list_backup_plans()["BackupPlansList"]
    (plan,) = [each for each in plans if each["BackupPlanName"] == f"{name}-weekly"]
    found = aws("backup").get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
    (rule,) = found["Rules"]
    assert rule["ScheduleExpression"] == "cron(0 5 ? * SUN *)"
    assert rule["Lifecycle"]["DeleteAfterDays"] == 30
    selections = aws("backup").list_backup_selections(BackupPlanId=plan["BackupPlanId"])
    saved = [
        arn
        for each in selections["BackupSelectionsList"]
        for arn in aws("backup").get_backup_selection(
            BackupPlanId=plan["BackupPlanId"], SelectionId=each["SelectionId"]
        )["BackupSelection"]["Resources"]
    ]
    assert sorted(arn.split(":")[2] for arn in saved) == ["ec2", "rds"]


def test_qdrant_is_saved_more_often_than_every_4_hours(aws, name):
    rule = aws("events").describe_rule(Name=f"{name}-qdrant-snapshots")
    hours = int(re.fullmatch(r"rate\((\d+) hours?\)", rule["ScheduleExpression"])[1])
    assert hours < 4
    (target,) = aws("events").list_targets_by_rule(Rule=f"{name}-qdrant-snapshots")["Targets"]
    assert target["Arn"].endswith(f":function:{name}-qdrant-snapshots")


def test_the_pipeline_tests_builds_migrates_and_releases(aws, name):
    found = aws("codepipeline").get_pipeline(name=name)["pipeline"]
    assert [each["name"] for each in found["stages"]] == [
        "Source",
        "Test",
        "Images",
        "Migrate",
        "Release",
    ]
    (source,) = found["stages"][0]["actions"]
    assert source["actionTypeId"]["provider"] == "CodeStarSourceConnection"
    assert source["configuration"]["BranchName"] == "main"


def test_images_are_scanned_and_cannot_be_changed(aws, name):
    found = aws("ecr").describe_repositories()["repositories"]
    assert {each["repositoryName"] for each in found} == {
        f"{name}/{image}" for image in ("backend", "frontend", "pgbouncer")
    }
    for each in found:
        assert each["imageScanningConfiguration"]["scanOnPush"] is True
        assert each["imageTagMutability"] == "IMMUTABLE"


def test_a_budget_warns_before_the_money_is_gone(aws, name, environment):
    budgets = aws("budgets")
    (budget,) = budgets.describe_budgets(AccountId="123456789012")["Budgets"]
    assert budget["BudgetName"] == f"{name}-monthly"
    assert float(budget["BudgetLimit"]["Amount"]) == float(BUDGET[environment])
    assert budget["CostFilters"] == {"TagKeyValue": [f"user:Environment${environment}"]}
    call = budgets.describe_notifications_for_budget
    found = call(AccountId="123456789012", BudgetName=budget["BudgetName"])["Notifications"]
    assert {(each["NotificationType"], each["Threshold"]) for each in found} == {
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    }


def test_log_files_of_the_trail_say_which_key(aws, name):
    trail = aws("cloudtrail").describe_trails()["trailList"][0]
    assert trail["KmsKeyId"].startswith("arn:aws:kms:")
    policy = aws("s3").get_bucket_policy(Bucket=trail["S3BucketName"])["Policy"]
    writers = [
        each["Principal"]["Service"]
        for each in json.loads(policy)["Statement"]
        if each["Sid"] == "AuditCloudtrail"
    ]
    assert writers == ["cloudtrail.amazonaws.com"]
