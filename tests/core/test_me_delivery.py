"""A person's own digest on its way: once whoever brings it, and no further when they leave."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from bot.domain import Channel, ChannelId, Post, Run, UserId
from storage.engine import Database
from tests.fakes.newsroom import MORNING, ROOM, FakePlatform, Newsroom, channel, paper

TODAY = date(2026, 4, 15)
ADA = UserId("fake:ada")
HOME = ChannelId("fake:ada-direct")


@pytest.fixture
async def room(database: Database) -> Newsroom:
    newsroom = Newsroom(database)
    await newsroom.channels.save(own())
    await newsroom.announce(*(paper(n) for n in range(1, 4)))
    return newsroom


def own() -> Channel:
    return channel(id=HOME, person=ADA)


async def test_two_workers_bring_it_once_and_to_nobody_else(room: Newsroom) -> None:
    await room.channels.save(replace(channel(), topics=()))
    workers = room.worker("one"), room.worker("two")
    await asyncio.gather(*(room.work(worker) for worker in workers))
    for worker in workers:
        await room.work(worker)
    assert len(room.platform.keys) == len(set(room.platform.keys)) == 4
    assert {post.channel for _, post in room.platform.posts} == {HOME}
    assert await room.runs.get(ROOM, TODAY) is None


async def test_it_goes_no_further_when_the_person_is_forgotten(room: Newsroom) -> None:
    class Leaving(FakePlatform):
        async def post(self, post: Post) -> str:
            remote = await super().post(post)
            await room.channels.forget(ADA)
            return remote

    room.platform = Leaving()
    await room.work(room.worker("one"))
    await room.work(room.worker("two"))
    assert len(room.platform.posts) == 1
    assert await room.runs.get(HOME, TODAY) is None
    assert await room.threads.latest(HOME) is None


async def test_nothing_comes_when_nothing_is_followed_any_more(room: Newsroom) -> None:
    """The digest was due already when the person said stop."""
    await room.runs.plan([Run(HOME, TODAY, MORNING)])
    await room.channels.save(replace(own(), topics=()))
    await room.work(room.worker())
    assert room.platform.posts == []
    run = await room.runs.get(HOME, TODAY)
    assert run is not None
    assert (run.state, run.error) == ("skipped", "Nothing is followed any more.")
