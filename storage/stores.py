"""Every store of one database, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain import Finding
from storage import care
from storage.alone import alone
from storage.backup import backup
from storage.channels import Channels
from storage.copy import Copied, Progress, copy, quiet
from storage.decisions import Decisions
from storage.drops import Drops
from storage.engine import Database, connect
from storage.feeds import Feeds
from storage.ledger import Ledger
from storage.marks import Marks, Vault
from storage.notes import Changes, Notes
from storage.outbox import Outbox
from storage.papers import Papers
from storage.readings import Readings
from storage.runs import Runs
from storage.threads import Threads
from storage.vectors import VectorIndex

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept, by kind."""

    database: Database
    papers: Papers
    channels: Channels
    threads: Threads
    drops: Drops
    decisions: Decisions
    readings: Readings
    feeds: Feeds
    ledger: Ledger
    marks: Marks
    vault: Vault
    runs: Runs
    outbox: Outbox
    vectors: VectorIndex
    changes: Changes
    notes: Notes

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return self.database.path

    async def examine(self) -> list[Finding]:
        """Which database it is, whether it is sound, how much room it has. Raises StorageError."""
        return [*await care.check(self.database), await self.vectors.report()]

    async def prune(self, *, now: datetime, text_days: int, ledger_days: int) -> dict[str, int]:
        """Delete what has outlived its use; how many rows went from each table."""
        return await care.prune(self.database, now=now, text_days=text_days, ledger_days=ledger_days)

    async def back_up(self, file: Path) -> None:
        """Write everything into one SQLite file, also while the service runs. Raises Full, StorageError."""
        await backup(self.database, file)

    async def copy_to(self, url: str, *, progress: Progress = quiet) -> list[Copied]:
        """Copy everything to another, empty database, or go on with a copy that was cut off.

        Nobody may write meanwhile: a difference is noticed in the end. Raises StorageError.
        """
        target = await connect(url)
        try:
            return await copy(self.database, target, progress=progress)
        finally:
            await target.close()


@asynccontextmanager
async def opened(url: str, *, now: Now | None = None, service: bool = False) -> AsyncIterator[Stores]:
    """Open the database that ``url`` names. ``now`` replaces its clock in rehearsals.

    ``service`` is for a process that delivers: on SQLite only one may at a time. Raises Busy, Full,
    TooNew, StorageError.
    """
    database = await connect(url)
    try:
        stores = _stores(database, now)
        async with alone(database, stores.runs) if service else nullcontext():
            yield stores
    finally:
        await database.close()


def _stores(database: Database, now: Now | None) -> Stores:
    return Stores(
        database=database,
        papers=Papers(database),
        channels=Channels(database),
        threads=Threads(database),
        drops=Drops(database),
        decisions=Decisions(database),
        readings=Readings(database),
        feeds=Feeds(database),
        ledger=Ledger(database),
        marks=Marks(database),
        vault=Vault(database),
        runs=Runs(database, now=now),
        outbox=Outbox(database, now=now),
        vectors=VectorIndex(database),
        changes=Changes(database),
        notes=Notes(database),
    )
