"""The loop that brings digests: plan what is due, claim it, work on it under a lease, end cleanly.

Any number of workers may share one PostgreSQL; what each holds is decided in the database. A worker is
woken by its own program (``wake``), by others, by the next due time, and by a poll every 30 seconds.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeAlias

import structlog

from bot import schedule
from bot.carrier import Carrier
from bot.courier import Courier
from bot.digest import Desk, Views
from bot.domain import Channel, ChannelId, PaperId, Run, RunState, platform_of
from bot.duty import Duty
from bot.editor import Editor, Preview, Read
from bot.errors import NotFound, StorageError, UsageError
from bot.limits import Limits, elapsed
from bot.pacing import PACES, Pace, Pacer
from bot.ports import Clock, Outbox, Poster, Runs

_log = structlog.get_logger(__name__)
_Rest: TypeAlias = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of bringing a digest by hand. ``before``: it had been brought already, nothing was posted."""

    channel: ChannelId
    day: date
    state: RunState
    posts: int = 0
    papers: tuple[PaperId, ...] = ()
    before: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a worker is made of; tests hand in others."""

    desk: Desk
    runs: Runs
    outbox: Outbox
    posters: Mapping[str, Poster]
    read: Read
    fetch: Callable[[], Awaitable[object]]
    views: Views
    clock: Clock
    paces: Mapping[str, Pace] = field(default_factory=lambda: PACES)
    limits: Limits = field(default_factory=Limits)
    ticks: Callable[[], float] = elapsed

    def fetching(self, *, rest: _Rest, stopping: asyncio.Event) -> Duty:
        """The fetching of the sources, once for all processes."""
        return Duty(
            "fetch",
            self.fetch,
            runs=self.runs,
            every=self.limits.fresh,
            lease=self.limits.fetching,
            ticks=self.ticks,
            rest=rest,
            stopping=stopping,
        )

    def couriers(self, *, rest: _Rest, stopping: asyncio.Event) -> dict[str, Courier]:
        """One for each platform."""
        return {
            name: Courier(
                poster,
                Pacer(
                    self.paces.get(name, Pace()),
                    ticks=self.ticks,
                    sleep=rest,
                    reserve=self.runs.reserve if self.runs.shared else None,
                    platform=name,
                ),
                outbox=self.outbox,
                ticks=self.ticks,
                lease=self.limits.lease,
                stopping=stopping,
            )
            for name, poster in self.posters.items()
        }

    def editor(self, couriers: Mapping[str, Courier], *, collect: Callable[[], Awaitable[float]]) -> Editor:
        """Who takes runs through their stages."""
        return Editor(
            desk=self.desk,
            runs=self.runs,
            outbox=self.outbox,
            couriers=couriers,
            read=self.read,
            collect=collect,
            views=self.views,
            ticks=self.ticks,
            composing=self.limits.composing,
        )


@dataclass(slots=True)
class _Held:
    run: Run
    task: asyncio.Task[None]


class Worker:
    """One worker; ``run`` serves the schedule, ``deliver`` and ``preview`` do one channel by hand."""

    def __init__(self, parts: Parts, *, owner: str = "") -> None:
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._channels, self._papers = parts.desk.channels, parts.desk.papers
        self._runs = parts.runs
        self._outbox = parts.outbox
        self._clock = parts.clock
        self._limits = parts.limits
        self._ticks = parts.ticks
        self._platforms = frozenset(parts.posters)
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._held: dict[tuple[ChannelId, date], _Held] = {}
        self._planned: dict[ChannelId, date] = {}
        self._plan_at = float("-inf")
        self._others: set[asyncio.Task[None]] = set()
        self._fetching = parts.fetching(rest=self._rest, stopping=self._stopping)
        couriers = parts.couriers(rest=self._rest, stopping=self._stopping)
        self._editor = parts.editor(couriers, collect=self._fetching.done)
        self._carrier = Carrier(
            self._editor,
            runs=parts.runs,
            outbox=parts.outbox,
            channels=self._channels,
            tries=parts.limits.tries,
        )

    # --- what others call -------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve the schedule until ``stop`` is called; then finish the messages in hand and return."""
        async with self._heartbeat():
            watching = asyncio.create_task(self._watch())
            try:
                while not self._stopping.is_set():
                    await self._round()
            finally:
                self.stop()
                watching.cancel()
                await self._drain()
                await asyncio.wait([watching], timeout=1)  # it gives its connection back

    def stop(self) -> None:
        """Begin no more work; ``run`` returns soon."""
        self._stopping.set()
        self._woken.set()

    def wake(self) -> None:
        """There may be work: what a channel gets, or when, has changed."""
        self._plan_at = float("-inf")
        self._woken.set()

    async def changed(self) -> None:
        """Wake this worker and those of other processes, which look by themselves every 30 seconds."""
        self.wake()
        try:
            await self._runs.nudge()
        except StorageError as error:
            _log.warning("others not woken", error=error)

    async def step(self) -> float:
        """One round: plan what is due, claim it, start on it; in how many seconds the next makes sense."""
        pause = await self._plan()
        limit = min(self._limits.held - len(self._held), self._limits.batch)
        if limit <= 0:
            return self._limits.poll.total_seconds()
        claimed = await self._runs.claim(
            self.owner, platforms=self._platforms, lease=self._limits.lease, limit=limit
        )
        for run in claimed:
            self._start(run)
        return 0.0 if len(claimed) == limit else pause

    async def idle(self) -> None:
        """Wait until nothing is in hand."""
        while self._held:
            await asyncio.wait([held.task for held in self._held.values()])

    async def deliver(self, channel_id: ChannelId, day: date | None = None) -> Delivered:
        """Bring the channel's digest of ``day`` (its own today) now, at most once ever.

        Raises NotFound for a channel that was never set up, UsageError for a day to come and for a
        platform that is not configured, StorageError.
        """
        channel = await self._known(channel_id)
        if platform_of(channel_id) not in self._platforms:
            raise UsageError(f"{platform_of(channel_id)} is not configured; add its section to the file.")
        now = await self._runs.now()
        day = await self._allowed(channel, day, now)
        if reason := await self._in_vain(channel, day, now):
            return Delivered(channel.id, day, "skipped", detail=reason)
        due = min(now, schedule.due_utc(day, channel.at, channel.timezone))
        await self._runs.plan([Run(channel.id, day, due)])
        async with self._heartbeat():
            return await self._by_hand(channel.id, day)

    async def preview(self, channel_id: ChannelId, day: date | None = None) -> Preview:
        """The channel's digest as it would be posted now; nothing is stored. Raises like ``deliver``."""
        channel = await self._known(channel_id)
        return await self._editor.preview(channel, await self._allowed(channel, day, await self._runs.now()))

    # --- by hand ----------------------------------------------------------------------------------

    async def _known(self, channel_id: ChannelId) -> Channel:
        channel = await self._channels.get(channel_id)
        if channel is None:
            raise NotFound(f"Nothing is set up for {channel_id}; follow a topic there first.")
        return channel

    async def _allowed(self, channel: Channel, day: date | None, now: datetime) -> date:
        today = schedule.local_day(now, channel.timezone)
        if day is not None and day > today:
            raise UsageError(f"{day} is yet to come; in {channel.timezone} it is {today}.")
        return day or today

    async def _in_vain(self, channel: Channel, day: date, now: datetime) -> str:
        """Why there can be no digest of that day; empty if there can."""
        if not channel.topics:
            return "The channel follows no topic yet."
        if day >= schedule.local_day(now, channel.timezone) or await self._runs.get(channel.id, day):
            return ""
        last = await self._runs.ended(channel.id)
        if last and last.day > day and await self._runs.cutoff(channel.id, day):
            return f"Its papers were in the next one; the last was that of {last.day}."
        begins = await self._papers.news_begin()
        return f"The library has no news from before {begins}." if begins and begins > day else ""

    async def _by_hand(self, channel: ChannelId, day: date) -> Delivered:
        before = await self._runs.get(channel, day)
        if before is not None and before.state in ("delivered", "quiet"):
            return Delivered(channel, day, before.state, before=True, detail="It was delivered before.")
        sent = await self._sent(channel, day)
        while True:
            if held := self._held.get((channel, day)):
                await asyncio.shield(held.task)
            elif run := await self._runs.take(channel, day, self.owner, lease=self._limits.lease):
                await asyncio.shield(self._start(run, by_hand=True).task)
            if (told := await self._outcome(channel, day)) is not None:
                return replace(told, posts=await self._sent(channel, day) - sent)

    async def _sent(self, channel: ChannelId, day: date) -> int:
        return sum(parcel.state == "sent" for parcel in await self._outbox.of(channel, day))

    async def _outcome(self, channel: ChannelId, day: date) -> Delivered | None:
        """What to tell now; None if the run is to be taken up again after the wait that this has waited."""
        run = await self._runs.get(channel, day)
        if run is None or run.over:
            made = await self._runs.digest(channel, day)
            papers = tuple(pick.paper_id for pick in made.picks) if made else ()
            state = run.state if run else "skipped"
            return Delivered(channel, day, state, papers=papers, detail=run.error if run else "")
        wait = (run.next_try - await self._runs.now()).total_seconds() if run.next_try else 5.0
        if run.attempts or self._stopping.is_set() or wait > self._limits.lease.total_seconds() * 1.5:
            return Delivered(channel, day, "failed", detail=run.error or "Another worker is at it.")
        await self._rest(max(wait, 0.05))
        return None

    # --- the schedule -----------------------------------------------------------------------------

    async def _round(self) -> None:
        self._woken.clear()
        try:
            pause = await self.step()
        except StorageError as error:
            _log.error("storage failed", error=error)
            pause = 5.0
        if self._fetching.age() > self._limits.hourly.total_seconds() and not self._others:
            self._others.add(task := asyncio.create_task(self._tend()))
            task.add_done_callback(self._others.discard)
        await self._rest(max(pause, 0.05), wake=True)

    async def _plan(self) -> float:
        """Put what is due into the ledger; in how many seconds something will be due, at most ``poll``."""
        if self._ticks() < self._plan_at:
            return self._plan_at - self._ticks()
        now = await self._runs.now()
        served = [channel for channel in await self._channels.all() if self._serves(channel)]
        alike: dict[object, list[Channel]] = {}
        for channel in served:
            alike.setdefault((channel.at, channel.timezone, channel.days), []).append(channel)
        told = [(schedule.due_today(some[0], now), some) for some in alike.values()]
        await self._note([(c, *due) for due, some in told if due for c in some])
        coming = [when - now for some in alike.values() if (when := schedule.next_due(some[0], now))]
        pause = min([self._limits.poll, *coming]).total_seconds()
        self._plan_at = self._ticks() + pause
        return pause

    def _serves(self, channel: Channel) -> bool:
        return bool(channel.topics) and not channel.paused and platform_of(channel.id) in self._platforms

    async def _note(self, due: list[tuple[Channel, date, datetime]]) -> None:
        fresh = [(c.id, day, when) for c, day, when in due if self._planned.get(c.id) != day]
        await self._runs.plan([Run(*row) for row in fresh])
        self._planned.update({channel: day for channel, day, _ in fresh})

    # --- work in hand -----------------------------------------------------------------------------

    def _start(self, run: Run, *, by_hand: bool = False) -> _Held:
        key = (run.channel, run.day)
        if before := self._held.get(key):
            before.task.cancel()  # its lease had lapsed, or it would not have been claimed
        held = _Held(run, asyncio.create_task(self._carrier.carry(run, by_hand=by_hand)))
        self._held[key] = held
        held.task.add_done_callback(lambda _: self._let_go(key, held))
        return held

    def _let_go(self, key: tuple[ChannelId, date], held: _Held) -> None:
        if self._held.get(key) is held:
            del self._held[key]
        if len(self._held) == self._limits.held - 1 or not self._held:
            self._woken.set()  # more may be waiting than could be held

    # --- leases -----------------------------------------------------------------------------------

    async def beat(self) -> None:
        """Prolong the leases of what is in hand; let go of what another worker has taken over."""
        held = list(self._held.values())
        kept = await self._runs.beat([one.run for one in held], lease=self._limits.lease)
        for one in held:
            if one.run not in kept and not one.task.done():
                one.task.cancel()

    @asynccontextmanager
    async def _heartbeat(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=1)  # it gives its connection back

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._limits.beat.total_seconds())
            try:
                await self.beat()
            except StorageError as error:
                _log.error("lease not prolonged", error=error)

    async def _watch(self) -> None:
        """Be woken by other processes; the poll does it while that connection is lost."""
        while not self._stopping.is_set():
            try:
                await self._runs.watch(self.wake)
                break
            except StorageError as error:
                _log.warning("not woken by others for now", error=error)
                await asyncio.sleep(5)

    async def _drain(self) -> None:
        tasks = [held.task for held in self._held.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=self._limits.drain.total_seconds())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._others, return_exceptions=True)

    async def _tend(self) -> None:
        """Keep the library fresh between digests too."""
        try:
            await self._fetching.done()
        except StorageError as error:
            _log.error("storage failed", error=error)

    async def _rest(self, seconds: float, *, wake: bool = False) -> None:
        """Wait, but not for longer than until the program is to end (or, with ``wake``, there is work)."""
        event = self._woken if wake else self._stopping
        waits = {asyncio.create_task(self._clock.sleep(seconds)), asyncio.create_task(event.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
