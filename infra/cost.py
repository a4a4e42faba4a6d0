"""Says what planned environments cost a month: `cost.py PLAN.json... [--check]`.

What runs and how large it is comes from the plans, prices from prices.toml, and what is used from
usage.toml, from the least to the most. Writes README.md's tables, or says with --check that those
of the plans given are stale. A planned type that has no price and is not listed as free stops it.
"""

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from picture import Json, Plan

HERE = Path(__file__).parent
README = HERE / "README.md"
MODEL = "the model's tokens"
KNOWN, ESTIMATED = "plan", "usage"


class Unpriced(Exception):
    """Something planned or used has no price; the text says what to do."""


class Range(NamedTuple):
    """The least and the most of something."""

    least: float
    most: float

    def times(self, factor: float) -> "Range":
        """Return both, multiplied."""
        return Range(self.least * factor, self.most * factor)

    def plus(self, other: "Range") -> "Range":
        """Return both, added to another's."""
        return Range(self.least + other.least, self.most + other.most)

    def beyond(self, free: float) -> "Range":
        """Return what is left after what is free."""
        return Range(max(0.0, self.least - free), max(0.0, self.most - free))

    def __str__(self) -> str:
        """Write one number where both are the same."""
        least, most = f"{self.least:.2f}", f"{self.most:.2f}"
        return least if least == most else f"{least} to {most}"

    def short(self) -> str:
        """Write a quantity without needless digits."""
        least, most = f"{self.least:g}", f"{self.most:g}"
        return least if least == most else f"{least} to {most}"


@dataclass(frozen=True)
class Line:
    """What a part costs, how that comes about, and whether the plan alone decides it."""

    part: str
    arithmetic: str
    cost: Range
    basis: str = KNOWN


@dataclass
class Books:
    """A plan with prices and what is assumed to be used."""

    plan: Plan
    environment: str
    prices: Json
    usage: Json
    lines: dict[str, list[Line]] = field(default_factory=dict)

    def price(self, name: str) -> float:
        """Return a price.

        :raises Unpriced: there is none.
        """
        if name not in self.prices["prices"]:
            raise Unpriced(f"infra/prices.toml has no price for {name}: add it with its source")
        return float(self.prices["prices"][name]["usd"])

    def used(self, name: str) -> Range:
        """Return how much of something is used.

        :raises Unpriced: nobody said.
        """
        amounts = self.usage.get(self.environment, {})
        if name not in amounts:
            raise Unpriced(
                f"infra/usage.toml has no {name} for {self.environment}: add its least and most"
            )
        return Range(*amounts[name])

    def hourly(self, part: str, name: str, number: float = 1) -> Line:
        """Return what runs every hour of the month."""
        hours, usd = self.prices["hours"], self.price(name)
        cost = number * hours * usd
        text = f"{number:g} x {hours} h x {usd:g}"
        return Line(part, text, Range(cost, cost))

    def fixed(self, part: str, name: str, number: float, unit: str) -> Line:
        """Return what is billed for being there, after what is free."""
        line = self.bought(part, name, Range(number, number), unit)
        return Line(line.part, line.arithmetic, line.cost, KNOWN)

    def bought(self, part: str, name: str, amount: Range, unit: str) -> Line:
        """Return what is billed by its amount, after what is free."""
        usd, free = self.price(name), self.prices["prices"][name].get("free", 0)
        less = f"({amount.short()} {unit} - {free} free)" if free else f"{amount.short()} {unit}"
        return Line(part, f"{less} x {usd:g}", amount.beyond(free).times(usd), ESTIMATED)


def tasks(books: Books) -> Iterator[Line]:
    """Price tasks: the base on demand, what is beyond it on Spot if the service may use it."""
    plan, hours = books.plan, books.prices["hours"]
    sizes = plan.by_key("aws_ecs_task_definition")
    bounds = {
        values["resource_id"].rpartition("/")[2]: Range(
            values["min_capacity"], values["max_capacity"]
        )
        for _, values in plan.all("aws_appautoscaling_target")
    }
    spot = Range(*books.usage["spot_price_share"])
    for name, service in plan.all("aws_ecs_service"):
        size = sizes[name]
        arm = size["runtime_platform"][0]["cpu_architecture"] == "ARM64"
        kind = "fargate_arm" if arm else "fargate"
        vcpu, memory = int(size["cpu"]) / 1024, int(size["memory"]) / 1024
        each = hours * (vcpu * books.price(f"{kind}_vcpu") + memory * books.price(f"{kind}_gb"))
        desired = service["desired_count"]
        number = bounds.get(name, Range(desired, desired))
        strategy = service["capacity_provider_strategy"]
        on_spot = any(one["capacity_provider"] == "FARGATE_SPOT" for one in strategy)
        base = max((one.get("base") or 0) for one in strategy) if on_spot else number.most
        demand = Range(min(number.least, base), min(number.most, base))
        rest = Range(number.least - demand.least, number.most - demand.most)
        cost = Range(
            each * (demand.least + rest.least * spot.least),
            each * (demand.most + rest.most * spot.most),
        )
        text = f"{name} {each:.2f} each: {demand.short()} on demand"
        text += f", {rest.short()} on Spot at {spot.times(100).short()}%" if rest.most else ""
        yield Line("tasks", text, cost, ESTIMATED if rest.most else KNOWN)


