from datetime import date

import pytest

from bot.library import missed_days


@pytest.mark.parametrize(
    ("good", "today", "missed"),
    [
        ("2025-08-19", "2025-08-20", None),
        ("2025-08-18", "2025-08-20", ("2025-08-19", "2025-08-19")),
        ("2025-08-15", "2025-08-18", None),
        ("2025-08-14", "2025-08-18", ("2025-08-15", "2025-08-15")),
        ("2025-06-01", "2025-08-20", ("2025-08-06", "2025-08-19")),
        ("2025-08-21", "2025-08-20", None),
    ],
)
def test_missed_days_are_the_working_days_between(
    good: str, today: str, missed: tuple[str, str] | None
) -> None:
    found = missed_days(date.fromisoformat(good), date.fromisoformat(today))
    assert found == (tuple(map(date.fromisoformat, missed)) if missed else None)
