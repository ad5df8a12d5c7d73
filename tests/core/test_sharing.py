"""What digests made at the same time have in common is asked for once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain import ChannelId, Decision, Paper, Summary, Topic
from bot.sharing import Shared
from storage.engine import connect
from storage.papers import Papers
from tests.fakes.newsroom import MORNING, FakeClock, Newsroom, channel, paper, read


class Asked:
    """Counts how often it is asked; the nth answer is n."""

    def __init__(self) -> None:
        self.times = 0
        self.fails = False

    async def __call__(self) -> int:
        self.times += 1
        await asyncio.sleep(0)
        if self.fails:
            raise RuntimeError("no answer")
        return self.times


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_who_asks_at_once_or_soon_after_gets_the_same_answer(clock: FakeClock) -> None:
    shared, ask = Shared[int](2, ticks=clock.ticks), Asked()
    assert await asyncio.gather(*(shared.of("a", ask) for _ in range(5))) == [1] * 5
    clock.forward(seconds=59)
    assert await shared.of("a", ask) == 1
    clock.forward(seconds=1)
    assert await shared.of("a", ask) == 2


async def test_only_so_many_answers_are_kept_and_none_after_clearing(clock: FakeClock) -> None:
    shared, ask = Shared[int](2, ticks=clock.ticks), Asked()
    for key in ("a", "b", "a", "c", "a"):
        await shared.of(key, ask)
    assert ask.times == 3
    await shared.of("b", ask)
    shared.clear()
    await shared.of("b", ask)
    assert ask.times == 5


async def test_an_answer_not_worth_keeping_is_asked_for_again(clock: FakeClock) -> None:
    shared, ask = Shared[int](2, ticks=clock.ticks), Asked()
    assert [await shared.of("a", ask, keep=lambda n: n > 1) for _ in range(3)] == [1, 2, 2]


async def test_the_fault_or_the_end_of_one_who_asks_is_not_that_of_the_others(clock: FakeClock) -> None:
    shared, ask = Shared[int](2, ticks=clock.ticks), Asked()
    ask.fails = True
    with pytest.raises(RuntimeError):
        await shared.of("a", ask)
    ask.fails = False
    first = asyncio.create_task(shared.of("a", ask))
    second = asyncio.create_task(shared.of("a", ask))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 3
    assert first.cancelled()


class CountedPapers(Papers):
    asked = 0

    async def news(self, since: datetime, until: datetime) -> list[Paper]:
        self.asked += 1
        return await super().news(since, until)


@pytest.fixture
async def room() -> AsyncIterator[Newsroom]:
    database = await connect("sqlite:///:memory:")
    newsroom = Newsroom(database)
    newsroom.papers = CountedPapers(database)
    for name in "abcdef":
        await newsroom.channels.save(channel(id=ChannelId(f"fake:{name}")))
    await newsroom.announce(*(paper(n) for n in range(3)))
    yield newsroom
    await database.close()


def asked(room: Newsroom) -> int:
    assert isinstance(room.papers, CountedPapers)
    return room.papers.asked


async def test_channels_that_are_due_together_share_news_decisions_and_summaries(room: Newsroom) -> None:
    decided, summaries = [], []
    decide = room.words.decide

    async def counted(topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        decided.append(topic)
        return await decide(topic, papers)

    async def counted_read(one: Paper, language: str) -> Summary:
        summaries.append(one.id)
        return await read(one, language)

    room.words.decide = counted  # type: ignore[method-assign]
    await room.work(room.worker(read=counted_read))
    assert len(room.platform.posts) == 6 * 4
    assert (asked(room), len(decided), len(summaries)) == (1, 1, 3)
    assert len(await room.decisions.of(paper(1).id)) == 1


async def test_a_channel_with_another_window_or_topic_shares_nothing_it_should_not(room: Newsroom) -> None:
    await room.channels.save(channel(id=ChannelId("fake:a"), topics=(Topic(("splatting 2",)),)))
    await room.channels.save(channel(id=ChannelId("fake:b"), timezone="Asia/Tokyo"))
    await room.work(room.worker())
    brought = {name: [p.alt for _, p in room.platform.posts if p.channel == f"fake:{name}"] for name in "abc"}
    assert [len(posts) for posts in brought.values()] == [2, 4, 4]


async def test_papers_that_a_new_fetch_brings_are_in_the_next_digest(room: Newsroom) -> None:
    """Made seconds after others, but the sources were fetched in between."""
    late = ChannelId("fake:late")

    async def fetch() -> None:
        room.fetched += 1
        if room.fetched == 2:
            await room.announce(paper(7), at=room.clock.now())

    worker = room.worker(fetch=fetch, limits=replace(room.limits, fresh=timedelta(seconds=20)))
    await room.work(worker)
    room.clock.forward(seconds=30)
    await room.channels.save(channel(id=late))
    worker.wake()
    await room.work(worker)
    assert len([post for _, post in room.platform.posts if post.channel == late]) == 5


async def test_a_digest_that_was_due_later_looks_at_a_later_moment(room: Newsroom) -> None:
    worker = room.worker()
    await room.work(worker)
    await room.announce(paper(8), at=room.clock.now())
    at = (MORNING + timedelta(seconds=40)).time()
    room.clock.forward(seconds=max(0.0, 40 - (room.clock.now() - MORNING).total_seconds()))
    await room.channels.save(channel(id=ChannelId("fake:late"), at=at))
    worker.wake()
    await room.work(worker)
    assert len([p for _, p in room.platform.posts if p.channel == "fake:late"]) == 5
