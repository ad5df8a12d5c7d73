"""Feeds that were added from chat: tried before they are kept, fetched beside the configured sources.

They are kept as marks, so that every process finds them at its next fetch. Their addresses are a person's
words: they are asked like any other link, never as trusted ones (docs/decisions/0046).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import NotFound, Unreadable, UsageError
from bot.ports import Feeds, Marks, Source
from bot.sources.feeds import Issue

_PREFIX = "source:"
MOST = 100
"""So many feeds can be added; each costs a request at every fetch."""
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Added:
    """A feed that somebody added."""

    name: str
    url: str
    by: str = ""


class FeedList:
    """The feeds added from chat.

    ``made`` makes the source of a name and an address, ``tried`` reads an address once; ``taken`` are the
    names of configured sources, with the address where they have one.
    """

    def __init__(
        self,
        *,
        marks: Marks,
        feeds: Feeds,
        made: Callable[[str, str], Source],
        tried: Callable[[str], Awaitable[Issue]],
        taken: Mapping[str, str],
    ) -> None:
        self._marks = marks
        self._feeds = feeds
        self._made = made
        self._tried = tried
        self._taken = dict(taken)

    async def all(self) -> list[Added]:
        """Those that were added, by name."""
        kept = await self._marks.beginning(_PREFIX)
        return [Added(**json.loads(value)) for _, value in sorted(kept.items()) if value]

    @property
    def configured(self) -> Collection[str]:
        """The names of the sources that stand in the configuration."""
        return list(self._taken)

    async def sources(self) -> list[Source]:
        """Those that were added, ready to be fetched."""
        return [self._made(one.name, one.url) for one in await self.all()]

    async def try_(self, url: str, name: str = "") -> tuple[Added, Issue]:
        """Read a feed once without keeping anything; its name is the feed's own title unless one is given.

        Raises UsageError for what is no address, is there already, or where the list is full; SourceError
        and NotFound where it cannot be read.
        """
        parts = urlsplit(url) if len(url) <= 1_000 else urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                "That is no address of a feed; it begins with https:// and is under 1,000 letters."
            )
        there = await self.all()
        if len(there) >= MOST:
            raise UsageError(f"There are {MOST} feeds already; remove one first.")
        for known, address in [*self._taken.items(), *((one.name, one.url) for one in there)]:
            if address == url:
                raise UsageError(f"This feed is there already, as “{known}”.")
        issue = await self._tried(url)
        if not issue.papers and issue.unusable:
            raise Unreadable(f"No entry of this feed can be read; the first: {issue.unusable[0].reason}")
        called = _tidy(name) or _tidy(issue.title) or parts.hostname
        if called.casefold() in {one.casefold() for one in [*self._taken, *(one.name for one in there)]}:
            raise UsageError(
                f"There is a source called “{called}” already; write another name after the address."
            )
        return Added(called, url), issue

    async def add(self, one: Added) -> None:
        """Keep a feed that was tried."""
        value = json.dumps({"name": one.name, "url": one.url, "by": one.by})
        await self._marks.put(_PREFIX + one.name.casefold(), value)

    async def remove(self, name: str) -> Added:
        """Fetch a feed no more and forget how it was doing; its papers stay. Raises NotFound, UsageError."""
        wanted = _tidy(name).casefold()
        if wanted in (configured.casefold() for configured in self._taken):
            raise UsageError(f"“{name}” stands in the configuration file; take it out there.")
        if not (value := await self._marks.take(_PREFIX + wanted)):
            raise NotFound(f"There is no source called “{_tidy(name)}”; source list names them.")
        gone = Added(**json.loads(value))
        await self._feeds.drop(gone.name)
        return gone


def _tidy(name: str) -> str:
    """A name in one line; a slash would make it look like a part of another source."""
    return re.sub(r"[\s/\x00-\x1f\x7f-\x9f]+", " ", name).strip()[:LONGEST].strip()
