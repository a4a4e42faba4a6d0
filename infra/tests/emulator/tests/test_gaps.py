"""Each gap that a service fills, asked through boto3; on plain moto every one of these fails."""

import io
import json
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError

TAGS = [{"Key": "Project", "Value": "assay"}]
CONTAINER = {"name": "a", "image": "a", "memory": 128}


def test_a_budget_names_its_subscribers_and_tags(aws):
    budgets, account = aws("budgets"), "123456789012"
    warning = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80}
    topic = {"SubscriptionType": "SNS", "Address": "arn:aws:sns:us-east-1:123456789012:alerts"}
    budgets.create_budget(
        AccountId=account,
        Budget={
            "BudgetName": "monthly",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "500", "Unit": "USD"},
        },
        NotificationsWithSubscribers=[{"Notification": warning, "Subscribers": [topic]}],
        ResourceTags=TAGS,
    )
    asked = {"AccountId": account, "BudgetName": "monthly", "Notification": warning}
    assert budgets.describe_subscribers_for_notification(**asked)["Subscribers"] == [topic]
    arn = f"arn:aws:budgets::{account}:budget/monthly"
    assert budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"] == TAGS


def test_a_backup_plan_has_selections_until_they_are_deleted(aws):
    backup = aws("backup")
    backup.create_backup_vault(BackupVaultName="kept", BackupVaultTags={"Project": "assay"})
    rule = {"RuleName": "weekly", "TargetBackupVaultName": "kept"}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "weekly", "Rules": [rule]})
    vault = backup.describe_backup_vault(BackupVaultName="kept")["BackupVaultArn"]
    assert backup.list_tags(ResourceArn=vault)["Tags"] == {"Project": "assay"}

    chosen = {"SelectionName": "all", "IamRoleArn": "arn:aws:iam::1:role/any", "Resources": ["*"]}
    made = backup.create_backup_selection(BackupPlanId=plan["BackupPlanId"], BackupSelection=chosen)
    key = {"BackupPlanId": plan["BackupPlanId"], "SelectionId": made["SelectionId"]}
    assert backup.get_backup_selection(**key)["BackupSelection"] == chosen
    backup.delete_backup_selection(**key)
    assert (
        backup.list_recovery_points_by_backup_vault(BackupVaultName="kept")["RecoveryPoints"] == []
    )
    with pytest.raises(ClientError, match="Cannot find Backup plan"):
        backup.get_backup_selection(**key)


def test_a_query_is_saved_changed_and_deleted(aws):
    logs = aws("logs")
    key = logs.put_query_definition(name="errors", queryString="fields @message")[
        "queryDefinitionId"
    ]
    logs.put_query_definition(queryDefinitionId=key, name="errors", queryString="limit 5")
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="err")["queryDefinitions"]
    assert [each["queryString"] for each in found] == ["limit 5"]
    assert logs.delete_query_definition(queryDefinitionId=key)["success"] is True
    assert logs.describe_query_definitions()["queryDefinitions"] == []


