"""Dates as feeds and APIs write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_PARTS = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?(?!\d)")


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
        with suppress(ValueError):
            return _sane(date(int(match[1]), int(match[2] or 1), int(match[3] or 1)))
    return None


def _sane(found: date) -> date | None:
    return found if 1600 <= found.year <= 2200 else None
