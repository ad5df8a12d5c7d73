"""What every ledger must do: no call past the limit, nothing forgotten."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import ChannelId, ModelCall
from bot.errors import BudgetSpent
from bot.ports import Ledger
from storage.engine import Database
from storage.ledger import Ledger as StoredLedger
from tests.fakes.llm import MemoryLedger

NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)
DAY = date(2026, 5, 20)
HERE, THERE = ChannelId("slack:C1"), ChannelId("slack:C2")


@pytest.fixture(params=["memory", "stored"])
def ledger(request: pytest.FixtureRequest, database: Database) -> Ledger:
    return MemoryLedger() if request.param == "memory" else StoredLedger(database)


def call(usd: float, channel: ChannelId | None = None) -> ModelCall:
    return ModelCall("m", "answer", None, channel, 100, 10, 0, usd)


async def test_an_estimate_counts_until_it_is_settled(ledger: Ledger) -> None:
    number = await ledger.reserve(call(0.5), now=NOW)
    assert (await ledger.spent(DAY)).usd == pytest.approx(0.5)
    await ledger.settle(number, ModelCall("m", "answer", None, None, 90, 5, 20, 0.2, 1234))
    spent = await ledger.spent(DAY)
    assert spent.usd == pytest.approx(0.2)
    assert (spent.calls, spent.tokens_in, spent.tokens_out, spent.tokens_cached) == (1, 90, 5, 20)


async def test_the_last_money_is_given_out_once(ledger: Ledger) -> None:
    results = await asyncio.gather(
        *(ledger.reserve(call(0.4), now=NOW, day_limit=1.0) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, BudgetSpent) for result in results) == 3
    assert (await ledger.spent(DAY)).calls == 2


async def test_each_day_begins_anew(ledger: Ledger) -> None:
    await ledger.reserve(call(1.0), now=NOW, day_limit=1.0)
    await ledger.reserve(call(1.0), now=NOW + timedelta(days=1), day_limit=1.0)
    with pytest.raises(BudgetSpent):
        await ledger.reserve(call(0.1), now=NOW, day_limit=1.0)


async def test_a_channel_pays_for_its_own_calls_alone(ledger: Ledger) -> None:
    await ledger.reserve(call(0.5), now=NOW, channel_limit=0.6)
    await ledger.reserve(call(0.5, HERE), now=NOW, channel_limit=0.6)
    await ledger.reserve(call(0.5, THERE), now=NOW, channel_limit=0.6)
    await ledger.reserve(call(0.5), now=NOW, channel_limit=0.6)
    with pytest.raises(BudgetSpent):
        await ledger.reserve(call(0.5, HERE), now=NOW, channel_limit=0.6)
    assert (await ledger.spent(DAY, channel=HERE)).usd == pytest.approx(0.5)


async def test_a_day_without_calls_took_nothing(ledger: Ledger) -> None:
    assert (await ledger.spent(DAY)).calls == 0
    assert (await ledger.spent(DAY)).usd == 0
