"""The workspace of whoever holds an embedded installation's data folder.

The command line speaks for it with an API key that lies in that folder, readable by its owner
alone: who can read the folder can read everything in it anyway.
"""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.postgres import Database
from assay.errors import Unauthenticated
from assay.identity import repository
from assay.identity.api_keys import ApiKeys
from assay.identity.authentication import Authenticator
from assay.identity.models import Caller, Role
from assay.identity.passwords import Passwords
from assay.identity.schemas import ApiKeyCreate
from assay.scope import TenantScope

LIMITS = {"requests_per_minute": 100_000, "concurrent_requests": 1_000}
"""Whoever holds the folder is the operator, too: rates would only hold up the own machine."""
EMAIL = "local@assay.invalid"
"""An address that cannot exist (RFC 2606); nobody knows its password, so nobody logs in."""


async def local_api_key(
    database: Database,
    passwords: Passwords,
    authenticator: Authenticator,
    api_keys: ApiKeys,
    present: str | None,
) -> str:
    """Return an API key of the local workspace: the present one while it holds, or a new one."""
    if present is not None:
        try:
            await authenticator.look_up(authenticator.read(present))
        except Unauthenticated:
            pass
        else:
            return present
    caller = await _owner(database, passwords)
    request = ApiKeyCreate(name="command line", role=Role.OWNER)
    return (await api_keys.create(caller, request)).key


async def _owner(database: Database, passwords: Passwords) -> Caller:
    async with database.gate() as gate:
        account = await repository.account(gate, EMAIL)
    if account is not None:
        return Caller(TenantScope(account["tenant_id"]), account["user_id"], Role.OWNER)
    return await _create(database, passwords, uuid7())


async def _create(database: Database, passwords: Passwords, user_id: UUID) -> Caller:
    scope = TenantScope(uuid7())
    encoded = await passwords.hash(secrets.token_urlsafe(32))
    async with database.transaction(scope) as tx:
        await repository.insert_tenant(tx, tenant_id=scope.tenant_id, name="Local", limits=LIMITS)
        await repository.insert_user(
            tx, user_id=user_id, email=EMAIL, password_hash=encoded, role=Role.OWNER
        )
    return Caller(scope, user_id, Role.OWNER)
