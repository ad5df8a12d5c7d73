"""The outbox of notes, and what they are made from: what happened to papers, and where they were shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Change, ChannelId, Note, PaperId, Place, UserId, is_private
from bot.errors import StorageError
from bot.render import json as doc_json
from storage import aliases
from storage.engine import Database
from storage.statements import chunks, insert
from storage.tables import digest_item, kept, note, outbox, paper_change, thread, turn

_OPEN = ("pending", "sending")


class Notes:
    """Implements ``bot.ports.Notes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Note, *, apart: timedelta = timedelta(0)) -> bool:
        """See ``bot.ports.Notes``."""
        near = sa.select(note.c.key).where(
            note.c.channel_id == new.channel,
            note.c.parent.is_(None) if new.parent is None else note.c.parent == new.parent,
            note.c.made_at > new.made_at - apart,
        )
        async with self._database.writing() as connection:
            if apart and (await connection.execute(near.limit(1))).first():
                return False
            statement = insert(self._database.dialect, note).on_conflict_do_nothing()
            return bool((await connection.execute(statement, _values(new))).rowcount)

    async def since(self, when: datetime) -> list[Note]:
        """See ``bot.ports.Notes``."""
        return await self._select(note.c.made_at >= when)

    async def waiting(self) -> list[Note]:
        """See ``bot.ports.Notes``."""
        return await self._select(note.c.state.in_(_OPEN))

    async def intend(self, pending: Note, *, now: datetime) -> Note | None:
        """See ``bot.ports.Notes``."""
        changes = {"state": "sending", "tried_at": now, "attempts": note.c.attempts + 1}
        if not await self._change(pending, ("pending",), **changes):
            return None
        (taken,) = await self._select(note.c.key == pending.key)
        return taken

    async def settle(self, sent: Note, remote_id: str) -> None:
        """See ``bot.ports.Notes``."""
        await self._change(sent, _OPEN, state="sent", remote_id=remote_id, error="")

    async def reopen(self, tried: Note, error: str) -> None:
        """See ``bot.ports.Notes``."""
        await self._change(tried, ("sending",), state="pending", error=error)

    async def bury(self, refused: Note, error: str) -> None:
        """See ``bot.ports.Notes``."""
        await self._change(refused, _OPEN, state="dead", error=error)

    async def _change(self, one: Note, states: Sequence[str], **changes: Any) -> bool:
        same = sa.and_(note.c.key == one.key, note.c.attempts == one.attempts, note.c.state.in_(states))
        async with self._database.writing() as connection:
            done = await connection.execute(note.update().where(same).values(**changes))
            return bool(done.rowcount)

    async def _select(self, *where: sa.ColumnElement[bool]) -> list[Note]:
        query = sa.select(note).where(*where).order_by(note.c.made_at, note.c.key)
        async with self._database.reading() as connection:
            return [_note(row) for row in await connection.execute(query)]


def _values(new: Note) -> dict[str, Any]:
    return {
        "key": new.key,
        "channel_id": new.channel,
        "parent": new.parent,
        "card": new.card,
        "direct": new.direct,
        "payload": {"doc": doc_json.encode(new.doc), "alt": new.alt},
        "schema_version": doc_json.VERSION,
        "changes": list(new.changes),
        "made_at": new.made_at,
        "state": new.state,
    }


def _note(row: Any) -> Note:
    try:
        doc = doc_json.decode(row.payload["doc"], row.schema_version)
    except ValueError as error:
        raise StorageError("A note in the outbox cannot be read; update the program.") from error
    return Note(
        key=row.key,
        channel=ChannelId(row.channel_id),
        doc=doc,
        made_at=row.made_at,
        parent=row.parent,
        card=row.card,
        direct=row.direct,
        alt=row.payload["alt"],
        changes=tuple(row.changes),
        state=row.state,
        tried_at=row.tried_at,
        attempts=row.attempts,
    )


