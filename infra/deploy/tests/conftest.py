"""A local AWS with the services of one environment, and a site that answers as it is told."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).parents[1]))

PARTS = ("backend", "worker", "frontend", "pgbouncer", "migrate")
OLD = {part: f"r.example.com/assay-test/{part}:old" for part in PARTS}
NEW = {
    part: f"r.example.com/assay-test/{part}:new" for part in ("backend", "frontend", "pgbouncer")
}


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def environment(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    requests.post(f"{address}/moto-api/reset", timeout=5).raise_for_status()
    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NAME": "assay-test",
        "CLUSTER": "assay-test",
        "SUBNETS": "subnet-1",
        "SECURITY_GROUP": "sg-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()


@pytest.fixture
def ecs() -> Any:
    """Give a cluster that runs the old images."""
    client = boto3.client("ecs")
    client.create_cluster(clusterName="assay-test")
    for part in PARTS:
        client.register_task_definition(
            family=f"assay-test-{part}",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": part,
                    "image": OLD[part],
                    "environment": [{"name": "KEPT", "value": "yes"}],
                    "secrets": [{"name": "SECRET", "valueFrom": "arn:aws:ssm:::parameter/one"}],
                }
            ],
            tags=[{"key": "Project", "value": "assay"}],
        )
        if part != "migrate":
            client.create_service(
                cluster="assay-test",
                serviceName=part,
                taskDefinition=f"assay-test-{part}",
                desiredCount=0,
            )
    return client


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let time pass by itself, a pause at once."""
    import release

    now = SimpleNamespace(at=0.0, then=lambda: None)

    def sleep(seconds: float) -> None:
        now.at += max(seconds, 0.001)
        now.then()

    monkeypatch.setattr(release, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now.at))
    return now


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    told = SimpleNamespace(status=200, asked=0)

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked += 1
            self.send_response(told.status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HEALTH_URL", f"http://127.0.0.1:{server.server_address[1]}/health")
    yield told
    server.shutdown()
    thread.join()
    server.server_close()
