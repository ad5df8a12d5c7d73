"""pgvector, where PostgreSQL has it: an index of each encoder's vectors beside the table that keeps them.

The index is a table of its own (``near_…``, one an encoder), made from ``paper_vector`` and never its source:
it can be dropped at any time. It reaches up to some number; what came later is scanned (``storage.vectors``).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine import Database
from storage.tables import vector

if TYPE_CHECKING:
    from bot.ports import Vector

WORTH = 50_000
"""Vectors from which an index is made: a scan of fewer is exact and takes some 4 ms."""
_BATCH = 2_000
_SEARCHED = 200
"""How many candidates the graph's search holds (``hnsw.ef_search``), at least and at most."""
_SEARCHED_MOST = 1_000
_LONGEST = {"halfvec": 4_000, "vector": 2_000}
"""The dimensions that an index takes (https://github.com/pgvector/pgvector#hnsw)."""
# Any fixed number will do: one process at a time builds.
_LOCK = 0x4E656172
# Beyond this memory building the graph becomes several times slower. One worker, since several share memory
# that containers often do not have.
_BUILDING = (
    "SELECT set_config('maintenance_work_mem', '512MB', true), "
    "set_config('max_parallel_maintenance_workers', '0', true)"
)
_MAY = """
    SELECT count(*) FROM pg_available_extension_versions AS offered, pg_roles AS me
    WHERE offered.name = 'vector' AND me.rolname = current_user
        AND (me.rolsuper OR (offered.trusted AND has_database_privilege(current_database(), 'CREATE')))
"""


