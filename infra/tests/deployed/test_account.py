"""What holds for everything in the account."""


def test_everything_that_can_be_tagged_says_what_it_belongs_to(aws, environment):
    pages = aws("resourcegroupstaggingapi").get_paginator("get_resources").paginate()
    found = [each for page in pages for each in page["ResourceTagMappingList"]]
    ours = [each for each in found if f"assay-{environment}" in each["ResourceARN"]]
    wanted = {"Project": "assay", "Environment": environment, "ManagedBy": "terraform"}
    untagged = [
        each["ResourceARN"]
        for each in ours
        if not wanted.items() <= {tag["Key"]: tag["Value"] for tag in each["Tags"]}.items()
    ]
    assert len(ours) > 50
    assert untagged == []
