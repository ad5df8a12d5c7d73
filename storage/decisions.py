"""What was decided for each paper and topic, posted or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain import Decision, PaperId
from storage import aliases
from storage.engine import Database
from storage.statements import chunks, upsert
from storage.tables import decision


class Decisions:
    """Implements ``bot.ports.Decisions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, decisions: Sequence[Decision], *, now: datetime) -> None:
        """Keep decisions; a later one for the same paper and topic replaces the earlier."""
        latest = {(made.paper_id, made.topic): asdict(made) | {"decided_at": now} for made in decisions}
        statement = upsert(self._database.dialect, decision)
        for some in chunks(list(latest.values())):
            async with self._database.writing() as connection:
                await connection.execute(statement, some)

    async def of(self, paper_id: PaperId) -> list[Decision]:
        """All decisions for a paper, by topic."""
        async with self._database.reading() as connection:
            names = await aliases.names(connection, [paper_id])
            query = sa.select(decision).where(decision.c.paper_id.in_(list(names)))
            query = query.order_by(decision.c.topic, decision.c.decided_at)
            rows = (await connection.execute(query)).all()
        return list({row.topic: _decision(row) for row in rows}.values())


def _decision(row: sa.Row[Any]) -> Decision:
    return Decision(
        PaperId(row.paper_id), row.topic, row.score, row.threshold, row.matched, row.why, row.method
    )
