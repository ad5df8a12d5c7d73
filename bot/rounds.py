"""What is done besides digests while the service runs, by one process for all: the rounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.errors import StorageError
from bot.ports import Clock, Runs

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """A piece of work that is due ``every`` so often; ``name`` is the same in all processes."""

    name: str
    work: Callable[[], Awaitable[object]]
    every: timedelta


class Rounds:
    """Does the chores in their order, again and again; one that fails does not stop the others."""

    def __init__(
        self,
        chores: Sequence[Chore],
        *,
        runs: Runs,
        clock: Clock,
        pause: timedelta = timedelta(minutes=1),
        lease: timedelta = timedelta(minutes=10),
    ) -> None:
        self._chores = chores
        self._runs = runs
        self._clock = clock
        self._pause = pause
        self._lease = lease
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin no more chores; ``run`` returns when the one in hand is done."""
        self._stopping.set()

    async def run(self) -> None:
        """Go on until ``stop`` is called."""
        while not self._stopping.is_set():
            await self.once()
            await self._rest()

    async def once(self) -> None:
        """Every chore that is due now and that no other process is at."""
        for chore in self._chores:
            if self._stopping.is_set():
                return
            try:
                await self._done(chore)
            except StorageError as error:
                _log.error("storage failed", chore=chore.name, error=error)

    async def _done(self, chore: Chore) -> None:
        if await self._runs.turn(chore.name, every=chore.every, lease=self._lease) != "mine":
            return
        try:
            await chore.work()
        except StorageError:
            raise
        except Exception as error:
            _log.error("work failed", chore=chore.name, error=error)
        await self._runs.did(chore.name)

    async def _rest(self) -> None:
        """Wait, but not for longer than until the program is to end."""
        waits = {
            asyncio.create_task(self._clock.sleep(self._pause.total_seconds())),
            asyncio.create_task(self._stopping.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
