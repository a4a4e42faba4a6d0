"""What an account may still hold when everything has been destroyed, each with its reason."""

import re
from collections.abc import Mapping

STAYS = {
    r"route53 aws zones": "the domain's own zone was there before",
    r"route53 aws (delegation_sets|resource_tags)": "moto keeps them of zones that are gone",
    r"ec2 \S+ tags": "moto keeps them of resources that are gone; those are told by themselves",
    r"acm \S+ _idempotency_tokens": "a memory of requests",
    r"resourcegroupstaggingapi \S+ _pages": "a memory of answers",
    r"servicediscovery \S+ operations": "a record of what was done",
    r"rds \S+ events": "a record of what was done",
}
"""Kinds of the inventory, as patterns, and why they may have entries."""

GIVEN = "/aws/service/"
"""Parameters that AWS gives to everyone, which moto makes when they are asked for."""


def left(inventory: Mapping[str, list[str]]) -> list[str]:
    """Lines that name what should be gone."""
    found = []
    for kind, names in inventory.items():
        counted = [name for name in names if not name.startswith(GIVEN)]
        if counted and not any(re.fullmatch(pattern, kind) for pattern in STAYS):
            found.append(f"{kind}: {', '.join(counted)}")
    return found
