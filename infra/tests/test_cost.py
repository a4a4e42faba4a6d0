"""What a plan costs, worked out from small plans and the real price files."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

INFRA = Path(__file__).parents[1]
sys.path.append(str(INFRA))
cost = importlib.import_module("cost")
Values = dict[str, Any]


def plan(*resources: tuple[str, str, Values], region: str = "us-east-1") -> Values:
    return {
        "variables": {"region": {"value": region}, "environment": {"value": "production"}},
        "resource_changes": [
            {
                "address": f"{kind}.this",
                "mode": "managed",
                "type": kind,
                "index": key,
                "change": {"after": values},
            }
            for kind, key, values in resources
        ],
    }


def service(base: int | None) -> tuple[tuple[str, str, Values], ...]:
    """Return a service of 1 to 3 tasks, of which `base` are on demand; None: all of them."""
    spot = [{"capacity_provider": "FARGATE_SPOT", "base": None, "weight": 1}]
    strategy = [{"capacity_provider": "FARGATE", "base": base, "weight": 0}]
    return (
        (
            "aws_ecs_service",
            "api",
            {
                "desired_count": 1,
                "capacity_provider_strategy": strategy + (spot if base is not None else []),
            },
        ),
        (
            "aws_ecs_task_definition",
            "api",
            {
                "cpu": "1024",
                "memory": "2048",
                "runtime_platform": [{"cpu_architecture": "X86_64"}],
            },
        ),
        (
            "aws_appautoscaling_target",
            "api",
            {"resource_id": "service/one/api", "min_capacity": 1, "max_capacity": 3},
        ),
    )


def books(made: Values) -> Any:
    return cost.priced(made, cost.read("prices.toml"), cost.read("usage.toml"))


def summed(made: Values, kind: str) -> tuple[float, float]:
    return tuple(round(each, 2) for each in cost.total(books(made).lines[kind]))  # type: ignore[return-value]


def test_tasks_cost_processor_and_memory_for_730_hours():
    each = 730 * (0.04048 + 2 * 0.004445)
    assert summed(plan(*service(None)), "aws_ecs_service") == (
        pytest.approx(each, abs=0.01),
        pytest.approx(3 * each, abs=0.01),
    )


def test_tasks_beyond_the_base_cost_what_spot_does():
    each = 730 * (0.04048 + 2 * 0.004445)
    assert summed(plan(*service(1)), "aws_ecs_service") == (
        pytest.approx(each, abs=0.01),
        pytest.approx(each * (1 + 2 * 0.4), abs=0.01),
    )


def test_a_standby_doubles_the_database():
    def database(standby: bool) -> Values:
        values = {
            "instance_class": "db.t3.medium",
            "allocated_storage": 100,
            "multi_az": standby,
            "manage_master_user_password": False,
        }
        return plan(("aws_db_instance", "", values))

    assert summed(database(standby=False), "aws_db_instance") == (64.06, 64.06)
    assert summed(database(standby=True), "aws_db_instance") == (128.12, 128.12)


def test_what_is_free_is_taken_off_once():
    made = plan(*(("aws_cloudwatch_dashboard", str(number), {}) for number in range(4)))
    assert summed(made, "aws_cloudwatch_dashboard") == (3.0, 3.0)


def test_a_type_without_a_price_stops_with_a_sentence():
    with pytest.raises(cost.Unpriced, match="aws_gold_bar: planned, but neither priced"):
        books(plan(("aws_gold_bar", "", {})))


def test_a_size_without_a_price_stops_with_a_sentence():
    size = {"node_type": "cache.r99.huge", "num_cache_clusters": 1}
    with pytest.raises(cost.Unpriced, match=r"has no price for cache\.r99\.huge"):
        books(plan(("aws_elasticache_replication_group", "", size)))


def test_another_region_is_not_priced_with_these_prices():
    with pytest.raises(cost.Unpriced, match="eu-west-1"):
        books(plan(region="eu-west-1"))


def test_no_type_is_both_priced_and_free():
    free = [kind for kinds in cost.read("prices.toml")["free"].values() for kind in kinds]
    assert len(free) == len(set(free))
    assert not cost.PRICED.keys() & set(free)


def test_every_price_says_where_and_when_it_was_read():
    for name, price in cost.read("prices.toml")["prices"].items():
        assert price["usd"] > 0, name
        assert price["source"], name
        assert price["read"][:2] == "20", name


def test_every_environment_says_the_same_kinds_of_use_from_least_to_most():
    usage = cost.read("usage.toml")
    environments = [usage[each.name] for each in (INFRA / "environments").iterdir()]
    assert len({frozenset(each) for each in environments}) == 1
    for each in environments:
        assert all(0 <= least <= most for least, most in each.values())


@pytest.mark.parametrize("change", ["none", "price"])
def test_a_stale_table_is_noticed(change, tmp_path, monkeypatch, capsys):
    mark = "<!-- cost of production: made by cost.py -->\n"
    readme, source = tmp_path / "README.md", tmp_path / "plan.json"
    readme.write_text(f"{mark}<!-- end -->\n")
    source.write_text(json.dumps(plan(("aws_kms_key", "", {}))))
    monkeypatch.setattr(cost, "README", readme)
    assert cost.main(str(source)) == 0
    if change == "price":
        readme.write_text(readme.read_text().replace("1 keys x 1", "1 keys x 2"))
    assert cost.main(str(source), "--check") == (0 if change == "none" else 1)
    assert ("run make infra-cost" in capsys.readouterr().err) == (change != "none")
