"""The channels that the configuration file sets up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config import ChannelSection, Config
from bot.domain import Channel, ChannelId, Topic, workspace_in

if TYPE_CHECKING:
    from storage.stores import Stores


async def subscribe(config: Config, stores: Stores) -> None:
    """Set up the channels of the file: those that are new, and those whose section was edited since."""
    for section in config.channels:
        key = f"channel:{section.channel}"
        written = section.model_dump_json(by_alias=True)
        if await stores.marks.get(key) == written:
            continue
        before = await stores.channels.get(ChannelId(section.channel))
        await stores.channels.save(_channel(section, config, before))
        await stores.marks.put(key, written)


def _channel(section: ChannelSection, config: Config, before: Channel | None) -> Channel:
    return Channel(
        id=ChannelId(section.channel),
        topics=tuple(Topic.parse(words) for words in section.topics),
        not_=tuple(section.not_),
        at=section.time,
        timezone=section.timezone or config.bot.timezone,
        days=tuple(section.days),
        limit=section.limit,
        language=section.language,
        quiet=section.quiet,
        watch=section.watch,
        paused=before.paused if before else "",
        workspace=workspace_in(ChannelId(section.channel)) or (before.workspace if before else ""),
        person=before.person if before else "",
    )
