"""Notes are brought once whatever a platform does; admins hear once when a source breaks or heals."""

from __future__ import annotations

import pytest

from bot.doc import paragraph
from bot.domain import ChannelId, Counts, FeedState, Harvest, Note, UserId
from bot.errors import ChannelGone, NotSent, PaperboyError, RateLimited, Rejected, Uncertain
from bot.notes import FeedWatch, NoteCourier
from bot.render import plain
from bot.views import notes as views
from storage.channels import Channels
from storage.engine import Database
from storage.feeds import Feeds
from storage.notes import Notes
from tests.fakes.newsroom import FakeClock, FakePlatform, channel


class Office:
    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        self.platform = FakePlatform()
        self.notes = Notes(database)
        self.feeds = Feeds(database)
        self.channels = Channels(database)
        self.courier = NoteCourier(
            notes=self.notes,
            channels=self.channels,
            posters={"fake": self.platform},
            clock=self.clock,
            ticks=self.clock.ticks,
        )
        self.watch = FeedWatch(
            feeds=self.feeds,
            notes=self.notes,
            admins=[UserId("fake:ada"), UserId("terminal:you")],
            direct=["fake"],
            broken=views.broken,
            healed=views.healed,
            clock=self.clock,
        )

    async def write(self, key: str = "k1", *, direct: bool = False) -> None:
        note = Note(key, ChannelId("fake:room"), (paragraph("Look."),), self.clock.now(), direct=direct)
        assert await self.notes.add(note)

    async def rounds(self, count: int, *, minutes: float = 5) -> None:
        for _ in range(count):
            await self.courier.deliver()
            self.clock.forward(minutes=minutes)

    async def fetched(self, state: FeedState, source: str = "arxiv", **parts: FeedState) -> list[str]:
        """A fetch with this outcome; what the admins are told."""
        self.clock.forward(minutes=30)
        harvest = Harvest(source, state=state, detail="HTTP 503." if state == "failed" else "", parts=parts)
        await self.feeds.remember(harvest, Counts(), now=self.clock.now())
        before = len(self.platform.posts)
        await self.watch.look()
        await self.watch.look()
        await self.courier.deliver()
        return [" ".join(plain.render(post.doc).split()) for _, post in self.platform.posts[before:]]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.mark.parametrize(
    ("error", "recorded"),
    [
        (NotSent("down"), False),
        (RateLimited("slow", retry_after=30), False),
        (Uncertain("lost"), False),
        (Uncertain("lost"), True),
        (OSError("cut"), True),
    ],
)
async def test_a_note_stands_once_after_a_mishap(office: Office, error: Exception, recorded: bool) -> None:
    await office.write()
    office.platform.fails(error, recorded=recorded)
    await office.rounds(4)
    assert office.platform.keys == ["k1"]
    assert await office.notes.waiting() == []


async def test_a_lost_answer_is_not_looked_for_while_it_may_be_travelling(office: Office) -> None:
    await office.write()
    office.platform.fails(Uncertain("lost"), recorded=True)
    await office.rounds(2, minutes=0.5)
    assert office.platform.searched == []
    await office.rounds(3, minutes=1)
    assert len(office.platform.searched) == 1
    assert office.platform.keys == ["k1"]


async def test_a_direct_message_whose_answer_was_lost_is_not_sent_again(office: Office) -> None:
    await office.write(direct=True)
    office.platform.fails(Uncertain("lost"))
    await office.rounds(4)
    assert office.platform.keys == []
    assert await office.notes.waiting() == []


@pytest.mark.parametrize("error", [Rejected("too odd"), ChannelGone("gone")])
async def test_a_refused_note_is_given_up(office: Office, error: PaperboyError) -> None:
    await office.write()
    office.platform.fails(error)
    await office.rounds(3)
    assert office.platform.keys == []
    assert await office.notes.waiting() == []


async def test_a_note_is_given_up_after_many_tries_and_when_its_channel_was_paused(office: Office) -> None:
    await office.write()
    office.platform.fails(NotSent("down"), times=50)
    await office.rounds(20)
    assert len(office.platform.before) == 50 - 12
    office.platform.before.clear()
    await office.channels.save(channel(paused="by Ada"))
    await office.write("k2")
    await office.rounds(2)
    assert office.platform.keys == []
    assert await office.notes.waiting() == []


async def test_only_one_of_two_takes_a_note(office: Office) -> None:
    await office.write()
    (note,) = await office.notes.waiting()
    assert await office.notes.intend(note, now=office.clock.now())
    assert await office.notes.intend(note, now=office.clock.now()) is None


async def test_admins_hear_once_of_a_broken_source_and_once_of_its_recovery(office: Office) -> None:
    assert await office.fetched("ok") == []
    assert await office.fetched("failed") == [], "one failed fetch is nothing yet"
    (words,) = await office.fetched("failed")
    assert "The source arxiv cannot be read since 2026-04-15 10:00 UTC." in words
    assert "HTTP 503." in words
    assert "last good at 2026-04-15 09:30 UTC" in words
    assert await office.fetched("failed") == []
    (words,) = await office.fetched("quiet")
    assert "The source arxiv works again." in words
    assert await office.fetched("ok") == []
    assert await office.fetched("failed") == []
    assert len(await office.fetched("failed")) == 1, "it broke again"


async def test_a_stale_category_is_told_but_not_beside_its_broken_source(office: Office) -> None:
    await office.fetched("ok", ai="stale")
    (words,) = await office.fetched("ok", ai="stale")
    assert "The source arxiv/ai brings nothing new since" in words
    await office.fetched("failed", "hf", daily="stale")
    assert len(await office.fetched("failed", "hf", daily="stale")) == 1
