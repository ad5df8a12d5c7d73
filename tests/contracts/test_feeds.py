"""Feeds, money, marks and secrets, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import ChannelId, Counts, FeedHealth, Harvest, ModelCall, PaperId, Spending
from bot.errors import BudgetSpent
from storage.engine import Database
from storage.feeds import Feeds
from storage.ledger import Ledger
from storage.marks import Marks, Vault

NOW = datetime(2026, 4, 15, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
LAB = ChannelId("slack:C1")


async def test_a_feed_s_memory_and_health_are_kept(database: Database) -> None:
    feeds = Feeds(database)
    assert await feeds.memory("arxiv") == {}
    harvest = Harvest("arxiv", parts={"cs.CV": "ok", "cs.AI": "stale"}, memory={"etag": "1"}, detail="same")
    await feeds.remember(harvest, Counts(9, 5, 1, 2, 1), now=NOW)
    assert await feeds.memory("arxiv") == {"etag": "1"}
    assert await feeds.health() == [
        FeedHealth("arxiv", "ok", "same", NOW, NOW, None, 9, 5, 1, 1),
        FeedHealth("arxiv/cs.AI", "stale", "same", NOW, None, NOW),
        FeedHealth("arxiv/cs.CV", "ok", "", NOW, NOW, None),
    ]


async def test_failing_is_told_since_the_first_failure_and_heals(database: Database) -> None:
    feeds = Feeds(database)
    await feeds.remember(Harvest("arxiv", memory={"etag": "1"}), Counts(), now=NOW)
    for hours in (1, 2):
        failed = Harvest("arxiv", state="failed", detail="HTTP 503")
        await feeds.remember(failed, Counts(), now=NOW + timedelta(hours=hours))
    await feeds.told("arxiv", True)
    broken = NOW + timedelta(hours=1)
    assert await feeds.health() == [
        FeedHealth("arxiv", "failed", "HTTP 503", NOW + timedelta(hours=2), NOW, broken, told=True)
    ]
    assert await feeds.memory("arxiv") == {"etag": "1"}
    await feeds.remember(Harvest("arxiv", state="quiet"), Counts(), now=LATER)
    assert await feeds.health() == [FeedHealth("arxiv", "quiet", "", LATER, LATER, None, told=True)]
    assert await feeds.memory("arxiv") == {}


async def test_parts_that_are_no_longer_asked_for_are_forgotten(database: Database) -> None:
    feeds = Feeds(database)
    await feeds.remember(Harvest("a", parts={"x": "ok", "y": "ok"}), Counts(), now=NOW)
    await feeds.remember(Harvest("ab", parts={"z": "ok"}), Counts(), now=NOW)
    await feeds.remember(Harvest("a", parts={"y": "ok"}), Counts(), now=LATER)
    assert [health.source for health in await feeds.health()] == ["a", "a/y", "ab", "ab/z"]


async def test_money_is_reserved_settled_and_summed_by_day_and_channel(database: Database) -> None:
    ledger = Ledger(database)
    number = await ledger.reserve(ModelCall("m", "summary", PaperId("arxiv:1"), usd=0.5), now=NOW)
    await ledger.reserve(ModelCall("m", "answer", channel=LAB, usd=0.25), now=NOW)
    await ledger.reserve(ModelCall("m", "answer", channel=LAB, usd=9), now=LATER)
    await ledger.settle(number, ModelCall("m", "summary", PaperId("arxiv:1"), None, 100, 20, 50, 0.125, 900))
    assert await ledger.spent(NOW.date()) == Spending(2, 100, 20, 50, 0.375)
    assert await ledger.spent(NOW.date(), channel=LAB) == Spending(1, usd=0.25)
    assert await ledger.spent(date(2020, 1, 1)) == Spending()


async def test_of_many_who_want_the_last_money_one_gets_it(database: Database) -> None:
    ledger = Ledger(database)
    call = ModelCall("m", "answer", channel=LAB, usd=0.6)
    asked = [ledger.reserve(call, now=NOW, day_limit=1.0) for _ in range(4)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["BudgetSpent"] * 3 + ["int"]
    with pytest.raises(BudgetSpent, match="in this channel"):
        await ledger.reserve(call, now=NOW, channel_limit=1.0)
    await ledger.reserve(ModelCall("m", "answer", usd=0.6), now=NOW, channel_limit=1.0)


async def test_marks_are_put_taken_and_listed(database: Database) -> None:
    marks = Marks(database)
    await marks.put("tree:1", "a")
    await marks.put("tree:1", "b")
    await marks.put("tree_1", "c")
    await marks.put("Tree:1", "d")
    assert await marks.get("tree:1") == "b"
    assert await marks.beginning("tree:") == {"tree:1": "b"}
    taken = await asyncio.gather(*(marks.take("tree:1") for _ in range(3)))
    assert sorted(taken, key=str) == [None, None, "b"]
    assert await marks.get("tree:1") is None


async def test_a_vault_keeps_bytes(database: Database) -> None:
    vault = Vault(database)
    await vault.put("slack:T1", b"\0old")
    await vault.put("slack:T1", b"\0new")
    assert await vault.get("slack:T1") == b"\0new"
    await vault.drop("slack:T1")
    assert await vault.get("slack:T1") is None
