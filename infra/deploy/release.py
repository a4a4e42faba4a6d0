# ruff: noqa: T201 -- a script, which prints
"""Brings images to ECS: `release.py scan | migrate | release IMAGES`.

IMAGES is a file of `name=image` lines, as `images` prints them. The environment tells where to:
NAME (assay-production), CLUSTER, SUBNETS and SECURITY_GROUP (of the migration), HEALTH_URL.
"""

import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import WaiterError

PARTS = {
    "backend": "backend",
    "worker": "backend",
    "frontend": "frontend",
    "pgbouncer": "pgbouncer",
}
"""Services, and the image that each runs."""
SCAN_SECONDS, MIGRATE_SECONDS, ROLLOUT_SECONDS = 600, 1800, 1200
BAKE_SECONDS = 180
"""How long a release has to be healthy before it counts: longer than the alarms look back."""
PAUSE = 10
KEPT = (
    "family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes",
    "placementConstraints", "requiresCompatibilities", "cpu", "memory", "runtimePlatform",
)  # fmt: skip
"""What of a described task definition is taken by the registration of another."""

Images = dict[str, str]


class Refused(Exception):
    """The release cannot go on; nothing more is changed, and what was is taken back."""


def scan(images: Images) -> None:
    """Refuse images in which the registry finds something critical."""
    ecr = boto3.client("ecr")
    for image in images.values():
        repository, _, tag = image.partition("/")[2].rpartition(":")
        where = {"repositoryName": repository, "imageId": {"imageTag": tag}}
        try:
            ecr.get_waiter("image_scan_complete").wait(
                **where, WaiterConfig={"Delay": PAUSE, "MaxAttempts": SCAN_SECONDS // PAUSE}
            )
        except WaiterError as error:
            raise Refused(f"the scan of {image} did not end well: {error}") from error
        found = ecr.describe_image_scan_findings(**where)["imageScanFindings"]
        counts = found.get("findingSeverityCounts", {})
        print(f"{image}: {counts or 'nothing found'}")
        if counts.get("CRITICAL"):
            raise Refused(f"{image} has {counts['CRITICAL']} critical findings; see the registry")


def migrate(images: Images) -> None:
    """Run the migrations of the new version, and wait for their end."""
    ecs = boto3.client("ecs")
    revision = _register(ecs, "migrate", images["backend"])
    started = ecs.run_task(
        cluster=os.environ["CLUSTER"],
        taskDefinition=revision,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": os.environ["SUBNETS"].split(","),
                "securityGroups": [os.environ["SECURITY_GROUP"]],
            }
        },
    )
    if started["failures"]:
        raise Refused(f"the migration did not start: {started['failures']}")
    task = _ended(ecs, started["tasks"][0]["taskArn"])
    code = task["containers"][0].get("exitCode")
    if code != 0:
        raise Refused(f"the migration ended with {code}: {task.get('stoppedReason')}; see its log")


def release(images: Images) -> None:
    """Change the services one revision on; take all of them back unless the whole is healthy."""
    ecs = boto3.client("ecs")
    before, raised = _running(ecs), _raised_alarms()
    after = {part: _next(ecs, part, images[PARTS[part]]) for part in PARTS}
    changed = {part: revision for part, revision in after.items() if revision != before[part]}
    if not changed:
        print("every service runs these images already")
        return
    try:
        _update(ecs, changed)
        _bake(raised)
    except (Refused, KeyboardInterrupt) as error:
        print(f"taking back: {error}")
        _update(ecs, {part: before[part] for part in changed})
        raise


def _next(ecs: Any, part: str, image: str) -> str:
    """Return the revision to run: the newest with the image, made unless it is there.

    The newest is Terraform's or the last release's; the one that runs would miss what Terraform
    changed since.
    """
    family = f"{os.environ['NAME']}-{part}"
    newest = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    if newest["containerDefinitions"][0]["image"] == image:
        return str(newest["taskDefinitionArn"])
    return _register(ecs, part, image)


