"""Which papers a search may find, as conditions that each engine checks itself."""

from __future__ import annotations

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
_LISTED = {
    "sqlite": "(SELECT lower(value) AS name FROM json_each(paper.{column}))",
    "postgresql": "(SELECT lower(value) AS name FROM jsonb_array_elements_text(paper.{column}))",
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A condition on rows of ``paper``, and the same for rows of SQLite's ``paper_fts``."""

    rows: str
    matches: str
    values: dict[str, Any]


def of(filters: Filters, dialect: str) -> Narrowed | None:
    """The condition; None where there is none, or where nothing can pass: a name without a letter."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if filters.since:
        conditions.append("coalesce(paper.day, paper.updated) >= :since")
        values["since"] = filters.since.isoformat() if dialect == "sqlite" else filters.since
    for column, value in (("categories", filters.category), ("sources", filters.source)):
        if value:
            key = f"in_{column}"
            names = _LISTED[dialect].format(column=column)
            under = f"name = :{key} OR substr(name, 1, length(:{key}) + 1) = :{key} || '.'"
            conditions.append(f"EXISTS (SELECT 1 FROM {names} AS listed WHERE {under})")  # noqa: S608
            values[key] = storable(value.strip().lower())
    if filters.author:
        names_ = _WORD.findall(_plain(filters.author))[:8]
        if not names_:
            return None
        conditions.append(_AUTHORED[dialect])
        values["author"] = _sqlite_name(names_) if dialect == "sqlite" else _postgres_name(names_)
    if not conditions:
        return None
    rows = " AND ".join(conditions)
    matches = f"EXISTS (SELECT 1 FROM paper WHERE paper.number = paper_fts.rowid AND {rows})"  # noqa: S608
    return Narrowed(rows, matches, values)


_AUTHORED = {
    "sqlite": "paper.number IN (SELECT rowid FROM paper_fts WHERE paper_fts MATCH :author)",
    "postgresql": "paper.words @@ to_tsquery('paperboy', :author)",
}


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
    order = "coalesce(paper.day, paper.updated) DESC, paper.number DESC"
    if connection.dialect.name == "postgresql":
        order = order.replace("DESC,", "DESC NULLS LAST,")
    query = f"SELECT id FROM paper WHERE {narrowed.rows} ORDER BY {order} LIMIT :limit"  # noqa: S608
    rows = await connection.scalars(sa.text(query), narrowed.values | {"limit": limit})
    return [PaperId(name) for name in rows]


async def passing(connection: AsyncConnection, narrowed: Narrowed, ids: Sequence[PaperId]) -> set[PaperId]:
    """Those of ``ids`` that pass."""
    query = sa.text(f"SELECT id FROM paper WHERE id IN :ids AND {narrowed.rows}")  # noqa: S608
    query = query.bindparams(sa.bindparam("ids", expanding=True))
    found: set[PaperId] = set()
    for some in chunks(ids):
        found.update(await connection.scalars(query, narrowed.values | {"ids": list(some)}))
    return found
