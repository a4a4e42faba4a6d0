"""What the account holds is told, and what it no longer holds is not."""

import json
import urllib.request

import pytest


@pytest.fixture
def held(url):
    def ask():
        with urllib.request.urlopen(f"{url}/_emulator/inventory") as answer:  # noqa: S310  # loopback
            return json.load(answer)

    return ask


def new(before, after):
    """Names that came, by kind, but for the tags of what is told itself."""
    return {
        kind: sorted(set(names) - set(before.get(kind, [])))
        for kind, names in after.items()
        if set(names) - set(before.get(kind, [])) and kind != "ec2 us-east-1 tags"
    }


def test_what_came_is_named_and_what_went_is_forgotten(aws, url, held):
    before = held()
    aws("sqs").create_queue(QueueName="left-over")
    key = aws("logs").put_query_definition(name="q", queryString="limit 1")["queryDefinitionId"]
    assert new(before, held()) == {
        "logs layer query definitions": [key],
        "sqs us-east-1 queues": ["left-over"],
    }
    aws("sqs").delete_queue(QueueUrl=f"{url}/123456789012/left-over")
    aws("logs").delete_query_definition(queryDefinitionId=key)
    assert new(before, held()) == {}


def test_an_instance_is_told_while_it_runs(aws, held):
    ec2 = aws("ec2")
    before = held()
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)
    kinds = new(before, held())
    assert kinds["ec2 us-east-1 reservations"] == [made["ReservationId"]]
    ec2.terminate_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])
    assert "ec2 us-east-1 reservations" not in new(before, held())


def test_a_network_goes_with_all_that_moto_leaves_of_it(aws, held):
    ec2 = aws("ec2")
    before = held()
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    kinds = new(before, held())
    assert kinds["ec2 us-east-1 nat_gateways"] == [nat["NatGatewayId"]]
    assert vpc in kinds["ec2 us-east-1 vpcs"]
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert new(before, held()) == {}


def test_a_key_that_will_be_deleted_is_no_longer_told(aws, held):
    before = held()
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    assert new(before, held()) == {"kms us-east-1 keys": [key]}
    aws("kms").schedule_key_deletion(KeyId=key)
    assert new(before, held()) == {}
