"""The emulated account: started empty, asked what it holds."""

import json
import select
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from .processes import Failed, end, start

TESTS = Path(__file__).resolve().parents[1]
KEYS = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated"}
ACCOUNT = "123456789012"
REGION = "us-east-1"
DOMAIN = "assay.example.com"
_SECONDS_TO_START = 60

Inventory = dict[str, list[str]]


class Account:
    """An emulator on a port of its own; it ends with the `with` block, or with this process."""

    def __init__(self, log: Path, port: int = 0) -> None:
        self.log = log
        self._port = port
        self.url = ""

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        with self.log.open("wb") as errors:
            self.process = start(
                [sys.executable, "-m", "emulator", "--port", str(self._port)],
                folder=TESTS,
                output=subprocess.PIPE,
                errors=errors,
            )
        assert self.process.stdout  # it was asked for
        ready, _, _ = select.select([self.process.stdout], [], [], _SECONDS_TO_START)
        self.url = self.process.stdout.readline().decode().strip() if ready else ""
        if not self.url:
            end(self.process)
            raise Failed(f"The emulator did not start: {_tail(self.log)}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        end(self.process)

    @property
    def environment(self) -> dict[str, str]:
        """What makes the provider, boto3 and the tests talk to it."""
        return {
            **KEYS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """Give boto3's client of one of its services."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="emulated",
            aws_secret_access_key="emulated",  # no secret: the emulator asks for none
        )

    def inventory(self) -> Inventory:
        """Names of all that it holds, by kind."""
        there = f"{self.url}/_emulator/inventory"
        with urllib.request.urlopen(there, timeout=60) as answer:  # noqa: S310  # our own, on loopback
            return dict(json.load(answer))

    def make_zone(self) -> str:
        """Make the domain's hosted zone, which is there before Assay comes, and return its id."""
        made = self.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="before")
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]


def _tail(log: Path) -> str:
    return log.read_text(errors="replace").strip().rpartition("\n")[2]