class Neighbours:
    """Does nothing on SQLite, and where the server has no pgvector or the role may not enable it."""

    def __init__(self, database: Database, *, worth: int = WORTH) -> None:
        self._database = database
        self._worth = worth

    async def reach(self, encoder: str) -> int:
        """The number of the last vector in the index; 0 where there is no index."""
        if self._database.dialect != "postgresql":
            return 0
        async with self._database.reading() as connection:
            return await _reach(connection, _table(encoder))

    async def candidates(self, encoder: str, asked: Vector, limit: int) -> list[int]:
        """The numbers of about the nearest vectors, by scalar product with ``asked``, the nearest first."""
        table = _table(encoder)
        # A setting needs a transaction, which reading has none of on PostgreSQL.
        async with self._database.writing() as connection:
            kind = await _kind(connection, table)
            held = min(_SEARCHED_MOST, max(_SEARCHED, 2 * limit))
            await connection.execute(sa.select(sa.func.set_config("hnsw.ef_search", str(held), True)))
            order = f"ORDER BY near <#> CAST(:asked AS real[])::{kind} LIMIT :limit"
            query = sa.text(f"SELECT number FROM {table} {order}")  # noqa: S608 - the names are ours
            return list(await connection.scalars(query, {"asked": asked.tolist(), "limit": limit}))

    async def settle(self, encoder: str) -> None:
        """Bring the index up to what is kept now; make it where it is worth it, which takes minutes."""
        if self._database.dialect != "postgresql":
            return
        table = _table(encoder)
        async with self._database.reading() as connection:
            kind = await _kind(connection, table)
            worth = kind or await count(connection, encoder) >= self._worth
            size = await _size(connection, encoder)
        if worth and size and (kind := kind or await self._enabled(size)):
            await self._build(encoder, kind)

    async def drop(self, *, but: str) -> None:
        """Drop the indexes of all encoders but one."""
        if self._database.dialect != "postgresql":
            return
        async with self._database.writing() as connection:
            for table in await _tables(connection):
                if table != _table(but):
                    await connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))

    async def report(self, encoders: dict[str, int]) -> str:
        """How vectors are searched, in words; ``encoders`` with their numbers of vectors."""
        kept = ", ".join(f"{count:,} by {name}" for name, count in encoders.items()) or "none yet"
        if self._database.dialect != "postgresql":
            return f"{kept}; every one is compared (exact)"
        async with self._database.reading() as connection:
            indexed = {name for name in encoders if await _reach(connection, _table(name))}
            version = await connection.scalar(
                sa.text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            )
            if indexed:
                return f"{kept}; pgvector {version} has an index for {', '.join(sorted(indexed))}"
            return f"{kept}; every one is compared (exact); {await self._prospect(connection, version)}"

    async def _prospect(self, connection: AsyncConnection, version: str | None) -> str:
        if version or await connection.scalar(sa.text(_MAY)):
            return f"from {self._worth:,} on the service makes an index with pgvector"
        offered = sa.text("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
        if await connection.scalar(offered):
            return "for an index let a superuser run CREATE EXTENSION vector in this database"
        return "an index needs pgvector, which this server does not have"

    async def _enabled(self, size: int) -> str:
        """The type that keeps a vector, with pgvector enabled if it was not; empty where it cannot be."""
        async with self._database.writing() as connection:
            kind = await _offered(connection)
            if not kind and await connection.scalar(sa.text(_MAY)):
                await connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector"))
                kind = await _offered(connection)
        return f"{kind}({size})" if kind and size <= _LONGEST[kind] else ""

    async def _build(self, encoder: str, kind: str) -> None:
        table = _table(encoder)
        async with self._database.writing() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            columns = (
                f"number bigint PRIMARY KEY REFERENCES paper_vector ON DELETE CASCADE, near {kind} NOT NULL"
            )
            await connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {table} ({columns})"))
        while await self._take_in(encoder, kind):
            pass
        async with self._database.writing() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            await connection.execute(sa.text(_BUILDING))
            operators = f"{kind.partition('(')[0]}_ip_ops"
            await connection.execute(
                sa.text(f"CREATE INDEX IF NOT EXISTS ix_{table} ON {table} USING hnsw (near {operators})")
            )

    async def _take_in(self, encoder: str, kind: str) -> bool:
        """Add the next vectors to the table; whether there were any."""
        table = _table(encoder)
        async with self._database.writing() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            last = await connection.scalar(sa.text(f"SELECT coalesce(max(number), 0) FROM {table}"))  # noqa: S608
            query = sa.select(vector.c.number, vector.c.data)
            query = query.where(vector.c.encoder == encoder, vector.c.number > last)
            rows = (await connection.execute(query.order_by(vector.c.number).limit(_BATCH))).all()
            row = f"INSERT INTO {table} VALUES (:number, CAST(:near AS real[])::{kind})"  # noqa: S608
            if rows:
                await connection.execute(sa.text(row), [_row(*found) for found in rows])
        return bool(rows)


def _row(number: int, data: bytes) -> dict[str, object]:
    from storage.scan import floats

    return {"number": number, "near": floats(data).tolist()}


def _table(encoder: str) -> str:
    return f"near_{hashlib.sha256(encoder.encode()).hexdigest()[:16]}"


async def _reach(connection: AsyncConnection, table: str) -> int:
    if await connection.scalar(sa.select(sa.func.to_regclass(f"ix_{table}"))) is None:
        return 0
    return int(await connection.scalar(sa.text(f"SELECT max(number) FROM {table}")) or 0)  # noqa: S608


async def _kind(connection: AsyncConnection, table: str) -> str:
    """The type of the vectors in the table, such as ``halfvec(256)``; empty where there is no table."""
    query = (
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = to_regclass(:table) AND attname = 'near'"
    )
    return str(await connection.scalar(sa.text(query), {"table": table}) or "")


async def _offered(connection: AsyncConnection) -> str:
    """The most compact type for vectors that is there: ``halfvec`` since pgvector 0.7."""
    for kind in ("halfvec", "vector"):
        if await connection.scalar(sa.select(sa.func.to_regtype(kind))) is not None:
            return kind
    return ""


async def _tables(connection: AsyncConnection) -> list[str]:
    ours = "schemaname = current_schema() AND tablename ~ '^near_[0-9a-f]{16}$'"
    return list(await connection.scalars(sa.text(f"SELECT tablename FROM pg_tables WHERE {ours}")))  # noqa: S608


async def count(connection: AsyncConnection, encoder: str) -> int:
    """How many vectors of the encoder are kept."""
    query = sa.select(sa.func.count()).where(vector.c.encoder == encoder)
    return int(await connection.scalar(query) or 0)


async def _size(connection: AsyncConnection, encoder: str) -> int:
    """How many numbers a vector of the encoder has; 0 where there is none."""
    query = sa.select(sa.func.length(vector.c.data)).where(vector.c.encoder == encoder).limit(1)
    return int(await connection.scalar(query) or 0) // 2
