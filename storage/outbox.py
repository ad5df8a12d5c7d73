"""Messages of digests on their way to a platform; every change is made under the run's lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, PaperId, Parcel, Run
from bot.errors import LeaseLost, StorageError
from bot.render import json as doc_json
from storage.engine import Database
from storage.runs import Now, ending, hold, instant, lost, moment
from storage.sending import Steps
from storage.tables import digest_item, outbox

_RECENT = timedelta(days=14)
_row = outbox.c


class Outbox:
    """Implements ``bot.ports.Outbox``; ``now`` replaces the database's clock in rehearsals and tests."""

    def __init__(self, database: Database, *, now: Now | None = None) -> None:
        self._database = database
        self._now = now
        server_time = now is None and database.dialect == "postgresql"
        self._steps = Steps(database.dialect, server_time=server_time)

    async def fill(self, run: Run, parcels: Sequence[Parcel]) -> Run:
        """See ``bot.ports.Outbox``."""
        async with self._database.writing() as connection:
            await hold(connection, run, state="posting", error="", attempts=0)
            await connection.execute(sa.insert(outbox), [_values(parcel) for parcel in parcels])
        return replace(run, state="posting", attempts=0, error="")

    async def of(self, channel: ChannelId, day: date) -> list[Parcel]:
        """See ``bot.ports.Outbox``."""
        return await self._select(_row.channel_id == channel, _row.local_date == day)

    async def intend(self, run: Run, seq: int, *, lease: timedelta) -> None:
        """See ``bot.ports.Outbox``."""
        async with self._database.at_once() as connection:
            if not await self._steps.intend(connection, run, seq, lease=lease, now=self._moment()):
                raise lost(run, seq)

    async def settle(self, run: Run, seq: int, remote_id: str) -> None:
        """See ``bot.ports.Outbox``."""
        async with self._database.at_once() as connection:
            if not await self._steps.settle(connection, run, seq, remote=remote_id, now=self._moment()):
                raise lost(run, seq)

    async def reopen(self, run: Run, seq: int, *, error: str = "") -> None:
        """See ``bot.ports.Outbox``."""
        async with self._database.writing() as connection:
            await hold(connection, run, epoch=run.epoch)
            await _change(connection, run, seq, ("sending",), state="pending", error=error)

    async def bury(self, run: Run, seqs: Sequence[int], error: str) -> None:
        """See ``bot.ports.Outbox``."""
        async with self._database.writing() as connection:
            await hold(connection, run, epoch=run.epoch)
            these = sa.and_(_of(run), _row.seq.in_(list(seqs)), _row.state != "sent")
            await connection.execute(sa.update(outbox).where(these).values(state="dead", error=error))

    async def withdraw(self, run: Run, reason: str) -> None:
        """See ``bot.ports.Outbox``."""
        async with self._database.writing() as connection:
            over = ending(instant(self._database.dialect, self._now))
            window = {"window_from": None, "window_until": None}
            await hold(connection, run, state="skipped", error=reason, **window, **over)
            await connection.execute(sa.delete(outbox).where(_of(run)))
            items = sa.and_(digest_item.c.channel_id == run.channel, digest_item.c.local_date == run.day)
            await connection.execute(sa.delete(digest_item).where(items))

    async def dead(self) -> list[Parcel]:
        """See ``bot.ports.Outbox``."""
        async with self._database.reading() as connection:
            since = (await moment(connection, self._now) - _RECENT).date()
        return await self._select(_row.state == "dead", _row.local_date >= since, latest=True)

    async def depth(self) -> int:
        """See ``bot.ports.Outbox``."""
        query = sa.select(sa.func.count()).where(_row.state.in_(("pending", "sending")))
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _select(self, *where: sa.ColumnElement[bool], latest: bool = False) -> list[Parcel]:
        day = _row.local_date.desc() if latest else _row.local_date
        query = sa.select(outbox).where(*where).order_by(day, _row.channel_id, _row.seq)
        async with self._database.reading() as connection:
            return [_parcel(row) for row in await connection.execute(query)]

    def _moment(self) -> datetime:
        """The process's time, for where no server tells one."""
        return self._now() if self._now else datetime.now(UTC)


def _of(run: Run) -> sa.ColumnElement[bool]:
    return sa.and_(_row.channel_id == run.channel, _row.local_date == run.day)


async def _change(
    connection: AsyncConnection, run: Run, seq: int, states: tuple[str, ...], **changes: Any
) -> None:
    where = sa.and_(_of(run), _row.seq == seq, _row.state.in_(states))
    done = await connection.execute(sa.update(outbox).where(where).values(**changes))
    if done.rowcount != 1:
        raise LeaseLost(
            f"Message {seq} of {run.channel} for {run.day} is not {' or '.join(states)} any more."
        )


def _values(parcel: Parcel) -> dict[str, Any]:
    return {
        "channel_id": parcel.channel,
        "local_date": parcel.day,
        "seq": parcel.seq,
        "parent_seq": parcel.parent,
        "idem_key": parcel.key,
        "payload": {
            "doc": doc_json.encode(parcel.doc),
            "title": parcel.title,
            "alt": parcel.alt,
            "tags": list(parcel.tags),
        },
        "schema_version": doc_json.VERSION,
        "state": parcel.state,
        "papers": list(parcel.papers),
    }


def _parcel(row: Any) -> Parcel:
    payload = row.payload
    try:
        doc = doc_json.decode(payload["doc"], row.schema_version)
    except ValueError as error:
        raise StorageError("A message in the outbox cannot be read; update the program.") from error
    return Parcel(
        ChannelId(row.channel_id),
        row.local_date,
        row.seq,
        row.idem_key,
        doc,
        row.parent_seq,
        payload["title"],
        payload["alt"],
        tuple(payload["tags"]),
        tuple(PaperId(paper) for paper in row.papers),
        row.state,
        row.attempt_at,
        row.attempts,
        row.remote_id,
        row.error,
    )
