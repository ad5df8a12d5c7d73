"""Work that is done once for all processes, such as fetching the sources."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bot.errors import StorageError
from bot.ports import Runs

_log = structlog.get_logger(__name__)
_LOOK_AGAIN = 2.0


class Duty:
    """``work``, done at most once in ``every`` whoever asks for it, and by one process at a time.

    ``lease`` bounds how long the others wait for a process that died at it. What ``work`` raises is logged:
    those who wait for it go on without.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[object]],
        *,
        runs: Runs,
        every: timedelta,
        lease: timedelta,
        ticks: Callable[[], float],
        rest: Callable[[float], Awaitable[None]],
        stopping: asyncio.Event,
    ) -> None:
        self._name = name
        self._work = work
        self._runs = runs
        self._every = every
        self._lease = lease
        self._ticks = ticks
        self._rest = rest
        self._stopping = stopping
        self._turn = asyncio.Lock()
        self._done_at = float("-inf")

    def age(self) -> float:
        """Seconds since this process last saw the work done."""
        return self._ticks() - self._done_at

    async def done(self) -> float:
        """Return once the work has been done, here or elsewhere, within ``every``: when this process saw
        that. Raises StorageError."""
        async with self._turn:
            if self.age() >= self._every.total_seconds():
                while not self._stopping.is_set() and not await self._tried():
                    await self._rest(_LOOK_AGAIN)
                self._done_at = self._ticks()
            return self._done_at

    async def _tried(self) -> bool:
        turn = await self._runs.turn(self._name, every=self._every, lease=self._lease)
        if turn == "mine":
            await self._worked()
            await self._runs.did(self._name)
        return turn != "others"

    async def _worked(self) -> None:
        try:
            await self._work()
        except StorageError:
            raise
        except Exception as error:
            _log.error("work failed", duty=self._name, error=error)
