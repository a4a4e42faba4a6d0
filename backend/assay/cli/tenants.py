"""What `assay tenants` does, through the API."""

import json
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from assay.cli.client import Client
from assay.cli.console import Console
from assay.cli.failures import CommandFailed

PATH = "/v1/admin/tenants"
DEFAULT = "default"


async def show(client: Client, console: Console, query: str | None, *, as_json: bool) -> int:
    """List tenants, oldest first."""
    found = await _all(client, query)
    if as_json:
        json.dump(found, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return 0
    for each in found:
        console.print(
            f"{each['id']}  {each['tier']:8}  {each['status']:9}  {each['members']:>5} members"
            f"  {each['documents']:>7} documents  {each['name']}"
        )
    if not found:
        console.note("There is no such tenant.")
    return 0


async def create(client: Client, console: Console, body: dict[str, Any], *, as_json: bool) -> int:
    """Make a tenant; print the owner's temporary password."""
    made = await client.call("POST", PATH, json=body)
    if as_json:
        json.dump(made, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return 0
    console.note(f"{made['name']} is made, as {made['id']}.")
    console.note(f"{made['owner']['email']} logs in with this password, shown this once:")
    console.print(made["owner"]["temporary_password"])
    return 0


async def change(client: Client, console: Console, tenant: str, body: dict[str, Any]) -> int:
    """Change a tenant."""
    changed = await client.call("PATCH", f"{PATH}/{await _id(client, tenant)}", json=body)
    console.print(f"{changed['name']}: {changed['tier']}, {changed['status']}")
    return 0


async def limits(client: Client, console: Console, tenant: str, changes: Sequence[str]) -> int:
    """Change limits, if any are named, and print all that hold."""
    path = f"{PATH}/{await _id(client, tenant)}"
    if changes:
        body = {"limits": dict(map(_limit, changes))}
        account = await client.call("PATCH", path, json=body)
    else:
        account = await client.call("GET", path)
    for name, value in account["effective_limits"].items():
        own = "" if account["limits"][name] is None else "  (its own)"
        console.print(f"{name:22} {value}{own}")
    return 0


async def delete(client: Client, console: Console, tenant: str) -> int:
    """Delete a tenant."""
    deleted = await client.call("DELETE", f"{PATH}/{await _id(client, tenant)}")
    console.note(f"{deleted['name']} is shut; what it has is being deleted.")
    return 0


def _limit(text: str) -> tuple[str, str | int | None]:
    name, separator, value = text.partition("=")
    if not separator:
        raise CommandFailed(f"Write limits as NAME=VALUE, not {text}.", 2)
    if value == DEFAULT:
        return name, None
    return name, int(value) if value.isdecimal() else value


async def _id(client: Client, given: str) -> str:
    """Return the id of a tenant that is given by its id or its name."""
    try:
        return str(UUID(given))
    except ValueError:
        found = [each for each in await _all(client, given) if each["name"] == given]
    if len(found) != 1:
        how = "No tenant is" if not found else f"{len(found)} tenants are"
        raise CommandFailed(f"{how} named {given}. Give the id, as `assay tenants list` shows it.")
    return str(found[0]["id"])


async def _all(client: Client, query: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": 200} | ({"q": query} if query else {})
    while True:
        page = await client.call("GET", PATH, params=params)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]
