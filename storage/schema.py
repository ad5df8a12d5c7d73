"""The schema's version, told without loading Alembic; a new database gets all tables at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from bot import crash
from bot.errors import StorageError, TooNew
from storage import fulltext, narrowing
from storage.tables import metadata

if TYPE_CHECKING:
    from storage.engine import Database

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision under ``migrations/versions``, oldest first."""

_version = sa.Table(
    "alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True)
)
# Any fixed number will do; it keeps two processes from making the schema at the same time.
_LOCK = 0x50617065


async def prepare(database: Database) -> None:
    """Bring the schema to the last of ``REVISIONS``. Raises TooNew for one that is not among them."""
    async with database.reading() as connection:
        version = await stored(connection)
    if version != REVISIONS[-1]:
        await _bring_up(database)


async def stored(connection: AsyncConnection) -> str | None:
    """The database's revision; None for an empty database."""
    if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table(_version.name)):
        return None
    found: str | None = await connection.scalar(sa.select(_version.c.version_num))
    return found


async def _bring_up(database: Database) -> None:
    async with database.writing() as connection:
        if database.dialect == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        version = await stored(connection)  # another process may have been faster
        if version == REVISIONS[-1]:
            return
        if version is None:
            await _refuse_foreign(database, connection)
            await connection.run_sync(create)
        elif version in REVISIONS:
            from storage.migrations import upgrade

            await connection.run_sync(upgrade)
        else:
            raise TooNew(
                f"{database.name} was written by a newer Paperboy (schema {version}, this one knows "
                f"{REVISIONS[-1]}); install that version or restore a backup."
            )
        crash.here("in-migration")


async def _refuse_foreign(database: Database, connection: AsyncConnection) -> None:
    names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    if set(names) & set(metadata.tables):
        raise StorageError(
            f"{database.name} belongs to another program (its tables are not ours); name another database."
        )


def create(connection: sa.Connection) -> None:
    """Make every table in an empty database and note the last revision."""
    if connection.dialect.name == "sqlite":
        for statement in _statements(connection.dialect):  # a fifth of what ``create_all`` takes
            connection.exec_driver_sql(statement)
    else:
        metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    fulltext.create(connection)
    narrowing.create(connection)
    connection.execute(_version.insert().values(version_num=REVISIONS[-1]))


def _statements(dialect: sa.Dialect) -> Iterator[str]:
    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect))
