"""What an account may still hold when everything has been destroyed, each with its reason."""

import re
from collections.abc import Mapping

STAYS: dict[str, str] = {
    r"route53 aws zones": "the domain's own zone was there before",
}
"""Kinds of the inventory, as patterns, and why they may have entries."""


def left(inventory: Mapping[str, list[str]]) -> list[str]:
    """Lines that name what should be gone."""
    return [
        f"{kind}: {', '.join(names)}"
        for kind, names in inventory.items()
        if not any(re.fullmatch(pattern, kind) for pattern in STAYS)
    ]
