"""What channels get, what they were shown, what people kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Channel, ChannelId, PaperId, Topic, UserId, Vote
from storage import aliases, drops
from storage.engine import Database
from storage.statements import among, insert, upsert
from storage.tables import (
    channel,
    digest_item,
    digest_run,
    dropped,
    heard,
    kept,
    note,
    outbox,
    thread,
    turn,
    vote,
)

_VOID = ("failed", "skipped")
_BY_CHANNEL = (outbox, digest_item, digest_run, turn, thread, heard, note)
"""What is kept of a channel, each table before the one that it refers to."""


class Channels:
    """Implements ``bot.ports.Channels``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed: Callable[[], Awaitable[None]] | None = None

    def tell(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Have ``changed`` called whenever what a channel gets, or when, was saved."""
        self._changed = changed

    async def all(self) -> list[Channel]:
        """Every channel, by id."""
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(channel).order_by(channel.c.id))
            return [_channel(row) for row in rows]

    async def get(self, channel_id: ChannelId) -> Channel | None:
        """One channel, None if nothing was ever set for it."""
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(channel).where(channel.c.id == channel_id))
            row = rows.first()
        return _channel(row) if row else None

    async def own(self, person: UserId) -> Channel | None:
        """The channel of a person's direct messages, None if nothing was ever set for it."""
        query = sa.select(channel).where(channel.c.person == person).order_by(channel.c.id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return _channel(row) if row else None

    async def save(self, setting: Channel) -> None:
        """Keep the channel as given."""
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, channel), _row(setting))
        if self._changed:
            await self._changed()

    async def shown(self, channel_id: ChannelId, ids: Collection[PaperId]) -> set[PaperId]:
        """Those of ``ids`` that a digest has already brought to the channel, also under another id.

        Papers of a failed or skipped digest count as far as their message was sent or may have been.
        """
        async with self._database.reading() as connection:
            names = await aliases.names(connection, ids)
            brought = await _brought(connection, channel_id, list(names))
        return {asked for name in brought for asked in names[name]}

    async def where_shown(self, paper_id: PaperId) -> list[tuple[ChannelId, date]]:
        """The channels that a digest brought the paper to, and the digest's day."""
        async with self._database.reading() as connection:
            names = await aliases.names(connection, [paper_id])
            query = (
                sa.select(digest_item.c.channel_id, digest_item.c.local_date)
                .join(digest_run)
                .where(digest_item.c.paper_id.in_(list(names)), digest_run.c.state.not_in(_VOID))
                .order_by(digest_item.c.channel_id, digest_item.c.local_date)
            )
            return [(ChannelId(row[0]), row[1]) for row in await connection.execute(query)]

    async def vote(self, thumb: Vote) -> None:
        """Keep a thumb; a later one replaces it."""
        row = {
            "user_id": thumb.user,
            "channel_id": thumb.channel,
            "paper_id": thumb.paper_id,
            "liked": thumb.liked,
            "voted_at": thumb.voted_at,
            "workspace": thumb.workspace,
        }
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, vote), row)

    async def votes(
        self, channel_id: ChannelId | None = None, *, since: datetime | None = None
    ) -> list[Vote]:
        """Thumbs, oldest first."""
        query = sa.select(vote).order_by(vote.c.voted_at, vote.c.paper_id, vote.c.user_id)
        if channel_id is not None:
            query = query.where(vote.c.channel_id == channel_id)
        if since is not None:
            query = query.where(vote.c.voted_at >= since)
        async with self._database.reading() as connection:
            return [Vote(*row) for row in await connection.execute(query)]

    async def keep(self, user: UserId, channel_id: ChannelId, paper_id: PaperId, now: datetime) -> bool:
        """Save a paper to the person's list; False if it was there."""
        async with self._database.writing() as connection:
            names = await aliases.names(connection, [paper_id])
            there = sa.select(kept.c.paper_id).where(kept.c.user_id == user, kept.c.paper_id.in_(list(names)))
            if (await connection.execute(there)).first():
                return False
            row = {"user_id": user, "channel_id": channel_id, "paper_id": paper_id, "kept_at": now}
            added = await connection.execute(
                insert(self._database.dialect, kept).on_conflict_do_nothing(), row
            )
            return bool(added.rowcount)

    async def kept(self, user: UserId) -> list[PaperId]:
        """The person's saved papers, latest first."""
        query = sa.select(kept.c.paper_id).where(kept.c.user_id == user)
        query = query.order_by(kept.c.kept_at.desc(), kept.c.paper_id)
        async with self._database.reading() as connection:
            return [PaperId(name) for name in await connection.scalars(query)]

    async def forget(self, user: UserId) -> int:
        """Delete everything kept about a person, with all that came to their direct messages; how many
        rows went."""
        gone = 0
        async with self._database.writing() as connection:
            query = sa.select(channel.c.id).where(channel.c.person == user)
            theirs = [user, *await connection.scalars(query)]
            for table in (kept, vote, turn):
                statement = table.delete().where(table.c.user_id == user)
                gone += (await connection.execute(statement)).rowcount
            for table in _BY_CHANNEL:
                statement = table.delete().where(table.c.channel_id.in_(theirs))
                gone += (await connection.execute(statement)).rowcount
            gone += (await connection.execute(channel.delete().where(channel.c.id.in_(theirs)))).rowcount
            gone += await drops.delete(connection, dropped.c.user_id == user)
        return gone


async def _brought(connection: AsyncConnection, channel_id: ChannelId, names: list[PaperId]) -> set[PaperId]:
    brought: set[PaperId] = set()
    doubtful: dict[date, set[PaperId]] = {}
    query = (
        sa.select(digest_item.c.paper_id, digest_item.c.local_date, digest_run.c.state)
        .join(digest_run)
        .where(digest_item.c.channel_id == channel_id)
        .where(among(connection.dialect.name, digest_item.c.paper_id, names))
    )
    for name, day, state in await connection.execute(query) if names else ():
        (doubtful.setdefault(day, set()) if state in _VOID else brought).add(name)
    if doubtful:
        brought |= await _sent(connection, channel_id, doubtful)
    return brought


async def _sent(
    connection: AsyncConnection, channel_id: ChannelId, doubtful: dict[date, set[PaperId]]
) -> set[PaperId]:
    query = sa.select(outbox.c.local_date, outbox.c.papers).where(
        outbox.c.channel_id == channel_id,
        outbox.c.local_date.in_(list(doubtful)),
        outbox.c.state.in_(("sending", "sent")),
    )
    rows = await connection.execute(query)
    return {PaperId(name) for day, papers in rows for name in papers if name in doubtful[day]}


def _row(setting: Channel) -> dict[str, Any]:
    return {
        "id": setting.id,
        "topics": [{"phrases": topic.phrases, "excluded": topic.excluded} for topic in setting.topics],
        "not_": setting.not_,
        "at": setting.at.isoformat(),
        "timezone": setting.timezone,
        "days": setting.days,
        "limit": setting.limit,
        "language": setting.language,
        "quiet": setting.quiet,
        "watch": setting.watch,
        "paused": setting.paused,
        "workspace": setting.workspace,
        "person": setting.person,
    }


def _channel(row: sa.Row[Any]) -> Channel:
    fields = dict(row._mapping)
    fields["topics"] = tuple(Topic(tuple(t["phrases"]), tuple(t["excluded"])) for t in fields["topics"])
    fields["not_"] = tuple(fields["not_"])
    fields["at"] = time.fromisoformat(fields["at"])
    fields["days"] = tuple(fields["days"])
    return Channel(**fields)
