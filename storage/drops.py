"""Papers that came as files, each in the channel it was dropped into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, Paper, PaperId, UserId, is_private
from storage.engine import Database
from storage.statements import chunks, upsert
from storage.tables import dropped, reading, summary


class Drops:
    """Implements ``bot.ports.Drops``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, paper: Paper, channel: ChannelId, user: UserId, *, now: datetime) -> None:
        """Keep a paper that somebody dropped into a channel."""
        row = {
            "id": paper.id,
            "channel_id": channel,
            "user_id": user,
            "fields": _fields(paper),
            "dropped_at": now,
        }
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, dropped), row)

    async def where(self, paper_id: PaperId) -> ChannelId | None:
        """The channel that it was dropped into."""
        query = sa.select(dropped.c.channel_id).where(dropped.c.id == paper_id)
        async with self._database.reading() as connection:
            found: str | None = await connection.scalar(query)
        return None if found is None else ChannelId(found)


async def known(connection: AsyncConnection, ids: Sequence[PaperId]) -> dict[str, Paper]:
    """Those of ``ids`` that came as files."""
    found: dict[str, Paper] = {}
    for some in chunks([name for name in ids if is_private(name)]):
        query = sa.select(dropped.c.id, dropped.c.fields).where(dropped.c.id.in_(some))
        rows = await connection.execute(query)
        found.update((name, _paper(PaperId(name), dict(fields))) for name, fields in rows)
    return found


async def delete(connection: AsyncConnection, condition: sa.ColumnElement[bool]) -> int:
    """Delete dropped papers with their texts and summaries; how many papers went."""
    gone = sa.select(dropped.c.id).where(condition)
    for table in (reading, summary):
        await connection.execute(table.delete().where(table.c.paper_id.in_(gone)))
    return (await connection.execute(dropped.delete().where(condition))).rowcount


def _fields(paper: Paper) -> dict[str, Any]:
    return {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "published": paper.published.isoformat() if paper.published else None,
        "source": paper.source,
        "url": paper.url,
        "comment": paper.comment,
        "journal": paper.journal,
        "doi": paper.doi,
        "withdrawn": paper.withdrawn,
        "retracted": paper.retracted,
    }


def _paper(name: PaperId, fields: dict[str, Any]) -> Paper:
    fields["authors"], fields["categories"] = tuple(fields["authors"]), tuple(fields["categories"])
    fields["published"] = date.fromisoformat(fields["published"]) if fields["published"] else None
    return Paper(name, **fields)
