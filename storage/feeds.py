"""What is remembered of each source between fetches, and how it has been doing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain import Counts, FeedHealth, FeedState, Harvest
from storage.engine import Database
from storage.statements import insert, upsert
from storage.tables import feed, feed_memory

_GOOD = ("ok", "quiet")


class Feeds:
    """Implements ``bot.ports.Feeds``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def memory(self, source: str) -> dict[str, str]:
        """What the last harvest asked to be handed back."""
        query = sa.select(feed_memory.c.memory).where(feed_memory.c.source == source)
        async with self._database.reading() as connection:
            found: dict[str, str] | None = await connection.scalar(query)
        return found or {}

    async def remember(self, harvest: Harvest, counts: Counts, *, now: datetime) -> None:
        """Keep the harvest's memory and the health of the source and its parts.

        A failed harvest that hands back no memory leaves the earlier one; parts that are no longer told of
        are forgotten.
        """
        rows = [_row(harvest.source, harvest.state, harvest.detail, now, counts)]
        for name, state in harvest.parts.items():
            detail = "" if state in _GOOD else harvest.detail
            rows.append(_row(f"{harvest.source}/{name}", state, detail, now, Counts()))
        async with self._database.writing() as connection:
            if harvest.parts:
                await connection.execute(_gone(harvest.source, [row["source"] for row in rows]))
            await connection.execute(_update(self._database.dialect), rows)
            if harvest.memory or harvest.state != "failed":
                kept = {"source": harvest.source, "memory": dict(harvest.memory)}
                await connection.execute(upsert(self._database.dialect, feed_memory), kept)

    async def told(self, source: str, told: bool) -> None:
        """Note whether the admins know that a source or part is broken."""
        async with self._database.writing() as connection:
            await connection.execute(feed.update().where(feed.c.source == source).values(told=told))

    async def drop(self, source: str) -> None:
        """Forget a source that is fetched no more, with its parts."""
        async with self._database.writing() as connection:
            await connection.execute(feed.delete().where(feed.c.source == source))
            await connection.execute(_gone(source, []))
            await connection.execute(feed_memory.delete().where(feed_memory.c.source == source))

    async def health(self) -> list[FeedHealth]:
        """Every source and part, by name."""
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(feed).order_by(feed.c.source))
            return [FeedHealth(**row._mapping) for row in rows]


def _row(source: str, state: FeedState, detail: str, now: datetime, counts: Counts) -> dict[str, Any]:
    good = state in _GOOD
    return {
        "source": source,
        "state": state,
        "detail": detail,
        "checked_at": now,
        "good_at": now if good else None,
        "failing_since": None if good else now,
        "seen": counts.seen,
        "new": counts.new,
        "replaced": counts.replaced,
        "rejected": counts.rejected,
        "told": False,
    }


def _update(dialect: str) -> Any:
    statement = insert(dialect, feed)
    new = statement.excluded
    changed = {name: new[name] for name in ("state", "detail", "checked_at", "seen", "new", "replaced")}
    changed["rejected"] = new.rejected
    changed["good_at"] = sa.func.coalesce(new.good_at, feed.c.good_at)
    # Failing since the first failure after the last success.
    changed["failing_since"] = sa.case(
        (new.failing_since.is_(None), None), else_=sa.func.coalesce(feed.c.failing_since, new.failing_since)
    )
    return statement.on_conflict_do_update(index_elements=["source"], set_=changed)


def _gone(source: str, told_of: list[str]) -> sa.Delete:
    return feed.delete().where(
        feed.c.source.startswith(f"{source}/", autoescape=True), feed.c.source.not_in(told_of)
    )
