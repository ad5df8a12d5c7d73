"""What people do on Discord, as requests to the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiohttp
import discord

from adapters.discord_commands import MENU, about, typed
from adapters.discord_forms import ASK, NOTHING, Opening, opening, values
from adapters.discord_posts import channel_id
from adapters.discord_recent import Recent
from adapters.discord_rest import Refusal, Rest
from adapters.discord_text import Json
from bot.domain import CommandInfo, Request, RequestKind, UserId
from bot.errors import DeliveryError

HOPS = 20


def place_of(interaction: discord.Interaction[Any]) -> tuple[str, str | None]:
    """The channel and, inside a thread, the thread's id."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return str(channel.parent_id), str(channel.id)
    return str(interaction.channel_id), None


def away(interaction: discord.Interaction[Any]) -> bool:
    """Whether it happens where the bot cannot post: brought along by one person, not invited."""
    if interaction.is_guild_integration() or interaction.context.dm_channel:
        return False
    return interaction.is_user_integration() or bool(interaction.context.private_channel)


def of_interaction(
    interaction: discord.Interaction[Any], infos: Sequence[CommandInfo]
) -> tuple[Request, Opening]:
    """A command, a press, a form or a choice from the context menu; and which form it asks for or answers."""
    data: Json = dict(interaction.data or {})
    channel, inside = place_of(interaction)
    thread = inside
    asked = NOTHING
    answers: dict[str, str] = {}
    kind: RequestKind = "command"
    if interaction.type is discord.InteractionType.component:
        asked = opening(data["custom_id"])
        text = asked.command
        if asked.part is None and data.get("values"):
            text = f"{text} {' '.join(data['values'])}"
    elif interaction.type is discord.InteractionType.modal_submit:
        asked, answers = opening(data["custom_id"]), values(data)
        text = asked.command
        kind = "form" if answers else "command"
    elif data.get("name") == MENU:
        message = data["resolved"]["messages"][data["target_id"]]
        kind, text = "about", about(message)
        ours = message["author"]["id"] == str(interaction.client.user.id)
        thread = data["target_id"] if ours else thread
    else:
        text = typed(data, infos)
    if text == ASK:
        kind, text, answers = "reply", answers.get("question", ""), {}
    brought = away(interaction)
    direct = interaction.guild_id is None and not brought
    request = Request(
        channel_id(channel),
        UserId(f"discord:{interaction.user.id}"),
        text,
        kind=kind,
        user_name=interaction.user.display_name,
        thread=thread,
        message=str(interaction.id),
        values=answers,
        mentioned=kind == "reply",
        direct=direct,
        is_admin=not brought and (direct or interaction.permissions.manage_channels),
        away=brought,
        workspace=str(interaction.guild_id or ""),
        within=channel_id(inside) if inside else None,
        locale=str(interaction.locale),
    )
    return request, asked


class Talk:
    """Which messages are meant for the bot, and to which of its threads they belong.

    ``mine`` is the bot's id. A thread is the bot's if it opened it, or wrote the message that it hangs on.
    """

    def __init__(self, rest: Rest, mine: str, command: str) -> None:
        self._rest, self._mine, self._command = rest, mine, command
        self._owned: Recent[int, bool] = Recent()
        self._seen: Recent[str, Json] = Recent()

    async def request(self, message: discord.Message) -> Request | None:
        """The request in a message; None if it is not meant for the bot."""
        if message.author.bot or message.webhook_id or message.type not in _SAID:
            return None
        direct = message.guild is None
        mentioned = self.named(message) or bool(_roles(message))
        thread = message.channel if isinstance(message.channel, discord.Thread) else None
        owned = thread is not None and await self._own(thread)
        if not (direct or mentioned or owned):
            return None
        text = self._words(message)
        is_command = self._is_command(text) and bool(text or not message.attachments)
        return Request(
            channel_id(str(thread.parent_id if thread else message.channel.id)),
            UserId(f"discord:{message.author.id}"),
            text.removeprefix(self._command).strip() if is_command else text,
            kind="command" if is_command else "reply",
            user_name=message.author.display_name,
            thread=await self._root(message) or (str(thread.id) if thread else None),
            message=str(message.id),
            mentioned=mentioned,
            direct=direct,
            is_admin=direct or _manages(message),
            workspace=str(message.guild.id) if message.guild else "",
            within=channel_id(str(thread.id)) if thread else None,
        )

    def named(self, message: discord.Message) -> bool:
        """Whether the bot itself is mentioned, which lets it read the message whatever its intents."""
        return any(str(user.id) == self._mine for user in message.mentions)

    def _words(self, message: discord.Message) -> str:
        content = message.content
        for mention in (f"<@{self._mine}>", f"<@!{self._mine}>", *_roles(message)):
            content = content.replace(mention, " ")
        return content.strip()

    def _is_command(self, text: str) -> bool:
        return not text or text.split()[0].lower() == self._command

    async def _own(self, thread: discord.Thread) -> bool:
        if thread.id not in self._owned:
            owned = str(thread.owner_id) == self._mine
            if not owned and thread.parent_id:
                first = await self._message(str(thread.parent_id), str(thread.id))
                owned = bool(first) and first["author"]["id"] == self._mine
            self._owned[thread.id] = owned
        return self._owned[thread.id]

    async def _root(self, message: discord.Message) -> str | None:
        """The message of ours with which a chain of replies began; None if it began with a person's."""
        reference = message.reference
        root: str | None = None
        at = str(reference.message_id) if reference and reference.message_id else ""
        for _ in range(HOPS):
            if not at:
                return root
            one = await self._message(str(message.channel.id), at)
            if not one:
                return root
            if one["author"]["id"] == self._mine:
                root = at
            at = str((one.get("message_reference") or {}).get("message_id") or "")
            if not at and root and one["author"]["id"] != self._mine and _in_thread(message):
                return None
        return root

    async def _message(self, channel: str, id: str) -> Json:
        """A message's author and what it refers to; empty where it cannot be read."""
        if id not in self._seen:
            path = "/channels/{channel_id}/messages/{message_id}"
            try:
                found: Json = await self._rest.get(path, channel_id=channel, message_id=id)
            except Refusal:
                found = {}
            except DeliveryError:
                return {}
            self._seen[id] = {key: found[key] for key in ("author", "message_reference") if key in found}
        return self._seen[id]


_SAID = (discord.MessageType.default, discord.MessageType.reply)


def _roles(message: discord.Message) -> list[str]:
    """Mentions of the role that came with the bot and is called like it: Discord offers both."""
    own = message.guild.self_role if message.guild else None
    return [role.mention for role in message.role_mentions if role == own]


def _in_thread(message: discord.Message) -> bool:
    return isinstance(message.channel, discord.Thread)


async def manages(message: discord.Message) -> bool:
    """Whether the author of a message from the history may manage the channel; history names no roles."""
    if message.guild is None or isinstance(message.channel, discord.PartialMessageable):
        return False
    try:
        member = await message.guild.fetch_member(message.author.id)
        return message.channel.permissions_for(member).manage_channels
    except (discord.DiscordException, aiohttp.ClientError, OSError):
        return False


def _manages(message: discord.Message) -> bool:
    """Whether the author may manage the channel."""
    if not isinstance(message.author, discord.Member):
        return False
    try:
        return message.channel.permissions_for(message.author).manage_channels
    except discord.ClientException:
        return False
