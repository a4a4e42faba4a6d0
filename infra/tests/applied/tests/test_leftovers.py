"""What is left after a destroy is told unless it has a reason to stay."""

from applied.leftovers import left


def test_a_resource_that_is_left_is_told():
    assert left({"sqs us-east-1 queues": ["failed"], "ec2 us-east-1 vpcs": ["a", "b"]}) == [
        "sqs us-east-1 queues: failed",
        "ec2 us-east-1 vpcs: a, b",
    ]


def test_what_has_a_reason_may_stay():
    assert left({"route53 aws zones": ["Z1"], "ec2 us-east-1 tags": ["vpc-1/Name"]}) == []


def test_a_reason_holds_for_its_own_kind_alone():
    assert left({"route53 aws zones_of_others": ["Z1"], "rds us-east-1 events_too": ["e"]}) != []


def test_aws_own_parameters_are_nobodys():
    given = "/aws/service/ami-amazon-linux-latest/one"
    assert left({"ssm us-east-1 _parameters": [given]}) == []
    assert left({"ssm us-east-1 _parameters": [given, "/assay/one"]}) == [
        "ssm us-east-1 _parameters: /assay/one"
    ]
