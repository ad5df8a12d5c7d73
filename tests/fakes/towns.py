"""Where a round is brought: two channels of one platform, and what stands in them.

The post office (over plain HTTP), and Slack and Discord with the real adapters against their fakes.
A town outlives the processes that post in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from bot.domain import ChannelId
from storage.engine import connect
from storage.runs import Runs
from tests.fakes.discord import Discord
from tests.fakes.newsroom import MORNING
from tests.fakes.paper_round import PAPERS, Order
from tests.fakes.post_office import Letter, PostOffice
from tests.fakes.slack import CHANNEL, Clock, FakeSlack


class Town(Protocol):
    """A platform with two channels, and a post office that counts the model's calls."""

    rooms: tuple[str, str]
    office: PostOffice

    def letters(self, room: str) -> list[Letter]:
        """What the bot posted in a channel, in order."""
        ...

    def mishap(self, kind: str, after: int = 0) -> None:
        """After ``after`` posts that go well, one goes wrong: ``lost``, ``broken`` or ``late``."""
        ...

    def land(self) -> None:
        """What is late arrives."""
        ...

    def order(self, database: str, **more: Any) -> Order:
        """What a process needs to know to post here."""
        ...


class Plain:
    rooms = ("fake:one", "fake:two")

    def __init__(self, office: PostOffice) -> None:
        self.office = office

    def letters(self, room: str) -> list[Letter]:
        return self.office.of(room)

    def mishap(self, kind: str, after: int = 0) -> None:
        self.office.mishap("", times=after)
        self.office.mishap(kind)

    def land(self) -> None:
        self.office.land()

    def order(self, database: str, **more: Any) -> Order:
        return Order(database, self.office.address, self.rooms, **{"start": MORNING, **more})


class Slack:
    rooms = (f"slack:{CHANNEL}", "slack:C0OTHER")

    def __init__(self, office: PostOffice, fake: FakeSlack) -> None:
        self.office = office
        self.fake = fake
        fake.world.add_channel("C0OTHER", "other")

    def letters(self, room: str) -> list[Letter]:
        messages = [m for m in self.fake.world.messages if f"slack:{m.channel}" == room and m.bot]
        return [
            Letter(m.ts, (m.metadata or {})["event_payload"]["key"], room, m.thread_ts, m.words)
            for m in messages
        ]

    def mishap(self, kind: str, after: int = 0) -> None:
        kinds = {"broken": "recorded"}
        for _ in range(after):
            self.fake.mishap("chat.postMessage", "limited", retry_after=1)
        self.fake.mishap("chat.postMessage", kinds.get(kind, kind))

    def land(self) -> None:
        self.fake.land()

    def order(self, database: str, **more: Any) -> Order:
        return Order(
            database,
            self.office.address,
            self.rooms,
            **{
                "start": MORNING,
                "slack": self.fake.api_url,
                "token": f"{self.fake.tokens.bot} {self.fake.tokens.app}",
                **more,
            },
        )


class DiscordTown:
    def __init__(self, office: PostOffice, fake: Discord) -> None:
        self.office = office
        self.fake = fake
        self._channels = [fake.channel(name) for name in ("one", "two")]
        first, second = (f"discord:{channel.id}" for channel in self._channels)
        self.rooms = (first, second)

    def letters(self, room: str) -> list[Letter]:
        """History keeps no nonce, so a message is known by its words."""
        channel = self._channels[self.rooms.index(room)]
        found = []
        for top in self.fake.posts(channel):
            found.append(Letter(str(top.id), top.text, room, None, top.text))
            if top.id in self.fake.world.channels:
                below = self.fake.posts(self.fake.thread(top))
                found += [Letter(str(m.id), m.text, room, str(top.id), m.text) for m in below]
        return found

    def mishap(self, kind: str, after: int = 0) -> None:
        kinds = {"broken": "recorded"}
        assert after == 0, "Discord's fake does not count"
        self.fake.fails("create_message", kinds.get(kind, kind))

    def land(self) -> None:
        raise NotImplementedError("late messages on Discord: tests/flows/test_crash_discord.py")

    def order(self, database: str, **more: Any) -> Order:
        told = {"start": MORNING, "discord": self.fake.api_url, "token": self.fake.token, **more}
        return Order(database, self.office.address, self.rooms, **told)


@asynccontextmanager
async def discord() -> AsyncIterator[Town]:
    async with PostOffice() as office, Discord(now=MORNING.timestamp()) as fake:
        yield DiscordTown(office, fake)


@asynccontextmanager
async def plain() -> AsyncIterator[Town]:
    async with PostOffice() as office:
        yield Plain(office)


@asynccontextmanager
async def slack() -> AsyncIterator[Town]:
    clock = Clock(MORNING.timestamp())
    async with PostOffice() as office, FakeSlack(clock=clock, limits=False) as fake:
        yield Slack(office, fake)


TOWNS: dict[str, Callable[[], AbstractAsyncContextManager[Town]]] = {
    "fake": plain,
    "slack": slack,
    "discord": discord,
}


def faults(town: Town) -> list[str]:
    """What is wrong with what stands in the town after its digests were delivered."""
    wrong = []
    for room in town.rooms:
        letters = town.letters(room)
        keys = [letter.key for letter in letters]
        tops = [letter.remote for letter in letters if letter.parent is None]
        if len(keys) != len(set(keys)):
            wrong.append(f"{room}: {len(keys) - len(set(keys))} doubles")
        if len(set(keys)) != PAPERS + 1:
            wrong.append(f"{room}: {len(set(keys))} of {PAPERS + 1} messages")
        if len(tops) != 1 or any(letter.parent not in (None, *tops) for letter in letters):
            wrong.append(f"{room}: replies that are not under their parent")
    if repeated := [paper for paper, calls in town.office.model_calls.items() if calls > 2]:
        wrong.append(f"{len(repeated)} papers were read more than twice")
    return wrong


async def states(url: str, town: Town) -> list[str]:
    """The states of the town's digests."""
    database = await connect(url)
    try:
        runs = [await Runs(database).get(ChannelId(room), MORNING.date()) for room in town.rooms]
        return [run.state if run else "none" for run in runs]
    finally:
        await database.close()
