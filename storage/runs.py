"""The ledger of digests, and the leases under which they are worked on.

Every change of a held run is ``UPDATE … WHERE lease_owner = :me AND epoch = :mine``; not one row means that
another worker has it now. Times are the database's, so that no worker's clock matters.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, Decision, Digest, PaperId, Pick, Run, RunState, Window
from bot.errors import LeaseLost, StorageError
from storage.engine import Database
from storage.statements import insert
from storage.tables import digest_item, digest_run, outbox
from storage.tables import duty as _duty
from storage.types import Instant

BELL = "paperboy"
"""The name under which PostgreSQL notifies."""
OPEN = ("due", "collecting", "summarizing", "posting")
_RECENT = timedelta(days=14)
_TRUSTED_SECONDS = 10
_row = digest_run.c

Now = Callable[[], datetime]
_SERVER = sa.func.clock_timestamp(type_=Instant())


async def moment(connection: AsyncConnection, now: Now | None) -> datetime:
    """The time all workers agree on: the database server's; where there is none, the process's.

    ``now`` takes its place in rehearsals and tests.
    """
    if now is None and connection.dialect.name == "postgresql":
        told: datetime = (await connection.execute(sa.select(_SERVER))).scalar_one()
        return told
    return now() if now else datetime.now(UTC)


def instant(dialect: str, now: Now | None, later: timedelta = timedelta(0)) -> sa.ColumnElement[Any]:
    """The same moment, ``later``, within a statement: no trip of its own to a server."""
    if now is None and dialect == "postgresql":
        return _SERVER + sa.literal(later, sa.Interval()) if later else _SERVER
    return sa.literal((now() if now else datetime.now(UTC)) + later, Instant())


def this(run: Run) -> sa.ColumnElement[bool]:
    """The run's row."""
    return _key(run.channel, run.day)


async def hold(connection: AsyncConnection, run: Run, **changes: Any) -> None:
    """Change the row of a held run. Raises LeaseLost where it is not held any more."""
    mine = sa.and_(this(run), _row.lease_owner == run.owner, _row.epoch == run.epoch)
    done = await connection.execute(sa.update(digest_run).where(mine).values(**changes))
    if done.rowcount != 1:
        raise lost(run)


def lost(run: Run, seq: int | None = None) -> LeaseLost:
    """What is raised where a run is not held any more, or its message not in the state it should be in."""
    what = "The digest" if seq is None else f"Message {seq} of the digest"
    return LeaseLost(f"{what} of {run.channel} for {run.day} was taken over by another worker.")


def ending(now: sa.ColumnElement[Any]) -> dict[str, Any]:
    """The changes that give up a lease because the run is over."""
    return {"lease_owner": None, "lease_until": None, "next_try_at": None, "done_at": now}


async def listen(database: Database, wake: Callable[[], None]) -> None:
    """Call ``wake`` for every notification, on a connection of its own, until cancelled."""
    gone = asyncio.Event()

    def ring(*_: object) -> None:
        wake()

    async with database.reading() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.add_listener(BELL, ring)
        raw.add_termination_listener(lambda *_: gone.set())
        try:
            await gone.wait()
        finally:
            if not raw.is_closed():
                await raw.remove_listener(BELL, ring)
    raise StorageError("The connection on which other processes ring was lost.")


