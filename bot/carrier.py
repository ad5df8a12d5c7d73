"""Carrying a held digest as far as it goes, and storing how that ended."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.courier import Delay, Refused
from bot.domain import PLATFORM_SAYS, ChannelId, Run
from bot.editor import Editor
from bot.errors import ChannelGone, LeaseLost, StorageError
from bot.limits import backoff
from bot.ports import Channels, Outbox, Runs

_log = structlog.get_logger(__name__)

MY_FAULT = "Something went wrong on my side; it is in the log."


class Carrier:
    """``tries`` failed attempts in a row, and a digest is given up."""

    def __init__(self, editor: Editor, *, runs: Runs, outbox: Outbox, channels: Channels, tries: int) -> None:
        self._editor = editor
        self._runs = runs
        self._outbox = outbox
        self._channels = channels
        self._tries = tries

    async def carry(self, run: Run, *, by_hand: bool) -> None:
        """Carry a run as far as it goes and store how it ended; what cannot be stored ends with the lease."""
        try:
            await self._carried(run, by_hand=by_hand)
        except LeaseLost as error:
            _log.info("lease lost", channel=run.channel, day=run.day, error=error)
        except StorageError as error:
            _log.error("storage failed", channel=run.channel, day=run.day, error=error)
        except asyncio.CancelledError:
            with contextlib.suppress(LeaseLost, StorageError):
                await self._runs.put_back(run, wait=timedelta(0), error=run.error, failed=False)
            raise

    async def _carried(self, run: Run, *, by_hand: bool) -> None:
        try:
            await self._editor.carry(run, by_hand=by_hand)
        except Delay as delay:
            _log.warning("digest held up", channel=run.channel, day=run.day, error=delay)
            await self._later(run, delay.reason, timedelta(seconds=delay.seconds), failed=delay.failed)
        except (Refused, ChannelGone) as error:
            _log.error("digest refused", channel=run.channel, day=run.day, error=error)
            if isinstance(error, ChannelGone):
                await self._pause(run.channel, str(error))
            await self._failed(run, str(error))
        except (LeaseLost, StorageError):
            raise
        except Exception as error:
            _log.error("digest failed", channel=run.channel, day=run.day, exc_info=error)
            await self._later(run, MY_FAULT, timedelta(0), failed=True)

    async def _later(self, run: Run, reason: str, wait: timedelta, *, failed: bool) -> None:
        """Leave the run open for a next try, unless it has failed too often."""
        stands = await self._runs.get(run.channel, run.day)
        attempts = (stands.attempts if stands else 0) + int(failed)
        if attempts >= self._tries:
            await self._failed(run, reason)
            return
        wait = max(wait, backoff(attempts)) if failed else wait
        _log.info("digest put back", channel=run.channel, day=run.day, wait=wait, attempts=attempts)
        await self._runs.put_back(run, wait=wait, error=reason, failed=failed)

    async def _failed(self, run: Run, reason: str) -> None:
        _log.error("digest given up", channel=run.channel, day=run.day)
        waiting = [p.seq for p in await self._outbox.of(run.channel, run.day) if p.state == "pending"]
        await self._outbox.bury(run, waiting, reason)
        await self._runs.advance(run, "failed", error=reason)

    async def _pause(self, channel_id: ChannelId, reason: str) -> None:
        channel = await self._channels.get(channel_id)
        if channel is not None and not channel.paused:
            await self._channels.save(replace(channel, paused=f"{PLATFORM_SAYS}{reason}"))
