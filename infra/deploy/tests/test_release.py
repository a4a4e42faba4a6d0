"""A release against a local ECS, registry, alarms and site."""

from types import SimpleNamespace

import boto3
import pytest
from conftest import NEW, OLD

import release


def images_running(ecs) -> dict[str, str]:
    found = {}
    for part in release.PARTS:
        (service,) = ecs.describe_services(cluster="assay-test", services=[part])["services"]
        revision = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        found[part] = revision["taskDefinition"]["containerDefinitions"][0]["image"]
    return found


ALL_OLD = {part: OLD[part] for part in release.PARTS}
ALL_NEW = {part: NEW[image] for part, image in release.PARTS.items()}


@pytest.fixture
def rolls_out(monkeypatch):
    """Say what ECS would of the deployment of each service's revision: moto makes none."""
    told = SimpleNamespace(state=lambda _service: "COMPLETED")
    real = release._described

    def described(ecs):
        services = real(ecs)
        for service in services:
            state, revision = told.state(service), service["taskDefinition"]
            deployment = {"status": "PRIMARY", "taskDefinition": revision, "rolloutState": state}
            service["deployments"] = [deployment]
        return services

    monkeypatch.setattr(release, "_described", described)
    return told


def revision(ecs, part: str) -> dict:
    return ecs.describe_task_definition(taskDefinition=f"assay-test-{part}")["taskDefinition"]


def test_every_service_gets_its_image_and_keeps_all_else(ecs, site, rolls_out):
    release.release(NEW)
    assert images_running(ecs) == ALL_NEW
    container = revision(ecs, "worker")["containerDefinitions"][0]
    assert container["environment"] == [{"name": "KEPT", "value": "yes"}]
    assert container["secrets"][0]["name"] == "SECRET"
    assert revision(ecs, "worker")["cpu"] == "256"


def test_what_terraform_changed_meanwhile_comes_along(ecs, site, rolls_out):
    newest = revision(ecs, "backend")
    definition = {key: newest[key] for key in release.KEPT if key in newest}
    ecs.register_task_definition(**definition | {"cpu": "512", "memory": "1024"})
    release.release(NEW)
    assert revision(ecs, "backend")["cpu"] == "512"


def test_a_part_that_did_not_change_is_left_alone(ecs, site, rolls_out):
    before = revision(ecs, "pgbouncer")["revision"]
    release.release(NEW | {"pgbouncer": OLD["pgbouncer"]})
    assert revision(ecs, "pgbouncer")["revision"] == before
    assert images_running(ecs)["backend"] == NEW["backend"]


def test_a_second_release_of_the_same_changes_nothing(ecs, site, rolls_out, capsys):
    release.release(NEW)
    before = revision(ecs, "backend")["revision"]
    release.release(NEW)
    assert revision(ecs, "backend")["revision"] == before
    assert "every service runs these images already" in capsys.readouterr().out


def test_it_has_to_be_healthy_for_as_long_as_alarms_look_back(ecs, site, rolls_out, clock):
    release.release(NEW)
    assert clock.at >= release.BAKE_SECONDS >= 120
    assert site.asked >= release.BAKE_SECONDS / release.PAUSE


@pytest.mark.parametrize("status", [500, 503, 404])
def test_a_site_that_answers_wrongly_takes_everything_back(ecs, site, rolls_out, status):
    site.status = status
    with pytest.raises(release.Refused, match=str(status)):
        release.release(NEW)
    assert images_running(ecs) == ALL_OLD


def test_a_site_that_fails_later_takes_everything_back(ecs, site, rolls_out, clock):
    def fail() -> None:
        site.status = 500 if clock.at > release.BAKE_SECONDS / 2 else 200

    clock.then = fail
    with pytest.raises(release.Refused, match="500"):
        release.release(NEW)
    assert images_running(ecs) == ALL_OLD


def test_a_site_that_is_away_takes_everything_back(ecs, rolls_out, monkeypatch):
    monkeypatch.setenv("HEALTH_URL", "http://127.0.0.1:9/health")
    with pytest.raises(release.Refused, match="refused"):
        release.release(NEW)
    assert images_running(ecs) == ALL_OLD


def alarm(name: str, state: str) -> None:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/RDS",
        MetricName="CPUUtilization",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=80,
        Period=60,
        EvaluationPeriods=5,
        Statistic="Average",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def test_a_critical_alarm_takes_everything_back(ecs, site, rolls_out, clock):
    clock.then = lambda: alarm("assay-test-critical-alb-5xx", "ALARM")
    with pytest.raises(release.Refused, match="assay-test-critical-alb-5xx"):
        release.release(NEW)
    assert images_running(ecs) == ALL_OLD


def test_an_alarm_of_before_does_not_keep_the_remedy_out(ecs, site, rolls_out):
    alarm("assay-test-critical-alb-5xx", "ALARM")
    release.release(NEW)
    assert images_running(ecs) == ALL_NEW


