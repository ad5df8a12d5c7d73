from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import schedule
from bot.domain import WEEKDAYS, Channel, ChannelId

ROOM = ChannelId("terminal:main")


def channel(at: str = "09:00", zone: str = "Europe/Berlin", days: str = "mon tue wed thu fri") -> Channel:
    wanted = tuple(day for day in WEEKDAYS if day in days.split())
    return Channel(ROOM, at=time.fromisoformat(at), timezone=zone, days=wanted)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "zone", "due"),
    [
        ("2026-01-15", "09:00", "Europe/Berlin", "2026-01-15 08:00"),
        ("2026-07-15", "09:00", "Europe/Berlin", "2026-07-15 07:00"),
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29 01:30"),  # skipped: 03:30 by the new clock
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25 00:30"),  # repeated: the first
        ("2026-03-08", "02:30", "America/New_York", "2026-03-08 07:30"),
        ("2026-11-01", "01:30", "America/New_York", "2026-11-01 05:30"),
        ("2026-04-15", "00:00", "Pacific/Kiritimati", "2026-04-14 10:00"),
        ("2026-04-15", "23:59", "Pacific/Niue", "2026-04-16 10:59"),
        ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04 14:45"),  # a change of half an hour
    ],
)
def test_local_times_become_moments(day: str, at: str, zone: str, due: str) -> None:
    assert schedule.due_utc(date.fromisoformat(day), time.fromisoformat(at), zone) == utc(due)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_change_of_clocks_makes_one_digest_a_day(day: str) -> None:
    room = channel("02:30", days="mon tue wed thu fri sat sun")
    start = utc(day) - timedelta(hours=12)
    minutes = [start + timedelta(minutes=m) for m in range(60 * 24)]
    dues = {schedule.latest_due(room, now) for now in minutes}
    assert len(dues) == 2  # the day before, and the day itself once


def test_weekends_are_left_out() -> None:
    saturday = utc("2026-04-18 12:00")
    latest = schedule.latest_due(channel(), saturday)
    assert latest == (date(2026, 4, 17), utc("2026-04-17 07:00"))
    assert schedule.due_today(channel(), saturday) is None
    assert schedule.next_due(channel(), saturday) == utc("2026-04-20 07:00")


def test_a_digest_is_due_from_its_minute_on() -> None:
    just_before = utc("2026-04-15 06:59:59")
    assert schedule.due_today(channel(), just_before) is None
    assert schedule.next_due(channel(), just_before) == utc("2026-04-15 07:00")
    assert schedule.due_today(channel(), utc("2026-04-15 07:00")) == (
        date(2026, 4, 15),
        utc("2026-04-15 07:00"),
    )
    assert schedule.next_due(channel(), utc("2026-04-15 07:00")) == utc("2026-04-16 07:00")


def test_three_days_down_leave_one_digest() -> None:
    assert schedule.latest_due(channel(), utc("2026-04-16 10:00")) == (
        date(2026, 4, 16),
        utc("2026-04-16 07:00"),
    )


def test_no_days_no_digest() -> None:
    none = channel(days="")
    assert schedule.latest_due(none, utc("2026-04-15 12:00")) is None
    assert schedule.next_due(none, utc("2026-04-15 12:00")) is None


def test_the_first_window_is_bounded_and_later_ones_reach_back_to_the_last_digest() -> None:
    now = utc("2026-04-15 07:05")
    first = schedule.window(channel(), date(2026, 4, 15), cutoff=None, now=now)
    assert (first.since, first.until) == (utc("2026-04-13 19:00"), now)
    later = schedule.window(channel(), date(2026, 4, 15), cutoff=utc("2026-04-10 07:01"), now=now)
    assert (later.since, later.until) == (utc("2026-04-10 07:01"), now)


def test_the_window_of_a_past_day_ends_with_it() -> None:
    past = schedule.window(channel(), date(2026, 4, 15), cutoff=None, now=utc("2026-09-01"))
    assert (past.since, past.until) == (utc("2026-04-13 19:00"), utc("2026-04-15 22:00"))


def test_a_window_never_runs_backwards() -> None:
    window = schedule.window(channel(), date(2026, 4, 15), cutoff=utc("2026-05-01"), now=utc("2026-09-01"))
    assert window.since == window.until


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    at=st.times(),
    now=st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)).map(lambda t: t.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_the_latest_is_past_the_next_is_to_come_and_nothing_lies_between(
    zone: str, at: time, now: datetime
) -> None:
    room = Channel(ROOM, at=at.replace(second=0, microsecond=0), timezone=zone, days=WEEKDAYS)
    latest, coming = schedule.latest_due(room, now), schedule.next_due(room, now)
    assert latest is not None
    assert coming is not None
    assert latest[1] <= now < coming
    assert latest[0] < coming.astimezone(ZoneInfo(zone)).date()
    assert coming - latest[1] < timedelta(hours=50)  # Samoa once left a day out
