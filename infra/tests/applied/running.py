"""What changes in an account that runs, without anybody applying."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .account import Account

_KEPT = (
    "family",
    "containerDefinitions",
    "cpu",
    "memory",
    "networkMode",
    "executionRoleArn",
    "taskRoleArn",
    "requiresCompatibilities",
    "volumes",
    "runtimePlatform",
)


@contextmanager
def moved(account: Account, environment: str) -> Iterator[None]:
    """Add tasks as scaling does, move bounds as the clock does, release as the pipeline does."""
    cluster = f"assay-{environment}"
    ecs, scaling = account.client("ecs"), account.client("application-autoscaling")
    found = ecs.describe_services(cluster=cluster, services=["backend", "frontend"])["services"]
    before = {each["serviceName"]: each for each in found}
    released = _released(ecs, before["backend"]["taskDefinition"])
    bounds = _bounds(scaling) if environment == "production" else None
    for name, service in before.items():
        changes = {"taskDefinition": released} if name == "backend" else {}
        more = service["desiredCount"] + 1
        ecs.update_service(cluster=cluster, service=name, desiredCount=more, **changes)
    if bounds:
        scaling.register_scalable_target(**bounds, MinCapacity=4)
    yield
    for name, service in before.items():
        kept = {key: service[key] for key in ("desiredCount", "taskDefinition")}
        ecs.update_service(cluster=cluster, service=name, **kept)
    ecs.deregister_task_definition(taskDefinition=released)
    if bounds:
        scaling.register_scalable_target(**bounds, MinCapacity=3)


def _released(ecs: Any, arn: str) -> str:
    task = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    made = ecs.register_task_definition(**{key: task[key] for key in _KEPT if key in task})
    return str(made["taskDefinition"]["taskDefinitionArn"])


def _bounds(scaling: Any) -> dict[str, str]:
    found = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    (target,) = [each for each in found if each["ResourceId"].endswith("/backend")]
    return {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
