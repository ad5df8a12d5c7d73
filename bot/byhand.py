"""Digests by hand and what is known of a channel's digests, in sentences for commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot import schedule
from bot.doc import Doc
from bot.domain import Channel, ChannelId, PaperId, Parcel, Run
from bot.ports import Channels, Outbox, Runs
from bot.views.digests import long_day
from bot.worker import Delivered, Worker

QUIET = "a quiet day"
"""The one name for a day without a paper to show, whether nothing was announced or nothing fits."""


class ByHand:
    """What the commands ``digest``, ``why`` and ``status`` need of the worker."""

    def __init__(self, *, worker: Worker, runs: Runs, outbox: Outbox, channels: Channels) -> None:
        self._worker = worker
        self._runs = runs
        self._outbox = outbox
        self._channels = channels

    async def now(self, channel: ChannelId) -> str:
        """Deliver today's digest unless that was done; a sentence that says what came of it."""
        done = await self._worker.deliver(channel)
        if done.state != "delivered" or done.before:
            return told(done)
        refused = sum(one.state == "dead" for one in await self._outbox.of(channel, done.day))
        return f"{told(done)}{_refused(refused)}"

    async def preview(self, channel: ChannelId) -> Sequence[Doc]:
        """The posts that would be made; nothing is stored."""
        return (await self._worker.preview(channel)).docs

    async def shown_on(self, channel: ChannelId, paper_id: PaperId) -> date | None:
        """The day of the channel's digest that brought the paper."""
        days = [day for where, day in await self._channels.where_shown(paper_id) if where == channel]
        return max(days, default=None)

    async def report(self, channel: ChannelId) -> Sequence[str]:
        """Sentences on the channel's last and next digest and on posts that could not be made."""
        lines = []
        if last := await self._runs.ended(channel):
            lines.append(f"last on {long_day(last.day)}: {await self._became(last)}")
        set_up = await self._channels.get(channel)
        if set_up and set_up.topics and not set_up.paused:
            lines += await self._next(set_up)
        troubled = [run for run in await self._runs.troubled() if run.channel == channel]
        lines += [_trouble(run, set_up) for run in troubled]
        told = {run.day for run in troubled if run.over}
        dead: dict[tuple[date, str], list[Parcel]] = {}
        for parcel in await self._outbox.dead():
            if parcel.channel == channel and parcel.day not in told:
                dead.setdefault((parcel.day, parcel.error), []).append(parcel)
        return lines + [_dead(*why, parcels) for why, parcels in dead.items()]

    async def _became(self, run: Run) -> str:
        """What became of a digest that is over: the parent stands, but some of its posts may not."""
        if run.state != "delivered":
            return QUIET
        every = await self._outbox.of(run.channel, run.day)
        sent = sum(parcel.state == "sent" for parcel in every)
        return "delivered" if sent == len(every) else f"only {sent} of its {len(every)} posts got through"

    async def _next(self, channel: Channel) -> Sequence[str]:
        """When the next one comes: today's if it is still to be made, as after a pause."""
        now = await self._runs.now()
        if today := schedule.due_today(channel, now):
            run = await self._runs.get(channel.id, today[0])
            if run is None or not run.over:
                return [f"next in a moment: the one due at {today[1]:%Y-%m-%d %H:%M} UTC"]
        due = schedule.next_due(channel, now)
        return [f"next at {due:%Y-%m-%d %H:%M} UTC"] if due else []


def _refused(posts: int) -> str:
    if not posts:
        return ""
    return f" {'A post was' if posts == 1 else f'{posts} posts were'} refused; status tells why."


def _trouble(run: Run, channel: Channel | None) -> str:
    """What became of a digest that could not be delivered, and what to do."""
    why = f"{long_day(run.day)}: not delivered: {_sentence(run.error or 'no reason is known')}"
    if not run.over:
        return f"{why} I keep trying; {run.attempts} tries so far."
    if channel and channel.paused:
        return f'{why} When that is mended, use "digest resume" and "digest now".'
    return (
        f'{why} When that is mended, "digest now" brings it on the same day; else its papers come next time.'
    )


def _dead(day: date, error: str, parcels: Sequence[Parcel]) -> str:
    """Messages of a delivered digest that the platform refused, and where their papers can be seen."""
    posts = "a post was" if len(parcels) == 1 else f"{len(parcels)} posts were"
    papers = ", ".join(f'"show {name}"' for parcel in parcels for name in parcel.papers[:1])
    shown = f" See what it was about by {papers}." if papers else ""
    return f"{long_day(day)}: {posts} refused: {_sentence(error)}{shown}"


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def told(done: Delivered) -> str:
    """What came of a digest by hand, in a sentence."""
    day = long_day(done.day)
    if done.before:
        return f"The digest of {day} was delivered before; there is one a day."
    if done.state == "delivered":
        count = len(done.papers)
        return f"The digest of {day} is out: {count} {'paper' if count == 1 else 'papers'}."
    if done.state == "quiet":
        return f"The digest of {day}: {QUIET}."
    reason = f": {done.detail}" if done.detail else ""
    return f"The digest of {day} was {'left out' if done.state == 'skipped' else 'not delivered'}{reason}"
