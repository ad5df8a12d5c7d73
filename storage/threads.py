"""Conversations that the bot began, and the messages already answered."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, PaperId, Thread, Turn
from storage import aliases
from storage.engine import Database
from storage.statements import insert
from storage.tables import heard, thread, turn

_REMEMBERED = 20
"""Turns that a thread is handed back with; all of them are kept."""


class Threads:
    """Implements ``bot.ports.Threads``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, opened: Thread, *, now: datetime) -> None:
        """Remember a thread with its turns; opening it again replaces its papers and kind."""
        row = {
            "channel_id": opened.channel,
            "root": opened.root,
            "papers": opened.papers,
            "kind": opened.kind,
            "opened_at": now,
            "said_at": now,
        }
        statement = insert(self._database.dialect, thread)
        replaced = {name: statement.excluded[name] for name in ("papers", "kind", "opened_at", "said_at")}
        statement = statement.on_conflict_do_update(index_elements=["channel_id", "root"], set_=replaced)
        async with self._database.writing() as connection:
            await connection.execute(statement, row)
            await _add_turns(connection, opened, now)

    async def get(self, channel: ChannelId, root: str) -> Thread | None:
        """The thread with its last twenty turns, oldest first."""
        query = sa.select(thread).where(thread.c.channel_id == channel, thread.c.root == root)
        async with self._database.reading() as connection:
            return await _first(connection, query)

    async def latest(self, channel: ChannelId) -> Thread | None:
        """The thread opened last in the channel."""
        query = sa.select(thread).where(thread.c.channel_id == channel)
        query = query.order_by(thread.c.opened_at.desc(), thread.c.number.desc()).limit(1)
        async with self._database.reading() as connection:
            return await _first(connection, query)

    async def say(self, channel: ChannelId, root: str, said: Turn, *, now: datetime) -> None:
        """Add a turn."""
        async with self._database.writing() as connection:
            await _add_turns(connection, Thread(channel, root, (), (said,)), now)
            touched = thread.update().where(thread.c.channel_id == channel, thread.c.root == root)
            await connection.execute(touched.values(said_at=now))

    async def about(self, paper_id: PaperId) -> list[Thread]:
        """The threads that are about this paper alone, latest first, without their turns."""
        async with self._database.reading() as connection:
            names = await aliases.names(connection, [paper_id])
            alone = sa.or_(
                *(
                    sa.cast(thread.c.papers, sa.Text) == json.dumps([name], ensure_ascii=False)
                    for name in names
                )
            )
            query = sa.select(thread).where(alone)
            query = query.order_by(thread.c.said_at.desc(), thread.c.number.desc())
            return [_thread(row, ()) for row in await connection.execute(query)]

    async def lately(self, platform: str, since: datetime, *, limit: int) -> list[ChannelId]:
        """The platform's channels in which anybody talked with the bot since then, latest first."""
        said = sa.select(thread.c.channel_id, thread.c.said_at.label("at")).where(thread.c.said_at >= since)
        told = sa.select(heard.c.channel_id, heard.c.heard_at.label("at")).where(heard.c.heard_at >= since)
        both = said.union_all(told).subquery()
        query = sa.select(both.c.channel_id).where(
            both.c.channel_id.startswith(f"{platform}:", autoescape=True)
        )
        query = query.group_by(both.c.channel_id).order_by(sa.func.max(both.c.at).desc()).limit(limit)
        async with self._database.reading() as connection:
            return [ChannelId(row.channel_id) for row in await connection.execute(query)]

    async def first_time(self, channel: ChannelId, message: str, *, now: datetime) -> bool:
        """True the first time that a message id is asked about, so that a redelivery is not answered."""
        row = {"channel_id": channel, "message": message, "heard_at": now}
        async with self._database.writing() as connection:
            statement = insert(self._database.dialect, heard).on_conflict_do_nothing()
            return bool((await connection.execute(statement, row)).rowcount)


async def _first(connection: AsyncConnection, query: sa.Select[Any]) -> Thread | None:
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    said = (
        sa.select(turn)
        .where(turn.c.channel_id == row.channel_id, turn.c.root == row.root)
        .order_by(turn.c.number.desc())
        .limit(_REMEMBERED)
    )
    turns = [Turn(t.speaker, t.text, t.name, t.user_id) for t in await connection.execute(said)]
    return _thread(row, tuple(reversed(turns)))


async def _add_turns(connection: AsyncConnection, opened: Thread, now: datetime) -> None:
    if not opened.turns:
        return
    rows = [
        {
            "channel_id": opened.channel,
            "root": opened.root,
            "speaker": said.speaker,
            "name": said.name,
            "user_id": said.user,
            "text": said.text,
            "said_at": now,
        }
        for said in opened.turns
    ]
    await connection.execute(turn.insert(), rows)


def _thread(row: sa.Row[Any], turns: tuple[Turn, ...]) -> Thread:
    papers = tuple(PaperId(name) for name in row.papers)
    return Thread(ChannelId(row.channel_id), row.root, papers, turns, row.kind)
