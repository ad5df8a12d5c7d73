"""Discord: posts digests, hears what people do, says whether it is set up. The parts are discord_*.py."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from adapters.discord_commands import definitions, same
from adapters.discord_files import Files
from adapters.discord_gateway import connect
from adapters.discord_listening import ACK_AFTER, Listening
from adapters.discord_missed import Lately, nowhere
from adapters.discord_places import application_of, check, invite
from adapters.discord_posts import Posts
from adapters.discord_rest import API_URL, Rest, point
from adapters.discord_text import Json
from bot.domain import ChannelId, CommandInfo, Finding, Post, UserId
from bot.errors import DeliveryError
from bot.ports import Clock, Handler

log = structlog.get_logger(__name__)

__all__ = ["Discord", "application_of", "invite"]

START_AGAIN = 15.0
"""Seconds between tries to reach Discord when the program starts."""


class Discord:
    """Poster and listener (bot.ports) for one Discord application.

    ``gateway_url`` overrides what Discord's API names; ``publish`` hands posts in announcement channels on to
    the servers that follow them. ``ack_after`` is the seconds after which a sign of life is shown; ``proxy``
    the address of an HTTP proxy for requests and gateway; ``lately`` names the direct messages to look
    through for what was missed. Addresses are class attributes of discord.py, so that there is one Discord a
    process. Call :meth:`close` at the end.
    """

    platform = "discord"

    def __init__(
        self,
        token: str,
        *,
        clock: Clock,
        command: str = "/paper",
        api_url: str = API_URL,
        gateway_url: str = "",
        publish: bool = False,
        files: Files | None = None,
        ack_after: float = ACK_AFTER,
        proxy: str = "",
        lately: Lately = nowhere,
    ) -> None:
        self._token, self._clock, self._command = token.strip(), clock, command
        self._api_url, self._gateway_url = api_url, gateway_url
        self.ack_after = ack_after
        self._files, self._lately = files, lately
        self._proxy = proxy
        self._rest = Rest(self._token, api_url=api_url, proxy=proxy)
        self.connected = asyncio.Event()
        self._posts = Posts(self._rest, clock, command=command, publish=publish)

    async def post(self, post: Post) -> str:
        """See :class:`bot.ports.Poster`."""
        return await self._posts.post(post)

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        """See :class:`bot.ports.Poster`."""
        return await self._posts.find(posts, since)

    async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
        """See :class:`bot.ports.Poster`."""
        return await self._posts.home(person)

    async def check(self, channels: Sequence[ChannelId]) -> Sequence[Finding]:
        """See :class:`bot.ports.Listener`."""
        return await check(self._rest, channels)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._rest.close()

    async def run(self, handler: Handler) -> None:
        """See :class:`bot.ports.Listener`."""
        about, _ = await self._reach()
        await self._list_commands(about["id"], handler)
        to = Listening(
            self._rest,
            handler,
            self._clock,
            command=self._command,
            application=str(about["id"]),
            ack_after=self.ack_after,
            files=self._files,
        )
        try:
            await connect(
                to,
                self._clock,
                token=self._token,
                shards=self._shards,
                up=self.connected,
                proxy=self._proxy,
                lately=self._lately,
            )
        except asyncio.CancelledError:
            await to.drain()
            raise

    async def _reach(self) -> tuple[Json, Json]:
        """The application and its gateway, as soon as Discord answers. Raises PlatformError."""
        while True:
            try:
                await self._rest.open()
                about: Json = await self._rest.get("/oauth2/applications/@me")
                return about, await self._rest.get("/gateway/bot")
            except DeliveryError as error:
                log.warning("Discord cannot be reached", error=error)
                await self._clock.sleep(START_AGAIN)

    async def _shards(self) -> int:
        """How many sessions Discord wants, and from now on at which address. Raises PlatformError."""
        _, gateway = await self._reach()
        point(self._api_url, self._gateway_url or gateway["url"])
        return int(gateway["shards"])

    async def _list_commands(self, application: str, handler: Handler) -> None:
        """Tell Discord the commands unless it has exactly these; a failure is no reason not to listen."""
        infos = [one for one in handler.commands if isinstance(one, CommandInfo)]
        ours = definitions(infos, self._command)
        path = "/applications/{application_id}/commands"
        try:
            theirs = await self._rest.get(path, application_id=application)
            if not same(ours, theirs):
                await self._rest.call("PUT", path, ours, application_id=application)
        except DeliveryError as error:
            log.error("Discord did not take the list of commands", error=error)