def database(books: Books) -> Iterator[Line]:
    """Price PostgreSQL, with a standby where it has one."""
    for _, values in books.plan.all("aws_db_instance"):
        both = 2 if values["multi_az"] else 1
        yield books.hourly("PostgreSQL", values["instance_class"], both)
        yield books.fixed("PostgreSQL", "database_gb", both * values["allocated_storage"], "GB")
        if values["manage_master_user_password"]:
            yield books.fixed("keys", "managed_secret", 1, "secret")


def cache(books: Books) -> Iterator[Line]:
    """Price Redis with its replicas."""
    for _, values in books.plan.all("aws_elasticache_replication_group"):
        yield books.hourly("Redis", values["node_type"], values["num_cache_clusters"])


def machines(books: Books) -> Iterator[Line]:
    """Price instances with the disks they start from."""
    for _, values in books.plan.all("aws_instance"):
        yield books.hourly("Qdrant", values["instance_type"])
        disk = sum(each["volume_size"] for each in values["root_block_device"])
        yield books.fixed("Qdrant", "disk_gb", disk, "GB of the system")
        if values["monitoring"]:
            cost = 7 * books.price("metric")
            yield Line("CloudWatch", "7 metrics every minute x 0.3", Range(cost, cost))


def disks(books: Books) -> Iterator[Line]:
    """Price volumes, and their snapshots."""
    for _, values in books.plan.all("aws_ebs_volume"):
        yield books.fixed("Qdrant", "disk_gb", values["size"], "GB")


def balancer(books: Books) -> Iterator[Line]:
    """Price the load balancer, its capacity units and its public addresses, one a zone."""
    number = books.plan.count("aws_lb")
    yield books.hourly("load balancer", "load_balancer", number)
    units = books.used("load_balancer_units")
    usd, hours = books.price("load_balancer_unit"), books.prices["hours"]
    yield Line(
        "load balancer",
        f"{units.short()} units x {hours} h x {usd:g}",
        units.times(usd * hours),
        ESTIMATED,
    )
    zones = sum(key.startswith("public-") for key, _ in books.plan.all("aws_subnet"))
    yield books.hourly("public addresses", "public_address", number * zones)
    if not books.plan.count("aws_cloudfront_distribution"):
        yield books.bought("data out", "data_out_gb", books.used("answers_gb"), "GB")


def distribution(books: Books) -> Iterator[Line]:
    """Price CloudFront, through which every request goes where there is one."""
    yield books.bought(
        "CloudFront", "cdn_million", books.used("requests_millions"), "million requests"
    )
    yield books.bought("CloudFront", "cdn_gb", books.used("answers_gb"), "GB")


def gateway(books: Books) -> Iterator[Line]:
    """Price the NAT gateway and what goes through it."""
    yield books.hourly("NAT gateway", "nat_gateway", books.plan.count("aws_nat_gateway"))
    yield books.bought("NAT gateway", "nat_gb", books.used("nat_gb"), "GB")


def endpoints(books: Books) -> Iterator[Line]:
    """Price interface endpoints in each private subnet; a gateway is free."""
    zones = sum(key.startswith("private-") for key, _ in books.plan.all("aws_subnet"))
    for _, values in books.plan.all("aws_vpc_endpoint"):
        if values["vpc_endpoint_type"] != "Gateway":
            yield books.hourly("endpoints", "endpoint", zones)


def alarms(books: Books) -> Iterator[Line]:
    """Price alarms by the metrics they read."""
    number = sum(
        sum(bool(query["metric"]) for query in values["metric_query"] or []) or 1
        for _, values in books.plan.all("aws_cloudwatch_metric_alarm")
    )
    yield books.fixed("CloudWatch", "alarm", number, "metrics in alarms")


