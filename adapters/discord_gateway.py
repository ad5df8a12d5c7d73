"""Discord's gateway through discord.py: sessions, intents, reconnecting; events go to a Listening."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import structlog

from adapters.discord_listening import Listening
from adapters.discord_missed import Lately, missed
from adapters.discord_places import Place
from adapters.discord_rest import LOGIN_REFUSED
from bot.errors import PlatformError
from bot.ports import Clock

log = structlog.get_logger(__name__)

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we never speak

IDENTIFY_EVERY = 5.0
"""Seconds between two IDENTIFYs: Discord's session_start_limit with max_concurrency 1."""

RECONNECT = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds before each new try where the gateway cannot be reached; then the last of them."""

WRONG_TOKEN, WRONG_INTENTS = 4004, 4013


class Client(discord.AutoShardedClient):
    """discord.py's client, every event of which goes to a :class:`Listening`."""

    def __init__(
        self,
        to: Listening,
        clock: Clock,
        lately: Lately,
        *,
        content: bool,
        shards: int,
        up: asyncio.Event,
        proxy: str,
    ) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        super().__init__(
            intents=intents,
            shard_count=shards,
            proxy=proxy or None,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self._to, self._clock, self._lately, self._up = to, clock, lately, up
        self._looking: set[asyncio.Task[None]] = set()
        self._closing = False
        self.stood = False
        """Whether a session came to stand."""

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new session."""
        self.stood = True

    async def on_shard_resumed(self, shard_id: int) -> None:
        """A session that goes on."""
        self.stood = True

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Keep Discord's pace of sessions, by our clock."""
        if not initial:
            await self._clock.sleep(IDENTIFY_EVERY)

    async def on_ready(self) -> None:
        """Every shard is connected."""
        self._up.set()

    async def on_shard_ready(self, shard_id: int) -> None:
        """A new session, to which Discord does not deliver what was said before it. discord.py tells of it
        after a while, even when the client is closed by then."""
        if not self._closing:
            self._looking.add(task := asyncio.create_task(self._catch_up(shard_id)))
            task.add_done_callback(self._looking.discard)

    async def _catch_up(self, shard: int) -> None:
        try:
            for message in await missed(self, shard, self._clock, self._lately):
                self._to.start(self._to.message(message, late=True))
        except Exception:
            log.exception("what was missed on Discord was not looked for")

    async def close(self) -> None:
        """Stop looking for what was missed, and end the sessions."""
        self._closing = True
        looking = list(self._looking)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        await super().close()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """What an event's handler did not catch."""
        log.exception("an event of Discord was not handled", event_name=event_method)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A command, a press, a form, a completion."""
        self._to.start(self._to.interaction(interaction))

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote something."""
        self._to.start(self._to.message(message))

    async def _survey(self, guild: discord.Guild) -> None:
        self._to.start(self._to.changes(list(self._to.places.survey(guild))))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server is seen at the start, or after an outage."""
        await self._survey(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Invited: nothing is posted until somebody subscribes."""
        await self._survey(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Kicked, or the server was deleted."""
        self._to.start(self._to.changes(list(self._to.places.removed(guild))))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel was deleted."""
        self._to.start(self._to.changes(list(self._to.places.deleted(channel.guild.id, channel.id))))

    async def on_guild_channel_update(self, before: object, after: discord.abc.GuildChannel) -> None:
        """Permissions in a channel may have changed."""
        if isinstance(after, Place):
            self._to.start(self._to.changes(list(self._to.places.changed(after))))
        await self._survey(after.guild)

    async def on_thread_update(self, before: object, after: discord.Thread) -> None:
        """A thread may have been locked or opened again."""
        self._to.start(self._to.changes(list(self._to.places.changed(after))))

    async def on_thread_join(self, thread: discord.Thread) -> None:
        """A thread came into sight: made, or taken out of the archive."""
        self._to.start(self._to.changes(list(self._to.places.changed(thread))))

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A thread was deleted."""
        self._to.start(self._to.changes(list(self._to.places.deleted(payload.guild_id, payload.thread_id))))

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        """A new channel."""
        await self._survey(channel.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """What a role gave or took away is gone with it."""
        await self._survey(role.guild)

    async def on_guild_role_update(self, before: object, after: discord.Role) -> None:
        """Permissions of a role may have changed."""
        await self._survey(after.guild)

    async def on_member_update(self, before: object, after: discord.Member) -> None:
        """The bot's own roles may have changed."""
        if self.user and after.id == self.user.id:
            await self._survey(after.guild)


async def connect(
    to: Listening,
    clock: Clock,
    *,
    token: str,
    shards: Callable[[], Awaitable[int]],
    up: asyncio.Event,
    lately: Lately,
    proxy: str = "",
) -> None:
    """Stay connected until cancelled; without the message-content intent where it is not granted.

    ``shards`` tells how many Discord wants by now; it is asked at each new start, since Discord closes the
    connection (4011) when a bot has grown out of them. ``up`` is set once all stand; ``lately`` names the
    channels to look through for what was missed. Raises PlatformError when the token does not serve.
    """
    failures = 0
    while True:
        content, count = to.reads_content, await shards()
        client = Client(to, clock, lately, content=content, shards=count, up=up, proxy=proxy)
        try:
            async with client:
                await client.start(token)
        except discord.PrivilegedIntentsRequired:
            to.reads_content = False
            log.warning(
                "Discord does not grant the message-content intent; people must mention me or press Ask"
            )
            continue
        except discord.LoginFailure as error:
            raise PlatformError(LOGIN_REFUSED) from error
        except discord.ConnectionClosed as error:
            if error.code in (WRONG_TOKEN, WRONG_INTENTS):
                raise PlatformError(LOGIN_REFUSED) from error
            log.warning("Discord closed the connection", code=error.code)
        except (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
            log.warning("Discord's gateway cannot be reached", error=error)
        failures = 0 if client.stood else failures
        await clock.sleep(RECONNECT[min(failures, len(RECONNECT) - 1)])
        failures += 1
