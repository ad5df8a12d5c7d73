"""The tags of a forum's posts; pure.

https://docs.discord.com/developers/resources/channel#forum-tag-object
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.discord_text import Json

TAGLESS = "The forum demands a tag and has none that I may set; add one that is not for moderators alone."
_DEMANDED = 1 << 4


def tags(place: Json, topics: Iterable[str]) -> list[str]:
    """The forum's tags that are called like the topics; its first one where it insists on a tag. Moderators'
    tags would need Manage Threads."""
    offered: dict[str, str] = {tag["name"].casefold(): tag["id"] for tag in _free(place)}
    chosen = [offered[name.casefold()] for name in topics if name.casefold() in offered]
    if not chosen and _demanded(place):
        chosen = list(offered.values())[:1]
    return list(dict.fromkeys(chosen))[:5]


def tagless(place: Json) -> bool:
    """Whether nothing can be posted there for want of a tag."""
    return _demanded(place) and not _free(place)


def _demanded(place: Json) -> bool:
    return bool(place.get("flags", 0) & _DEMANDED)


def _free(place: Json) -> list[Json]:
    return [tag for tag in place.get("available_tags", []) if not tag.get("moderated")]
