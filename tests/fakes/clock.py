"""A clock that tests set; sleeping moves it and takes no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SetClock:
    """Starts at ``start`` (Wednesday, 20 August 2025, 12:00 UTC); ``slept`` lists what was waited for."""

    def __init__(self, start: datetime = datetime(2025, 8, 20, 12, tzinfo=UTC)) -> None:
        self._now = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.forward(seconds=seconds)

    def forward(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        self._now += timedelta(days=days, hours=hours, seconds=seconds)
