"""What is held against checkov's rules, and what is excepted from them."""

import json
from pathlib import Path

from fill_plan import fill, without_keys
from rules import INFRA, MOST_RULES, SKIP, excepted_rules, exceptions, folders, unbilled, written_at


def plan(resource: dict[str, object], expressions: dict[str, object]) -> dict[str, object]:
    change = {"after": resource["values"], "after_unknown": resource["unknown"]}
    address = 'module.one.aws_thing.this["a.b"]'
    return {
        "configuration": {
            "root_module": {
                "module_calls": {
                    "one": {
                        "source": "../modules/one",
                        "module": {
                            "resources": [{"address": "aws_thing.this", "expressions": expressions}]
                        },
                    }
                }
            }
        },
        "resource_changes": [{"address": address, "mode": "managed", "change": change}],
        "planned_values": {
            "root_module": {
                "child_modules": [
                    {"resources": [{"address": address, "values": resource["values"]}]}
                ]
            }
        },
    }


def values_of(made: dict[str, object]) -> dict[str, object]:
    return json.loads(json.dumps(made))["planned_values"]["root_module"]["child_modules"][0][
        "resources"
    ][0]["values"]


def test_what_is_set_and_unknown_counts_as_set():
    resource = {"values": {"name": "one"}, "unknown": {"kms_key_id": True}}
    made = values_of(fill(plan(resource, {"kms_key_id": {"references": ["var.key"]}})))
    assert made["name"] == "one"
    assert made["kms_key_id"].startswith("made-by-aws-")


def test_what_nobody_set_stays_absent():
    made = values_of(fill(plan({"values": {}, "unknown": {"kms_key_id": True}}, {})))
    assert "kms_key_id" not in made


def test_an_exception_belongs_to_one_resource_of_one_module():
    address = 'module.one.aws_thing.this["a.b"]'
    assert without_keys(address) == "module.one.aws_thing.this"
    places = folders(
        {"module_calls": {"one": {"source": "../modules/one", "module": {}}}}, INFRA / "stack"
    )
    assert written_at(address, places) == (INFRA / "modules/one", "aws_thing.this")


def test_every_exception_stands_inside_a_resource_and_gives_a_reason():
    files = [file for file in (INFRA / "modules").rglob("*.tf") if ".terraform" not in file.parts]
    written = sum(file.read_text().count("checkov:skip") for file in files)
    assert written == sum(len(SKIP.findall(Path(file).read_text())) for file in files)
    assert written == sum(map(len, exceptions().values()))


def test_15_rules_at_most_have_exceptions():
    assert MOST_RULES == 15
    assert 0 < len(excepted_rules()) <= 15


def test_a_resource_without_the_tags_of_the_bill_is_found():
    tags = {"Project": "assay", "Environment": "production", "Part": "edge"}
    changes = [
        ("whole", {"tags_all": tags}, {}),
        ("takes_no_tags", {}, {"id": True}),
        ("lacks_one", {"tags_all": {"Project": "assay", "Part": "edge"}}, {}),
        ("has_none", {"tags_all": None}, {}),
    ]
    made = [
        {"address": name, "mode": "managed", "change": {"after": after, "after_unknown": unknown}}
        for name, after, unknown in changes
    ]
    assert unbilled({"resource_changes": made}) == ["lacks_one", "has_none"]
