"""The app is removed from a workspace: its subscriptions pause, that is told once, and they go on when it is
back. Slack says so by an event, or by refusing the token of a post or an answer, whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import structlog

from adapters.slack_install import Installed
from adapters.slack_post import Sender
from adapters.slack_web import REMOVED
from bot.errors import PlatformError
from bot.ports import Handler

log = structlog.get_logger(__name__)

PLATFORM = "slack"

Start: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


class Removal:
    """Watches for the app's removal. ``start`` runs work in a task that the end of the run waits for."""

    def __init__(self, sender: Sender, handler: Handler, start: Start) -> None:
        self._sender = sender
        self._clients = sender.clients
        self._handler = handler
        self._start = start
        self._lost: set[str] = set()
        self._serving: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Hear of a removal wherever it shows first; let go on what an earlier one had paused."""
        self._sender.lost = self.lose
        if isinstance(self._clients, Installed):
            self._clients.installed = lambda team: self._start(self._back(team))
        else:
            await self._back("")

    async def serve(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work until it ends. Raises PlatformError when the app's one workspace is gone."""
        self._serving = asyncio.create_task(work)
        try:
            await self._serving
        except asyncio.CancelledError:
            if "" not in self._lost:
                raise
            raise PlatformError(f"Slack: {REMOVED} Its subscriptions are paused.") from None

    def hear(self, event: dict[str, Any], team: str) -> None:
        """``app_uninstalled`` or ``tokens_revoked``; tokens of people are none of ours."""
        if event["type"] == "app_uninstalled" or (event.get("tokens") or {}).get("bot"):
            self.lose(team)

    def lose(self, team: str) -> None:
        """The app was removed from this workspace."""
        team = team if isinstance(self._clients, Installed) else ""
        if team not in self._lost:
            self._lost.add(team)
            self._start(self._leave(team))

    async def _back(self, team: str) -> None:
        self._lost.discard(team)
        await self._handler.workspace_back(PLATFORM, team, REMOVED)

    async def _leave(self, team: str) -> None:
        if not isinstance(self._clients, Installed):
            await self._handler.workspace_gone(PLATFORM, "", REMOVED)
            if self._serving:
                self._serving.cancel()
            return
        log.warning("the app was removed; its channels are paused", workspace=team)
        await self._clients.remove(team)
        await self._handler.workspace_gone(PLATFORM, team, REMOVED)
