from datetime import time

import pytest

from bot import schedule_words as words
from bot.domain import WEEKDAYS
from bot.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("09:00", time(9)), ("9:30", time(9, 30)), ("9.05", time(9, 5)), ("9am", time(9)), ("12 pm", time(12))],
)
def test_times(text: str, expected: time) -> None:
    assert words.time_of_day(text) == expected


@pytest.mark.parametrize("text", ["25:99", "24:00", "noonish", "13pm", ""])
def test_an_impossible_time_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=f"“{text}” is no time of day"):
        words.time_of_day(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("europe/berlin", "Europe/Berlin"), ("Berlin", "Europe/Berlin"), ("utc", "UTC")]
)
def test_zones(text: str, expected: str) -> None:
    assert words.zone(text) == expected


def test_a_mistyped_zone_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="Europe/Berlin"):
        words.zone("Europe/Berln")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon-fri", WEEKDAYS[:5]),
        ("mon,wed", ("mon", "wed")),
        ("sat-mon", ("mon", "sat", "sun")),
        ("daily", WEEKDAYS),
        ("Monday, Thursday", ("mon", "thu")),
    ],
)
def test_days(text: str, expected: tuple[str, ...]) -> None:
    assert words.days(text) == expected


@pytest.mark.parametrize("text", ["xday", "mon-xyz", ""])
def test_an_impossible_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        words.days(text)


def test_days_in_words() -> None:
    assert words.in_words(WEEKDAYS) == "every day"
    assert words.in_words(WEEKDAYS[:5]) == "Monday to Friday"
    assert words.in_words(("mon", "wed", "fri")) == "on Mon, Wed and Fri"
    assert words.in_words(("sat",)) == "on Sat"
