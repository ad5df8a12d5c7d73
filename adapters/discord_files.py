"""Files that people drop on Discord: fetched from its own hosts alone, where their addresses are open.

https://docs.discord.com/developers/resources/message#attachment-object
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlsplit

import discord

from adapters.discord_text import Json
from bot.domain import Attachment
from bot.errors import Forbidden, NotFound
from bot.ports import Download

HOSTS = frozenset(("cdn.discordapp.com", "media.discordapp.net"))


class Files:
    """Makes attachments of the files of a message."""

    def __init__(self, download: Download, api_url: str) -> None:
        self._download = download
        self._api = urlsplit(api_url)

    def of(self, message: discord.Message) -> tuple[Attachment, ...]:
        """The files that came with a message."""
        return tuple(
            Attachment(
                one.filename, partial(self._fetch, one.filename, one.url), one.content_type or "", one.size
            )
            for one in message.attachments
        )

    def beside(self, interaction: discord.Interaction[Any]) -> tuple[Attachment, ...]:
        """The files of the message that somebody chose from its menu; none for other interactions."""
        data: Json = dict(interaction.data or {})
        message = data.get("resolved", {}).get("messages", {}).get(data.get("target_id"), {})
        return tuple(self._told(one) for one in message.get("attachments", ()))

    def _told(self, one: Json) -> Attachment:
        name = str(one["filename"])
        return Attachment(
            name, partial(self._fetch, name, str(one["url"])), one.get("content_type") or "", one.get("size")
        )

    async def _fetch(self, name: str, url: str, most: int) -> bytes:
        if not self._is_discords(url):
            raise Forbidden(f"{name} does not lie on Discord itself; please upload the PDF here.")
        try:
            return await self._download(url, size=most)
        except NotFound:
            raise NotFound(f"Discord has {name} no more; was the message deleted?") from None

    def _is_discords(self, url: str) -> bool:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.netloc.lower() in HOSTS:
            return True
        own = not (self._api.hostname or "").endswith("discord.com")
        return own and (parts.scheme, parts.netloc) == (self._api.scheme, self._api.netloc)