def test_a_connection_waits_for_a_person(url):
    def ask(operation, **parameters):
        request = urllib.request.Request(url, json.dumps(parameters).encode())  # noqa: S310  # loopback
        request.add_header("Content-Type", "application/x-amz-json-1.0")
        request.add_header("X-Amz-Target", f"CodeConnections_20231201.{operation}")
        scope = "emulated/20260101/us-east-1/codeconnections/aws4_request"
        request.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}")
        with urllib.request.urlopen(request) as answer:  # noqa: S310  # loopback
            return json.load(answer)

    made = ask("CreateConnection", ConnectionName="source", ProviderType="GitHub", Tags=TAGS)
    arn = made["ConnectionArn"]
    assert ask("GetConnection", ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "PENDING"
    assert ask("ListTagsForResource", ResourceArn=arn)["Tags"] == TAGS
    ask("DeleteConnection", ConnectionArn=arn)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask("GetConnection", ConnectionArn=arn)


def test_a_project_takes_its_source_from_a_pipeline(aws, role):
    made = aws("codebuild").create_project(
        name="images",
        source={"type": "CODEPIPELINE", "buildspec": "images.yml"},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role,
        encryptionKey="arn:aws:kms:us-east-1:123456789012:key/one",
        concurrentBuildLimit=1,
    )["project"]
    read = aws("codebuild").batch_get_projects(names=["images"])["projects"][0]
    assert read["source"] == made["source"] == {"type": "CODEPIPELINE", "buildspec": "images.yml"}
    assert read["encryptionKey"].endswith("key/one")
    assert read["concurrentBuildLimit"] == 1
    aws("codebuild").delete_project(name=made["arn"])
    assert aws("codebuild").batch_get_projects(names=["images"])["projects"] == []


def test_an_instance_is_watched_every_minute_and_protected(aws, subnets):
    ec2 = aws("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnets[0], DisableApiTermination=True
    )
    key = made["Instances"][0]["InstanceId"]

    def state():
        found = ec2.describe_instances(InstanceIds=[key])["Reservations"][0]["Instances"][0]
        return found["Monitoring"]["State"]

    ec2.monitor_instances(InstanceIds=[key])
    assert state() == "enabled"
    ec2.unmonitor_instances(InstanceIds=[key])
    assert state() == "disabled"
    with pytest.raises(ClientError, match="disableApiTermination"):
        ec2.terminate_instances(InstanceIds=[key])


def test_a_rule_between_groups_says_what_it_is_for(aws):
    ec2 = aws("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="any", Description="any", VpcId=vpc)["GroupId"]
    peer = {"GroupId": group, "Description": "Among themselves"}
    port = {"IpProtocol": "tcp", "FromPort": 6335, "ToPort": 6335, "UserIdGroupPairs": [peer]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[port])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    texts = [
        each.get("Description") for each in rules["SecurityGroupRules"] if not each["IsEgress"]
    ]
    assert texts == ["Among themselves"]


def test_a_service_keeps_how_it_is_placed_and_deployed(aws):
    ecs = aws("ecs")
    ecs.create_cluster(clusterName="all")
    ecs.register_task_definition(family="any", containerDefinitions=[CONTAINER])
    placed = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    ecs.create_service(
        cluster="all",
        serviceName="any",
        taskDefinition="any",
        desiredCount=1,
        capacityProviderStrategy=placed,
        healthCheckGracePeriodSeconds=60,
        availabilityZoneRebalancing="ENABLED",
        propagateTags="SERVICE",
        deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 200},
    )

    def read():
        return ecs.describe_services(cluster="all", services=["any"])["services"][0]

    assert read()["capacityProviderStrategy"] == placed
    assert "launchType" not in read()
    assert read()["healthCheckGracePeriodSeconds"] == 60
    assert read()["deploymentConfiguration"]["maximumPercent"] == 200
    ecs.update_service(cluster="all", service="any", healthCheckGracePeriodSeconds=90)
    assert read()["healthCheckGracePeriodSeconds"] == 90
    assert read()["availabilityZoneRebalancing"] == "ENABLED"


def test_a_database_has_its_own_id_and_performance_insights(aws):
    rds = aws("rds")
    for name in ("one", "two"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            MasterUsername="owner",
            MasterUserPassword="not-a-secret",
            AllocatedStorage=20,
            EnablePerformanceInsights=True,
            PerformanceInsightsRetentionPeriod=7,
        )
    found = rds.describe_db_instances()["DBInstances"]
    assert len({each["DbiResourceId"] for each in found}) == 2
    assert all(each["PerformanceInsightsEnabled"] for each in found)
    assert {each["PerformanceInsightsRetentionPeriod"] for each in found} == {7}


def test_a_parameter_of_the_database_says_who_set_it(aws):
    rds = aws("rds")
    name = {"DBParameterGroupName": "fifteen"}
    rds.create_db_parameter_group(**name, DBParameterGroupFamily="postgres15", Description="any")
    slow = {"ParameterName": "log_min_duration_statement", "ParameterValue": "500"}
    rds.modify_db_parameter_group(**name, Parameters=[{**slow, "ApplyMethod": "immediate"}])
    found = rds.describe_db_parameters(**name)["Parameters"]
    assert [(each["ParameterValue"], each["Source"]) for each in found] == [("500", "user")]


def test_a_group_of_caches_has_its_members_and_parameters_and_can_end(aws, subnets):
    cache = aws("elasticache")
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="inside", CacheSubnetGroupDescription="any", SubnetIds=subnets
    )
    group = cache.create_cache_parameter_group(
        CacheParameterGroupName="seven",
        CacheParameterGroupFamily="redis7",
        Description="any",
        Tags=TAGS,
    )["CacheParameterGroup"]
    cache.modify_cache_parameter_group(
        CacheParameterGroupName="seven",
        ParameterNameValues=[
            {"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-lru"}
        ],
    )
    parameters = cache.describe_cache_parameters(CacheParameterGroupName="seven")["Parameters"]
    assert [each["ParameterValue"] for each in parameters] == ["volatile-lru"]
    assert cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"] == TAGS

    cache.create_replication_group(
        ReplicationGroupId="sessions",
        ReplicationGroupDescription="any",
        NumCacheClusters=2,
        CacheNodeType="cache.t3.micro",
        Engine="redis",
        EngineVersion="7.1",
        CacheParameterGroupName="seven",
        CacheSubnetGroupName="inside",
        AuthToken="not-a-secret-but-long-enough",
        TransitEncryptionEnabled=True,
    )
    told = cache.describe_replication_groups(ReplicationGroupId="sessions")["ReplicationGroups"][0]
    assert told["MemberClusters"] == ["sessions-001", "sessions-002"]
    (shard,) = told["NodeGroups"]
    assert shard["ReaderEndpoint"]["Address"] != shard["PrimaryEndpoint"]["Address"]
    node = cache.describe_cache_clusters(CacheClusterId="sessions-002")["CacheClusters"][0]
    assert (node["EngineVersion"], node["AuthTokenEnabled"]) == ("7.1.0", True)
    assert node["TransitEncryptionMode"] == told["TransitEncryptionMode"] == "required"
    assert node["CacheParameterGroup"]["CacheParameterGroupName"] == "seven"

    cache.delete_replication_group(ReplicationGroupId="sessions")
    with pytest.raises(ClientError, match="ReplicationGroupNotFound"):
        cache.describe_replication_groups(ReplicationGroupId="sessions")
    with pytest.raises(ClientError, match="CacheClusterNotFound"):
        cache.describe_cache_clusters(CacheClusterId="sessions-001")
    cache.delete_cache_parameter_group(CacheParameterGroupName="seven")
    with pytest.raises(ClientError, match="CacheParameterGroupNotFound"):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="seven")
    cache.delete_cache_subnet_group(CacheSubnetGroupName="inside")
    with pytest.raises(ClientError, match="CacheSubnetGroupNotFound"):
        cache.describe_cache_subnet_groups(CacheSubnetGroupName="inside")


