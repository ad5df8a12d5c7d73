"""Bringing notes to their platforms, each once; and telling the admins how sources are doing.

A note in a thread is sent as a digest's message is: the intention is stored first, and a note found in
``sending`` is looked for before it may be sent again. A direct message cannot be looked for everywhere, so
one whose answer was lost counts as sent (docs/decisions/0045).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog

from bot.clock import on_platform
from bot.deadline import leaving
from bot.doc import Doc
from bot.domain import Channel, ChannelId, FeedHealth, Note, Post, UserId, platform_of
from bot.errors import ChannelGone, NotSent, RateLimited, Rejected, Uncertain
from bot.ports import Channels, Clock, Feeds, Notes, Poster
from bot.watch import key

_log = structlog.get_logger(__name__)
TIMEOUT = 30.0
LANDED = timedelta(seconds=90)
"""After so long nothing of a message can be travelling any more."""
TRIES = 12
_FRESH = timedelta(days=14)


class NoteCourier:
    """Sends the notes that wait. One process at a time calls it; more than one do no harm."""

    def __init__(
        self,
        *,
        notes: Notes,
        channels: Channels,
        posters: Mapping[str, Poster],
        clock: Clock,
        ticks: Callable[[], float],
        timeout: float = TIMEOUT,
    ) -> None:
        self._notes = notes
        self._channels = channels
        self._posters = posters
        self._clock = clock
        self._ticks = ticks
        self._timeout = timeout

    async def deliver(self) -> None:
        """Send what waits; what a platform refuses for now stays for the next call. Raises StorageError."""
        resting: set[str] = set()
        for note in await self._notes.waiting():
            platform = platform_of(note.channel)
            if platform not in self._posters or platform in resting:
                continue
            try:
                await self._one(note, self._posters[platform])
            except RateLimited:
                resting.add(platform)

    async def _one(self, note: Note, poster: Poster) -> None:
        channel = await self._channels.get(note.channel)
        post = _post(note, channel)
        if note.state == "sending" and not await self._reopened(note, post, poster):
            return
        if reason := self._stale(note, channel):
            await self._notes.bury(note, reason)
            return
        latest = self._ticks() + LANDED.total_seconds() / 3
        taken = await self._notes.intend(note, now=self._clock.now())
        if taken is None or self._ticks() > latest:
            return  # somebody else has it, or this process stood still and somebody soon will
        with leaving(latest, self._ticks):
            await self._send(taken, post, poster)

    def _stale(self, note: Note, channel: Channel | None) -> str:
        if note.attempts >= TRIES:
            return "It was tried too often."
        if self._clock.now() - note.made_at > _FRESH:
            return "It is too old to be of use."
        return f"The channel is paused: {channel.paused}" if channel and channel.paused else ""

    async def _reopened(self, note: Note, post: Post, poster: Poster) -> bool:
        """Whether a note whose answer was lost may be sent again: it was looked for and is not there."""
        tried = note.tried_at or note.made_at
        if self._clock.now() - tried < LANDED:
            return False
        if note.direct:
            _log.warning("note may have arrived", channel=note.channel, key=note.key)
            await self._notes.settle(note, "")
            return False
        try:
            async with asyncio.timeout(self._timeout):
                found = await poster.find([post], on_platform(tried))
        except (NotSent, Uncertain, Rejected, ChannelGone, TimeoutError) as error:
            _log.warning("note not looked for", channel=note.channel, error=error)
            return False
        if remote := found.get(note.key):
            await self._notes.settle(note, remote)
            return False
        await self._notes.reopen(note, "The answer was lost; it was not posted.")
        return True

    async def _send(self, note: Note, post: Post, poster: Poster) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                remote = await poster.post(post)
        except (RateLimited, NotSent) as error:
            await self._notes.reopen(note, str(error))
            if isinstance(error, RateLimited):
                raise
        except (Rejected, ChannelGone) as error:
            _log.warning("note refused", channel=note.channel, error=error)
            await self._notes.bury(note, str(error))
        except Exception as error:  # it may have been posted: the next call looks
            _log.warning("answer lost", channel=note.channel, key=note.key, error=error)
        else:
            await self._notes.settle(note, remote)


def _post(note: Note, channel: Channel | None) -> Post:
    return Post(
        note.channel,
        note.doc,
        note.key,
        parent=note.parent,
        alt=note.alt,
        workspace=channel.workspace if channel else "",
        card=note.card,
        direct=note.direct,
    )


class FeedWatch:
    """Tells the admins once when a source breaks and once when it heals, and the log in any case."""

    def __init__(
        self,
        *,
        feeds: Feeds,
        notes: Notes,
        admins: Collection[UserId],
        direct: Collection[str],
        broken: Callable[[FeedHealth], Doc],
        healed: Callable[[FeedHealth], Doc],
        clock: Clock,
    ) -> None:
        self._feeds = feeds
        self._notes = notes
        self._admins = sorted(admin for admin in admins if platform_of(admin) in direct)
        self._broken = broken
        self._healed = healed
        self._clock = clock

    async def look(self) -> None:
        """Write the notes that are due. Raises StorageError."""
        every = await self._feeds.health()
        bad = {feed.source for feed in every if _is_bad(feed)}
        for feed in every:
            whole, _, part = feed.source.rpartition("/")
            if _is_down(feed) and not feed.told and not (part and whole in bad):
                await self._tell(feed, f"broken since {feed.failing_since}", self._broken(feed))
                _log.error("source broken", source=feed.source, state=feed.state)
                await self._feeds.told(feed.source, True)
            elif feed.told and not _is_bad(feed):
                await self._tell(feed, f"good at {feed.good_at}", self._healed(feed))
                _log.warning("source works again", source=feed.source)
                await self._feeds.told(feed.source, False)

    async def _tell(self, feed: FeedHealth, when: str, doc: Doc) -> None:
        now: datetime = self._clock.now()
        for admin in self._admins:
            name = key("source", admin, feed.source, when)
            await self._notes.add(Note(name, ChannelId(admin), doc, now, direct=True))


def _is_bad(feed: FeedHealth) -> bool:
    return feed.state in ("failed", "stale")


def _is_down(feed: FeedHealth) -> bool:
    """Whether two fetches running found it broken."""
    return _is_bad(feed) and feed.failing_since is not None and feed.failing_since < feed.checked_at
