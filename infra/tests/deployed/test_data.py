"""Where data lies, read from the account; figures are typed here, from the design."""

import base64
import gzip
import json

import pytest
import yaml

# The design's sizes of production; development's are the design's too, staging's lie between.
DATABASE = {"production": "db.t3.medium", "staging": "db.t3.small", "development": "db.t3.micro"}
QDRANT = {"production": "t3.medium", "staging": "t3.small", "development": "t3.small"}
NODES = {"production": 2, "staging": 2, "development": 1}
KIB, MIB, GIB = 1024, 1024**2, 1024**3
# Of the 4 GB of a db.t3.medium: 1 GB and 3 GB in pages of 8 kB, 16 MB and 256 MB in kB.
PARAMETERS = {
    "shared_buffers": str(GIB // (8 * KIB)),
    "effective_cache_size": str(3 * GIB // (8 * KIB)),
    "work_mem": str(16 * MIB // KIB),
    "maintenance_work_mem": str(256 * MIB // KIB),
    "max_connections": "100",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "200",
}


@pytest.fixture(scope="module")
def database(aws, name):
    return aws("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


@pytest.fixture(scope="module")
def redis(aws, name):
    call = aws("elasticache").describe_replication_groups
    return call(ReplicationGroupId=name)["ReplicationGroups"][0]


@pytest.fixture(scope="module")
def node(aws, name):
    wanted = [
        {"Name": "tag:Service", "Values": ["qdrant"]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    (reservation,) = aws("ec2").describe_instances(Filters=wanted)["Reservations"]
    (one,) = reservation["Instances"]
    return one


@pytest.fixture(scope="module")
def files(aws, node):
    """What cloud-init writes on a node."""
    kept = aws("ec2").describe_instance_attribute(
        InstanceId=node["InstanceId"], Attribute="userData"
    )
    text = gzip.decompress(base64.b64decode(kept["UserData"]["Value"])).decode()
    assert text.startswith("#cloud-config\n")
    written = yaml.safe_load(text)["write_files"]
    return {each["path"]: base64.b64decode(each["content"]).decode() for each in written}


def test_postgresql_15_is_of_the_designs_class_and_size(database, environment):
    assert database["Engine"] == "postgres"
    assert database["EngineVersion"].split(".")[0] == "15"
    assert database["DBInstanceClass"] == DATABASE[environment]
    assert (database["AllocatedStorage"], database["StorageType"]) == (100, "gp3")
    assert database["MultiAZ"] is False


def test_postgresql_is_encrypted_private_and_backed_up_for_7_days(database, environment):
    assert database["StorageEncrypted"] is True
    assert database["KmsKeyId"].startswith("arn:aws:kms:")
    assert database["PubliclyAccessible"] is False
    assert database["BackupRetentionPeriod"] == 7
    assert database["PreferredMaintenanceWindow"] == "sun:03:00-sun:04:00"
    assert database["DeletionProtection"] is (environment != "development")


def test_postgresql_tells_its_log(aws, database, name):
    assert "postgresql" in database["EnabledCloudwatchLogsExports"]
    prefix = f"/aws/rds/instance/{name}/postgresql"
    (group,) = aws("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    assert group["retentionInDays"] == 7


def parameters(aws, database):
    (group,) = database["DBParameterGroups"]
    pages = (
        aws("rds")
        .get_paginator("describe_db_parameters")
        .paginate(DBParameterGroupName=group["DBParameterGroupName"])
    )
    return {
        each["ParameterName"]: each.get("ParameterValue")
        for page in pages
        for each in page["Parameters"]
    }


def test_parameters_of_postgresql_are_the_designs(aws, database, environment):
    found = parameters(aws, database)
    if environment == "production":
        assert {key: found[key] for key in PARAMETERS} == PARAMETERS
    assert found["max_connections"] == "100"
    assert found["rds.force_ssl"] == "1"
    assert int(found["log_min_duration_statement"]) > 0  # the design's log of queries


def test_redis_7_has_the_designs_nodes(aws, redis, environment):
    assert redis["CacheNodeType"] == "cache.t3.micro"
    assert len(redis["MemberClusters"]) == NODES[environment]
    assert redis["ClusterEnabled"] is False
    cluster = aws("elasticache").describe_cache_clusters(CacheClusterId=redis["MemberClusters"][0])
    assert cluster["CacheClusters"][0]["EngineVersion"].split(".")[0] == "7"


def test_redis_is_encrypted_on_disk_and_on_the_way_and_asks_who_calls(redis):
    assert redis["AtRestEncryptionEnabled"] is True
    assert redis["TransitEncryptionEnabled"] is True
    assert redis["AuthTokenEnabled"] is True


def test_stale_reads_go_to_the_replicas_where_there_are_any(aws, redis, environment):
    (shard,) = redis["NodeGroups"]
    wanted = "PrimaryEndpoint" if environment == "development" else "ReaderEndpoint"
    path = f"/assay/{environment}/configuration/REDIS_READER_HOST"
    told = aws("ssm").get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
    assert told == shard[wanted]["Address"]


def test_redis_evicts_only_what_ends(aws, name):
    """Not the design's allkeys-lru, which evicts sessions: docs/decisions/0020."""
    call = aws("elasticache").describe_cache_parameters
    found = call(CacheParameterGroupName=f"{name}-redis7")["Parameters"]
    values = {each["ParameterName"]: each.get("ParameterValue") for each in found}
    assert values["maxmemory-policy"] == "volatile-lru"


def test_qdrant_is_one_instance_in_a_private_subnet(aws, node, environment):
    assert node["InstanceType"] == QDRANT[environment]
    (subnet,) = aws("ec2").describe_subnets(SubnetIds=[node["SubnetId"]])["Subnets"]
    assert subnet["CidrBlock"] == "10.0.10.0/24"
    assert node["MetadataOptions"]["HttpTokens"] == "required"


def test_qdrant_runs_on_amazon_linux_2023(aws, node):
    """Amazon Linux 2, which the design names, ended in June 2026."""
    path = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    newest = aws("ssm").get_parameter(Name=path)["Parameter"]["Value"]
    assert node["ImageId"] == newest


def test_qdrants_data_lies_on_100_gb_of_encrypted_gp3_that_outlives_it(aws, node):
    wanted = [{"Name": "attachment.instance-id", "Values": [node["InstanceId"]]}]
    found = aws("ec2").describe_volumes(Filters=wanted)["Volumes"]
    (data,) = [each for each in found if each["Size"] == 100]
    assert (data["VolumeType"], data["Encrypted"]) == ("gp3", True)
    assert all(each["Encrypted"] for each in found)
    (attached,) = data["Attachments"]
    assert attached["Device"] == "/dev/sdf"
    assert not attached.get("DeleteOnTermination")


def test_qdrants_configuration_is_the_designs_by_qdrants_own_keys(files):
    found = yaml.safe_load(files["/etc/qdrant/config.yaml"])
    assert found["storage"]["storage_path"] == "/qdrant/storage"
    assert found["storage"]["performance"]["max_search_threads"] == 2
    assert found["service"]["http_port"] == 6333
    assert found["service"]["grpc_port"] == 6334
    assert found["service"]["max_request_size_mb"] == 32
    assert found["cluster"]["enabled"] is False
    assert found["telemetry_disabled"] is True


def test_qdrant_is_started_anew_and_its_release_is_pinned(files):
    assert "Restart=always" in files["/etc/systemd/system/qdrant.service"]
    values = dict(line.split("=", 1) for line in files["/etc/qdrant/install.env"].splitlines())
    assert values["QDRANT_VERSION"].count(".") == 2
    assert len(values["QDRANT_SHA256"]) == 64


def test_qdrant_has_one_private_name(aws, node, name):
    zones = aws("route53").list_hosted_zones()["HostedZones"]
    (zone,) = [each for each in zones if each["Name"] == f"qdrant.{name}.internal."]
    assert zone["Config"]["PrivateZone"] is True
    found = aws("route53").list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    addresses = {
        each["Name"]: [one["Value"] for one in each["ResourceRecords"]]
        for each in found
        if each["Type"] == "A"
    }
    assert addresses[f"qdrant.{name}.internal."] == [node["PrivateIpAddress"]]


def test_pgbouncer_has_the_designs_pools(aws, name):
    call = aws("ecs").describe_task_definition
    (container,) = call(taskDefinition=f"{name}-pgbouncer")["taskDefinition"][
        "containerDefinitions"
    ]
    values = {each["name"]: each["value"] for each in container["environment"]}
    assert values["MAX_CLIENT_CONN"] == "200"
    assert values["DEFAULT_POOL_SIZE"] == "20"
    assert values["RESERVE_POOL_SIZE"] == "5"


def test_processes_have_the_designs_pools(aws, environment):
    path = f"/assay/{environment}/configuration"
    pages = (
        aws("ssm").get_paginator("get_parameters_by_path").paginate(Path=path, WithDecryption=True)
    )
    found = {
        each["Name"].rpartition("/")[2]: each["Value"]
        for page in pages
        for each in page["Parameters"]
    }
    assert found["DB_POOL_SIZE"] == "10"
    assert found["DB_MAX_OVERFLOW"] == "15"
    assert found["DB_POOL_TIMEOUT"] == "30"
    assert found["DB_POOL_RECYCLE"] == "1800"


BUCKETS = ("documents", "assets", "backups", "artifacts", "logs")


@pytest.fixture(scope="module")
def buckets(aws, name):
    found = [each["Name"] for each in aws("s3").list_buckets()["Buckets"]]
    return {each.removeprefix(f"{name}-").rpartition("-")[0]: each for each in found}


def test_there_are_five_buckets(buckets):
    assert set(buckets) == set(BUCKETS)


@pytest.mark.parametrize("kind", BUCKETS)
def test_buckets_are_closed_versioned_and_ask_for_tls(aws, buckets, kind):
    bucket = buckets[kind]
    s3 = aws("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert len(block) == 4
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    denied = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


@pytest.mark.parametrize("kind", BUCKETS)
def test_buckets_are_encrypted_with_a_key_of_ours_but_for_logs(aws, buckets, kind):
    """Load balancers write their logs with S3's own key only."""
    found = aws("s3").get_bucket_encryption(Bucket=buckets[kind])
    (rule,) = found["ServerSideEncryptionConfiguration"]["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == ("AES256" if kind == "logs" else "aws:kms")


def rules(aws, bucket):
    return aws("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


def test_documents_lie_in_intelligent_tiering_and_never_end(aws, buckets):
    found = rules(aws, buckets["documents"])
    classes = {one["StorageClass"] for each in found for one in each.get("Transitions", [])}
    assert classes == {"INTELLIGENT_TIERING"}
    assert not any("Days" in each.get("Expiration", {}) for each in found)


def test_backups_of_qdrant_end_after_30_days(aws, buckets):
    days = [
        each["Expiration"]["Days"]
        for each in rules(aws, buckets["backups"])
        if "Expiration" in each
    ]
    assert days == [30]


def test_keys_rotate(aws, name):
    aliases = aws("kms").list_aliases()["Aliases"]
    ours = {
        each["AliasName"]: each for each in aliases if each["AliasName"].startswith(f"alias/{name}")
    }
    assert set(ours) == {f"alias/{name}-{use}" for use in ("data", "logs", "secrets")}
    for each in ours.values():
        assert aws("kms").get_key_rotation_status(KeyId=each["TargetKeyId"])["KeyRotationEnabled"]
