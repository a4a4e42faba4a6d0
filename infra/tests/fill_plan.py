"""Gives a plan from nothing the values that AWS will make, so that a checker sees what is set.

In such a plan the ARN of a key is unknown, and a checker takes "encrypted with a key of ours" for
"not encrypted". Only what the configuration sets is filled: an unknown value that nobody set stays
absent.
"""

from itertools import count
from typing import Any

Json = dict[str, Any]
_names = (f"made-by-aws-{number}" for number in count(1))


def set_in_configuration(module: Json, path: str = "") -> dict[str, Json]:
    """Return each resource's expressions by its address without keys of `for_each` and `count`."""
    found = {
        f"{path}{each['address']}": each.get("expressions", {})
        for each in module.get("resources", [])
    }
    for name, call in module.get("module_calls", {}).items():
        found |= set_in_configuration(call["module"], f"{path}module.{name}.")
    return found


def filled(after: Any, unknown: Any, expressions: Any) -> Any:
    """Return `after` with a name of its own where it is unknown and the expressions set it.

    :param expressions: None for a dynamic block, which has none in a plan: what it holds was set.
    """
    if unknown is True:
        return next(_names)
    if isinstance(unknown, list):
        inner = expressions if isinstance(expressions, list) else [expressions]
        values = after if isinstance(after, list) else []
        return [
            filled(
                values[index] if index < len(values) else None,
                each,
                inner[min(index, len(inner) - 1)],
            )
            for index, each in enumerate(unknown)
        ]
    if isinstance(unknown, dict):
        known = after if isinstance(after, dict) else {}
        is_set = (lambda _: True) if expressions is None else (expressions or {}).__contains__
        return known | {
            key: filled(known.get(key), each, (expressions or {}).get(key))
            for key, each in unknown.items()
            if is_set(key) or isinstance(each, dict | list)
        }
    return after


def without_keys(address: str) -> str:
    """Return an address of the configuration: `module.edge.aws_lb_target_group.this`."""
    kept, depth = "", 0
    for letter in address:
        depth += letter == "["
        kept += "" if depth else letter
        depth -= letter == "]"
    return kept


def fill(plan: Json) -> Json:
    """Fill every resource of a plan."""
    configured = set_in_configuration(plan["configuration"]["root_module"])
    after = {}
    for each in plan["resource_changes"]:
        if each["mode"] != "managed":
            continue
        change, expressions = each["change"], configured[without_keys(each["address"])]
        change["after"] = filled(change["after"], change["after_unknown"], expressions)
        after[each["address"]] = change["after"]

    def put(module: Json) -> None:
        for each in module.get("resources", []):
            if each["address"] in after:
                each["values"] = after[each["address"]]
        for child in module.get("child_modules", []):
            put(child)

    put(plan["planned_values"]["root_module"])
    return plan
