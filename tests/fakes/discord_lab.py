"""The whole program on a Discord: the core as its command line puts it together, and what it was told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.discord import Discord as Adapter
from bot.app import App, assembled
from bot.config import load
from bot.doc import Choice
from bot.domain import ChannelId, CommandInfo, Request
from bot.ports import Handler, Responder
from tests.fakes.discord import Discord


@dataclass
class Heard:
    """The core, and what the platform told it of its channels."""

    core: Handler
    channels: list[tuple[ChannelId, str]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def commands(self) -> Sequence[CommandInfo]:
        return self.core.commands

    async def handle(self, request: Request, responder: Responder) -> None:
        await self.core.handle(request, responder)

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[Choice]:
        return await self.core.suggest(request, option, typed)

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        await self.core.channel_gone(channel, reason)
        await self._note(channel, reason)

    async def channel_back(self, channel: ChannelId) -> None:
        await self.core.channel_back(channel)
        await self._note(channel, "")

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        await self.core.workspace_gone(platform, workspace, reason)

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        await self.core.workspace_back(platform, workspace, reason)

    async def _note(self, channel: ChannelId, reason: str) -> None:
        async with self.changed:
            self.channels.append((channel, reason))
            self.changed.notify_all()

    async def until(self, what: Callable[[list[str]], bool], channel: int) -> None:
        """Until what was told of a channel, oldest first ("" = it can be posted to), is so."""

        def holds() -> bool:
            return what([reason for id, reason in self.channels if id == f"discord:{channel}"])

        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(holds)


@asynccontextmanager
async def serving(
    config: Path, server: Discord, *, ack_after: float = 20.0
) -> AsyncIterator[tuple[App, Heard]]:
    """The program, connected; so patient with itself that a slow machine does not change what is shown."""
    async with assembled(load(config), environ=os.environ) as app:
        heard = Heard(app.conversation)
        listener = app.platforms["discord"].listener
        assert isinstance(listener, Adapter)
        listener.ack_after = ack_after
        task = asyncio.create_task(listener.run(heard))
        try:
            await server.connected()
            yield app, heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
