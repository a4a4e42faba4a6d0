"""Records from which networks API keys are used, once a day for each key and network."""

from collections import OrderedDict
from datetime import UTC, date, datetime
from uuid import UUID

import structlog

from assay.adapters.addresses import network_of
from assay.adapters.postgres import Database
from assay.errors import Unavailable
from assay.identity import audit_repository as repository
from assay.identity.audit import Action, record
from assay.identity.models import Actor, ActorKind, Caller

log = structlog.get_logger()

REMEMBERED = 20_000
"""Keys and networks of which a process knows that they are recorded."""


class KeyUses:
    """What the audit log tells of a key that leaked: where it was used, and from which day on.

    An event for each request would cost each of them a write.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[tuple[UUID, str], date] = OrderedDict()

    async def note(self, caller: Caller, address: str) -> None:
        """Record the first use of the caller's key from its network today."""
        if caller.api_key_id is None:
            return
        use, today = (caller.api_key_id, network_of(address)), datetime.now(UTC).date()
        if self._known.get(use) == today:
            return
        self._known[use] = today  # before anybody else asks, who would record it too
        try:
            await self._record(caller, use[1], address)
        except Unavailable as error:
            log.warning("audit.key_use_delayed", code=error.code)
            self._known.pop(use, None)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _record(self, caller: Caller, network: str, address: str) -> None:
        assert caller.api_key_id is not None  # noqa: S101 - for the type checker
        async with self._database.transaction(caller.scope) as tx:
            if not await repository.key_was_used(tx, caller.api_key_id, network):
                actor = Actor(ActorKind.API_KEY, caller.api_key_id, address)
                details = {"network": network}
                await record(tx, actor, Action.API_KEY_USED, caller.api_key_id, details)
