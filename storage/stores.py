"""Every store of one database, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bot.domain import Finding
from storage.alone import alone
from storage.channels import Channels
from storage.decisions import Decisions
from storage.engine import Database, connect
from storage.feeds import Feeds
from storage.ledger import Ledger
from storage.marks import Marks, Vault
from storage.outbox import Outbox
from storage.papers import Papers
from storage.readings import Readings
from storage.runs import Runs
from storage.threads import Threads

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept, by kind."""

    database: Database
    papers: Papers
    channels: Channels
    threads: Threads
    decisions: Decisions
    readings: Readings
    feeds: Feeds
    ledger: Ledger
    marks: Marks
    vault: Vault
    runs: Runs
    outbox: Outbox

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        return self.database.path

    async def examine(self) -> Finding:
        """Whether the database is whole, and which one it is. Raises StorageError."""
        async with self.database.reading() as connection:
            if self.database.dialect == "sqlite":
                verdict = str(await connection.scalar(sa.text("PRAGMA quick_check(1)")))
                version = str(await connection.scalar(sa.text("SELECT sqlite_version()")))
                if verdict != "ok":
                    return Finding("storage", False, f"the file is damaged ({verdict}); restore a backup")
                return Finding("storage", True, f"SQLite {version}, whole")
            version = str(await connection.scalar(sa.text("SHOW server_version")))
            named = await connection.scalars(sa.text("SELECT extname FROM pg_extension ORDER BY 1"))
            return Finding("storage", True, f"PostgreSQL {version}, extensions: {', '.join(named)}")


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
        decisions=Decisions(database),
        readings=Readings(database),
        feeds=Feeds(database),
        ledger=Ledger(database),
        marks=Marks(database),
        vault=Vault(database),
        runs=Runs(database, now=now),
        outbox=Outbox(database, now=now),
    )
