"""Where a round is brought: a few channels of one platform, and what stands in them.

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

NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight")


class Town(Protocol):
    """A platform with some channels, and a post office that counts the model's calls."""

    rooms: tuple[str, ...]
    office: PostOffice

    def letters(self, room: str) -> list[Letter]:
        """What the bot posted in a channel, in order."""
        ...

    def mishap(self, kind: str, after: int = 0) -> None:
        """After ``after`` posts that go well, one goes wrong: ``lost``, ``broken`` or ``late``."""
        ...

    async def land(self) -> None:
        """What is late arrives."""
        ...

    def order(self, database: str, **more: Any) -> Order:
        """What a process needs to know to post here."""
        ...


class Plain:
    def __init__(self, office: PostOffice, rooms: int) -> None:
        self.office = office
        self.rooms = tuple(f"fake:{name}" for name in NAMES[:rooms])

    def letters(self, room: str) -> list[Letter]:
        return self.office.of(room)

    def mishap(self, kind: str, after: int = 0) -> None:
        self.office.mishap("", times=after)
        self.office.mishap(kind)

    async def land(self) -> None:
        self.office.land()

    def order(self, database: str, **more: Any) -> Order:
        return Order(database, self.office.address, self.rooms, **{"start": MORNING, **more})


class Slack:
    def __init__(self, office: PostOffice, fake: FakeSlack, rooms: int) -> None:
        self.office = office
        self.fake = fake
        others = [f"C0{name.upper()}" for name in NAMES[1:rooms]]
        for other in others:
            fake.world.add_channel(other, other.lower())
        self.rooms = tuple(f"slack:{name}" for name in (CHANNEL, *others))

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

    async def land(self) -> None:
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
    def __init__(self, office: PostOffice, fake: Discord, rooms: int) -> None:
        self.office = office
        self.fake = fake
        self._channels = [fake.channel(name) for name in NAMES[:rooms]]
        self.rooms = tuple(f"discord:{channel.id}" for channel in self._channels)

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

    async def land(self) -> None:
        await self.fake.lands()

    def order(self, database: str, **more: Any) -> Order:
        told = {"start": MORNING, "discord": self.fake.api_url, "token": self.fake.token, **more}
        return Order(database, self.office.address, self.rooms, **told)


@asynccontextmanager
async def discord(rooms: int = 2, now: float = MORNING.timestamp()) -> AsyncIterator[Town]:
    async with PostOffice() as office, Discord(now=now) as fake:
        yield DiscordTown(office, fake, rooms)


@asynccontextmanager
async def plain(rooms: int = 2, now: float = 0.0) -> AsyncIterator[Town]:
    async with PostOffice() as office:
        yield Plain(office, rooms)


@asynccontextmanager
async def slack(rooms: int = 2, now: float = MORNING.timestamp()) -> AsyncIterator[Town]:
    async with PostOffice() as office, FakeSlack(clock=Clock(now), limits=False) as fake:
        yield Slack(office, fake, rooms)


TOWNS: dict[str, Callable[..., AbstractAsyncContextManager[Town]]] = {
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
