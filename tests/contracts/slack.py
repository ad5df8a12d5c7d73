"""Slack on the contracts' stage: the real slack-bolt and slack-sdk against the fake on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from adapters.slack import SlackListener
from adapters.slack_files import Files
from adapters.slack_http import Door
from adapters.slack_install import Installed
from adapters.slack_post import Sender, SlackPoster
from adapters.slack_socket import Socket
from adapters.slack_web import CAP, OneWorkspace
from bot.doc import paragraph
from bot.domain import ChannelId, Reply, Request, UserId
from bot.ports import Clock as AnyClock
from bot.ports import Download, Marks, Responder
from tests.contracts.platforms import Answer, Core
from tests.fakes.slack import CHANNEL, USER, Clock, FakeSlack, Message


class SlackStage:
    platform = "slack"
    channel = ChannelId(f"slack:{CHANNEL}")
    person = UserId(f"slack:{USER}")

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
        direct = self.fake.world.im(USER).id
        own = [m for m in self.fake.world.messages if m.channel == direct and m.bot]
        return [words(message) for message in (*self.fake.ephemerals(), *own)]

    def trouble(self, kind: str) -> None:
        mishaps = {
            "lost": ("lost", ""),
            "broken": ("broken", ""),
            "limited": ("limited", ""),
            "refused": ("refuse", "msg_too_long"),
            "gone": ("refuse", "is_archived"),
        }
        if kind == "closed":
            self.fake.mishap("conversations.open", "refuse", error="user_disabled")
            return
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


def slack(
    clock: AnyClock,
    *,
    api_url: str = "https://slack.com/api/",
    bot_token: str = "",
    app_token: str = "",
    signing_secret: str = "",
    listen: tuple[str, int] | None = None,
    command: str = "/paper",
    unfurl: bool = True,
    same: Callable[[str], str] = str,
    download: Download | None = None,
    cap: float = CAP,
    watch_every: float = 5.0,
    ping: float = 10.0,
    proxy: str = "",
) -> tuple[SlackPoster, SlackListener]:
    """Poster and listener for one workspace: in Socket Mode with ``app_token``, else over HTTP.

    ``listen`` makes HTTP mode run a server of its own; without it, mount ``listener.door`` on one.
    """
    sender = Sender(OneWorkspace(bot_token, api_url, clock, proxy=proxy), clock, command=command, cap=cap)
    door: Socket | Door
    if app_token:
        door = Socket(app_token, api_url, clock, watch_every=watch_every, ping=ping, proxy=proxy)
    else:
        door = Door(signing_secret, listen=listen)
    files = Files(sender.clients, download, api_url) if download else None
    listener = SlackListener(sender, door, api_url=api_url, unfurl=unfurl, same=same, files=files)
    return SlackPoster(sender), listener


def slack_workspaces(
    clock: AnyClock,
    marks: Marks,
    *,
    api_url: str = "https://slack.com/api/",
    client_id: str,
    client_secret: str,
    signing_secret: str,
    keys: str,
    listen: tuple[str, int] | None = None,
    command: str = "/paper",
    unfurl: bool = True,
    same: Callable[[str], str] = str,
    cap: float = CAP,
) -> tuple[SlackPoster, SlackListener]:
    """Poster and listener for every workspace that installs the app; over HTTP, tokens kept in ``marks``
    encrypted with ``keys``. Raises ConfigError where there is no key."""
    installed = Installed(
        marks, clock, keys=keys, client_id=client_id, client_secret=client_secret, api_url=api_url
    )
    sender = Sender(installed, clock, command=command, cap=cap)
    door = Door(signing_secret, listen=listen, install=installed)
    return SlackPoster(sender), SlackListener(sender, door, api_url=api_url, unfurl=unfurl, same=same)


@asynccontextmanager
async def listening(fake: FakeSlack, core: Core, **more: Any) -> AsyncIterator[None]:
    """The real listener, connected, until left."""
    _, listener = adapter(fake, **more)
    task = asyncio.create_task(listener.run(core))
    try:
        await fake.until(lambda: fake.sockets or task.done())
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def says(words: str, **more: Any) -> Answer:
    """A core that answers everything with these words."""

    async def answer(request: Request, responder: Responder) -> None:
        await responder.send(Reply((paragraph(words),), **more))

    return answer
