from __future__ import annotations

from datetime import timedelta

from bot.clock import on_platform
from tests.fakes.newsroom import MORNING

TEN = timedelta(minutes=10)


def test_a_platforms_history_is_read_from_a_little_before() -> None:
    assert on_platform(MORNING, present=MORNING + timedelta(hours=3)) == MORNING - TEN
    assert on_platform(MORNING + TEN, present=MORNING) == MORNING


def test_in_a_rehearsal_of_the_future_a_day_of_it_is_read() -> None:
    assert on_platform(MORNING + timedelta(days=90), present=MORNING) == MORNING - timedelta(days=1) - TEN
