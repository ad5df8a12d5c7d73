"""Opening a database, and the two ways to use it: many readers, one writer at a time on SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
import uuid
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import StorageError
from storage import schema
from storage.faults import mapped
from storage.tables import for_postgres
from storage.types import storable

_BUSY_SECONDS = 30
_READERS = 4
_TRUSTED_SECONDS = 30
"""For how long an unused connection to PostgreSQL is taken to be alive."""
_LEAVE_SECONDS = 5
"""For how long a database that is closed waits for those who use it."""
_POSTGRES_SETTINGS = {
    "application_name": "paperboy",
    "lock_timeout": "30s",
    # A process frozen inside a transaction must not keep its locks for longer than a lease (60 s).
    "idle_in_transaction_session_timeout": "30s",
}


class Database:
    """One database: ``reading()`` and ``writing()`` give connections, ``close()`` ends it.

    On SQLite there is one writer behind a lock and there are readers of their own, so that a long ingest
    delays nobody who reads; on PostgreSQL both draw from one pool.
    """

    def __init__(self, url: URL, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self.url = url
        self.name = _spoken(url)
        self.dialect: str = writer.dialect.name
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock() if self.dialect == "sqlite" else None
        self._anchor: AsyncConnection | None = None
        self._users: list[asyncio.Task[Any]] = []
        self._left = asyncio.Event()

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database; None for one in memory and for PostgreSQL."""
        return _file(self.url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads. On SQLite it sees one state of the database throughout, on
        PostgreSQL each statement sees what was committed before it. Raises StorageError."""
        with mapped(self.name), self._used():
            async with self._reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes: committed at the end, rolled back on any exception or cancellation.

        Never wait for the network inside. Raises StorageError.
        """
        with mapped(self.name), self._used():
            async with AsyncExitStack() as stack:
                if self._turn:
                    await stack.enter_async_context(self._turn)
                yield await stack.enter_async_context(self._writer.begin())

    def at_once(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """For one statement that writes and is committed by itself: one trip to a PostgreSQL server in
        place of three. Raises StorageError."""
        return self.writing() if self._turn else self.reading()

    async def close(self) -> None:
        """End all connections; the tasks that still use one are cancelled first."""
        await self._emptied()
        if self._anchor:
            await self._anchor.close()
        await self._reader.dispose()
        await self._writer.dispose()
        await _Thread.all_ended()

    @contextmanager
    def _used(self) -> Iterator[None]:
        """Know which tasks use a connection, or wait for one."""
        task = asyncio.current_task()
        if task:
            self._users.append(task)
        try:
            yield
        finally:
            if task:
                self._users.remove(task)
            self._left.set()

    async def _emptied(self) -> None:
        """Wait until nobody uses a connection any more. A loop that ends cancels every task at once, also
        those in which SQLAlchemy gives connections back: they would be left to the garbage collector."""
        here, me = asyncio.get_running_loop(), asyncio.current_task()
        told: set[asyncio.Task[Any]] = {me} if me else set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                while using := {task for task in self._users if task is not me and task.get_loop() is here}:
                    for task in using - told:
                        task.cancel()
                    told |= using
                    self._left.clear()
                    await self._left.wait()

    async def _begin(self) -> None:
        with mapped(self.name):
            if self.dialect == "sqlite" and self.path is None:
                # The database in memory lives as long as one connection to it.
                self._anchor = await self._reader.connect()
        await schema.prepare(self)


async def connect(url: str) -> Database:
    """Open the database that ``url`` names and bring its schema up to date.

    ``sqlite:///FILE``, ``sqlite:///:memory:`` or ``postgresql://user:password@host/database``. Raises TooNew
    where a newer program has written it, Full where it cannot be written, Busy, StorageError.
    """
    database = _postgres(make_url(url)) if url.startswith("postgres") else _sqlite(make_url(url))
    if database.path:
        _probe(database.path, database.name)
    try:
        await database._begin()
    except BaseException:
        await database.close()
        raise
    return database


def _probe(path: Path, name: str) -> None:
    """Find out at once, without a thread, whether the file can be opened. Raises Full, StorageError."""
    with mapped(name):
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
        try:
            connection.execute("PRAGMA schema_version")
        finally:
            connection.close()


def _sqlite(url: URL) -> Database:
    if url.database and url.database != ":memory:":
        driver = url.set(drivername="sqlite+aiosqlite")
    else:
        # One database in memory for several connections: https://www.sqlite.org/src/doc/tip/src/memdb.c
        driver = sa.URL.create(
            "sqlite+aiosqlite", database=f"file:/{uuid.uuid4()}", query={"vfs": "memdb", "uri": "true"}
        )
    return Database(url, _sqlite_engine(driver, writes=False), _sqlite_engine(driver, writes=True))


def _sqlite_engine(url: URL, *, writes: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=1 if writes else _READERS,
        max_overflow=0 if writes else 1,
        pool_timeout=_BUSY_SECONDS,
        poolclass=sa.pool.AsyncAdaptedQueuePool,
        connect_args={
            "timeout": _BUSY_SECONDS,
            "factory": _Connection,
            "async_creator_fn": _Thread.opening,
        },
        json_serializer=_dump,
        hide_parameters=True,  # an error may be logged, and they hold what people wrote
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        try:
            cursor = connection.cursor()
            for pragma in _pragmas(writes):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.terminate()  # the pool does not know it yet
            raise

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sa.event.listen(engine.sync_engine, "connect", prepare)
    sa.event.listen(engine.sync_engine, "begin", begin)
    return engine


class _Connection(sqlite3.Connection):
    """A connection that ends its statements and its transaction before it closes.

    SQLite keeps a connection with an unfinished statement alive, locks and all, until that statement is
    collected: when a task is cancelled, as long as anybody holds the exception
    (https://www.sqlite.org/c3ref/close.html).
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
        """A cursor that is closed with the connection, if not before."""
        made: sqlite3.Cursor = super().cursor(*args)
        self._cursors.add(made)
        return made

    def close(self) -> None:
        """End what is unfinished, then close."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # closed before
            for cursor in list(self._cursors):
                cursor.close()
            self.rollback()
        super().close()


class _Thread(aiosqlite.Connection):
    """A connection's thread that may be told to end any number of times.

    SQLAlchemy closes the connection of a cancelled task, and once more when that is cancelled too; aiosqlite
    waits for ever for an answer from a thread that has ended, and the writer's turn with it.
    """

    _opened: sqlite3.Connection | None = None
    _ending: asyncio.Future[Any] | None = None
    _endings: ClassVar[weakref.WeakSet[asyncio.Future[Any]]] = weakref.WeakSet()

    @classmethod
    def opening(cls, database: str, **more: Any) -> Self:
        """A connection that is opened when it is awaited."""

        def opened() -> sqlite3.Connection:
            made._opened = sqlite3.connect(database, **more)
            return made._opened

        made = cls(opened, iter_chunk_size=64)
        made._thread.daemon = True
        return made

    @classmethod
    async def all_ended(cls) -> None:
        """Wait for those that were told to end and were not waited for: their tasks were cancelled."""
        loop = asyncio.get_running_loop()
        await asyncio.gather(*[one for one in cls._endings if one.get_loop() is loop], return_exceptions=True)

    def stop(self) -> asyncio.Future[Any] | None:
        """Close, then end the thread; what comes later waits for the same end."""
        if self._running:
            self._tx.put_nowait((None, self._close_opened))
            if ending := super().stop():
                self._ending = ending
                self._endings.add(ending)
        return self._ending

    def _close_opened(self) -> None:
        """In the thread: aiosqlite does not know a connection whose opener was cancelled meanwhile."""
        if self._opened is not None:
            self._opened.close()

    async def close(self) -> None:
        """Close, and wait for it."""
        if ending := self.stop():
            await asyncio.shield(ending)


def _pragmas(writes: bool) -> list[str]:
    common = [f"busy_timeout = {_BUSY_SECONDS * 1000}", "mmap_size = 16777216", "temp_store = MEMORY"]
    if not writes:
        return [*common, "query_only = ON"]
    return [*common, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -32768"]


def _postgres(url: URL) -> Database:
    try:
        import asyncpg  # noqa: F401
    except ImportError:
        raise StorageError(
            'PostgreSQL needs a driver: install it with pip install "paperboy-bot[postgres]".'
        ) from None
    for_postgres()
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=8,
        max_overflow=2,
        pool_timeout=_BUSY_SECONDS,
        pool_recycle=1800,
        connect_args={"server_settings": _POSTGRES_SETTINGS, "timeout": 10},
        json_serializer=_dump,
        hide_parameters=True,  # an error may be logged, and they hold what people wrote
    )
    _test_connections(engine)
    # Without transactions around single statements; a transaction would see no more in READ COMMITTED.
    return Database(url, engine.execution_options(isolation_level="AUTOCOMMIT"), engine)


def _test_connections(engine: AsyncEngine) -> None:
    """Have lost connections replaced before they are used.

    The pool's own test costs three trips to the server each time. A connection that the server has closed
    says so by itself; only one that was not used for a while may be lost without a word.
    """

    def rested(_: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    def wanted(connection: Any, record: Any, _: Any) -> None:
        if connection.driver_connection.is_closed():
            raise sa.exc.DisconnectionError("the server closed it")
        if time.monotonic() - record.info.get("used", float("inf")) > _TRUSTED_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise sa.exc.DisconnectionError("it does not answer") from error

    sa.event.listen(engine.sync_engine, "checkin", rested)
    sa.event.listen(engine.sync_engine, "checkout", wanted)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _dump(value: object) -> str:
    text = _encode(value)
    return storable(_encode(_without_nul(value)) if "\\u0000" in text else text)


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {_without_nul(key): _without_nul(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_nul(item) for item in value]
    return value


def _file(url: URL) -> Path | None:
    if not url.drivername.startswith("sqlite") or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _spoken(url: URL) -> str:
    path = _file(url)
    if path:
        return str(path)
    if url.drivername.startswith("sqlite"):
        return "The database in memory"
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
