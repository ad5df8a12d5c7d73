"""The money: prices of models, a reservation before each call, and the day's limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.domain import ChannelId, ModelCall
from bot.ports import Clock, Ledger

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float
    cached: float | None = None
    """Input read from the server's prompt cache; None = as other input."""

    def of(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> float:
        """Dollars for a call; ``tokens_in`` includes ``tokens_cached``."""
        cached = self.input if self.cached is None else self.cached
        fresh = max(0, tokens_in - tokens_cached)
        return (fresh * self.input + tokens_cached * cached + tokens_out * self.output) / _MILLION


FREE = Price(0.0, 0.0)

# OpenAI's list prices as published in 2025 (<https://platform.openai.com/docs/pricing>); the configuration
# overrules them. The longest name that the model's name begins with counts.
_LIST = {
    "gpt-4o": Price(2.50, 10.0, 1.25),
    "gpt-4o-mini": Price(0.15, 0.60, 0.075),
    "gpt-4.1": Price(2.0, 8.0, 0.50),
    "gpt-4.1-mini": Price(0.40, 1.60, 0.10),
    "gpt-4.1-nano": Price(0.10, 0.40, 0.025),
    "gpt-5": Price(1.25, 10.0, 0.125),
    "gpt-5-mini": Price(0.25, 2.0, 0.025),
    "gpt-5-nano": Price(0.05, 0.40, 0.005),
    "o3": Price(2.0, 8.0, 0.50),
    "o3-mini": Price(1.10, 4.40, 0.55),
    "o4-mini": Price(1.10, 4.40, 0.275),
    "text-embedding-3-small": Price(0.02, 0.0),
    "text-embedding-3-large": Price(0.13, 0.0),
}
UNKNOWN = Price(2.50, 10.0)
"""What a model without a known price is taken to cost where money is limited: too dear rather than free."""


def price_of(model: str, *, input_usd: float = 0.0, output_usd: float = 0.0, limited: bool = False) -> Price:
    """The price of ``model``: the configured one, else the list's, else free, or UNKNOWN where a budget
    would mean nothing otherwise."""
    if input_usd or output_usd:
        return Price(input_usd, output_usd)
    names = [name for name in _LIST if model.startswith(name)]
    if names:
        return _LIST[max(names, key=len)]
    return UNKNOWN if limited else FREE


def tokens(text: str) -> int:
    """About how many tokens a text has: four ASCII characters each, other characters a bit less than one
    each (measured on no model; used only before a call and where a server does not count)."""
    ascii_only = sum(char.isascii() for char in text)
    return math.ceil(ascii_only / 4 + (len(text) - ascii_only) * 0.8)


class Budget:
    """What may be spent on a day, in all and for a channel; 0 = no limit."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        price: Price = FREE,
        day_usd: float = 0.0,
        channel_usd: float = 0.0,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self.price = price
        self.day_usd = day_usd
        self.channel_usd = channel_usd

    async def reserve(self, call: ModelCall) -> int:
        """Write the call down before it is made; its number. Raises BudgetSpent."""
        return await self._ledger.reserve(
            call, now=self._clock.now(), day_limit=self.day_usd, channel_limit=self.channel_usd
        )

    async def settle(self, number: int, call: ModelCall) -> None:
        """Write down what the call took."""
        await self._ledger.settle(number, call)

    async def left(self, channel: ChannelId | None = None) -> float:
        """The share of the day's money that is left, 0 to 1, the channel's if that is less."""
        day = self._clock.now().date()
        shares = [1.0]
        if self.day_usd:
            shares.append(1 - (await self._ledger.spent(day)).usd / self.day_usd)
        if self.channel_usd and channel:
            shares.append(1 - (await self._ledger.spent(day, channel=channel)).usd / self.channel_usd)
        return max(0.0, min(shares))

    async def report(self) -> str:
        """The day's spending in a sentence, for status and the doctor."""
        spent = await self._ledger.spent(self._clock.now().date())
        limit = f" of {_dollars(self.day_usd)}" if self.day_usd else ", no limit set"
        count = "1 call" if spent.calls == 1 else f"{spent.calls} calls"
        return (
            f"Today {count} of the model, {spent.tokens_in:,} tokens read, {spent.tokens_out:,} written, "
            f"{_dollars(spent.usd)}{limit}."
        )


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 1 or not amount else f"${amount:.4f}"
