"""The two steps that every message of a digest costs: the intention to send it, and what came of it.

Each changes the held run and the message, all or nothing. On PostgreSQL a step is one statement, and so one
trip to the server; SQLite, which cannot change two tables in one statement, takes them one after the other.
Built once, since building them costs more than running them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Run
from storage.statements import insert
from storage.tables import digest_run, outbox, thread
from storage.types import Instant

_run, _row = digest_run.c, outbox.c
_channel: sa.BindParameter[str] = sa.bindparam("channel")
_day: sa.BindParameter[date] = sa.bindparam("day")
_seq: sa.BindParameter[int] = sa.bindparam("which")
_held = sa.and_(
    _run.channel_id == _channel,
    _run.local_date == _day,
    _run.lease_owner == sa.bindparam("owner"),
    _run.epoch == sa.bindparam("mine"),
)
_message = sa.and_(_row.channel_id == _channel, _row.local_date == _day, _row.seq == _seq)


class Steps:
    """The steps for one engine; ``server_time``: its own clock counts, else the one that is handed in."""

    def __init__(self, dialect: str, *, server_time: bool) -> None:
        self._server_time = server_time
        server: Any = sa.func.clock_timestamp(type_=Instant())
        now: Any = server if server_time else sa.bindparam("now", type_=Instant())
        until: Any = server + sa.bindparam("lease", type_=sa.Interval()) if server_time else None
        until = sa.bindparam("until", type_=Instant()) if until is None else until
        make = _in_one if dialect == "postgresql" else _in_turn
        tried = {"state": "sending", "attempt_at": now, "attempts": _row.attempts + 1}
        stands = {"state": "sent", "remote_id": sa.bindparam("remote"), "sent_at": now, "error": ""}
        self._intend = make(dialect, {"lease_until": until}, ("pending",), tried, None)
        self._settle = make(dialect, {"attempts": 0}, ("sending", "pending"), stands, now)

    async def intend(
        self, connection: AsyncConnection, run: Run, seq: int, *, lease: timedelta, now: datetime
    ) -> bool:
        """Store that the message is about to be sent, and prolong the lease; False if it is not ours."""
        times = {"lease": lease} if self._server_time else {"now": now, "until": now + lease}
        return await _done(connection, self._intend, _known(run, seq) | times)

    async def settle(
        self, connection: AsyncConnection, run: Run, seq: int, *, remote: str, now: datetime
    ) -> bool:
        """Store that the message stands under ``remote``, and open its thread; False if it is not ours."""
        times = {} if self._server_time else {"now": now}
        return await _done(connection, self._settle, _known(run, seq) | {"remote": remote} | times)


def _known(run: Run, seq: int) -> dict[str, Any]:
    return {"channel": run.channel, "day": run.day, "owner": run.owner, "mine": run.epoch, "which": seq}


async def _done(connection: AsyncConnection, steps: Sequence[sa.Executable], known: dict[str, Any]) -> bool:
    """A message without papers has no thread to open, which is as well."""
    for statement in steps:
        changed = (await connection.execute(statement, known)).rowcount
        if changed != 1 and not isinstance(statement, sa.Insert):
            return False
    return True


def _in_one(
    dialect: str, of_run: dict[str, Any], states: Sequence[str], of_message: dict[str, Any], opened: Any
) -> list[sa.Executable]:
    this_one = sa.and_(_message, _row.state.in_(states))
    fence = sa.update(digest_run).where(_held, sa.exists().where(this_one)).values(**of_run)
    mine = fence.returning(_run.channel_id).cte("mine")
    change = sa.update(outbox).where(this_one, _row.channel_id == mine.c.channel_id).values(**of_message)
    if opened is None:
        return [change]
    opening = _opening(dialect, opened, sa.exists(sa.select(mine.c.channel_id)))
    return [change.add_cte(opening.returning(thread.c.number).cte("opened"))]


def _in_turn(
    dialect: str, of_run: dict[str, Any], states: Sequence[str], of_message: dict[str, Any], opened: Any
) -> list[sa.Executable]:
    fence = sa.update(digest_run).where(_held).values(**of_run)
    change = sa.update(outbox).where(_message, _row.state.in_(states)).values(**of_message)
    return [fence, change] if opened is None else [fence, change, _opening(dialect, opened, sa.true())]


def _opening(dialect: str, now: Any, only_if: sa.ColumnElement[bool]) -> Any:
    """The thread in which questions about the message's papers may come."""
    kind = sa.case((_row.parent_seq.is_(None), "digest"), else_="paper")
    remote = sa.bindparam("remote", type_=sa.Text())
    of_papers = sa.cast(_row.papers, sa.Text) != "[]"
    wanted = sa.select(_row.channel_id, remote, _row.papers, kind, now, now).where(
        _message, of_papers, only_if
    )
    columns = ["channel_id", "root", "papers", "kind", "opened_at", "said_at"]
    made = insert(dialect, thread).from_select(columns, wanted)
    replaced = {name: made.excluded[name] for name in columns[2:]}
    return made.on_conflict_do_update(index_elements=columns[:2], set_=replaced)
