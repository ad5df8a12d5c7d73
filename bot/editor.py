"""The stages of one digest: collect, decide, summarize, put into the outbox, deliver.

Each stage ends in a stored step, so that another worker (or the same one after a crash) goes on from there:
the ranking is frozen once, every summary is kept by whoever makes it, messages are stored all at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import structlog

from bot import crash, digest, schedule
from bot.courier import Courier, Delay
from bot.doc import Doc
from bot.domain import Channel, Digest, Paper, PaperId, Parcel, Run, Summary, Window, platform_of
from bot.ports import Outbox, Runs
from bot.sharing import Common

Read: TypeAlias = Callable[[Paper, str], Awaitable[Summary]]
"""A paper's summary in a language; never raises for what a paper or model does."""

PATIENCE = timedelta(hours=1)
"""How long a digest without papers waits for a source that cannot be read."""
_AGAIN = timedelta(minutes=10)
_SKEW = timedelta(minutes=10)
"""How far the clocks of two processes may be apart."""
_SAME = timedelta(seconds=60)
"""For how long digests look at the library as of the same moment, so that they share what they find."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """A digest as it would be posted now: nothing of it is stored."""

    digest: Digest
    docs: tuple[Doc, ...]


class Editor:
    """Takes held runs through their stages."""

    def __init__(
        self,
        *,
        desk: digest.Desk,
        runs: Runs,
        outbox: Outbox,
        couriers: Mapping[str, Courier],
        read: Read,
        collect: Callable[[], Awaitable[float]],
        views: digest.Views,
        ticks: Callable[[], float],
        composing: int = 4,
    ) -> None:
        self._common = Common(desk, read, ticks=ticks)
        self._desk = self._common.desk
        self._moment: tuple[float, datetime] | None = None
        self._looking = asyncio.Lock()
        self._runs = runs
        self._outbox = outbox
        self._couriers = couriers
        self._collect = collect
        self._views = views
        self._composing = asyncio.Semaphore(composing)

    async def carry(self, run: Run, *, by_hand: bool = False) -> None:
        """Take the run on to its end.

        ``by_hand``: the run is wanted now, whatever the schedule says. Raises Delay, Refused, ChannelGone,
        LeaseLost, StorageError.
        """
        crash.here("after-claim")
        channel = await self._desk.channels.get(run.channel)
        now = await self._runs.now()
        if channel is None or not await self._wanted(run, channel, now, by_hand=by_hand):
            return
        if run.state != "posting":
            async with self._composing:
                run = await self._prepared(run, channel, now, by_hand=by_hand)
        if run.state == "posting":
            await self._deliver(run, channel)

    async def preview(self, channel: Channel, day: date) -> Preview:
        """What the channel's digest of ``day`` would be if it were made now."""
        now = await self._runs.now()
        if day == schedule.local_day(now, channel.timezone):
            self._common.fetched(await self._collect())
            now = await self._seen_until(await self._runs.now())
        made = await digest.compose(
            channel, day, await self._window(channel, day, now), self._desk, keep=False
        )
        return Preview(made, tuple(parcel.doc for parcel in await self._parcels(made, channel)))

    # --- stages -----------------------------------------------------------------------------------

    async def _wanted(self, run: Run, channel: Channel, now: datetime, *, by_hand: bool) -> bool:
        """Whether the digest is still to be brought; if not, the run is over."""
        if run.state == "posting" and await self._begun(run):
            return True
        if channel.paused and not by_hand:
            await self._dropped(run, f"The channel is paused: {channel.paused}")
            return False
        if not channel.topics:
            await self._dropped(run, "Nothing is followed any more.")
            return False
        latest = schedule.latest_due(channel, now)
        if latest and latest[0] > run.day and not by_hand:
            await self._dropped(run, "A later digest was due before this one; its papers are in that one.")
            return False
        return True

    async def _begun(self, run: Run) -> bool:
        return any(parcel.attempts for parcel in await self._outbox.of(run.channel, run.day))

    async def _dropped(self, run: Run, reason: str) -> None:
        await self._outbox.withdraw(run, reason)
        _log.info("digest skipped", channel=run.channel, day=run.day)

    async def _prepared(self, run: Run, channel: Channel, now: datetime, *, by_hand: bool) -> Run:
        """The run with its messages in the outbox, or quiet."""
        made: Digest | None = None
        if run.state in ("due", "collecting"):
            run, made = await self._composed(run, channel, now, by_hand=by_hand)
        made = made or await self._runs.digest(run.channel, run.day)
        if made is None:
            raise Delay("The frozen digest is gone.", 0, failed=True)
        if not made.picks and channel.quiet == "silent":
            return await self._runs.advance(run, "quiet")
        parcels = await self._parcels(made, channel)
        crash.here("before-outbox")
        run = await self._outbox.fill(run, parcels)
        crash.here("after-outbox")
        return run

    async def _composed(
        self, run: Run, channel: Channel, now: datetime, *, by_hand: bool
    ) -> tuple[Run, Digest]:
        run = await self._runs.advance(run, "collecting", error=run.error)
        fetched = 0.0
        if run.day == schedule.local_day(now, channel.timezone):
            fetched = await self._collect()
        crash.here("after-fetch")
        now = await self._as_of(run, fetched, by_hand=by_hand)
        window = await self._window(channel, run.day, now)
        made = await digest.compose(channel, run.day, window, self._desk)
        crash.here("after-rank")
        if not made.picks and not by_hand and now - run.due < PATIENCE:
            await self._await_sources()
        crash.here("before-freeze")
        run = await self._runs.freeze(run, made, window)
        crash.here("after-freeze")
        return run, made

    async def _as_of(self, run: Run, fetched: float, *, by_hand: bool) -> datetime:
        """The moment whose library the digest is made from: now, or a moment not long ago that other
        digests were made from, unless the run was not due then or the sources were fetched since."""
        async with self._looking:
            self._common.fetched(fetched)
            now = await self._runs.now()
            at, moment = self._moment or (fetched, now)
            late = abs(now - moment) > _SAME or run.due > moment
            if self._moment is None or by_hand or at != fetched or late:
                moment = await self._seen_until(now)
            self._moment = (fetched, moment)
            return moment

    async def _await_sources(self) -> None:
        if broken := [row.source for row in await self._desk.feeds.health() if row.state == "failed"]:
            raise Delay(f"{', '.join(broken)} could not be read.", _AGAIN.total_seconds(), failed=False)

    async def _window(self, channel: Channel, day: date, now: datetime) -> Window:
        cutoff = await self._runs.cutoff(channel.id, day)
        return schedule.window(channel, day, cutoff=cutoff, now=now)

    async def _seen_until(self, now: datetime) -> datetime:
        """``now``, or the last fetch if the clock of the process that fetched is ahead of the storage's."""
        fetched = max((row.checked_at for row in await self._desk.feeds.health()), default=now)
        return fetched if now < fetched <= now + _SKEW else now

    async def _parcels(self, made: Digest, channel: Channel) -> list[Parcel]:
        wanted = [*(pick.paper_id for pick in made.picks), *(d.paper_id for d in made.nearest)]
        papers = {paper.id: paper for paper in await self._desk.papers.many(wanted)}
        picked = [papers[pick.paper_id] for pick in made.picks if pick.paper_id in papers]
        return digest.parcels(made, papers, await self._summaries(picked, channel.language), self._views)

    async def _summaries(self, papers: list[Paper], language: str) -> dict[PaperId, Summary]:
        """All summaries; each is kept by the reader as soon as it is made."""
        crash.here("before-summary")
        made = await asyncio.gather(*(self._common.read(paper, language) for paper in papers))
        crash.here("after-summary")
        return {paper.id: summary for paper, summary in zip(papers, made, strict=True)}

    async def _deliver(self, run: Run, channel: Channel) -> None:
        courier = self._couriers.get(platform_of(run.channel))
        if courier is None:
            raise Delay(f"{platform_of(run.channel)} is not configured here.", 300, failed=True)
        papers = await courier.deliver(run, channel, now=await self._runs.now())
        crash.here("before-done")
        await self._runs.advance(run, "delivered" if papers else "quiet")
        crash.here("after-done")
