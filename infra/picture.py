"""Draws the architecture and counts its resources, from a plan: `picture.py PLAN.json [--check]`.

Sizes, numbers, addresses and ports are the plan's; where things stand on the page is decided here.
Writes architecture.svg and the table in README.md, or says with --check that they are stale.
"""

import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PICTURE, README = HERE / "architecture.svg", HERE / "README.md"
TABLE = re.compile(r"(<!-- resources: made by picture.py -->\n).*?(<!-- end -->)", re.DOTALL)
WIDTH, HEIGHT = 1204, 752
Json = dict[str, Any]

STYLE = """
  .page { fill: #ffffff } .vpc { fill: #f6f8fa; stroke: #8c959f } .public { fill: #dff3e4 }
  .private { fill: #e3edfb } .database { fill: #f3e8fb } .node { fill: #ffffff; stroke: #8c959f }
  .strong { fill: #0b4f9e; stroke: #0b4f9e } .strong text, text.on { fill: #ffffff }
  text { font: 12px system-ui, "Segoe UI", "Liberation Sans", sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 13px } .small { font-size: 11px; fill: #59636e }
  .port { font-size: 11px; font-weight: 600; fill: #0b4f9e }
  .line { fill: none; stroke: #57606a; stroke-width: 1.4 } marker path { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .vpc { fill: #151b23; stroke: #656c76 } .public { fill: #12301c }
    .private { fill: #14253d } .database { fill: #2a1b3a } .node { fill: #0d1117; stroke: #656c76 }
    .strong { fill: #1f6feb; stroke: #1f6feb }
    text { fill: #e6edf3 } .small { fill: #9198a1 } .port { fill: #79b8ff }
    .line { stroke: #9198a1 } marker path { fill: #9198a1 }
  }
"""


@dataclass(frozen=True)
class Box:
    """A rectangle with a title and lines below it."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...] = ()

    def drawn(self, kind: str = "node") -> str:
        """Return it as SVG, its text centred."""
        middle, step = self.x + self.width / 2, 15
        top = self.y + self.height / 2 - step * len(self.lines) / 2 + 4.5
        text = [
            f'<text class="{"small" if number else "title"}" x="{middle}" '
            f'y="{top + step * number}" text-anchor="middle">{escape(line)}</text>'
            for number, line in enumerate((self.title, *self.lines))
        ]
        return rectangle(self.x, self.y, self.width, self.height, kind) + "".join(text)


class Plan:
    """A plan's resources, by type and by their key."""

    def __init__(self, plan: Json) -> None:
        self.addresses = [
            each["address"] for each in plan["resource_changes"] if each["mode"] == "managed"
        ]
        self._values: dict[str, list[tuple[str, Json]]] = {}
        for each in plan["resource_changes"]:
            if each["mode"] == "managed":
                key = str(each.get("index", ""))
                self._values.setdefault(each["type"], []).append((key, each["change"]["after"]))

    def all(self, kind: str) -> list[tuple[str, Json]]:
        """Return every resource of a type with its key."""
        return self._values.get(kind, [])

    def by_key(self, kind: str) -> dict[str, Json]:
        """Return a type's resources by their keys."""
        return dict(self.all(kind))

    def one(self, kind: str) -> Json:
        """Return the only resource of a type."""
        ((_, values),) = self.all(kind)
        return values

    def count(self, kind: str) -> int:
        """Return how many there are."""
        return len(self.all(kind))


