"""What people wrote while nobody listened: Discord does not deliver it again, so it is looked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import aiohttp
import discord
import structlog

from bot.domain import ChannelId, native_id
from bot.errors import StorageError
from bot.ports import Clock

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(minutes=30)
"""Who waited longer has given up, or asked somebody else."""

TALKED_WITHIN = timedelta(days=1)
MOST_CHANNELS, MOST_DIRECT = 50, 25
"""Channels and threads of servers, and direct messages, looked through after one connection: a request for
each, two for direct messages."""

MOST_MESSAGES = 100
SETTLE = 5.0
"""Seconds before looking: a process that is about to end answers its last questions."""

Lately: TypeAlias = Callable[[datetime], Awaitable[Sequence[ChannelId]]]
"""Channels in which somebody and the bot talked since then, latest first. Raises StorageError."""

Place: TypeAlias = discord.TextChannel | discord.Thread | discord.DMChannel


async def nowhere(since: datetime) -> Sequence[ChannelId]:
    """Where nothing is remembered."""
    return ()


async def missed(
    client: discord.AutoShardedClient, shard: int, clock: Clock, lately: Lately
) -> list[discord.Message]:
    """Messages of the last half hour, oldest first in each channel, that nothing of ours replies to."""
    since = clock.now() - LOOK_BACK
    places = list(_places(client, shard, since))
    direct = await _direct(client, clock, lately) if shard == 0 else []
    if not places and not direct:
        return []
    await clock.sleep(SETTLE)
    found: list[discord.Message] = []
    for place in places:
        found += await _unanswered(client, place, since)
    for id in direct:
        if isinstance(home := await _fetched(client, id), discord.DMChannel):
            found += await _unanswered(client, home, since)
    return found


def _places(
    client: discord.AutoShardedClient, shard: int, since: datetime
) -> Iterator[discord.TextChannel | discord.Thread]:
    """Where somebody wrote since then: the bot's own threads first, the latest first."""
    everywhere: list[discord.TextChannel | discord.Thread] = []
    for guild in client.guilds:
        if guild.shard_id == shard:
            everywhere += [*guild.threads, *guild.text_channels]
    last = {place.id: place.last_message_id or 0 for place in everywhere}
    recent = [place for place in everywhere if discord.utils.snowflake_time(last[place.id]) >= since]
    mine = client.user.id if client.user else 0

    def order(place: discord.TextChannel | discord.Thread) -> tuple[bool, int]:
        return isinstance(place, discord.Thread) and place.owner_id == mine, last[place.id]

    yield from sorted(recent, key=order, reverse=True)[:MOST_CHANNELS]


async def _direct(client: discord.AutoShardedClient, clock: Clock, lately: Lately) -> list[int]:
    """Channels that no server has."""
    try:
        talked = await lately(clock.now() - TALKED_WITHIN)
    except StorageError as error:
        log.warning("what was missed in direct messages is not known", error=error)
        return []
    ids = [int(native_id(one)) for one in talked if native_id(one).isdigit()]
    return [id for id in ids if client.get_channel(id) is None][:MOST_DIRECT]


async def _fetched(client: discord.AutoShardedClient, id: int) -> object:
    try:
        return await client.fetch_channel(id)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("a channel was not looked through", channel=id, error=error)
        return None


async def _unanswered(
    client: discord.AutoShardedClient, place: Place, since: datetime
) -> list[discord.Message]:
    try:
        async with asyncio.timeout(30):
            recent = place.history(limit=MOST_MESSAGES, after=since, oldest_first=False)
            messages = [message async for message in recent]
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.info("a channel was not looked through", channel=place.id, error=error)
        return []
    mine = [one for one in messages if client.user and one.author.id == client.user.id]
    answered = {one.reference.message_id for one in mine if one.reference}
    return [one for one in reversed(messages) if one.id not in answered and not one.author.bot]
