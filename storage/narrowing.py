"""Which papers a search may find, as conditions that each engine checks itself."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Filters, PaperId
from storage.statements import chunks
from storage.types import storable

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 200
"""Letters of a category's or source's name; no longer one is there."""

# What filters ask for, by number, without the texts between which it stands in the rows.
INDEX = "CREATE INDEX IF NOT EXISTS ix_paper_narrowing ON paper (number, day, updated, categories, sources)"


def create(connection: sa.Connection) -> None:
    """Make the index that SQLite checks: 2 to 5 times faster than by reading the rows."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(INDEX)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What papers must fulfil, with the values named in it."""

    rows: str
    """On PostgreSQL all of it, of rows of ``paper``; on SQLite all but the author; may be empty."""
    author: str
    """On SQLite the name, as FTS5 is asked for it; may be empty."""
    values: dict[str, Any]

    def of(self, number: str) -> str:
        """The condition of a paper on SQLite whose number is ``number``, but for its author."""
        within = f"FROM paper AS p INDEXED BY ix_paper_narrowing WHERE p.number = {number} AND {self.rows}"
        return f"EXISTS (SELECT 1 {within})" if self.rows else "TRUE"


def of(filters: Filters, dialect: str) -> Narrowed | None:
    """The condition; None where there is none, or where nothing can pass: a name without a letter."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    author = ""
    if filters.since:
        conditions.append("coalesce(day, updated) >= :since")
        values["since"] = filters.since.isoformat() if dialect == "sqlite" else filters.since
    for column, value in (("categories", filters.category), ("sources", filters.source)):
        name = storable(value.strip().lower())
        if len(name) > _LONGEST or (name and not _WORD.match(name)):
            return None
        if name:
            conditions.append(_LISTED[dialect].format(column=column))
            values |= _named(column, name) if dialect == "sqlite" else {f"in_{column}": name}
    if filters.author:
        names = _WORD.findall(_plain(filters.author))[:8]
        if not names:
            return None
        if dialect == "sqlite":
            author = _sqlite_name(names)
        else:
            conditions.append("paper.words @@ to_tsquery('paperboy', :author)")
            values["author"] = _postgres_name(names)
    return Narrowed(" AND ".join(conditions), author, values) if conditions or author else None


# The lists are kept as JSON without spaces: `["cs.CV","cs.GR"]`.
_LISTED = {
    "sqlite": r"({column} LIKE :in_{column} ESCAPE '\' OR {column} LIKE :under_{column} ESCAPE '\')",
    "postgresql": """EXISTS (
        SELECT 1 FROM (SELECT lower(value) AS name FROM jsonb_array_elements_text(paper.{column})) AS listed
        WHERE name = :in_{column} OR substr(name, 1, length(:in_{column}) + 1) = :in_{column} || '.')""",
}


def _named(column: str, name: str) -> dict[str, str]:
    """Patterns for a list that has a name, or one that goes on after a dot."""
    quoted = re.sub(r"([\\%_])", r"\\\1", json.dumps(name, ensure_ascii=False)[:-1])
    return {f"in_{column}": f'%{quoted}"%', f"under_{column}": f"%{quoted}.%"}


def _sqlite_name(names: Sequence[str]) -> str:
    """The words of a name near one another, in any order; a single letter stands for what begins with it."""
    parts = " ".join(f'"{name}" *' if len(name) == 1 else f'"{name}"' for name in names)
    return f"{{authors}} : NEAR({parts}, 1)" if len(names) > 1 else f"{{authors}} : {parts}"


def _postgres_name(names: Sequence[str]) -> str:
    parts = [f"{name}:*C" if len(name) == 1 else f"{name}:C" for name in names]
    ways = [" <-> ".join(parts), " <2> ".join(parts), " <-> ".join(parts[::-1])]
    return " | ".join(f"({way})" for way in ways)


def _plain(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


async def latest(connection: AsyncConnection, narrowed: Narrowed | None, limit: int) -> list[PaperId]:
    """The latest papers that pass; none where nothing narrows."""
    if narrowed is None:
        return []
    order = "coalesce(day, updated) DESC, number DESC"
    values = narrowed.values | {"limit": limit}
    if connection.dialect.name == "postgresql":
        order = order.replace("DESC,", "DESC NULLS LAST,")
        query = f"SELECT id FROM paper WHERE {narrowed.rows} ORDER BY {order} LIMIT :limit"  # noqa: S608
    else:
        query = (
            "SELECT id FROM paper WHERE number IN (SELECT number FROM paper INDEXED BY ix_paper_narrowing "  # noqa: S608
            f"WHERE {_conditions(narrowed)} ORDER BY {order} LIMIT :limit) ORDER BY {order}"
        )
        values |= {"author": narrowed.author} if narrowed.author else {}
    return [PaperId(name) for name in await connection.scalars(sa.text(query), values)]


def _conditions(narrowed: Narrowed) -> str:
    """All of the condition on SQLite, of rows of ``paper``."""
    authored = "paper.number IN (SELECT rowid FROM paper_fts WHERE paper_fts MATCH :author)"
    return " AND ".join(filter(None, (authored if narrowed.author else "", narrowed.rows)))


async def vectors(
    connection: AsyncConnection, narrowed: Narrowed, numbers: Sequence[int]
) -> list[tuple[PaperId, bytes]]:
    """The vectors with these numbers whose papers pass, by the papers' ids."""
    condition, values = narrowed.rows, dict(narrowed.values)
    if connection.dialect.name == "sqlite":
        condition = narrowed.of("paper.number")
        if narrowed.author:
            # "+" keeps SQLite from going through all papers of the author.
            condition += " AND +paper.number IN (SELECT rowid FROM paper_fts WHERE paper_fts MATCH :author)"
            values["author"] = narrowed.author
    statement = sa.text(
        "SELECT paper_vector.paper_id, paper_vector.data FROM paper_vector "  # noqa: S608
        "JOIN paper ON paper.id = paper_vector.paper_id "
        f"WHERE paper_vector.number IN :numbers AND {condition}"
    ).bindparams(sa.bindparam("numbers", expanding=True))
    found: list[tuple[PaperId, bytes]] = []
    for some in chunks(numbers):
        rows = await connection.execute(statement, values | {"numbers": list(some)})
        found += [(PaperId(name), data) for name, data in rows]
    return found
