"""Slack on the contracts' stage: the real slack-bolt and slack-sdk against the fake on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from adapters.slack import SlackListener, slack
from adapters.slack_post import SlackPoster
from bot.domain import ChannelId
from tests.fakes.slack import CHANNEL, Clock, FakeSlack, Message


class SlackStage:
    platform = "slack"
    channel = ChannelId(f"slack:{CHANNEL}")

    def __init__(self, fake: FakeSlack, poster: SlackPoster, listener: SlackListener) -> None:
        self.fake = fake
        self.poster = poster
        self.listener = listener

    def connected(self) -> bool:
        return bool(self.fake.sockets)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.fake.clock(), UTC)

    def top(self) -> list[str]:
        return [words(message) for message in self.fake.posts()]

    def thread(self, root: str) -> list[str]:
        return [words(message) for message in self.fake.posts(thread=root)]

    def private(self) -> list[str]:
        return [words(message) for message in self.fake.ephemerals()]

    def trouble(self, kind: str) -> None:
        mishaps = {
            "lost": ("lost", ""),
            "broken": ("broken", ""),
            "limited": ("limited", ""),
            "refused": ("refuse", "msg_too_long"),
            "gone": ("refuse", "is_archived"),
        }
        name, error = mishaps[kind]
        self.fake.mishap("chat.postMessage", name, error=error)

    async def types(self, line: str) -> None:
        await self.fake.types(f"/paper {line}")

    async def says(self, text: str, *, thread: str | None = None, mention: bool = False) -> None:
        await self.fake.says(text, thread=thread, mention=mention)

    async def presses(self, label: str) -> None:
        await self.fake.presses(label)

    async def until(self, holds: Callable[[], Any]) -> None:
        await self.fake.until(holds)


def words(message: Message) -> str:
    return message.words


def adapter(fake: FakeSlack, **more: Any) -> tuple[SlackPoster, SlackListener]:
    """Poster and listener of the fake's one workspace, in Socket Mode."""
    clock = more.pop("clock", fake.clock)
    assert isinstance(clock, Clock)
    options: dict[str, Any] = {"api_url": fake.api_url, "watch_every": 0.05}
    options |= {"bot_token": fake.tokens.bot, "app_token": fake.tokens.app}
    return slack(clock, **(options | more))


@asynccontextmanager
async def stage() -> AsyncIterator[SlackStage]:
    async with FakeSlack() as fake:
        yield SlackStage(fake, *adapter(fake))
