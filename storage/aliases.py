"""Papers by every name they go by: an id that was folded into another stays a way to find the paper."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import PaperId
from storage.statements import among
from storage.tables import paper_alias


async def canonical(connection: AsyncConnection, ids: Sequence[PaperId]) -> list[PaperId]:
    """The id under which each of ``ids`` is kept, in the same order."""
    if not ids:
        return []
    those = among(connection.dialect.name, paper_alias.c.alias, ids)
    query = sa.select(paper_alias.c.alias, paper_alias.c.paper_id).where(those)
    found = {row.alias: row.paper_id for row in await connection.execute(query)}
    return [PaperId(found.get(asked, asked)) for asked in ids]


async def names(connection: AsyncConnection, ids: Collection[PaperId]) -> dict[PaperId, set[PaperId]]:
    """Every name of the papers that ``ids`` mean, with those of ``ids`` that mean it."""
    asked = list(ids)
    meant: dict[PaperId, set[PaperId]] = {}
    for name, kept in zip(asked, await canonical(connection, asked), strict=True):
        meant.setdefault(kept, set()).add(name)
    result = {name: set(by) for name, by in meant.items()}
    if meant:
        those = among(connection.dialect.name, paper_alias.c.paper_id, meant)
        query = sa.select(paper_alias.c.alias, paper_alias.c.paper_id).where(those)
        for row in await connection.execute(query):
            result[PaperId(row.alias)] = set(meant[PaperId(row.paper_id)])
    return result
