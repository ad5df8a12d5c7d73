"""Small facts and small secrets, by name."""

from __future__ import annotations

import sqlalchemy as sa

from storage.engine import Database
from storage.statements import upsert
from storage.tables import mark, vault


class Marks:
    """Implements ``bot.ports.Marks``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """The value, None if there is none."""
        async with self._database.reading() as connection:
            found: str | None = await connection.scalar(sa.select(mark.c.value).where(mark.c.key == key))
        return found

    async def put(self, key: str, value: str) -> None:
        """Keep a value in place of an earlier one."""
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, mark), {"key": key, "value": value})

    async def take(self, key: str) -> str | None:
        """The value, which is deleted: of several takers one gets it."""
        async with self._database.writing() as connection:
            taken = await connection.execute(mark.delete().where(mark.c.key == key).returning(mark.c.value))
            found: str | None = taken.scalar_one_or_none()
        return found

    async def beginning(self, prefix: str) -> dict[str, str]:
        """All values whose key begins with ``prefix``."""
        query = sa.select(mark.c.key, mark.c.value).where(mark.c.key.startswith(prefix, autoescape=True))
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(mark.c.key))
            # LIKE on SQLite takes a capital for a small letter.
            return {row.key: row.value for row in rows if row.key.startswith(prefix)}


class Vault:
    """Implements ``bot.ports.Vault``; the values come encrypted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> bytes | None:
        """The value, None if there is none."""
        async with self._database.reading() as connection:
            found: bytes | None = await connection.scalar(
                sa.select(vault.c.value).where(vault.c.name == name)
            )
        return found

    async def put(self, name: str, value: bytes) -> None:
        """Keep the value, in place of an earlier one."""
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, vault), {"name": name, "value": value})

    async def drop(self, name: str) -> None:
        """Forget the value, if there is one."""
        async with self._database.writing() as connection:
            await connection.execute(vault.delete().where(vault.c.name == name))
