"""Where the bot may post: watched while it runs, asked for by the doctor, and the link that invites it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias
from urllib.parse import urlencode

import discord

from adapters.discord_posts import (
    FORUM,
    GONE,
    LOCKED,
    MEDIA,
    THREADS,
    UNKNOWN_CHANNEL,
    UNKNOWN_GUILD,
    VOICES,
    channel_id,
)
from adapters.discord_rest import Refusal, Rest
from adapters.discord_tags import TAGLESS, tagless
from adapters.discord_text import Json
from bot.domain import ChannelId, Finding, native_id, platform_of
from bot.errors import PaperboyError

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    create_public_threads=True,
    send_messages_in_threads=True,
    read_message_history=True,
    attach_files=True,
)
NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "read_message_history": "Read Message History",
    "attach_files": "Attach Files",
}
ESSENTIAL = ("view_channel", "send_messages", "create_public_threads", "send_messages_in_threads")
SPARED = {
    **dict.fromkeys((FORUM, MEDIA), ("create_public_threads",)),
    **dict.fromkeys(VOICES, ("create_public_threads", "send_messages_in_threads")),
    **dict.fromkeys(THREADS, ("send_messages", "create_public_threads")),
}
"""What is not needed by kind of channel: a forum's posts are begun by Send Messages alone, voice channels and
threads have no threads, and in threads it is Send Messages in Threads alone that counts."""
CATEGORY = 4
CONTENT_FLAGS = 1 << 18 | 1 << 19
"""Application flags: the message-content intent, approved or switched on."""


def application_of(token: str) -> str:
    """The application's id, with which every bot token begins in base64; empty where it does not."""
    first = token.strip().partition(".")[0]
    try:
        id = base64.b64decode(first + "=" * (-len(first) % 4), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        return ""
    return id if id.isdigit() else ""


def invite(application: str) -> str:
    """The link that adds the bot to a server with the least it needs."""
    asked = {"client_id": application, "scope": "bot applications.commands", "permissions": NEEDED.value}
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"


def missing(permissions: discord.Permissions, names: Iterable[str] = NAMES, *, kind: int = 0) -> str:
    """What the bot lacks in a kind of channel, as Discord's settings call it; empty if nothing."""
    needed = [name for name in names if name not in SPARED.get(kind, ())]
    return ", ".join(NAMES[name] for name in needed if not getattr(permissions, name))


Place: TypeAlias = (
    discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
)
"""Where a digest can be posted in a server."""

Change = tuple[ChannelId, str]
"""A channel, and why it cannot be posted to; an empty reason says that it can be again."""


class Places:
    """Remembers which channels could be posted to, and tells what has changed."""

    def __init__(self) -> None:
        self._reasons: dict[int, str] = {}
        self._guilds: dict[int, set[int]] = {}

    def survey(self, guild: discord.Guild) -> Iterator[Change]:
        """The channels of a server whose state is new."""
        for channel in _channels(guild):
            yield from self._look(channel)

    def changed(self, channel: Place) -> Iterator[Change]:
        """A channel that something happened to, whether or not its state is new to us: a post may have been
        refused in between."""
        self._reasons.pop(channel.id, None)
        yield from self._look(channel)

    def _look(self, channel: Place) -> Iterator[Change]:
        if isinstance(channel, discord.Thread) and channel.parent is None:  # hidden from the bot
            return
        reason = _reason(channel)
        self._guilds.setdefault(channel.guild.id, set()).add(channel.id)
        if self._reasons.get(channel.id) != reason:
            self._reasons[channel.id] = reason
            yield channel_id(str(channel.id)), reason

    def deleted(self, guild: int, channel: int) -> Iterator[Change]:
        """A channel is no more."""
        self._reasons.pop(channel, None)
        self._guilds.get(guild, set()).discard(channel)
        yield channel_id(str(channel)), GONE[UNKNOWN_CHANNEL]

    def removed(self, guild: discord.Guild) -> Iterator[Change]:
        """The bot was taken out of a server."""
        known = self._guilds.pop(guild.id, set()) | {one.id for one in _channels(guild)}
        for channel in sorted(known):
            self._reasons.pop(channel, None)
            yield channel_id(str(channel)), GONE[UNKNOWN_GUILD]


def _channels(guild: discord.Guild) -> list[Place]:
    voices: list[Place] = [*guild.voice_channels, *guild.stage_channels]
    return [*guild.text_channels, *guild.forums, *voices, *guild.threads]


def _reason(channel: Place) -> str:
    """Why the bot cannot post there; empty if it can."""
    if isinstance(channel, discord.Thread) and channel.locked and channel.archived:
        return LOCKED
    if isinstance(channel, discord.ForumChannel) and _tagless(channel):
        return TAGLESS
    lacking = missing(channel.permissions_for(channel.guild.me), ESSENTIAL, kind=channel.type.value)
    return f"The bot lacks permissions in the channel; give it {lacking}." if lacking else ""


def _tagless(forum: discord.ForumChannel) -> bool:
    return forum.flags.require_tag and all(tag.moderated for tag in forum.available_tags)


async def check(rest: Rest, channels: Sequence[ChannelId]) -> Sequence[Finding]:
    """The doctor's lines: the token, the message-content intent, and each channel's permissions."""
    try:
        await rest.open()
        about: Json = await rest.get("/oauth2/applications/@me")
    except PaperboyError as error:
        return [Finding("discord token", False, str(error))]
    found = [Finding("discord token", True, f"logged in as {rest.me['username']}"), _intent(about)]
    for channel in channels:
        if platform_of(channel) == "discord":
            found.append(await _channel(rest, channel))
    return found


def _intent(about: Json) -> Finding:
    if about.get("flags", 0) & CONTENT_FLAGS:
        return Finding("discord messages", True, "replies in my threads need no mention")
    return Finding(
        "discord messages",
        True,
        "people must mention me or press Ask; to change that, switch on the Message Content intent on the "
        "Bot page of discord.com/developers",
    )


async def _channel(rest: Rest, channel: ChannelId) -> Finding:
    name = f"discord channel {native_id(channel)}"
    try:
        place: Json = await rest.get("/channels/{channel_id}", channel_id=native_id(channel))
        if not place.get("guild_id"):
            return Finding(name, True, "direct messages")
        if place["type"] == CATEGORY:
            return Finding(name, False, "this is a category; copy the id of a channel in it.")
        lacking = missing(await _permissions(rest, place), kind=place["type"])
    except Refusal as error:
        return Finding(name, False, GONE.get(error.code, str(error)))
    except PaperboyError as error:
        return Finding(name, False, str(error))
    if tagless(place):
        return Finding(name, False, TAGLESS)
    if lacking:
        return Finding(name, False, f"the bot lacks permissions there; give it {lacking}.")
    return Finding(name, True, f"#{place['name']} can be posted to")


async def _permissions(rest: Rest, place: Json) -> discord.Permissions:
    """What the bot may do in a channel, reckoned as Discord does from roles and overwrites.

    https://docs.discord.com/developers/topics/permissions#permission-overwrites
    """
    guild, me = str(place["guild_id"]), str(rest.me["id"])
    if place["type"] in THREADS:  # they have the permissions of the channel they hang in
        place = await rest.get("/channels/{channel_id}", channel_id=str(place["parent_id"]))
    server = await rest.get("/guilds/{guild_id}", guild_id=guild)
    member = await rest.get("/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=me)
    mine = {guild, *member["roles"]}
    bits = 0
    for role in server["roles"]:
        bits |= int(role["permissions"]) if role["id"] in mine else 0
    if bits & discord.Permissions(administrator=True).value:
        return discord.Permissions.all()
    overwrites = place.get("permission_overwrites", [])
    for ids in ({guild}, mine - {guild}, {me}):
        chosen = [one for one in overwrites if one["id"] in ids]
        for one in chosen:
            bits &= ~int(one["deny"])
        for one in chosen:
            bits |= int(one["allow"])
    return discord.Permissions(bits)
