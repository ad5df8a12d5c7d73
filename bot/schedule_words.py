"""Times, zones and days as people write them; pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import time
from functools import cache
from zoneinfo import available_timezones

from bot.domain import WEEKDAYS, Weekday
from bot.errors import UsageError

_CLOCK = re.compile(r"(\d{1,2})[:.h](\d{2})|(\d{1,2})\s*(am|pm)", re.IGNORECASE)
_NAMES: Mapping[str, tuple[Weekday, ...]] = {
    **{day: (day,) for day in WEEKDAYS},
    "daily": WEEKDAYS,
    "everyday": WEEKDAYS,
    "weekdays": WEEKDAYS[:5],
    "weekend": WEEKDAYS[5:],
}
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def time_of_day(words: str) -> time:
    """ "09:00", "9.30" or "9am". Raises UsageError that names the value."""
    match = _CLOCK.fullmatch(words.strip())
    if match:
        hour, minute = int(match[1] or match[3]), int(match[2] or 0)
        if match[4]:
            hour = hour % 12 + (12 if match[4].lower() == "pm" else 0) if 1 <= hour <= 12 else 99
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise UsageError(f"“{words[:40]}” is no time of day; write it like 09:00.")


def zone(words: str) -> str:
    """An IANA zone, also with another case or by its city alone. Raises UsageError with the nearest ones."""
    wanted = words.strip().replace(" ", "_").lower()
    found = _zones().get(wanted)
    if found:
        return found
    close = difflib.get_close_matches(wanted, _zones(), 3, 0.7)
    near = f" Did you mean {' or '.join(dict.fromkeys(_zones()[c] for c in close))}?" if close else ""
    raise UsageError(f"“{words[:40]}” is no time zone; write it like Europe/Berlin.{near}")


@cache
def _zones() -> dict[str, str]:
    names = sorted(available_timezones())
    cities = {name.rpartition("/")[2].lower(): name for name in names if "/" in name and "Etc" not in name}
    return cities | {name.lower(): name for name in names}


def zones_like(typed: str) -> list[str]:
    """Zones whose names hold what was typed, by name."""
    part = typed.strip().replace(" ", "_").lower()
    return sorted({name for key, name in _zones().items() if part in key})


def days(words: str) -> tuple[Weekday, ...]:
    """ "mon-fri", "mon,wed", "daily", "weekdays". Raises UsageError that names the value."""
    chosen: set[Weekday] = set()
    for part in re.findall(r"[^,\s]+", words.lower()):
        chosen.update(_range(part))
    if not chosen:
        raise UsageError("Name at least one day, such as mon-fri.")
    return tuple(day for day in WEEKDAYS if day in chosen)


def _range(part: str) -> tuple[Weekday, ...]:
    first, dash, last = part.partition("-")
    begin, end = _day(first), _day(last) if dash else None
    if part in _NAMES:
        return _NAMES[part]
    if begin is None or (dash and end is None):
        raise UsageError(f"“{part[:40]}” is no day; write mon, tue, wed, thu, fri, sat, sun or mon-fri.")
    if end is None:
        return (begin,)
    start, stop = WEEKDAYS.index(begin), WEEKDAYS.index(end)
    return WEEKDAYS[start : stop + 1] if start <= stop else WEEKDAYS[start:] + WEEKDAYS[: stop + 1]


def _day(word: str) -> Weekday | None:
    for short, long in zip(WEEKDAYS, _LONG, strict=True):
        if word and len(word) >= 2 and long.startswith(word):
            return short
    return None


def in_words(chosen: tuple[Weekday, ...]) -> str:
    """Days as people read them: "every day", "Monday to Friday", "on Mon, Wed and Fri"."""
    if chosen == WEEKDAYS:
        return "every day"
    if chosen == WEEKDAYS[:5]:
        return "Monday to Friday"
    *others, last = (day.capitalize() for day in chosen)
    return f"on {', '.join(others)} and {last}" if others else f"on {last}"


def is_time(words: str) -> bool:
    """Whether ``words`` are meant as a time of day, right or wrong: they begin with a digit."""
    return bool(re.match(r"\d", words))


def is_days(words: str) -> bool:
    """Whether ``words`` are meant as days."""
    head = re.split(r"[,-]", words.lower())[0]
    return head in _NAMES or _day(head) is not None