class Runs:
    """Implements ``bot.ports.Runs``; ``now`` replaces the database's clock in rehearsals and tests."""

    def __init__(self, database: Database, *, now: Now | None = None) -> None:
        self._database = database
        self._now = now
        self._asked: tuple[datetime, float] | None = None
        self.shared = database.dialect == "postgresql"

    async def now(self) -> datetime:
        """See ``bot.ports.Runs``; the server is asked every ten seconds."""
        if self._now or not self.shared:
            return self._now() if self._now else datetime.now(UTC)
        ticks = time.monotonic()
        if self._asked is None or ticks - self._asked[1] > _TRUSTED_SECONDS:
            async with self._database.reading() as connection:
                self._asked = (await moment(connection, None), time.monotonic())
        told, at = self._asked
        return told + timedelta(seconds=time.monotonic() - at)

    async def plan(self, runs: Sequence[Run]) -> None:
        """See ``bot.ports.Runs``."""
        if not runs:
            return
        rows = [
            {"channel_id": r.channel, "local_date": r.day, "due_utc": r.due, "state": "due"} for r in runs
        ]
        async with self._database.writing() as connection:
            await connection.execute(_add_missing(connection, digest_run), rows)

    async def claim(
        self, owner: str, *, platforms: Collection[str], lease: timedelta, limit: int
    ) -> list[Run]:
        """See ``bot.ports.Runs``."""
        now = self._instant()
        async with self._database.writing() as connection:
            free = (
                _row.state.in_(OPEN),
                _row.due_utc <= now,
                sa.or_(sa.false(), *(_row.channel_id.startswith(f"{name}:") for name in platforms)),
                sa.or_(_row.next_try_at.is_(None), _row.next_try_at <= now),
                sa.or_(_row.lease_until.is_(None), _row.lease_until <= now),
            )
            query = (
                sa.select(digest_run)
                .where(*free)
                .order_by(_row.due_utc, _row.channel_id, _row.local_date)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            found = [_run(row) for row in await connection.execute(query)]
            return await self._lease(connection, found, owner, lease)

    async def take(self, channel: ChannelId, day: date, owner: str, *, lease: timedelta) -> Run | None:
        """See ``bot.ports.Runs``."""
        async with self._database.writing() as connection:
            now = await moment(connection, self._now)
            query = sa.select(digest_run).where(_key(channel, day)).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None or row.state in ("delivered", "quiet"):
                return None
            if row.lease_until is not None and row.lease_until > now:
                return None
            run = await self._reopened(connection, row)
            return (await self._lease(connection, [run], owner, lease))[0]

    async def beat(self, runs: Sequence[Run], *, lease: timedelta) -> list[Run]:
        """See ``bot.ports.Runs``."""
        if not runs:
            return []
        mine = sa.tuple_(_row.channel_id, _row.local_date, _row.lease_owner, _row.epoch).in_(
            [(r.channel, r.day, r.owner, r.epoch) for r in runs]
        )
        change = sa.update(digest_run).where(mine).values(lease_until=self._instant(lease))
        async with self._database.at_once() as connection:
            rows = await connection.execute(change.returning(_row.channel_id, _row.local_date, _row.epoch))
            kept = {tuple(row) for row in rows}
        return [run for run in runs if (run.channel, run.day, run.epoch) in kept]

    async def advance(self, run: Run, state: RunState, *, error: str = "") -> Run:
        """See ``bot.ports.Runs``."""
        over = {} if state in OPEN else ending(self._instant())
        async with self._database.at_once() as connection:
            await hold(connection, run, state=state, error=error, **over)
        return replace(run, state=state, error=error)

    async def freeze(self, run: Run, digest: Digest, window: Window) -> Run:
        """See ``bot.ports.Runs``."""
        async with self._database.writing() as connection:
            await hold(
                connection,
                run,
                state="summarizing",
                window_from=window.since,
                window_until=window.until,
                considered=digest.considered,
                nearest=[asdict(decision) for decision in digest.nearest],
                notes=list(digest.notes),
            )
            await connection.execute(sa.delete(digest_item).where(_item_of(run.channel, run.day)))
            if digest.picks:
                await connection.execute(
                    sa.insert(digest_item),
                    [{"channel_id": run.channel, "local_date": run.day, **asdict(p)} for p in digest.picks],
                )
        return replace(run, state="summarizing")

    async def put_back(self, run: Run, *, wait: timedelta, error: str, failed: bool = True) -> None:
        """See ``bot.ports.Runs``."""
        async with self._database.at_once() as connection:
            await hold(
                connection,
                run,
                lease_owner=None,
                lease_until=None,
                next_try_at=self._instant(wait),
                error=error,
                attempts=_row.attempts + int(failed),
            )

    async def get(self, channel: ChannelId, day: date) -> Run | None:
        """See ``bot.ports.Runs``."""
        found = await self._select(_key(channel, day))
        return found[0] if found else None

    async def digest(self, channel: ChannelId, day: date) -> Digest | None:
        """See ``bot.ports.Runs``."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(digest_run).where(_key(channel, day)))).one_or_none()
            if row is None or row.window_until is None:
                return None
            query = sa.select(digest_item).where(_item_of(channel, day)).order_by(digest_item.c.rank)
            items = (await connection.execute(query)).all()
        return Digest(
            channel,
            day,
            tuple(Pick(PaperId(i.paper_id), i.rank, i.score, i.topic, i.why) for i in items),
            row.considered,
            tuple(Decision(**told) for told in row.nearest or ()),
            tuple(row.notes or ()),
        )

    async def cutoff(self, channel: ChannelId, before: date) -> datetime | None:
        """See ``bot.ports.Runs``."""
        query = sa.select(sa.func.max(_row.window_until)).where(
            _row.channel_id == channel, _row.local_date < before, _row.state.in_(("delivered", "quiet"))
        )
        async with self._database.reading() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
            return found

    async def ended(self, channel: ChannelId) -> Run | None:
        """See ``bot.ports.Runs``."""
        found = await self._select(
            _row.channel_id == channel, _row.state.in_(("delivered", "quiet")), latest=True
        )
        return found[0] if found else None

    async def troubled(self) -> list[Run]:
        """See ``bot.ports.Runs``."""
        since = await self.now() - _RECENT
        trouble = sa.or_(_row.state == "failed", sa.and_(_row.state.in_(OPEN), _row.attempts >= 2))
        return await self._select(trouble, _row.due_utc >= since, latest=True)

    async def waiting_since(self) -> datetime | None:
        """See ``bot.ports.Runs``."""
        query = sa.select(sa.func.min(_row.due_utc)).where(
            _row.state.in_(OPEN), _row.due_utc <= self._instant()
        )
        async with self._database.reading() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
            return found

    async def free(self) -> None:
        """See ``bot.ports.Runs``."""
        async with self._database.writing() as connection:
            leased = _row.lease_owner.is_not(None)
            void = {"lease_owner": None, "lease_until": None, "epoch": _row.epoch + 1}
            await connection.execute(sa.update(digest_run).where(leased).values(**void))

    async def turn(
        self, duty: str, *, every: timedelta, lease: timedelta
    ) -> Literal["mine", "others", "fresh"]:
        """See ``bot.ports.Runs``."""
        async with self._database.writing() as connection:
            now = await moment(connection, self._now)
            await connection.execute(_add_missing(connection, _duty), [{"name": duty}])
            query = sa.select(_duty).where(_duty.c.name == duty).with_for_update()
            row = (await connection.execute(query)).one()
            if row.done_at is not None and row.done_at > now - every:
                return "fresh"
            busy = row.taken_at is not None and row.taken_at > now - lease
            if busy and (row.done_at is None or row.done_at < row.taken_at):
                return "others"
            taken = sa.update(_duty).where(_duty.c.name == duty).values(taken_at=now)
            await connection.execute(taken)
            return "mine"

    async def reserve(self, lane: str, apart: float, count: int) -> float:
        """See ``bot.ports.Runs``."""
        name = f"lane:{lane}"
        async with self._database.writing() as connection:
            await connection.execute(_add_missing(connection, _duty), [{"name": name}])
            query = sa.select(_duty.c.taken_at).where(_duty.c.name == name).with_for_update()
            free_at = (await connection.execute(query)).scalar_one()
            now = await moment(connection, self._now)
            first = max(now, free_at) if free_at else now
            taken = first + timedelta(seconds=apart * count)
            await connection.execute(sa.update(_duty).where(_duty.c.name == name).values(taken_at=taken))
        return (first - now).total_seconds()

    async def watch(self, wake: Callable[[], None]) -> None:
        """See ``bot.ports.Runs``."""
        if self._database.dialect == "postgresql":
            await listen(self._database, wake)

    async def nudge(self) -> None:
        """See ``bot.ports.Runs``."""
        if self._database.dialect == "postgresql":
            async with self._database.at_once() as connection:
                await connection.execute(sa.select(sa.func.pg_notify(BELL, "")))

    async def did(self, duty: str) -> None:
        """See ``bot.ports.Runs``."""
        done = sa.update(_duty).where(_duty.c.name == duty).values(done_at=self._instant())
        async with self._database.at_once() as connection:
            await connection.execute(done)

    def _instant(self, later: timedelta = timedelta(0)) -> sa.ColumnElement[Any]:
        return instant(self._database.dialect, self._now, later)

    async def _select(self, *where: sa.ColumnElement[bool], latest: bool = False) -> list[Run]:
        order = (_row.due_utc.desc() if latest else _row.due_utc, _row.channel_id)
        async with self._database.reading() as connection:
            return [
                _run(row)
                for row in await connection.execute(sa.select(digest_run).where(*where).order_by(*order))
            ]

    async def _lease(
        self, connection: AsyncConnection, runs: Sequence[Run], owner: str, lease: timedelta
    ) -> list[Run]:
        if runs:
            these = sa.tuple_(_row.channel_id, _row.local_date).in_([(r.channel, r.day) for r in runs])
            await connection.execute(
                sa.update(digest_run)
                .where(these)
                .values(lease_owner=owner, lease_until=self._instant(lease), epoch=_row.epoch + 1)
            )
        return [replace(run, owner=owner, epoch=run.epoch + 1) for run in runs]

    async def _reopened(self, connection: AsyncConnection, row: Any) -> Run:
        """A run that ended without a digest goes on where it stopped, with all its tries before it."""
        run = _run(row)
        if not run.over:
            return run
        buried = sa.and_(
            outbox.c.channel_id == run.channel, outbox.c.local_date == run.day, outbox.c.state == "dead"
        )
        raised = await connection.execute(sa.update(outbox).where(buried).values(state="pending", error=""))
        state: RunState = "posting" if raised.rowcount else "summarizing" if row.window_until else "due"
        changes = {"state": state, "attempts": 0, "next_try_at": None, "done_at": None, "error": ""}
        await connection.execute(sa.update(digest_run).where(this(run)).values(**changes))
        return replace(run, state=state, attempts=0, next_try=None, error="")


def _add_missing(connection: AsyncConnection, table: sa.Table) -> sa.Insert:
    statement: sa.Insert = insert(connection.dialect.name, table).on_conflict_do_nothing()
    return statement


def _key(channel: ChannelId, day: date) -> sa.ColumnElement[bool]:
    return sa.and_(_row.channel_id == channel, _row.local_date == day)


def _item_of(channel: ChannelId, day: date) -> sa.ColumnElement[bool]:
    return sa.and_(digest_item.c.channel_id == channel, digest_item.c.local_date == day)


def _run(row: Any) -> Run:
    return Run(
        ChannelId(row.channel_id),
        row.local_date,
        row.due_utc,
        row.state,
        row.attempts,
        row.next_try_at,
        row.lease_owner or "",
        row.epoch,
        row.error,
    )