def test_a_warning_does_not_take_anything_back(ecs, site, rolls_out, clock):
    clock.then = lambda: alarm("assay-test-warning-redis-memory-0", "ALARM")
    release.release(NEW)
    assert images_running(ecs) == ALL_NEW


@pytest.mark.parametrize("state", ["FAILED", None])
def test_a_deployment_that_ecs_gives_up_takes_the_others_back(
    ecs, site, rolls_out, monkeypatch, state
):
    """It says so (FAILED), or has gone back by its circuit breaker already (None)."""
    seen = release._described

    def described(ecs):
        services = seen(ecs)
        for service in services:
            if service["serviceName"] == "worker" and is_new(service):
                if state is None:
                    service["deployments"][0]["taskDefinition"] = "the one before"
                else:
                    service["deployments"][0]["rolloutState"] = state
        return services

    monkeypatch.setattr(release, "_described", described)
    with pytest.raises(release.Refused, match="ECS gave worker up"):
        release.release(NEW)
    assert images_running(ecs) == ALL_OLD
    assert site.asked == 0


def is_new(service: dict) -> bool:
    return not service["taskDefinition"].endswith(":1")


def test_a_rollout_that_never_ends_is_given_up(ecs, site, rolls_out):
    rolls_out.state = lambda service: "IN_PROGRESS" if is_new(service) else "COMPLETED"
    with pytest.raises(release.Refused, match="did not end within 1200 s"):
        release.release(NEW)
    assert images_running(ecs) == ALL_OLD


def test_a_missing_service_is_told_before_anything_changes(ecs, site, rolls_out):
    ecs.delete_service(cluster="assay-test", service="worker", force=True)
    before = revision(ecs, "backend")["revision"]
    with pytest.raises(release.Refused, match="assay-test has no worker"):
        release.release(NEW)
    assert revision(ecs, "backend")["revision"] == before


@pytest.fixture
def ends_with(monkeypatch):
    def end(code: int | None) -> None:
        stopped = {
            "lastStatus": "STOPPED",
            "stoppedReason": "Essential container exited",
            "containers": [{} if code is None else {"exitCode": code}],
        }
        real = boto3.client

        def client(name: str):
            made = real(name)
            if name == "ecs":
                running = [{"tasks": [{"lastStatus": "RUNNING"}]}]
                made.run_task = lambda **asked: (
                    asked_for.append(asked) or {"tasks": [{"taskArn": "one"}], "failures": []}
                )
                made.describe_tasks = lambda **_: running.pop() if running else {"tasks": [stopped]}
            return made

        monkeypatch.setattr(release.boto3, "client", client)

    asked_for: list[dict] = []
    end.asked_for = asked_for
    return end


def test_migrations_run_with_the_new_image_in_the_private_subnets(ecs, ends_with):
    ends_with(0)
    release.migrate(NEW)
    (asked,) = ends_with.asked_for
    assert asked["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-1"]
    assert asked["taskDefinition"].endswith("assay-test-migrate:2")
    assert revision(ecs, "migrate")["containerDefinitions"][0]["image"] == NEW["backend"]


@pytest.mark.parametrize("code", [1, 137, None])
def test_migrations_that_fail_end_the_release(ecs, ends_with, code):
    ends_with(code)
    with pytest.raises(release.Refused, match=f"the migration ended with {code}"):
        release.migrate(NEW)


@pytest.fixture
def scanned(monkeypatch):
    def told(status: str, counts: dict[str, int]) -> None:
        def wait(**_asked: object) -> None:
            if status != "COMPLETE":
                raise release.WaiterError(name="scan", reason=status, last_response={})

        registry = SimpleNamespace(
            get_waiter=lambda _name: SimpleNamespace(wait=wait),
            describe_image_scan_findings=lambda **asked: (
                asked_for.append(asked) or {"imageScanFindings": {"findingSeverityCounts": counts}}
            ),
        )
        monkeypatch.setattr(release.boto3, "client", lambda _name: registry)

    asked_for: list[dict] = []
    told.asked_for = asked_for
    return told


def test_images_without_critical_findings_pass(scanned):
    scanned("COMPLETE", {"HIGH": 3})
    release.scan(NEW)
    where = [(asked["repositoryName"], asked["imageId"]) for asked in scanned.asked_for]
    assert where == [(f"assay-test/{part}", {"imageTag": "new"}) for part in NEW]


@pytest.mark.parametrize(("status", "counts"), [("COMPLETE", {"CRITICAL": 1}), ("FAILED", {})])
def test_critical_findings_and_failed_scans_are_refused(scanned, status, counts):
    scanned(status, counts)
    with pytest.raises(release.Refused):
        release.scan(NEW)


def test_a_list_of_images_that_lacks_one_is_refused(tmp_path):
    (tmp_path / "images").write_text("backend=r/b:1\nfrontend=r/f:1\n")
    with pytest.raises(release.Refused, match="no image for pgbouncer"):
        release.read(tmp_path / "images")
