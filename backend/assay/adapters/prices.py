"""What a model's tokens cost, from a dated table."""

from decimal import Decimal

from assay.settings import Settings

AS_OF = "2025-04-14"
"""Day of the vendor's public price list that the table was typed from; `CHAT_PRICE_INPUT` and
`CHAT_PRICE_OUTPUT` override it."""

PER_MILLION: dict[str, tuple[Decimal, Decimal]] = {
    "gpt-4.1-nano": (Decimal("0.10"), Decimal("0.40")),
    "gpt-4.1-mini": (Decimal("0.40"), Decimal("1.60")),
    "gpt-4.1": (Decimal("2.00"), Decimal("8.00")),
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
    "gpt-4o": (Decimal("2.50"), Decimal("10.00")),
}
"""USD for a million input and output tokens, by the beginning of the model's name."""


def cost(model: str, input_tokens: int, output_tokens: int, settings: Settings) -> Decimal:
    """Return the exact price of a call in USD; zero for a model without a price."""
    prices = _prices(model, settings)
    return (input_tokens * prices[0] + output_tokens * prices[1]) / 1_000_000


def _prices(model: str, settings: Settings) -> tuple[Decimal, Decimal]:
    if settings.chat_price_input is not None and settings.chat_price_output is not None:
        return settings.chat_price_input, settings.chat_price_output
    known = [name for name in PER_MILLION if model.startswith(name)]
    return PER_MILLION[max(known, key=len)] if known else (Decimal(0), Decimal(0))
