"""What the contracts of Poster and Listener need of a platform: a stage with the real adapter on it.

A platform joins by a module beside this one with ``stage()`` and a line in ``STAGES``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from bot.commands.table import INFOS
from bot.doc import Choice
from bot.domain import ChannelId, CommandInfo, Request, UserId
from bot.ports import Listener, Poster, Responder

Answer = Callable[[Request, Responder], Awaitable[None]]


class Core:
    """Stands for the core: keeps what it hears and answers as the test says."""

    commands: Sequence[CommandInfo] = INFOS

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer
        self.heard: list[Request] = []
        self.gone: list[tuple[ChannelId, str]] = []
        self.back: list[ChannelId] = []
        self.left: list[tuple[str, str, str]] = []
        self.returned: list[tuple[str, str, str]] = []
        self.changed = asyncio.Event()

    async def handle(self, request: Request, responder: Responder) -> None:
        self.heard.append(request)
        if self.answer:
            await self.answer(request, responder)
        self._notify()

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[Choice]:
        return []

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        self.gone.append((channel, reason))
        self._notify()

    async def channel_back(self, channel: ChannelId) -> None:
        self.back.append(channel)
        self._notify()

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        self.left.append((platform, workspace, reason))
        self._notify()

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        self.returned.append((platform, workspace, reason))
        self._notify()

    def _notify(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, holds: Callable[[], Any], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await self.changed.wait()


class Stage(Protocol):
    """One platform on loopback with the real adapter; its words are compared, not its looks."""

    @property
    def platform(self) -> str: ...

    @property
    def poster(self) -> Poster: ...

    @property
    def listener(self) -> Listener: ...

    @property
    def channel(self) -> ChannelId: ...

    @property
    def person(self) -> UserId:
        """Who does what people do here."""
        ...

    def connected(self) -> bool:
        """Whether the listener has its connection."""
        ...

    def now(self) -> datetime:
        """The platform's time."""
        ...

    def top(self) -> list[str]:
        """The words of what everybody sees of the bot at the channel's top level, oldest first."""
        ...

    def thread(self, root: str) -> list[str]:
        """The words of what everybody sees of the bot in a thread."""
        ...

    def private(self) -> list[str]:
        """The words of what only the person sees."""
        ...

    def trouble(self, kind: str) -> None:
        """What befalls the next post: ``lost`` (posted, the answer is lost), ``broken`` (server error,
        not posted), ``limited`` (too many), ``refused`` (never), ``gone`` (channel archived), ``closed``
        (the person takes no direct messages)."""
        ...

    async def types(self, line: str) -> None:
        """The person types a command without its leading name, ``help``."""
        ...

    async def says(self, text: str, *, thread: str | None = None, mention: bool = False) -> None:
        """The person writes a message."""
        ...

    async def presses(self, label: str) -> None:
        """The person presses the latest button so labelled."""
        ...

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something is to be seen."""
        ...


def stages() -> dict[str, Callable[[], AbstractAsyncContextManager[Stage]]]:
    """Every platform by name."""
    from tests.contracts import discord, slack

    return {"discord": discord.stage, "slack": slack.stage}
