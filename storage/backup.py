"""A consistent copy of the database in one SQLite file, made while the service runs."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

from bot.errors import Full, StorageError
from storage.copy import Progress, copy, quiet
from storage.engine import Database, connect
from storage.faults import mapped


async def backup(database: Database, file: Path, *, progress: Progress = quiet) -> None:
    """Write everything to ``file``, a SQLite database that can be used in place of the original.

    It appears under its name only when it is whole and checked; an earlier file of that name stays until
    then. From PostgreSQL it is made by ``storage.copy``, which wants the service stopped. Raises Full,
    StorageError.
    """
    part = file.with_name(file.name + ".part")
    with mapped(str(file)):
        part.unlink(missing_ok=True)
        try:
            if database.path:
                await asyncio.to_thread(_snapshot, database.path, part)
            else:
                await _copied(database, part, progress)
            await asyncio.to_thread(_finish, part, file)
        finally:
            for left in (part, *(part.with_name(part.name + ending) for ending in ("-wal", "-shm"))):
                left.unlink(missing_ok=True)


def _snapshot(original: Path, part: Path) -> None:
    # One read transaction: writers go on meanwhile, and what they write is not in it.
    connection = sqlite3.connect(original, timeout=30, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", (str(part),))
    finally:
        connection.close()


async def _copied(database: Database, part: Path, progress: Progress) -> None:
    target = await connect(f"sqlite:///{part}")
    try:
        await copy(database, target, progress=progress)
    finally:
        await target.close()


def _finish(part: Path, file: Path) -> None:
    connection = sqlite3.connect(part)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    finally:
        connection.close()
    if verdict != "ok":
        raise StorageError(f"The backup is damaged ({verdict}); check the disk and try again.")
    with part.open("rb") as written:
        os.fsync(written.fileno())
    try:
        part.replace(file)
    except OSError as fault:
        raise Full(f"{file} cannot be written ({fault.strerror}); name another file.") from fault
