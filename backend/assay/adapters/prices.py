"""What a model's tokens cost, from a dated table."""

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from assay.settings import Settings

AS_OF = date(2026, 3, 21)
"""Day for which the table holds. Source: the vendor's list of standard (not batch) prices,
https://platform.openai.com/docs/pricing; `CHAT_PRICE_INPUT` and `CHAT_PRICE_OUTPUT` override it."""

SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class Price(NamedTuple):
    """USD for a million tokens."""

    input: Decimal
    cached_input: Decimal
    output: Decimal


def _price(given: str, cached: str, said: str) -> Price:
    return Price(Decimal(given), Decimal(cached), Decimal(said))


FREE = _price("0", "0", "0")

PRICES: dict[str, Price] = {
    "gpt-5.4": _price("2.50", "0.25", "15"),
    "gpt-5.4-mini": _price("0.75", "0.075", "4.50"),
    "gpt-5.4-nano": _price("0.20", "0.02", "1.25"),
    "gpt-5.2": _price("1.75", "0.175", "14"),
    "gpt-5.1": _price("1.25", "0.125", "10"),
    "gpt-5": _price("1.25", "0.125", "10"),
    "gpt-5-mini": _price("0.25", "0.025", "2"),
    "gpt-5-nano": _price("0.05", "0.005", "0.40"),
    "gpt-4.1": _price("2", "0.50", "8"),
    "gpt-4.1-mini": _price("0.40", "0.10", "1.60"),
    "gpt-4.1-nano": _price("0.10", "0.025", "0.40"),
    "gpt-4o": _price("2.50", "1.25", "10"),
    "gpt-4o-mini": _price("0.15", "0.075", "0.60"),
}


EMBEDDING_PRICES = {
    "text-embedding-3-small": Decimal("0.02"),
    "text-embedding-3-large": Decimal("0.13"),
    "text-embedding-ada-002": Decimal("0.10"),
}
"""USD for a million tokens; `EMBEDDING_PRICE` overrides it."""


def embedding_price(settings: Settings) -> Decimal:
    """Return what a million tokens cost in the chosen embedding model; zero for one's own."""
    if settings.embedding_price is not None:
        return settings.embedding_price
    return EMBEDDING_PRICES.get(settings.embedding_model, Decimal(0))


def cost(
    model: str,
    input_tokens: int,
    output_tokens: int,
    settings: Settings,
    *,
    cached_tokens: int = 0,
) -> Decimal:
    """Return the exact price of a call in USD; zero for a model without a price.

    :param cached_tokens: the part of `input_tokens` that the vendor had in its cache.
    """
    price = price_of(model, settings)
    fresh = input_tokens - cached_tokens
    total = fresh * price.input + cached_tokens * price.cached_input + output_tokens * price.output
    return total.scaleb(-6)


def price_of(model: str, settings: Settings) -> Price:
    """Return what the operator set, else the table's price of the model or its dated snapshot.

    A longer name is another product with another price (`gpt-5-pro`), so no prefix counts.
    """
    listed = PRICES.get(SNAPSHOT.sub("", model), FREE)
    given, said = settings.chat_price_input, settings.chat_price_output
    return Price(
        listed.input if given is None else given,
        listed.cached_input if given is None else given,
        listed.output if said is None else said,
    )
