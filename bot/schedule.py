"""When digests are due: local times of day, time zones and the two odd days of daylight saving; pure.

A local time that a change of clocks skips or repeats is taken once, by ``fold=0``: a skipped 02:30 is due
when it would have been by the old offset (03:30 on the clock), a repeated 02:30 the first time it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import WEEKDAYS, Channel, Window

FIRST_WINDOW = timedelta(hours=36)
"""How far back a channel's first digest looks, so that a first run does not flood."""


def due_utc(day: date, at: time, zone: str) -> datetime:
    """The moment, in UTC, of local time ``at`` on ``day`` in ``zone``."""
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def local_day(now: datetime, zone: str) -> date:
    """The calendar day in ``zone`` at ``now``."""
    return now.astimezone(ZoneInfo(zone)).date()


def day_ends(day: date, zone: str) -> datetime:
    """The moment, in UTC, at which ``day`` ends in ``zone``."""
    return due_utc(day + timedelta(days=1), time(0), zone)


def latest_due(channel: Channel, now: datetime) -> tuple[date, datetime] | None:
    """The last day of the week before ``now`` whose digest is due by now, and when it was due.

    Days missed before that one are not made up for: their papers are in this digest's window.
    """
    today = local_day(now, channel.timezone)
    for day in _days_from(today + timedelta(days=1), step=-1):
        if _wanted(channel, day) and (due := due_utc(day, channel.at, channel.timezone)) <= now:
            return day, due
    return None


def due_today(channel: Channel, now: datetime) -> tuple[date, datetime] | None:
    """Today's digest (the channel's own today) if it is due by now."""
    latest = latest_due(channel, now)
    return latest if latest and latest[0] == local_day(now, channel.timezone) else None


def next_due(channel: Channel, now: datetime) -> datetime | None:
    """When the channel's next digest after ``now`` is due; None if it gets none."""
    for day in _days_from(local_day(now, channel.timezone) - timedelta(days=1), step=1):
        if _wanted(channel, day) and (due := due_utc(day, channel.at, channel.timezone)) > now:
            return due
    return None


def window(channel: Channel, day: date, *, cutoff: datetime | None, now: datetime) -> Window:
    """What a digest of ``day`` made at ``now`` looks at: from ``cutoff`` (where the last one ended), else
    from 36 hours before it was due; until now, or until the end of a day in the past."""
    due = due_utc(day, channel.at, channel.timezone)
    until = min(now, day_ends(day, channel.timezone))
    since = cutoff if cutoff is not None else min(due, until) - FIRST_WINDOW
    return Window(min(since, until), until)


def _wanted(channel: Channel, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in channel.days


def _days_from(day: date, *, step: int) -> Iterator[date]:
    for count in range(10):
        yield day + timedelta(days=step * count)
