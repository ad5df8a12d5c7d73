"""Dates as feeds and APIs write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_PARTS = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?(?!\d)")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WORDS = re.compile(
    r"(?P<month>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})\.?"
    r"(?: (?P<day>[0-9]{1,2})(?:st|nd|rd|th)?,?)?,? (?P<year>[0-9]{4})",
    re.IGNORECASE,
)
"""As journals print it: "Oct 16, 2021", "October 2021"."""


def moment(text: str) -> datetime | None:
    """The time in an ISO 8601 or RFC 822 text, aware (UTC where no zone is named); None if there is none."""
    text = text.strip()
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if _PARTS.match(text):
        return None
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        found = parsedate_to_datetime(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def day(text: str) -> date | None:
    """The calendar day that ``text`` names, in the zone it is written in; a year or month alone is its first.

    None where there is none, or one that cannot be (year 1, month 13).
    """
    if (found := moment(text)) is not None:
        return _sane(found.date())
    if match := _PARTS.match(text.strip()):
        return of(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    if match := _WORDS.fullmatch(text.strip()):
        month = _MONTHS.index(match["month"][:3].lower()) + 1
        return of(int(match["year"]), month, int(match["day"] or 1))
    return None


def of(year: int, month: int, number: int) -> date | None:
    """The day of these numbers; None for one that cannot be."""
    with suppress(ValueError):
        return _sane(date(year, month, number))
    return None


def _sane(found: date) -> date | None:
    return found if 1600 <= found.year <= 2200 else None
