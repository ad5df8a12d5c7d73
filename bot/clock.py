"""The time, or a rehearsal's: ``PAPERBOY_NOW`` sets where the clock starts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.errors import ConfigError

VARIABLE = "PAPERBOY_NOW"


class SystemClock:
    """The machine's clock, moved by ``ahead``."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


_APART = timedelta(minutes=10)
_REHEARSAL = timedelta(days=1)


def on_platform(moment: datetime, *, present: datetime | None = None) -> datetime:
    """From when on a platform's history is to be read for what was sent at ``moment`` of our time.

    The clocks may be ten minutes apart. A rehearsal's clock may be far ahead, and start anew with every
    process; the platform has the real one, so that a day of it is read then.
    """
    present = present or datetime.now(UTC)
    return (moment if moment <= present + _APART else present - _REHEARSAL) - _APART


def clock(environ: Mapping[str, str] = os.environ) -> SystemClock:
    """The machine's clock, or one that starts at PAPERBOY_NOW. Raises ConfigError."""
    start = environ.get(VARIABLE, "").strip()
    if not start:
        return SystemClock()
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError(
            f"{VARIABLE}: {start!r} is no time with an offset, such as 2026-05-20T09:00:00+02:00."
        )
    return SystemClock(moment - datetime.now(UTC))
