"""The border where a database's errors become ours, each one sentence that says what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy.exc

from bot.errors import Busy, Full, StorageError, veiled

_SQLITE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_BUSY: (Busy, "Another program keeps {name} locked; stop it and try again."),
    sqlite3.SQLITE_LOCKED: (Busy, "Another program keeps {name} locked; stop it and try again."),
    sqlite3.SQLITE_FULL: (Full, "There is no room left to write {name}; free some space on its disk."),
    sqlite3.SQLITE_READONLY: (Full, "{name} cannot be written; give this user permission to write it."),
    sqlite3.SQLITE_PERM: (Full, "{name} cannot be written; give this user permission to write it."),
    sqlite3.SQLITE_AUTH: (Full, "{name} cannot be written; give this user permission to write it."),
    sqlite3.SQLITE_CANTOPEN: (
        Full,
        "{name} cannot be opened; its folder must exist and this user may need permission to write there.",
    ),
    sqlite3.SQLITE_IOERR: (StorageError, "The disk that holds {name} fails or is full; check it."),
    sqlite3.SQLITE_CORRUPT: (StorageError, "{name} is damaged; restore it from a backup."),
    sqlite3.SQLITE_NOTADB: (StorageError, "{name} is no Paperboy database; name another file or remove it."),
}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES: dict[str, tuple[type[StorageError], str]] = {
    "53100": (Full, "The disk of the database server is full; free some space on it."),
    "42501": (Full, "The database user may not do this in {name}; grant it all rights on its schema."),
    "25006": (Full, "{name} takes no writes at present; name the primary server."),
    "28P01": (StorageError, "The password for {name} is wrong; correct [storage] url."),
    "28000": (StorageError, "{name} does not let this user in; correct [storage] url or pg_hba.conf."),
    "3D000": (StorageError, "There is no database {name}; create it with createdb."),
    "55P03": (Busy, "Another program keeps a part of {name} locked; try again later."),
    "53300": (Busy, "{name} has no free connection; raise max_connections or stop other programs."),
    "57P03": (Busy, "{name} is starting or stopping; try again in a moment."),
}


@contextmanager
def mapped(name: str) -> Iterator[None]:
    """Raise our errors in place of the database's; ``name`` is how a person knows the database."""
    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, sqlite3.Error, OSError) as fault:
        raise _ours(fault, name) from fault


def _ours(fault: Exception, name: str) -> StorageError:
    cause = getattr(fault, "orig", None) or fault
    kind, sentence = _known(cause) or _known(cause.__cause__) or (StorageError, "")
    if sentence:
        return kind(sentence.format(name=name))
    if isinstance(fault, sqlalchemy.exc.TimeoutError):
        return Busy(f"All connections to {name} are in use; try again in a moment.")
    if _lost(fault, cause):
        return StorageError(f"{name} does not answer; check that the database server runs and is reachable.")
    return veiled(StorageError(f"{name} refused what was asked of it: {_first_line(cause)}"))


def _known(cause: BaseException | None) -> tuple[type[StorageError], str] | None:
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code: https://www.sqlite.org/rescode.html
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
        return _SQLITE[sqlite3.SQLITE_FULL]
    if isinstance(cause, OSError) and cause.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return _SQLITE[sqlite3.SQLITE_READONLY]
    return _POSTGRES.get(str(getattr(cause, "sqlstate", None)))


def _lost(fault: Exception, cause: BaseException) -> bool:
    disconnected = getattr(fault, "connection_invalidated", False)
    return (
        disconnected
        or isinstance(cause, OSError)
        or isinstance(fault, sqlalchemy.exc.InterfaceError)
        or str(getattr(cause, "sqlstate", "")).startswith(("08", "57P0"))
    )


def _first_line(cause: BaseException) -> str:
    return (str(cause) or type(cause).__name__).partition("\n")[0]
