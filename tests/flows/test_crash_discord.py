"""A process that brings digests to Discord dies; the next one brings the rest, to a channel and a forum."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import ChannelId
from storage.engine import connect
from storage.runs import Runs
from tests.fakes import paper_round
from tests.fakes.discord import Channel, Discord, Post
from tests.fakes.discord_world import ANNOUNCEMENT
from tests.fakes.newsroom import MORNING
from tests.fakes.paper_round import PAPERS, Order
from tests.fakes.post_office import PostOffice

LATER = MORNING + timedelta(minutes=11)


@dataclass
class Town:
    """A Discord with a text channel and a forum that both follow the topic."""

    discord: Discord
    office: PostOffice
    papers: Channel
    forum: Channel
    url: str

    @property
    def rooms(self) -> tuple[str, ...]:
        return (f"discord:{self.papers.id}", f"discord:{self.forum.id}")

    def order(self, **more: Any) -> Order:
        settings = {"start": MORNING, "discord": self.discord.api_url, "token": self.discord.token, **more}
        return Order(self.url, self.office.address, self.rooms, **settings)

    def replies(self) -> list[Post]:
        posts = self.discord.posts(self.papers)
        known = posts and posts[0].id in self.discord.world.channels
        return self.discord.posts(self.discord.thread(posts[0])) if known else []

    async def recovered(self) -> None:
        """Eleven minutes on, when no nonce is remembered, a second start brings the rest, each once."""
        self.discord.passes(660)
        assert await paper_round.run(self.order(start=LATER)) == 0
        assert len(self.discord.posts(self.papers)) == 1
        assert len({post.text for post in self.replies()}) == len(self.replies()) == PAPERS
        forum = self.discord.posts(self.forum)
        assert len({post.text for post in forum}) == len(forum) == PAPERS
        published = {str(post.id) for post in self.discord.posts(self.papers)}
        assert self.discord.rest.crossposted == (published if self.papers.kind == ANNOUNCEMENT else set())
        assert all(calls <= 2 for calls in self.office.model_calls.values())
        assert await self.states() == ["delivered", "delivered"]

    async def states(self) -> list[str]:
        database = await connect(self.url)
        try:
            runs = [await Runs(database).get(ChannelId(room), MORNING.date()) for room in self.rooms]
            return [run.state if run else "none" for run in runs]
        finally:
            await database.close()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with PostOffice() as office, Discord(now=MORNING.timestamp()) as discord:
        papers, forum = discord.channel("papers"), discord.forum("library")
        made = Town(discord, office, papers, forum, f"sqlite:///{tmp_path}/paperboy.db")
        await paper_round.stock(made.url, made.rooms)
        yield made


@pytest.mark.parametrize("point", ["after-intent", "after-reply:3", "after-reply:6", "before-done"])
async def test_dying_at(point: str, town: Town) -> None:
    assert await paper_round.run(town.order(crash_at=point)) == 137
    await town.recovered()


@pytest.mark.parametrize(
    ("route", "skip"),
    [
        ("thread_from_message", 0),  # the parent stands, its thread does not
        ("create_message", 1),  # the thread stands, no paper is in it
        ("create_message", 3),  # the last paper
        ("start_thread", 1),  # a forum's second paper
    ],
)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_while_discord_is_asked(route: str, skip: int, moment: str, town: Town) -> None:
    process = paper_round.begin(town.order())
    town.discord.fails(route, f"struck {moment}", skip=skip, strike=process.kill)
    assert await paper_round.ended(process) == -signal.SIGKILL
    await town.recovered()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_before_an_announcement_is_published(moment: str, town: Town) -> None:
    town.papers.kind = ANNOUNCEMENT
    process = paper_round.begin(town.order())
    town.discord.fails("crosspost", f"struck {moment}", strike=process.kill)
    assert await paper_round.ended(process) == -signal.SIGKILL
    assert len(town.discord.posts(town.papers)) == 1
    await town.recovered()


@pytest.mark.parametrize(
    ("kind", "route"),
    [
        ("lost", "start_thread"),
        ("recorded", "start_thread"),
        ("late", "start_thread"),
        ("late", "create_message"),
        ("late", "thread_from_message"),
    ],
)
async def test_an_answer_that_never_came(kind: str, route: str, town: Town) -> None:
    town.discord.fails(route, kind)
    assert await paper_round.run(town.order(once=True)) == 0
    await town.discord.lands()
    await town.recovered()


async def test_a_third_start_posts_nothing(town: Town) -> None:
    assert await paper_round.run(town.order()) == 0
    await town.recovered()
    await town.recovered()


async def test_a_rehearsal_ahead_of_discord_finds_what_it_posted(tmp_path: Path) -> None:
    """PAPERBOY_NOW is months ahead; Discord has the real time, and forgets nonces within minutes."""
    ahead = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=90)
    async with PostOffice() as office, Discord(now=time.time()) as discord:
        papers, forum = discord.channel("papers"), discord.forum("library")
        town = Town(discord, office, papers, forum, f"sqlite:///{tmp_path}/paperboy.db")
        await paper_round.stock(town.url, town.rooms, start=ahead)
        for start, crash_at in ((ahead, "after-reply"), (ahead + timedelta(minutes=2), "")):
            assert await paper_round.run(town.order(start=start, crash_at=crash_at)) == (
                137 if crash_at else 0
            )
            discord.passes(660)
        assert len(discord.posts(papers)) == 1
        assert len(town.replies()) == len(discord.posts(forum)) == PAPERS
