"""Discord on the contracts' stage: the real discord.py against the fake on loopback."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from adapters.discord import Discord
from bot.domain import ChannelId, UserId
from tests.fakes.discord import Channel, Post
from tests.fakes.discord import Discord as Server
from tests.fakes.discord_rules import BUTTON, TEXT, walk


class ServerClock:
    """The fake's time; sleeping moves it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._server.world.now, UTC)

    async def sleep(self, seconds: float) -> None:
        self._server.passes(seconds)


class DiscordStage:
    platform = "discord"

    def __init__(self, server: Server, bot: Discord, papers: Channel) -> None:
        self.server, self.poster, self.listener, self._papers = server, bot, bot, papers
        self.channel = ChannelId(f"discord:{papers.id}")
        self.person = UserId(f"discord:{server.world.user('ada')['id']}")

    def connected(self) -> bool:
        return bool(self.server.gateway.live)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.world.now, UTC)

    def top(self) -> list[str]:
        return [
            words(post) for post in self.server.posts(self._papers) if "message_reference" not in post.json
        ]

    def thread(self, root: str) -> list[str]:
        thread = self.server.world.channels.get(int(root))
        if thread is not None:
            return [words(post) for post in self.server.posts(thread)]
        return [words(post) for post in self.server.posts(self._papers) if root in self._chain(post)]

    def _chain(self, post: Post) -> list[str]:
        """The messages that a message refers to, directly and further back."""
        chain: list[str] = []
        at: Any = post.json
        while at and (reference := at.get("message_reference")):
            chain.append(str(reference["message_id"]))
            at = self._papers.messages.get(int(reference["message_id"]))
        return chain

    def private(self) -> list[str]:
        direct = self.server.posts(self.server.dm("ada"))
        return [words(post) for post in (*self.server.whispers(self._papers), *direct)]

    def trouble(self, kind: str) -> None:
        """A lost answer is asked for again with the same nonce, so that it is lost as often as asked."""
        mishaps: dict[str, tuple[str, dict[str, Any]]] = {
            "lost": ("lost", {"times": 3}),
            "broken": ("unrecorded", {"times": 3}),
            "limited": ("limited", {"retry_after": 90.0}),
            "refused": ("refused", {"status": 400, "code": 50035}),
            "gone": ("refused", {"status": 403, "code": 50001}),
            "closed": ("refused", {"status": 403, "code": 50007}),
        }
        name, more = mishaps[kind]
        self.server.fails("create_message", name, **more)

    async def types(self, line: str) -> None:
        await self.server.types(f"/paper {line}", channel=self._papers, wait=False)

    async def says(self, text: str, *, thread: str | None = None, mention: bool = False) -> None:
        within = self.server.world.channels.get(int(thread)) if thread else None
        root = self._papers.messages.get(int(thread)) if thread and within is None else None
        reply_to = Post(root) if root else None
        await self.server.says(text, channel=within or self._papers, mention=mention, reply_to=reply_to)

    async def presses(self, label: str) -> None:
        mine = [one for channel in self.server.world.channels.values() for one in channel.messages.values()]
        labelled = [Post(one) for one in mine if label in Post(one).buttons]
        await self.server.presses(max(labelled, key=lambda post: post.id), label, wait=False)

    async def until(self, holds: Callable[[], Any]) -> None:
        await self.server.happens(lambda: bool(holds()))


def words(post: Post) -> str:
    """What a reader reads: Markdown resolved, the labels of buttons at their place."""
    lines = []
    for one in walk(post.json["components"]):
        if one["type"] == TEXT:
            lines.append(resolved(one["content"]))
        elif one["type"] == BUTTON:
            lines.append(one["label"])
    return "\n".join(lines)


def resolved(markdown: str) -> str:
    markdown = re.sub(r"(?m)^(#{1,3}|-#|>) ", "", markdown)
    markdown = re.sub(r"(?<!\\)\[((?:\\.|[^\]\\])*)\]\(<[^>]*>\)", r"\1", markdown)
    markdown = re.sub(r"(?<!\\)(\*{1,3}|`)", "", markdown)
    return re.sub(r"\\([^\w\s]|_)", r"\1", markdown)


@asynccontextmanager
async def stage() -> AsyncIterator[DiscordStage]:
    async with Server() as server:
        papers = server.channel("papers")
        bot = Discord(
            server.token, clock=ServerClock(server), api_url=server.api_url, gateway_url=server.gateway_url
        )
        yield DiscordStage(server, bot, papers)
        await bot.close()