def rectangle(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Return a rounded rectangle."""
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>'


def arrow(points: list[tuple[int, int]], label: str = "", at: tuple[int, int] | None = None) -> str:
    """Return a line along the points, with a head at its end and a label."""
    path = " ".join(f"{x},{y}" for x, y in points)
    drawn = f'<polyline class="line" points="{path}" marker-end="url(#head)"/>'
    if at:
        drawn += f'<text class="port" x="{at[0]}" y="{at[1]}">{escape(label)}</text>'
    return drawn


def joint(points: list[tuple[int, int]]) -> str:
    """Return a line without a head."""
    return f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'


def size(plan: Plan, part: str) -> tuple[str, str]:
    """Return how many tasks of a service run, and how large each is."""
    task, service = (
        plan.by_key("aws_ecs_task_definition")[part],
        plan.by_key("aws_ecs_service")[part],
    )
    bounds = {
        values["resource_id"].rpartition("/")[2]: (values["min_capacity"], values["max_capacity"])
        for _, values in plan.all("aws_appautoscaling_target")
    }
    number = (
        f"{bounds[part][0]} to {bounds[part][1]}"
        if part in bounds
        else str(service["desired_count"])
    )
    spot = any(
        each["capacity_provider"] == "FARGATE_SPOT"
        for each in service["capacity_provider_strategy"]
    )
    base = max(each.get("base") or 0 for each in service["capacity_provider_strategy"])
    kind = ("on Spot" if not base else f"{base} on demand, rest Spot") if spot else "on demand"
    vcpu = f"{int(task['cpu']) / 1024:g} vCPU, {int(task['memory']) / 1024:g} GB"
    return f"{number} of {vcpu}", kind


# Rules between security groups that are drawn as lines; one not named here stops the drawing.
DRAWN = {
    "alb_to_frontend",
    "alb_to_backend",
    "ecs_to_pgbouncer",
    "ecs_to_rds",
    "ecs_to_redis",
    "ecs_to_qdrant",
    "ecs_to_qdrant_grpc",
    "lambda_to_qdrant",
}
OPTIONAL = {"bastion_to_qdrant", "ecs_to_endpoints", "lambda_to_endpoints", "qdrant_to_endpoints"}


def ports(plan: Plan) -> dict[str, str]:
    """Return each rule's port as a label."""
    rules = {
        key: f":{values['from_port']}"
        for key, values in plan.all("aws_vpc_security_group_ingress_rule")
        if "_to_" in key
    }
    if strange := rules.keys() - DRAWN - OPTIONAL:
        raise SystemExit(
            f"picture.py does not draw these rules between security groups yet: {sorted(strange)}"
        )
    return rules


def network(plan: Plan) -> str:
    """Return the VPC with its subnets."""
    drawn = rectangle(24, 172, 800, 556, "vpc")
    subnets = plan.by_key("aws_subnet")
    zones = " and ".join(sorted({each["availability_zone"] for each in subnets.values()}))
    drawn += (
        f'<text x="804" y="196" text-anchor="end"><tspan class="title">VPC '
        f"{plan.one('aws_vpc')['cidr_block']}</tspan> over {zones}</text>"
    )
    # Labels stand where no line passes.
    for tier, top, height, label in (
        ("public", 208, 108, 17),
        ("private", 332, 238, 17),
        ("database", 586, 126, 17),
    ):
        both = [subnets[f"{tier}-{number}"] for number in (1, 2)]
        text = " and ".join(each["cidr_block"] for each in both)
        drawn += rectangle(44, top, 760, height, tier)
        drawn += (
            f'<text class="small" x="794" y="{top + label}" text-anchor="end">{tier}: {text}</text>'
        )
    return drawn


def parts(plan: Plan) -> str:
    """Return what stands in the VPC and before it."""
    database, redis = plan.one("aws_db_instance"), plan.one("aws_elasticache_replication_group")
    (node,) = [
        values
        for _, values in plan.all("aws_instance")
        if values["tags"].get("Service") == "qdrant"
    ]
    (disk,) = [values for _, values in plan.all("aws_ebs_volume")]
    services = {part: size(plan, part) for part in ("frontend", "backend", "worker", "pgbouncer")}
    functions = [
        values["function_name"].partition(values["tags"]["Environment"] + "-")[2]
        for _, values in plan.all("aws_lambda_function")
    ]
    replicas = redis["num_cache_clusters"] - 1
    zones = "one zone" if not database["multi_az"] else "two zones"
    boxes = [
        Box(60, 96, 150, 52, "Model's API", ("OpenAI or its like",)),
        Box(314, 96, 220, 52, "CloudFront", ("assets kept, streams passed",)),
        Box(60, 236, 150, 66, "NAT gateway", ("the one way out",)),
        Box(
            240,
            236,
            400,
            66,
            "Application load balancer",
            ("TLS 1.2 and newer; HTTP is redirected", "health: /health"),
        ),
        Box(60, 366, 164, 66, "Frontend", services["frontend"]),
        Box(240, 366, 168, 66, "Backend", services["backend"]),
        Box(440, 366, 168, 66, "Worker", services["worker"]),
        Box(
            624,
            366,
            164,
            66,
            "Functions",
            (", ".join(sorted(functions)[:1]), ", ".join(sorted(functions)[1:])),
        ),
        Box(240, 494, 168, 66, "PgBouncer", services["pgbouncer"]),
        Box(
            500,
            494,
            288,
            66,
            "Qdrant",
            (
                f"{node['instance_type']}, {disk['size']} GB {disk['type']} that outlives it",
                "restarted by systemd, under one private name",
            ),
        ),
        Box(
            240,
            628,
            168,
            66,
            f"PostgreSQL {database['engine_version']}",
            (
                (
                    f"{database['instance_class']}, {database['allocated_storage']} GB "
                    f"{database['storage_type']}"
                ),
                f"{zones}, {database['backup_retention_period']} days back",
            ),
        ),
        Box(
            440,
            628,
            348,
            66,
            f"Redis {redis['engine_version']}",
            (
                f"{redis['node_type']}, replicas in other zones: {replicas}",
                "TLS, AUTH, evicts what ends",
            ),
        ),
    ]
    return Box(364, 24, 120, 36, "People").drawn("strong").replace(
        'class="title"', 'class="title on"'
    ) + "".join(box.drawn() for box in boxes)


def lines(plan: Plan) -> str:
    """Return who calls whom, on which port."""
    port = ports(plan)
    qdrant = f"{port['ecs_to_qdrant']} {port['ecs_to_qdrant_grpc']}"
    return "".join(
        [
            arrow([(424, 60), (424, 96)]),
            arrow([(424, 148), (424, 236)], ":443", (431, 190)),
            arrow([(534, 122), (848, 122)]),
            arrow(
                [(272, 302), (272, 324), (142, 324), (142, 366)],
                port["alb_to_frontend"],
                (149, 355),
            ),
            arrow([(330, 302), (330, 366)], port["alb_to_backend"], (337, 355)),
            arrow([(84, 332), (84, 302)]),
            arrow([(135, 236), (135, 148)], ":443", (142, 190)),
            joint([(330, 432), (330, 454), (560, 454)]),
            joint([(524, 432), (524, 454)]),
            arrow([(330, 454), (330, 494)], port["ecs_to_pgbouncer"], (337, 480)),
            arrow([(560, 454), (560, 494)], qdrant, (567, 480)),
            arrow([(460, 454), (460, 628)], port["ecs_to_redis"], (467, 590)),
            arrow([(706, 432), (706, 494)], port["lambda_to_qdrant"], (713, 480)),
            arrow([(330, 560), (330, 628)], port["ecs_to_rds"], (337, 590)),
        ]
    )


def beside(plan: Plan) -> str:
    """Return the services beside the VPC."""
    buckets = sorted(key for key, _ in plan.all("aws_s3_bucket"))
    (days,) = {each["retention_in_days"] for _, each in plan.all("aws_cloudwatch_log_group")}
    told = sorted(values["protocol"] for _, values in plan.all("aws_sns_topic_subscription"))
    people = " and ".join({"email": "mail", "lambda": "Slack"}[each] for each in told)
    rates = {
        values["schedule_expression"]
        for _, values in plan.all("aws_cloudwatch_event_rule")
        if values.get("schedule_expression")
    }
    (hours,) = {
        found[1] for rate in rates if (found := re.fullmatch(r"rate\((\d+) hours?\)", rate))
    }
    weekly = plan.one("aws_backup_plan")["rule"][0]["lifecycle"][0]["delete_after"]
    stages = [each["name"] for each in plan.one("aws_codepipeline")["stage"]]
    budget = plan.one("aws_budgets_budget")
    texts = [
        ("S3", (", ".join(buckets), "versions, encryption; inside the VPC by an endpoint")),
        (
            "Parameter Store and KMS",
            (
                f"{plan.count('aws_ssm_parameter')} settings and secrets",
                f"{plan.count('aws_kms_key')} keys that rotate",
            ),
        ),
        (
            "CloudWatch and SNS",
            (
                (
                    f"{plan.count('aws_cloudwatch_metric_alarm')} alarms to {people}, "
                    f"{plan.count('aws_cloudwatch_dashboard')} dashboards"
                ),
                f"{plan.count('aws_cloudwatch_query_definition')} saved queries, logs {days} days",
            ),
        ),
        (
            "CloudTrail, Config, GuardDuty, flow log",
            (
                f"{plan.count('aws_config_config_rule')} rules of Config",
                "findings go to the alarms' topic",
            ),
        ),
        (
            "Backups",
            (f"a snapshot a week, kept {weekly} days", f"Qdrant to S3 every {hours} hours"),
        ),
        (
            "Delivery",
            (
                " → ".join(stages),
                f"{plan.count('aws_ecr_repository')} repositories, scanned on push",
            ),
        ),
        (
            "Budget",
            (
                f"{budget['limit_amount']} USD a month, told at 80%, at 100%",
                "and when more is foreseen",
            ),
        ),
    ]
    height, gap = 76, 16
    return "".join(
        Box(848, 96 + number * (height + gap), 332, height, *each).drawn()
        for number, each in enumerate(texts)
    )


def picture(plan: Plan) -> str:
    """Return the whole picture."""
    head = (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Assay on AWS: CloudFront, a load balancer, tasks, PostgreSQL, Redis and '
        'Qdrant in a VPC, and the services beside it">'
        f"<style>{STYLE}</style>{head}{rectangle(0, 0, WIDTH, HEIGHT, 'page')}"
        f"{network(plan)}{lines(plan)}{parts(plan)}{beside(plan)}</svg>\n"
    ).replace("><", ">\n<")


def table(plan: Plan) -> str:
    """Return how many resources each module makes, as a table."""
    counted = Counter(address.split(".")[1] for address in plan.addresses)
    rows = [f"| `{module}` | {number} |" for module, number in sorted(counted.items())]
    return "\n".join(
        [
            "| module | resources |",
            "|---|---|",
            *rows,
            f"| **all** | **{len(plan.addresses)}** |",
            "",
        ]
    )


def main(source: str, *options: str) -> int:
    """Write, or compare with --check."""
    plan = Plan(json.loads(Path(source).read_text()))
    wanted = {PICTURE: picture(plan), README: TABLE.sub(rf"\1{table(plan)}\2", README.read_text())}
    if "--check" not in options:
        for file, text in wanted.items():
            file.write_text(text)
        return 0
    stale = [
        file.name for file, text in wanted.items() if not file.exists() or file.read_text() != text
    ]
    if stale:
        sys.stderr.write(
            f"{', '.join(stale)} no longer show what is planned: run make infra-picture\n"
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
