"""Conversations, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import ChannelId, PaperId, Thread, Turn
from storage.engine import Database
from storage.threads import Threads

NOW = datetime(2026, 4, 15, 6, 0, tzinfo=UTC)
LAB = ChannelId("slack:C1")
ONE, TWO = PaperId("arxiv:2604.00001"), PaperId("arxiv:2604.00002")


@pytest.fixture
def threads(database: Database) -> Threads:
    return Threads(database)


async def test_a_thread_remembers_what_was_said(threads: Threads) -> None:
    await threads.open(Thread(LAB, "1.0", (ONE, TWO), kind="digest"), now=NOW)
    question, answer = Turn("person", "Which \0 data?", "Ada", "slack:U1"), Turn("bot", "ImageNet.")
    await threads.say(LAB, "1.0", question, now=NOW)
    await threads.say(LAB, "1.0", answer, now=NOW)
    kept = await threads.get(LAB, "1.0")
    asked = Turn("person", "Which \ufffd data?", "Ada", "slack:U1")
    assert kept == Thread(LAB, "1.0", (ONE, TWO), (asked, answer), "digest")
    assert await threads.get(LAB, "2.0") is None
    assert await threads.get(ChannelId("slack:C2"), "1.0") is None


async def test_only_the_last_turns_are_handed_back(threads: Threads) -> None:
    await threads.open(Thread(LAB, "1.0", (ONE,)), now=NOW)
    for number in range(30):
        await threads.say(LAB, "1.0", Turn("person", str(number)), now=NOW)
    kept = await threads.get(LAB, "1.0")
    assert kept is not None
    assert [turn.text for turn in kept.turns] == [str(number) for number in range(10, 30)]


async def test_opening_again_replaces_the_papers_and_keeps_the_turns(threads: Threads) -> None:
    await threads.open(Thread(LAB, "1.0", (ONE,), (Turn("bot", "Hello."),)), now=NOW)
    await threads.open(Thread(LAB, "1.0", (TWO,), kind="paper"), now=NOW)
    assert await threads.get(LAB, "1.0") == Thread(LAB, "1.0", (TWO,), (Turn("bot", "Hello."),), "paper")


async def test_the_latest_is_the_one_opened_last(threads: Threads) -> None:
    assert await threads.latest(LAB) is None
    await threads.open(Thread(LAB, "1.0", (ONE,)), now=NOW)
    await threads.open(Thread(LAB, "2.0", (TWO,)), now=NOW)
    await threads.say(LAB, "1.0", Turn("person", "?"), now=NOW + timedelta(hours=1))
    latest = await threads.latest(LAB)
    assert latest is not None
    assert latest.root == "2.0"


async def test_about_finds_the_threads_of_one_paper(threads: Threads) -> None:
    await threads.open(Thread(LAB, "1.0", (ONE,)), now=NOW)
    await threads.open(Thread(LAB, "2.0", (ONE, TWO)), now=NOW)
    await threads.open(Thread(LAB, "3.0", (ONE,), kind="paper"), now=NOW + timedelta(hours=1))
    assert [thread.root for thread in await threads.about(ONE)] == ["3.0", "1.0"]
    assert await threads.about(TWO) == []


async def test_a_message_is_new_once(threads: Threads) -> None:
    asked = [threads.first_time(LAB, "m1", now=NOW) for _ in range(5)]
    assert sorted(await asyncio.gather(*asked)) == [False, False, False, False, True]
    assert await threads.first_time(LAB, "m2", now=NOW)
    assert await threads.first_time(ChannelId("slack:C2"), "m1", now=NOW)


async def test_where_somebody_talked_lately(threads: Threads) -> None:
    here, there, old = (ChannelId(f"discord:{n}") for n in (1, 2, 3))
    await threads.first_time(old, "m1", now=NOW - timedelta(days=2))
    await threads.open(Thread(here, "1.0", (ONE,)), now=NOW - timedelta(hours=2))
    await threads.first_time(there, "m1", now=NOW - timedelta(hours=1))
    await threads.first_time(LAB, "m1", now=NOW)
    since = NOW - timedelta(days=1)
    assert await threads.lately("discord", since, limit=5) == [there, here]
    await threads.say(here, "1.0", Turn("person", "and?"), now=NOW)
    assert await threads.lately("discord", since, limit=5) == [here, there]
    assert await threads.lately("discord", since, limit=1) == [here]
    assert await threads.lately("slack", since, limit=5) == [LAB]