def logs(books: Books) -> Iterator[Line]:
    """Price logs, and the metrics that are read from them."""
    yield books.bought("CloudWatch", "log_gb", books.used("logs_gb"), "GB of logs")
    yield books.bought("CloudWatch", "metric", books.used("custom_metrics"), "metrics of our own")


def insights(books: Books) -> Iterator[Line]:
    """Price Container Insights, which writes metrics as if they were ours."""
    on = [
        setting
        for _, values in books.plan.all("aws_ecs_cluster")
        for setting in values["setting"]
        if setting["name"] == "containerInsights" and setting["value"] != "disabled"
    ]
    if on:
        usd, number = books.price("metric"), books.used("container_metrics")
        yield Line(
            "CloudWatch",
            f"{number.short()} metrics of Container Insights x {usd:g}",
            number.times(usd),
            ESTIMATED,
        )


def builds(books: Books) -> Iterator[Line]:
    """Price builds as if all minutes were those of the dearest project."""
    sizes = {
        values["environment"][0]["compute_type"]
        for _, values in books.plan.all("aws_codebuild_project")
    }
    dearest = max(sizes, key=books.price)
    yield books.bought("delivery", dearest, books.used("build_minutes"), "minutes")


def counted(part: str, name: str, kind: str, unit: str) -> Callable[[Books], Iterator[Line]]:
    """Price each resource of a type."""

    def lines(books: Books) -> Iterator[Line]:
        yield books.fixed(part, name, books.plan.count(kind), unit)

    return lines


def measured(part: str, *what: tuple[str, str, str]) -> Callable[[Books], Iterator[Line]]:
    """Price what is used: names of price and usage, and a unit."""

    def lines(books: Books) -> Iterator[Line]:
        for price, usage, unit in what:
            yield books.bought(part, price, books.used(usage), unit)

    return lines


def addresses(books: Books) -> Iterator[Line]:
    """Price addresses that are kept."""
    yield books.hourly("public addresses", "public_address", books.plan.count("aws_eip"))


PRICED: dict[str, Callable[[Books], Iterator[Line]]] = {
    "aws_ecs_service": tasks,
    "aws_db_instance": database,
    "aws_elasticache_replication_group": cache,
    "aws_instance": machines,
    "aws_ebs_volume": disks,
    "aws_lb": balancer,
    "aws_cloudfront_distribution": distribution,
    "aws_nat_gateway": gateway,
    "aws_eip": addresses,
    "aws_vpc_endpoint": endpoints,
    "aws_vpc": measured("between zones", ("zone_crossing_gb", "zone_crossing_gb", "GB")),
    "aws_s3_bucket": measured("S3", ("file_gb", "files_gb", "GB")),
    "aws_cloudwatch_metric_alarm": alarms,
    "aws_cloudwatch_log_group": logs,
    "aws_cloudwatch_dashboard": counted(
        "CloudWatch", "dashboard", "aws_cloudwatch_dashboard", "dashboards"
    ),
    "aws_ecs_cluster": insights,
    "aws_kms_key": counted("keys", "key", "aws_kms_key", "keys"),
    "aws_route53_zone": counted("names", "zone", "aws_route53_zone", "zones"),
    "aws_service_discovery_private_dns_namespace": counted(
        "names", "zone", "aws_service_discovery_private_dns_namespace", "zones"
    ),
    "aws_flow_log": measured("audit", ("flow_log_gb", "flow_logs_gb", "GB")),
    "aws_guardduty_detector": measured(
        "audit",
        ("guardduty_million", "guardduty_calls_millions", "million calls"),
        ("guardduty_gb", "guardduty_gb", "GB"),
    ),
    "aws_config_configuration_recorder": measured(
        "audit", ("config_item", "config_items", "records")
    ),
    "aws_config_config_rule": measured("audit", ("config_check", "config_checks", "evaluations")),
    "aws_backup_plan": measured(
        "weekly snapshots",
        ("database_backup_gb", "database_snapshots_gb", "GB of the database"),
        ("disk_snapshot_gb", "disk_snapshots_gb", "GB of disks"),
    ),
    "aws_ecr_repository": measured("delivery", ("image_gb", "images_gb", "GB of images")),
    "aws_codepipeline": measured("delivery", ("pipeline_minute", "pipeline_minutes", "minutes")),
    "aws_codebuild_project": builds,
    "aws_lambda_function": measured(
        "functions", ("function_million", "function_calls_millions", "million calls")
    ),
}


