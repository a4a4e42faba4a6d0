"""Tenants as operators manage them; each call carries the digest of the operator's key."""

import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from psycopg import IntegrityError
from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, Row, Transaction, constraint_of
from assay.adapters.redis import Cache
from assay.admission.limiter import limits_key
from assay.admission.tiers import TIERS, Tier, effective
from assay.errors import Conflict, not_found
from assay.identity.passwords import Passwords
from assay.identity.service import email_taken
from assay.operations import tenants_repository as repository
from assay.operations.tenants_schemas import (
    EffectiveLimits,
    Status,
    TenantAccount,
    TenantCreate,
    TenantCreated,
    TenantLimits,
    TenantOwner,
    TenantUpdate,
)

log = structlog.get_logger()


class Tenants:
    """What an operator does; every method refuses whoever is none (`operator_only`)."""

    def __init__(self, database: Database, cache: Cache, passwords: Passwords) -> None:
        self._database, self._cache, self._passwords = database, cache, passwords

    async def create(self, key: bytes, request: TenantCreate) -> TenantCreated:
        """Make a tenant; its owner gets a temporary password, shown once.

        :raises Conflict: the owner's address has an account.
        """
        async with self._database.gate() as gate:
            await repository.check(gate, key)  # before anybody is made to wait for a hash
        password = secrets.token_urlsafe(12)
        encoded = await self._passwords.hash(password)
        tenant_id, owner_id = uuid7(), uuid7()
        try:
            async with self._database.gate() as gate:
                await repository.create(
                    gate,
                    key,
                    tenant=tenant_id,
                    name=request.name,
                    tier=request.tier,
                    limits=_given(request.limits),
                    owner_id=owner_id,
                    email=request.owner_email,
                    password_hash=encoded,
                )
                account = await _account(gate, key, tenant_id)
        except IntegrityError as error:
            if constraint_of(error) == "users_email":
                raise email_taken() from error
            raise
        owner = TenantOwner(id=owner_id, email=request.owner_email, temporary_password=password)
        return TenantCreated(**dict(account), owner=owner)

    async def list(
        self, key: bytes, words: str | None, cursor: Cursor | None, limit: int
    ) -> ItemList[TenantAccount]:
        """List tenants, oldest first; `words` is a part of the name, in any case."""
        async with self._database.gate() as gate:
            rows = await repository.tenants(gate, key, words, cursor, limit + 1)
        return item_list(rows, limit, account_of)

    async def get(self, key: bytes, tenant_id: UUID) -> TenantAccount:
        """Return one tenant.

        :raises NotFound: there is none.
        """
        async with self._database.gate() as gate:
            return await _account(gate, key, tenant_id)

    async def change(self, key: bytes, tenant_id: UUID, request: TenantUpdate) -> TenantAccount:
        """Change a tenant; new limits and a suspension hold from its next request on.

        :raises NotFound: there is none.
        :raises Conflict: it is being deleted.
        """
        async with self._database.gate() as gate:
            changed = await repository.change(
                gate,
                key,
                tenant_id,
                name=request.name,
                tier=request.tier,
                limits=None if request.limits is None else _given(request.limits),
                suspend=request.suspended,
            )
            account = await _account(gate, key, tenant_id)
        if not changed:
            raise Conflict("This tenant is being deleted.", code="tenant_deleting")
        await self._cache.drop(limits_key(tenant_id))
        return account

    async def delete(self, key: bytes, tenant_id: UUID) -> TenantAccount:
        """Shut a tenant and have the worker delete everything that belongs to it.

        :raises NotFound: there is none.
        """
        async with self._database.gate() as gate:
            operator_id = await repository.check(gate, key)
            deleted = await repository.delete(gate, key, tenant_id)
            account = await _account(gate, key, tenant_id)
        await self._cache.drop(limits_key(tenant_id))
        if deleted:
            names = {"tenant_id": str(tenant_id), "operator_id": str(operator_id)}
            log.info("tenant.deleting", **names)
        return account


async def _account(gate: Transaction, key: bytes, tenant_id: UUID) -> TenantAccount:
    row = await repository.tenant(gate, key, tenant_id)
    if row is None:
        raise not_found("tenant")
    return account_of(row)


def _given(limits: TenantLimits) -> dict[str, Any]:
    """Return the limits that a request names; nulls among them go back to the tier's."""
    return limits.model_dump(exclude_unset=True)


def account_of(row: Row) -> TenantAccount:
    """Return a tenant as operators see it."""
    fields = dict(row)
    overrides = fields.pop("limits")
    status = status_of(fields["suspended_at"], fields.pop("deleted_at"))
    return TenantAccount(
        **fields,
        status=status,
        limits=TenantLimits(**overrides),
        tier_limits=EffectiveLimits(**asdict(TIERS[Tier(fields["tier"])])),
        effective_limits=EffectiveLimits(**asdict(effective(Tier(fields["tier"]), overrides))),
    )


def status_of(suspended_at: datetime | None, deleted_at: datetime | None) -> Status:
    """Return whether a tenant may be used."""
    if deleted_at is not None:
        return Status.DELETING
    return Status.ACTIVE if suspended_at is None else Status.SUSPENDED