def test_a_distribution_is_as_it_was_asked_for(aws):
    cloudfront = aws("cloudfront")
    asked = {
        "CallerReference": "one",
        "Comment": "any",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "assets",
                    "DomainName": "assets.s3.us-east-1.amazonaws.com",
                    "OriginAccessControlId": "E1",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "assets",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }
    made = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": asked, "Tags": {"Items": TAGS}}
    )
    key = made["Distribution"]["Id"]
    read = cloudfront.get_distribution_config(Id=key)
    behaviour = read["DistributionConfig"]["DefaultCacheBehavior"]
    assert "ForwardedValues" not in behaviour
    origin = read["DistributionConfig"]["Origins"]["Items"][0]
    assert origin["OriginAccessControlId"] == "E1"
    changed = {**asked, "Comment": "other", "Enabled": False}
    cloudfront.update_distribution(Id=key, IfMatch=read["ETag"], DistributionConfig=changed)
    told = cloudfront.get_distribution(Id=key)["Distribution"]["DistributionConfig"]
    assert (told["Comment"], told["Enabled"]) == ("other", False)


def test_a_policy_of_headers_is_kept_changed_and_deleted(aws):
    cloudfront = aws("cloudfront")
    kind = {"Override": True, "FrameOption": "DENY"}
    asked = {"Name": "security", "SecurityHeadersConfig": {"FrameOptions": kind}}
    made = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=asked)
    key = made["ResponseHeadersPolicy"]["Id"]
    read = cloudfront.get_response_headers_policy(Id=key)
    assert read["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"] == asked
    changed = {**asked, "Comment": "other"}
    cloudfront.update_response_headers_policy(
        Id=key, IfMatch=read["ETag"], ResponseHeadersPolicyConfig=changed
    )
    read = cloudfront.get_response_headers_policy(Id=key)
    assert read["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"] == changed
    cloudfront.delete_response_headers_policy(Id=key, IfMatch=read["ETag"])
    with pytest.raises(ClientError, match="NoSuchResponseHeadersPolicy"):
        cloudfront.get_response_headers_policy(Id=key)