def priced(plan: Json, prices: Json, usage: Json) -> Books:
    """Return an environment's books.

    :raises Unpriced: a planned type is neither priced nor free, or a price or an amount is missing.
    """
    region = plan["variables"]["region"]["value"]
    if region != prices["region"]:
        raise Unpriced(
            f"infra/prices.toml holds prices of {prices['region']}, and the plan is for {region}"
        )
    books = Books(Plan(plan), plan["variables"]["environment"]["value"], prices, usage)
    free = {kind for kinds in prices["free"].values() for kind in kinds}
    planned = Counter(
        each["type"] for each in plan["resource_changes"] if each["mode"] == "managed"
    )
    if unknown := sorted(planned.keys() - free - PRICED.keys()):
        raise Unpriced(
            f"{', '.join(unknown)}: planned, but neither priced in infra/cost.py "
            "nor listed as free in infra/prices.toml"
        )
    books.lines = {kind: list(price(books)) for kind, price in PRICED.items() if kind in planned}
    return books


def total(lines: list[Line]) -> Range:
    """Return the sum of lines."""
    result = Range(0, 0)
    for line in lines:
        result = result.plus(line.cost)
    return result


def whole(cost: Range) -> str:
    """Write a sum in whole USD."""
    least, most = round(cost.least), round(cost.most)
    return f"{least}" if least == most else f"{least} to {most}"


def tables(books: Books) -> str:
    """Return an environment's sums by part, and what each type adds."""
    every = [line for lines in books.lines.values() for line in lines]
    parts = {line.part: [one for one in every if one.part == line.part] for line in every}
    known = total([line for line in every if line.basis == KNOWN])
    tokens = [
        books.bought(MODEL, f"model_{way}_million", books.used(f"model_{way}_millions"), "million")
        for way in ("input", "output")
    ]
    arithmetic = " + ".join(line.arithmetic for line in tokens)
    design = Range(*books.usage["design"][books.environment])
    budgets = [float(values["limit_amount"]) for _, values in books.plan.all("aws_budgets_budget")]
    rows = ["| part | USD a month |", "|---|---|"]
    rows += [f"| {part} | {total(lines)} |" for part, lines in parts.items()]
    rows += [
        f"| **sum** | **{whole(total(every))}** |",
        f"| of it decided by the plan alone, not by use or Spot | {whole(known)} |",
        f"| the design's figure | {whole(design)} |",
        *(f"| the budget that warns | {budget:.0f} |" for budget in budgets),
        f"| beside it, {MODEL}: {arithmetic} | {whole(total(tokens))} |",
        "",
        "<details><summary>What each type of resource adds</summary>",
        "",
        "| type | planned | arithmetic | from | USD a month |",
        "|---|---|---|---|---|",
    ]
    for kind, lines in books.lines.items():
        number = books.plan.count(kind)
        for line in lines:
            rows.append(f"| `{kind}` | {number} | {line.arithmetic} | {line.basis} | {line.cost} |")
            number = ""  # type: ignore[assignment]
        if not lines:
            rows.append(f"| `{kind}` | {number} | as planned it is free | {KNOWN} | 0.00 |")
    rows += ["", "</details>", ""]
    return "\n".join(rows)


def written(text: str, books: Books) -> str:
    """Return README's text with an environment's tables as they should be.

    :raises Unpriced: it has no place for them.
    """
    mark = f"<!-- cost of {books.environment}: made by cost.py -->\n"
    place = re.compile(f"({re.escape(mark)}).*?(<!-- end -->)", re.DOTALL)
    if not place.search(text):
        raise Unpriced(f"infra/README.md lacks the line {mark.strip()}")
    return place.sub(lambda found: f"{found[1]}{tables(books)}{found[2]}", text)


def read(file: str) -> dict[str, Any]:
    """Return a file of prices or usage."""
    return tomllib.loads((HERE / file).read_text())


def main(*arguments: str) -> int:
    """Write and print, or compare with --check."""
    plans = [each for each in arguments if each != "--check"]
    before = text = README.read_text()
    try:
        prices, usage = read("prices.toml"), read("usage.toml")
        for source in plans:
            books = priced(json.loads(Path(source).read_text()), prices, usage)
            text = written(text, books)
            every = [line for lines in books.lines.values() for line in lines]
            if "--check" not in arguments:
                sys.stdout.write(f"{books.environment}: {whole(total(every))} USD a month\n")
    except Unpriced as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    if "--check" not in arguments:
        README.write_text(text)
    elif text != before:
        sys.stderr.write("README.md no longer shows what is planned costs: run make infra-cost\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