def _register(ecs: Any, part: str, image: str) -> str:
    family = f"{os.environ['NAME']}-{part}"
    described = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
    definition = {
        key: described["taskDefinition"][key] for key in KEPT if key in described["taskDefinition"]
    }
    definition["containerDefinitions"][0]["image"] = image
    if described.get("tags"):
        definition["tags"] = described["tags"]
    return str(ecs.register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"])


def _running(ecs: Any) -> dict[str, str]:
    return {service["serviceName"]: service["taskDefinition"] for service in _described(ecs)}


def _described(ecs: Any) -> list[dict[str, Any]]:
    answer = ecs.describe_services(cluster=os.environ["CLUSTER"], services=list(PARTS))
    services = [each for each in answer["services"] if each["status"] == "ACTIVE"]
    if missing := PARTS.keys() - {each["serviceName"] for each in services}:
        raise Refused(f"{os.environ['CLUSTER']} has no {', '.join(sorted(missing))}")
    return services


def _update(ecs: Any, revisions: dict[str, str]) -> None:
    for part, revision in revisions.items():
        print(f"{part}: {revision}")
        ecs.update_service(cluster=os.environ["CLUSTER"], service=part, taskDefinition=revision)
    for _ in _until(ROLLOUT_SECONDS, "the rollout"):
        if all(_is_rolled_out(service, revisions) for service in _described(ecs)):
            return


def _is_rolled_out(service: dict[str, Any], revisions: dict[str, str]) -> bool:
    """Tell whether a service runs its revision and nothing else.

    :raises Refused: ECS has given the revision up, and may have gone back by itself.
    """
    part = service["serviceName"]
    if part not in revisions:
        return True
    ours = [each for each in service["deployments"] if each["taskDefinition"] == revisions[part]]
    if not ours or ours[0].get("rolloutState") == "FAILED" or ours[0]["status"] != "PRIMARY":
        raise Refused(f"ECS gave {part} up: {service.get('events', [{}])[:1]}")
    return bool(ours[0].get("rolloutState") == "COMPLETED")


def _bake(known: set[str]) -> None:
    """Return when the release was healthy throughout.

    :param known: alarms that were raised before: they must not keep the remedy out.
    :raises Refused: it did not answer, or a critical alarm was raised.
    """
    for left in _seconds(BAKE_SECONDS):
        _check_health()
        if raised := _raised_alarms() - known:
            raise Refused(f"alarms: {', '.join(sorted(raised))}")
        if left <= 0:
            return


def _check_health() -> None:
    url = os.environ["HEALTH_URL"]
    try:
        with urllib.request.urlopen(url, timeout=PAUSE) as answer:  # noqa: S310 - our own setting
            answer.read()
    except OSError as error:
        raise Refused(f"{url}: {error}") from error


def _raised_alarms() -> set[str]:
    found = boto3.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{os.environ['NAME']}-critical-", StateValue="ALARM"
    )
    return {alarm["AlarmName"] for alarm in found["MetricAlarms"]}


def _ended(ecs: Any, task: str) -> dict[str, Any]:
    for _ in _until(MIGRATE_SECONDS, "the migration"):
        (found,) = ecs.describe_tasks(cluster=os.environ["CLUSTER"], tasks=[task])["tasks"]
        if found["lastStatus"] == "STOPPED":
            return dict(found)
    raise AssertionError  # _until raises before


def _until(seconds: float, what: str) -> Iterator[None]:
    for left in _seconds(seconds):
        if left <= 0:
            raise Refused(f"{what} did not end within {seconds} s")
        yield


def _seconds(seconds: float) -> Iterator[float]:
    """Give what is left of a time, with a pause between, down to nothing."""
    ends = time.monotonic() + seconds
    while True:
        left = ends - time.monotonic()
        yield left
        time.sleep(min(PAUSE, max(left, 0)))


def read(path: Path) -> Images:
    """Read the images of a release."""
    images = dict(line.split("=", 1) for line in path.read_text().split())
    missing = set(PARTS.values()) - images.keys()
    if missing:
        raise Refused(f"{path} names no image for {', '.join(sorted(missing))}")
    return images


COMMANDS: dict[str, Callable[[Images], None]] = {
    "scan": scan,
    "migrate": migrate,
    "release": release,
}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]](read(Path(sys.argv[2])))
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")
