"""Statements that both engines know but SQLAlchemy spells for each of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from storage.types import storable

_T = TypeVar("_T")

CHUNK = 1000
"""How many values one ``IN`` holds: asyncpg takes 32,767 parameters, SQLite 32,766."""


def insert(dialect: str, table: sa.Table) -> Any:
    """The engine's own ``INSERT``, which has ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # loaded where it is used: a tenth of a start

        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(dialect: str, table: sa.Table) -> Any:
    """An ``INSERT`` that replaces all other columns of the row with the same primary key."""
    statement = insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def among(dialect: str, column: sa.ColumnElement[Any], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a text column is one of many values, handed over as one parameter: the statement is the same
    for any number of them, so that it is built and planned once."""
    clean = [storable(value) for value in values]
    if dialect == "postgresql":
        return column == sa.any_(sa.literal(clean, sa.ARRAY(sa.Text)))
    listed = sa.func.json_each(json.dumps(clean)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def chunks(values: Sequence[_T], size: int = CHUNK) -> Iterator[Sequence[_T]]:
    """The values, ``size`` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
