"""Looking after a database: what has outlived its use goes, and the doctor looks whether it is sound."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.domain import Finding
from storage import drops
from storage.engine import Database
from storage.tables import (
    decision,
    dropped,
    duty,
    heard,
    ledger,
    note,
    outbox,
    paper,
    paper_change,
    reading,
    turn,
)

_HEARD_DAYS = 14
"""Platforms redeliver within hours."""
_REFUSED_DAYS = 90
"""A thousand papers a day by a hundred topics are mostly refusals; ``why`` answers for a quarter."""
_CHANGE_DAYS = 90
"""What changed in a paper is told within weeks or never."""
_LANE = timedelta(days=8)
"""Hosts ask for a week of patience at most (``bot.web``)."""
_LEAST_ROOM = 200 * 2**20


async def prune(
    database: Database, *, now: datetime, text_days: int = 180, ledger_days: int = 400
) -> dict[str, int]:
    """Delete what has outlived its use, a table at a time; how many rows went from each.

    Full texts go after ``text_days`` (they can be fetched again), and so does all of a paper that came as
    a file; calls of models, things said in threads, messages of digests that were sent or refused, and
    decisions that matched after ``ledger_days``; other decisions after 90 days. Papers, summaries and what
    was shown stay.
    """
    old = {name: now - timedelta(days=days) for name, days in (("text", text_days), ("ledger", ledger_days))}
    refused = now - timedelta(days=min(_REFUSED_DAYS, ledger_days))
    conditions: list[tuple[sa.Table, sa.ColumnElement[bool]]] = [
        (reading, reading.c.kept_at < old["text"]),
        (ledger, ledger.c.day < old["ledger"].date()),
        (turn, turn.c.said_at < old["ledger"]),
        (heard, heard.c.heard_at < now - timedelta(days=_HEARD_DAYS)),
        (paper_change, paper_change.c.at < now - timedelta(days=_CHANGE_DAYS)),
        (note, note.c.made_at < now - timedelta(days=_CHANGE_DAYS)),
        (duty, sa.and_(duty.c.name.startswith("lane:"), duty.c.taken_at < now - _LANE)),
        (decision, decision.c.decided_at < old["ledger"]),
        (decision, sa.and_(decision.c.decided_at < refused, decision.c.matched.is_(False))),
        (outbox, sa.and_(outbox.c.local_date < old["ledger"].date(), outbox.c.state.in_(("sent", "dead")))),
    ]
    gone: dict[str, int] = {}
    async with database.writing() as connection:
        gone[dropped.name] = await drops.delete(connection, dropped.c.dropped_at < old["text"])
    for table, condition in conditions:
        async with database.writing() as connection:
            deleted = await connection.execute(table.delete().where(condition))
        gone[table.name] = gone.get(table.name, 0) + deleted.rowcount
    return gone


async def check(database: Database) -> list[Finding]:
    """What the doctor says of the database: engine and version, soundness, room. Raises StorageError."""
    async with database.reading() as connection:
        papers = await connection.scalar(sa.select(sa.func.count()).select_from(paper))
        if database.dialect == "sqlite":
            version = await connection.scalar(sa.text("SELECT sqlite_version()"))
            verdict = await connection.scalar(sa.text("PRAGMA quick_check(1)"))
        else:
            version = await connection.scalar(sa.text("SHOW server_version"))
            extensions = await connection.scalars(sa.text("SELECT extname FROM pg_extension ORDER BY 1"))
            verdict = "ok"
            version = f"{version} with {', '.join(extensions)}"
    engine = "SQLite" if database.dialect == "sqlite" else "PostgreSQL"
    findings = [
        Finding("storage", True, f"{database.name}: {engine} {version}, {papers} papers"),
        _soundness(database, verdict),
    ]
    return findings + ([_room(database.path)] if database.path else [])


def _soundness(database: Database, verdict: Any) -> Finding:
    if verdict == "ok":
        return Finding("storage integrity", True, "sound")
    return Finding("storage integrity", False, f"{database.name} is damaged; restore it from a backup")


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(path.absolute().parent).free
    amount = f"{free // 2**20} MB" if free >= 2**20 else "less than 1 MB"
    said = f"{amount} free beside {path}"
    return Finding(
        "storage room", free >= _LEAST_ROOM, said if free >= _LEAST_ROOM else f"only {said}; make room"
    )
