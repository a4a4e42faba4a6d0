"""Embeddings on a tenant's account: remembered, paid for and refused by tenant."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from assay.adapters.embeddings import Embeddings, EmbeddingUsage, QueryCache, estimated_tokens
from assay.adapters.telemetry_metrics import model_used
from assay.scope import TenantScope
from assay.usage.ledger import Ledger

Vectors = TypeVar("Vectors")


class TenantEmbeddings:
    """A model's vectors for tenants; a model without a price goes past the ledger."""

    def __init__(self, embeddings: Embeddings, ledger: Ledger, price: Decimal) -> None:
        """Keep the parts.

        :param price: USD for a million tokens.
        """
        self._embeddings, self._ledger, self._price = embeddings, ledger, price
        self._queries = QueryCache()
        self.dimensions, self.name = embeddings.dimensions, embeddings.name

    async def query(self, scope: TenantScope, text: str) -> list[float]:
        """Return the vector of a question; the latest 2048 are remembered.

        By tenant: how quickly an answer comes must not tell what another tenant asked.

        :raises PaymentRequired: the tenant's budget is spent.
        :raises Unavailable: the model cannot be reached.
        """
        key = scope.tenant_id, text
        vector = self._queries.get(key)
        if vector is None:
            vector = await self._paid(
                scope, [text], lambda usage: self._embeddings.embed_query(text, usage)
            )
            self._queries.put(key, vector)
        return vector

    async def passages(self, scope: TenantScope, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector for each text, in their order.

        :raises PaymentRequired: the tenant's budget is spent.
        :raises Unavailable: the model cannot be reached.
        """
        return await self._paid(
            scope, texts, lambda usage: self._embeddings.embed_passages(texts, usage)
        )

    async def _paid(
        self,
        scope: TenantScope,
        texts: Sequence[str],
        embed: Callable[[EmbeddingUsage], Awaitable[Vectors]],
    ) -> Vectors:
        usage = EmbeddingUsage()
        if not self._price:
            return await embed(usage)
        tokens = estimated_tokens(texts)
        call = await self._ledger.reserve(
            scope,
            purpose="embedding",
            model=self.name,
            input_tokens=tokens,
            cost_usd=self._cost(tokens),
        )
        try:
            return await embed(usage)
        finally:
            model_used(self.name, usage.tokens, 0, self._cost(usage.tokens))
            await self._ledger.settle(
                scope,
                call,
                input_tokens=usage.tokens,
                output_tokens=0,
                cost_usd=self._cost(usage.tokens),
            )

    def _cost(self, tokens: int) -> Decimal:
        return self._price * tokens / 1_000_000
