"""Moving everything from one database to another, such as from SQLite to PostgreSQL.

Rows go over in batches by primary key; how far each table has come is noted in the target in the same
transaction, so that a copy which was cut off goes on where it stopped. Afterwards both sides are counted and
their rows hashed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StorageError
from storage.engine import Database
from storage.statements import insert, upsert
from storage.tables import mark, metadata

_BATCH = 500
_NOTE = "copy:"

Progress = Callable[[str, int, int], None]
"""Takes the table, the rows copied, and the rows there are."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table as it stands on both sides: ``checksum`` is the sum of the hashes of its rows, modulo 2**64."""

    table: str
    rows: int
    checksum: int


def quiet(_table: str, _done: int, _all: int) -> None:
    """Progress that nobody watches."""


async def copy(source: Database, target: Database, *, progress: Progress = quiet) -> list[Copied]:
    """Copy every row of ``source`` into ``target``, which is empty or holds a copy of it that was cut off.

    Raises StorageError where the target holds anything else, and where the two sides differ afterwards,
    as when the source was written to meanwhile.
    """
    await _claim(source, target)
    for table in metadata.sorted_tables:
        await _copy_table(source, target, table, progress)
    if target.dialect == "postgresql":
        await _advance_numbers(target)
    result = await _verified(source, target)
    async with target.writing() as connection:
        await connection.execute(mark.delete().where(mark.c.key.startswith(_NOTE)))
    return result


async def _claim(source: Database, target: Database) -> None:
    """Note whose copy the target holds. Raises StorageError where it holds something else."""
    async with target.writing() as connection:
        begun = await connection.scalar(sa.select(mark.c.value).where(mark.c.key == f"{_NOTE}from"))
        if begun == source.name:
            return
        if begun is not None or await _filled(connection):
            raise StorageError(f"{target.name} is not empty; name an empty database to copy to.")
        await connection.execute(mark.insert(), {"key": f"{_NOTE}from", "value": source.name})


async def _filled(connection: AsyncConnection) -> bool:
    for table in metadata.sorted_tables:
        if (await connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1))).first():
            return True
    return False


async def _copy_table(source: Database, target: Database, table: sa.Table, progress: Progress) -> None:
    keys = list(table.primary_key)
    note = f"{_NOTE}{table.name}"
    async with target.reading() as connection:
        reached = await connection.scalar(sa.select(mark.c.value).where(mark.c.key == note))
        done = int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
    async with source.reading() as connection:
        there = int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
    last = json.loads(reached) if reached else None
    while rows := await _page(source, table, last):
        last = [_plain(rows[-1][key.name]) for key in keys]
        async with target.writing() as connection:
            await connection.execute(insert(target.dialect, table).on_conflict_do_nothing(), rows)
            await connection.execute(upsert(target.dialect, mark), {"key": note, "value": json.dumps(last)})
        done += len(rows)
        progress(table.name, min(done, there), there)


async def _page(source: Database, table: sa.Table, last: Sequence[Any] | None) -> list[dict[str, Any]]:
    keys = list(table.primary_key)
    query = sa.select(table).order_by(*keys).limit(_BATCH)
    if last is not None:
        values = [sa.literal(_typed(value, key), key.type) for value, key in zip(last, keys, strict=True)]
        query = query.where(sa.tuple_(*keys) > sa.tuple_(*values))
    async with source.reading() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _typed(value: Any, column: sa.Column[Any]) -> Any:
    """A key as its column has it, from JSON."""
    return column.type.python_type.fromisoformat(value) if isinstance(column.type, sa.Date) else value


async def _advance_numbers(target: Database) -> None:
    """Let PostgreSQL count on after the copied numbers."""
    async with target.writing() as connection:
        for table in metadata.sorted_tables:
            if "number" in table.c:
                highest = sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0) + 1).scalar_subquery()
                sequence = sa.func.pg_get_serial_sequence(table.name, "number")
                await connection.execute(sa.select(sa.func.setval(sequence, highest, False)))


async def _verified(source: Database, target: Database) -> list[Copied]:
    result = []
    for table in metadata.sorted_tables:
        ours, theirs = await _sum(source, table), await _sum(target, table)
        if ours != theirs:
            raise StorageError(
                f"The copy of table {table.name} differs from the original ({theirs.rows} of {ours.rows} "
                "rows); stop what else writes to either database, empty the target and copy again."
            )
        result.append(ours)
    return result


async def _sum(database: Database, table: sa.Table) -> Copied:
    count = total = 0
    async for row in _rows(database, table):
        if table is mark and row["key"].startswith(_NOTE):
            continue
        digest = hashlib.blake2b(_spelled(row).encode(), digest_size=8).digest()
        total = (total + int.from_bytes(digest, "big")) % 2**64
        count += 1
    return Copied(table.name, count, total)


async def _rows(database: Database, table: sa.Table) -> AsyncIterator[dict[str, Any]]:
    last: list[Any] | None = None
    while rows := await _page(database, table, last):
        for row in rows:
            yield row
        last = [_plain(rows[-1][key.name]) for key in table.primary_key]


def _spelled(row: dict[str, Any]) -> str:
    """The row as text, the same from both engines."""
    return json.dumps(row, sort_keys=True, ensure_ascii=True, default=_spell)


def _spell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
