"""The ledger of money: reserved before a paid model is called, settled after.

What a crash leaves reserved stays counted at that sum: rather too much than unpaid.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.postgres import Database, Transaction
from assay.admission.tiers import Tier, effective
from assay.errors import PaymentRequired
from assay.scope import TenantScope
from assay.usage import repository

Purpose = Literal["answer", "embedding", "analysis"]


class Ledger:
    """One tenant's calls of paid models, held to its monthly budget."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self,
        scope: TenantScope,
        *,
        purpose: Purpose,
        model: str,
        input_tokens: int,
        cost_usd: Decimal,
        user_id: UUID | None = None,
    ) -> UUID:
        """Set money aside for a call, and return what to settle it by.

        :param cost_usd: the most that the call can cost.
        :raises PaymentRequired: the budget of this month would be exceeded.
        """
        call_id = uuid7()
        async with self._database.transaction(scope) as tx:
            await repository.lock_budget(tx)
            row = await repository.budget(tx, month_start())
            limit = effective(Tier(row["tier"]), row["limits"]).model_budget_usd if row else 0
            if row is None or row["spent_usd"] + cost_usd > limit:
                raise _spent(Decimal(limit))
            await repository.reserve(
                tx,
                id=call_id,
                purpose=purpose,
                model=model,
                user_id=user_id,
                input_tokens=input_tokens,
                cost_usd=cost_usd,
            )
        return call_id

    async def settle(
        self,
        scope: TenantScope,
        call_id: UUID,
        *,
        input_tokens: int,
        output_tokens: int,
        cost_usd: Decimal,
    ) -> None:
        """Set what a call cost whose result is not kept, in a transaction of its own."""
        async with self._database.transaction(scope) as tx:
            await settle(tx, call_id, input_tokens, output_tokens, cost_usd)


async def settle(
    tx: Transaction, call_id: UUID, input_tokens: int, output_tokens: int, cost_usd: Decimal
) -> None:
    """Set what a call cost, in the transaction that keeps its result."""
    await repository.settle(tx, call_id, input_tokens, output_tokens, cost_usd)


def month_start() -> datetime:
    """Return when the present month began, in UTC."""
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _spent(limit: Decimal) -> PaymentRequired:
    return PaymentRequired(
        f"This month's budget of {limit} USD for language models does not cover this call."
        " Ask the operator to raise it, or wait for the next month.",
        code="model_budget_spent",
    )
