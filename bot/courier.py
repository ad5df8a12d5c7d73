"""Bringing the messages of one digest to a platform, each exactly once.

The intention to send is committed before the platform is asked. A message found in ``sending`` (the process
died, the answer was lost) is looked for on the platform once nothing of it can be travelling any more, and
sent again only if it is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot import crash, deadline, meters
from bot.clock import on_platform
from bot.domain import Channel, Parcel, Post, Run
from bot.errors import ChannelGone, NotSent, RateLimited, Rejected, Uncertain
from bot.pacing import Pacer
from bot.ports import Outbox, Poster

_log = structlog.get_logger(__name__)
_REFUSALS = 20


class Delay(Exception):
    """The digest must be taken up again after ``seconds``; ``failed`` counts it as a failed try."""

    def __init__(self, reason: str, seconds: float, *, failed: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
        self.failed = failed


class Refused(Exception):
    """The digest's post at top level was refused for good, so that there is nothing to put replies under."""


class Courier:
    """Sends the parcels of held runs to one platform.

    ``lease`` is the time for which a run is held: after half of it without a stored step nothing of a
    message is written any more (bot.deadline), since another worker may soon be at it. ``stopping`` says that
    the process is to end: the message in hand is finished and no other is begun.
    """

    def __init__(
        self,
        poster: Poster,
        pacer: Pacer,
        *,
        outbox: Outbox,
        ticks: Callable[[], float],
        lease: timedelta,
        stopping: asyncio.Event,
    ) -> None:
        self._poster = poster
        self._pacer = pacer
        self._outbox = outbox
        self._ticks = ticks
        self._lease = lease
        self._stopping = stopping

    async def deliver(self, run: Run, channel: Channel, *, now: datetime) -> bool:
        """Bring everything that is still in the outbox; whether there are papers in it.

        ``now`` is the storage's time. Raises Delay, Refused, ChannelGone, LeaseLost, StorageError.
        """
        parcels = await self._reconciled(run, channel, now)
        remote = {parcel.seq: parcel.remote_id for parcel in parcels if parcel.remote_id}
        for parcel in parcels:
            if parcel.state in ("sent", "dead"):
                continue
            under = None if parcel.parent is None else remote.get(parcel.parent)
            if parcel.parent is not None and under is None:
                raise Refused("The post at top level is missing.")
            if sent := await self._bring(run, channel, parcel, _post(channel, parcel, under, parcels)):
                remote[parcel.seq] = sent
        return any(parcel.papers for parcel in parcels)

    # --- after a crash ----------------------------------------------------------------------------

    async def _reconciled(self, run: Run, channel: Channel, now: datetime) -> list[Parcel]:
        """The parcels, none of them in ``sending`` any more.

        Looked for is everything that was ever tried: of a long message that a platform takes in several
        parts, the first ones may stand although the last was surely not posted.
        """
        parcels = await self._outbox.of(run.channel, run.day)
        unsure = {parcel.seq: parcel.tried_at for parcel in parcels if _is_unsure(parcel) and parcel.tried_at}
        if not unsure:
            return parcels
        sending = [parcel.tried_at for parcel in parcels if parcel.state == "sending" and parcel.tried_at]
        self._await_landing(sending, now)
        since = on_platform(min(unsure.values()))
        found = await self._found(channel, [p for p in parcels if p.seq in unsure], parcels, since)
        for parcel in parcels:
            if parcel.seq in unsure:
                await self._adopt(run, parcel, found.get(parcel.key))
        return await self._outbox.of(run.channel, run.day)

    def _await_landing(self, sending: Sequence[datetime], now: datetime) -> None:
        """Come back later if a request may still be travelling."""
        if sending and (left := max(sending).timestamp() + self._pacer.pace.settle - now.timestamp()) > 0:
            raise Delay("It is not known yet whether a message arrived.", left, failed=False)

    async def _found(
        self, channel: Channel, unsure: Sequence[Parcel], parcels: Sequence[Parcel], since: datetime
    ) -> dict[str, str]:
        remote = {parcel.seq: parcel.remote_id for parcel in parcels}
        found: dict[str, str] = {}
        for parent in {parcel.parent for parcel in unsure}:
            under = None if parent is None else remote.get(parent)
            posts = [_post(channel, parcel, under, parcels) for parcel in unsure if parcel.parent == parent]
            found.update(await self._asked(posts, since))
        return found

    async def _asked(self, posts: Sequence[Post], since: datetime) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._pacer.pace.timeout):
                return dict(await self._poster.find(posts, since))
        except RateLimited as error:
            raise Delay(str(error), error.retry_after, failed=False) from error
        except (NotSent, Uncertain, Rejected, TimeoutError) as error:
            raise Delay(f"The platform's history could not be read: {error}", 60, failed=True) from error

    async def _adopt(self, run: Run, parcel: Parcel, remote: str | None) -> None:
        if remote is None:
            if parcel.state == "sending":
                await self._outbox.reopen(run, parcel.seq, error="The answer was lost; it was not posted.")
            return
        _log.info("message found again", channel=run.channel, day=run.day, seq=parcel.seq)
        await self._outbox.settle(run, parcel.seq, remote)

    # --- sending ----------------------------------------------------------------------------------

    async def _bring(self, run: Run, channel: Channel, parcel: Parcel, post: Post) -> str | None:
        """Send one message, waiting where the platform asks for patience; its id, None if refused."""
        for _ in range(_REFUSALS):
            await self._pacer.turn(channel.id, channel.workspace)
            if self._stopping.is_set():
                raise Delay("The program was stopped.", 0, failed=False)
            try:
                return await self._send(run, channel, parcel, post)
            except RateLimited as error:
                meters.count("rate_limited", self._poster.platform)
                await self._outbox.reopen(run, parcel.seq, error=str(error))
                self._pacer.refused(channel.id, channel.workspace, error.retry_after)
            except ChannelGone as error:
                await self._outbox.reopen(run, parcel.seq, error=str(error))
                raise
            except Rejected as error:
                meters.count("refused", self._poster.platform)
                await self._refused(run, parcel, error)
                return None
        raise Delay("The platform keeps asking for patience.", 60, failed=True)

    async def _send(self, run: Run, channel: Channel, parcel: Parcel, post: Post) -> str:
        crash.here("before-intent")
        begun = self._ticks()
        await self._outbox.intend(run, parcel.seq, lease=self._lease)
        latest = begun + self._lease.total_seconds() / 2
        if self._ticks() > latest:
            raise Delay("The worker stood still before a message.", 0, failed=False)
        crash.here("after-intent")
        with deadline.leaving(latest, self._ticks):
            remote = await self._posted(run, parcel, post)
        crash.here("after-reply")
        meters.count("sent", self._poster.platform)
        await self._outbox.settle(run, parcel.seq, remote)
        self._pacer.passed(channel.workspace)
        crash.here("after-sent")
        return remote

    async def _posted(self, run: Run, parcel: Parcel, post: Post) -> str:
        """Ask the platform; where it is unsure what happened, the parcel stays in ``sending``."""
        try:
            async with asyncio.timeout(self._pacer.pace.timeout):
                return await self._poster.post(post)
        except (RateLimited, Rejected, ChannelGone):
            raise
        except NotSent as error:
            await self._outbox.reopen(run, parcel.seq, error=str(error))
            raise Delay(str(error), 0, failed=True) from error
        except Exception as error:
            _log.warning("answer lost", channel=run.channel, seq=parcel.seq, error=error)
            reason = str(error) or "The platform did not answer in time."
            raise Delay(reason, self._pacer.pace.settle, failed=True) from error

    async def _refused(self, run: Run, parcel: Parcel, error: Exception) -> None:
        _log.error("message refused", channel=run.channel, day=run.day, seq=parcel.seq, error=error)
        reason = str(error)
        if parcel.parent is not None:
            await self._outbox.bury(run, [parcel.seq], reason)
            return
        every = await self._outbox.of(run.channel, run.day)
        await self._outbox.bury(run, [other.seq for other in every], reason)
        raise Refused(reason)


def _is_unsure(parcel: Parcel) -> bool:
    return parcel.state == "sending" or (parcel.state == "pending" and parcel.attempts > 0)


def _post(channel: Channel, parcel: Parcel, under: str | None, parcels: Sequence[Parcel]) -> Post:
    return Post(
        parcel.channel,
        parcel.doc,
        parcel.key,
        parent=under,
        title=parcel.title,
        alt=parcel.alt,
        tags=parcel.tags,
        workspace=channel.workspace,
        replies=sum(other.parent == parcel.seq for other in parcels),
    )