class Changes:
    """Implements ``bot.ports.Changes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, when: datetime) -> list[Change]:
        """See ``bot.ports.Changes``."""
        query = sa.select(paper_change).where(paper_change.c.at >= when).order_by(paper_change.c.number)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
            ids = await aliases.canonical(connection, [PaperId(row.paper_id) for row in rows])
        return [Change(r.number, i, r.kind, r.before, r.at) for r, i in zip(rows, ids, strict=True)]

    async def places(self, ids: Collection[PaperId]) -> list[Place]:
        """See ``bot.ports.Changes``."""
        found: list[Place] = []
        async with self._database.reading() as connection:
            for some in chunks(list(ids), 500):
                names = await aliases.names(connection, some)
                kept_as = {name: next(iter(asked)) for name, asked in names.items()}
                brought = await _brought(connection, kept_as)
                cards = {(place.channel, place.card) for place in brought}
                talked = await _talked(connection, kept_as) + await _discussed(connection, kept_as)
                found += brought
                found += [place for place in talked if (place.channel, place.root) not in cards]
                found += await _saved(connection, kept_as)
        return found

    async def watched(self, since: datetime) -> list[PaperId]:
        """See ``bot.ports.Changes``."""
        async with self._database.reading() as connection:
            met = sorted(await _met_since(connection, since))
            return list(dict.fromkeys(await aliases.canonical(connection, met)))


async def _met_since(connection: AsyncConnection, since: datetime) -> set[PaperId]:
    items = sa.select(digest_item.c.paper_id).where(digest_item.c.local_date >= since.date())
    found = {*await connection.scalars(items), *await connection.scalars(sa.select(kept.c.paper_id))}
    threads = sa.select(thread.c.papers, _is_discussed().label("discussed"))
    opened = thread.c.opened_at >= since, thread.c.kind != "digest"
    for row in await connection.execute(threads.where(*opened)):
        if row.discussed or len(row.papers) == 1:
            found |= set(row.papers)
    return {PaperId(name) for name in found if not is_private(name)}


async def _brought(connection: AsyncConnection, names: dict[PaperId, PaperId]) -> list[Place]:
    """Where digests brought the papers: the post at top level and the paper's own message."""
    post = outbox.alias("post")
    same = sa.and_(
        outbox.c.channel_id == digest_item.c.channel_id, outbox.c.local_date == digest_item.c.local_date
    )
    above = sa.and_(
        post.c.channel_id == outbox.c.channel_id,
        post.c.local_date == outbox.c.local_date,
        post.c.seq == outbox.c.parent_seq,
    )
    query = (
        sa.select(
            digest_item.c.paper_id,
            outbox.c.channel_id,
            outbox.c.papers,
            outbox.c.sent_at,
            outbox.c.remote_id,
            post.c.remote_id.label("root"),
        )
        .join(outbox, same)
        .join(post, above)
        .where(digest_item.c.paper_id.in_(list(names)), outbox.c.state == "sent", post.c.state == "sent")
    )
    return [
        Place(names[row.paper_id], ChannelId(row.channel_id), row.sent_at, row.root, row.remote_id)
        for row in await connection.execute(query)
        if row.paper_id in row.papers
    ]


async def _talked(connection: AsyncConnection, names: dict[PaperId, PaperId]) -> list[Place]:
    """Threads about one of the papers alone."""
    alone = {json.dumps([name], ensure_ascii=False): asked for name, asked in names.items()}
    written = sa.cast(thread.c.papers, sa.Text)
    query = sa.select(thread.c.channel_id, thread.c.root, thread.c.opened_at, written.label("alone"))
    rows = await connection.execute(query.where(written.in_(list(alone))))
    return [Place(alone[row.alone], ChannelId(row.channel_id), row.opened_at, row.root) for row in rows]


def _is_discussed() -> sa.ColumnElement[bool]:
    """Of threads about several papers: a comparison, a file dropped in, or any that somebody asked in. A list
    that nobody opened is an offer, like a feed."""
    asked = sa.exists().where(turn.c.channel_id == thread.c.channel_id, turn.c.root == thread.c.root)
    return sa.and_(thread.c.kind != "digest", sa.or_(thread.c.kind.in_(("answer", "file")), asked))


async def _discussed(connection: AsyncConnection, names: dict[PaperId, PaperId]) -> list[Place]:
    """Threads about several papers, one of these among them."""
    columns = (thread.c.channel_id, thread.c.root, thread.c.opened_at, thread.c.papers)
    rows = await connection.execute(sa.select(*columns).where(_is_discussed()))
    return [
        Place(names[name], ChannelId(row.channel_id), row.opened_at, row.root)
        for row in rows
        if len(row.papers) > 1
        for name in row.papers
        if name in names
    ]


async def _saved(connection: AsyncConnection, names: dict[PaperId, PaperId]) -> list[Place]:
    rows = await connection.execute(sa.select(kept).where(kept.c.paper_id.in_(list(names))))
    return [
        Place(names[row.paper_id], ChannelId(row.channel_id), row.kept_at, person=UserId(row.user_id))
        for row in rows
    ]
