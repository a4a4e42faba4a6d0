"""What `assay operators` does, with the database owner's connection."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from pydantic import SecretStr

from assay.adapters.telemetry import configure_logging
from assay.cli.console import Console
from assay.cli.failures import CommandFailed
from assay.cli.serving import bring_to_schema
from assay.embedded.folder import DataFolder
from assay.embedded.postgres import DATABASE, OWNER
from assay.embedded.supervisor import HOST, Embedded
from assay.operations.operators import create_operator, list_operators, revoke_operator
from assay.settings import Mode, Settings

MAX_NAME = 200


async def create(settings: Settings, console: Console, name: str) -> int:
    """Make an operator; print the key."""
    if not 1 <= len(name) <= MAX_NAME:
        raise CommandFailed(f"A name has 1 to {MAX_NAME} characters.", 2)
    async with _owner(settings) as owner:
        key = await asyncio.to_thread(create_operator, owner, name)
    if key is None:
        raise CommandFailed(f"There is an operator named {name} already. Revoke that one first.")
    console.note("The key is shown this once; Assay keeps its hash alone. It opens /operator.")
    console.print(key)
    return 0


async def show(settings: Settings, console: Console, *, as_json: bool) -> int:
    """List the operators."""
    async with _owner(settings) as owner:
        found = await asyncio.to_thread(list_operators, owner)
    if as_json:
        json.dump([asdict(each) for each in found], sys.stdout, indent=2, default=str)
        sys.stdout.write("\n")
        return 0
    for each in found:
        state = f"revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else "active"
        console.print(f"{each.name:40} since {each.created_at:%Y-%m-%d}  {state}")
    return 0


async def revoke(settings: Settings, console: Console, name: str) -> int:
    """Make an operator's key worthless."""
    async with _owner(settings) as owner:
        if not await asyncio.to_thread(revoke_operator, owner, name):
            raise CommandFailed(f"No operator with a living key is named {name}.")
    console.note(f"The key of {name} is worthless now.")
    return 0


@asynccontextmanager
async def _owner(settings: Settings) -> AsyncIterator[Settings]:
    """Give settings that reach the database as its owner; start it where it does not run."""
    if settings.mode is Mode.SERVICES:
        if not settings.postgres_owner_user:
            raise CommandFailed("Set POSTGRES_OWNER_USER and POSTGRES_OWNER_PASSWORD.", 2)
        yield settings
        return
    folder = DataFolder(settings.data_dir)
    if folder.holder() is not None:
        yield _of_holder(settings, folder)
        return
    configure_logging("WARNING")
    embedded = Embedded(settings)
    try:
        await embedded.start()
        await bring_to_schema(embedded)
        yield embedded.owner_settings
    finally:
        await embedded.stop()


def _of_holder(settings: Settings, folder: DataFolder) -> Settings:
    """Return how the database of whoever holds the folder is reached, by its pid file."""
    try:
        port = int((folder / "postgres" / "cluster" / "postmaster.pid").read_text().split("\n")[3])
    except (OSError, ValueError, IndexError) as error:
        raise CommandFailed(
            f"The database in {folder.path} is starting or stopping. Try again shortly."
        ) from error
    return settings.model_copy(
        update={
            "postgres_host": HOST,
            "postgres_port": port,
            "postgres_db": DATABASE,
            "postgres_owner_user": OWNER,
            "postgres_owner_password": SecretStr(folder.secrets().postgres_owner),
        }
    )