def test_a_function_keeps_where_it_gives_up_to(aws, role):
    functions, queue = aws("lambda"), "arn:aws:sqs:us-east-1:123456789012:failed"
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as packed:
        packed.writestr("handler.py", "def run(event, context): ...")
    functions.create_function(
        FunctionName="any",
        Runtime="python3.11",
        Role=role,
        Handler="handler.run",
        Code={"ZipFile": package.getvalue()},
        DeadLetterConfig={"TargetArn": queue},
    )
    whole = functions.get_function(FunctionName="any")["Configuration"]
    assert whole["DeadLetterConfig"]["TargetArn"] == queue
    functions.update_function_configuration(FunctionName="any", Timeout=9)
    told = functions.get_function_configuration(FunctionName="any")
    assert (told["DeadLetterConfig"]["TargetArn"], told["Timeout"]) == (queue, 9)


def test_a_trail_is_deleted_by_its_arn(aws):
    aws("s3").create_bucket(Bucket="trails")
    trail = aws("cloudtrail").create_trail(Name="all", S3BucketName="trails")["TrailARN"]
    aws("cloudtrail").delete_trail(Name=trail)
    assert aws("cloudtrail").describe_trails()["trailList"] == []
    aws("s3").delete_bucket(Bucket="trails")


def test_a_scalable_target_has_tags(aws):
    ecs, scaling = aws("ecs"), aws("application-autoscaling")
    ecs.create_cluster(clusterName="scaled")
    ecs.register_task_definition(family="any", containerDefinitions=[CONTAINER])
    ecs.create_service(cluster="scaled", serviceName="a", taskDefinition="any", desiredCount=1)
    arn = scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/scaled/a",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
        Tags={"Project": "assay"},
    )["ScalableTargetARN"]
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"Project": "assay"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Project"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {}


def test_a_zone_of_a_vpc_is_private(aws):
    route53, vpc = aws("route53"), aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    where = {"VPCRegion": "us-east-1", "VPCId": vpc}
    made = route53.create_hosted_zone(Name="inside.internal", CallerReference="one", VPC=where)
    told = route53.get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert told["HostedZone"]["Config"]["PrivateZone"] is True
    assert told["VPCs"] == [where]


def test_a_bucket_tells_eventbridge_until_it_is_told_not_to(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="watched")

    def tells():
        return "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(
            Bucket="watched"
        )

    asked = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket="watched", NotificationConfiguration=asked)
    assert tells()
    s3.put_bucket_notification_configuration(Bucket="watched", NotificationConfiguration={})
    assert not tells()
    s3.put_object(Bucket="watched", Key="any", Body=b"bytes")
    assert s3.get_object(Bucket="watched", Key="any")["Body"].read() == b"bytes"
    s3.delete_object(Bucket="watched", Key="any")
    s3.delete_bucket(Bucket="watched")


def test_what_nobody_fills_is_asked_of_moto(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="plain")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["plain"]


def test_what_is_gone_already_is_refused_by_its_own_code(aws):
    """A request whose answer was lost is sent again; Terraform takes these codes for done."""
    with pytest.raises(ClientError) as refused:
        aws("application-autoscaling").delete_scaling_policy(
            PolicyName="gone",
            ServiceNamespace="ecs",
            ResourceId="service/a/b",
            ScalableDimension="ecs:service:DesiredCount",
        )
    assert refused.value.response["Error"]["Code"] == "ObjectNotFoundException"
    ec2 = aws("ec2")
    acl = next(each for each in ec2.describe_network_acls()["NetworkAcls"] if each["Associations"])
    other = ec2.create_network_acl(VpcId=acl["VpcId"])["NetworkAcl"]["NetworkAclId"]
    asked = {
        "AssociationId": acl["Associations"][0]["NetworkAclAssociationId"],
        "NetworkAclId": other,
    }
    assert ec2.replace_network_acl_association(**asked)["NewAssociationId"]
    with pytest.raises(ClientError) as refused:
        ec2.replace_network_acl_association(**asked)
    assert refused.value.response["Error"]["Code"] == "InvalidAssociationID.NotFound"
