"""One delivering process on one SQLite file: it may take over every lease, since nobody else can hold one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bot.errors import Busy, Full
from storage.engine import Database
from storage.runs import Runs


@asynccontextmanager
async def alone(database: Database, runs: Runs) -> AsyncIterator[None]:
    """Be the only process that delivers from a SQLite file, for as long as the context lasts.

    The lock goes with the process, however that ends; then all leases in the file are void. On PostgreSQL,
    where any number of processes may deliver, this does nothing. Raises Busy, or Full.
    """
    if database.dialect != "sqlite":
        yield
        return
    with _locked(database.path):
        await runs.free()
        yield


@contextmanager
def _locked(path: Path | None) -> Iterator[None]:
    if path is None:
        yield
        return
    # A lock of SQLite's own on a file beside: it works wherever SQLite does, and takes no write from others.
    connection = _open(path.with_name(path.name + ".lock"))
    try:
        _lock(connection, path)
        yield
    finally:
        connection.close()


def _open(file: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(file, timeout=0, isolation_level=None)
    except sqlite3.Error:
        raise Full(f"{file} cannot be made; give this user permission to write its folder.") from None


def _lock(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_BUSY:
            raise Full(
                f"{path}.lock cannot be written; free some space on its disk, or remove that file."
            ) from None
        raise Busy(
            f"Another Paperboy delivers from {path}; stop it first, or ask it in chat with `digest now`."
        ) from None
