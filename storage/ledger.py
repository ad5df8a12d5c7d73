"""What calls of paid models took."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import ChannelId, ModelCall, Spending
from bot.errors import BudgetSpent
from storage.engine import Database
from storage.tables import ledger

# Any fixed number will do; on PostgreSQL it makes two processes add up one after the other.
_LOCK = 0x4C656467


class Ledger:
    """Implements ``bot.ports.Ledger``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self, call: ModelCall, *, now: datetime, day_limit: float = 0.0, channel_limit: float = 0.0
    ) -> int:
        """Write the call down with its estimated price before it is made; the row's number.

        Limits are dollars, 0 for none. Raises BudgetSpent where the day's sum would pass one.
        """
        day = now.astimezone(UTC).date()
        async with self._database.writing() as connection:
            if self._database.dialect == "postgresql":
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            if day_limit and (await _spent(connection, day, None)).usd + call.usd > day_limit:
                raise BudgetSpent(f"The {day_limit:.2f} dollars for models on {day} are used up.")
            limit = channel_limit if call.channel else 0.0
            if limit and (await _spent(connection, day, call.channel)).usd + call.usd > limit:
                raise BudgetSpent(f"The {limit:.2f} dollars for models in this channel on {day} are used up.")
            row = _row(call) | {"at": now, "day": day, "settled": False}
            added = await connection.execute(ledger.insert().returning(ledger.c.number), row)
            return int(added.scalar_one())

    async def settle(self, number: int, call: ModelCall) -> None:
        """Replace the estimate by what the call took; all of ``call`` is written."""
        async with self._database.writing() as connection:
            row = _row(call) | {"settled": True}
            await connection.execute(ledger.update().where(ledger.c.number == number).values(row))

    async def spent(self, day: date, *, channel: ChannelId | None = None) -> Spending:
        """What the calls of a day (UTC) took, of one channel where it is given."""
        async with self._database.reading() as connection:
            return await _spent(connection, day, channel)


async def _spent(connection: AsyncConnection, day: date, channel: ChannelId | None) -> Spending:
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(ledger.c.tokens_in), 0),
        sa.func.coalesce(sa.func.sum(ledger.c.tokens_out), 0),
        sa.func.coalesce(sa.func.sum(ledger.c.tokens_cached), 0),
        sa.func.coalesce(sa.func.sum(ledger.c.usd), 0.0),
    ).where(ledger.c.day == day)
    if channel is not None:
        query = query.where(ledger.c.channel_id == channel)
    return Spending(*(await connection.execute(query)).one())


def _row(call: ModelCall) -> dict[str, Any]:
    return {
        "model": call.model,
        "purpose": call.purpose,
        "paper_id": call.paper_id or "",
        "channel_id": call.channel or "",
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "tokens_cached": call.tokens_cached,
        "usd": call.usd,
        "milliseconds": call.milliseconds,
    }
