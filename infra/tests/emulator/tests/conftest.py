"""Serves one emulated account to the tests."""

import os
import threading

import boto3
import pytest
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@pytest.fixture(scope="session")
def url():
    from emulator.server import application

    server = make_server(
        "127.0.0.1", 0, application(), threaded=True, request_handler=MotoRequestHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def aws(url):
    session = boto3.Session("emulated", "emulated", region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=url)


@pytest.fixture(scope="session")
def subnets(aws):
    ec2 = aws("ec2")
    return [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]


@pytest.fixture(scope="session")
def role(aws):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    return aws("iam").create_role(RoleName="any", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
