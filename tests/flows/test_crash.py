"""A process that brings digests dies at every named place; the next one brings the rest, each post once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.crash import POINTS
from bot.domain import ChannelId
from storage.engine import connect
from storage.runs import Runs
from tests.fakes import paper_round
from tests.fakes.newsroom import MORNING
from tests.fakes.paper_round import PAPERS, Order
from tests.fakes.post_office import PostOffice

ROOMS = ("fake:one", "fake:two")
LATER = MORNING + timedelta(minutes=2)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/paperboy.db"
    return str(request.getfixturevalue("postgres_url"))


def delivered_once(office: PostOffice) -> None:
    for room in ROOMS:
        letters = office.of(room)
        assert len({letter.key for letter in letters}) == len(letters) == PAPERS + 1, "a double, or one lost"
        (top,) = [letter for letter in letters if letter.parent is None]
        assert {letter.parent for letter in letters} == {None, top.remote}
        assert letters[0] == top


async def finished(url: str) -> None:
    database = await connect(url)
    try:
        runs = [await Runs(database).get(ChannelId(room), MORNING.date()) for room in ROOMS]
        assert [run.state for run in runs if run] == ["delivered"] * len(ROOMS)
    finally:
        await database.close()


async def recovered(url: str, office: PostOffice) -> None:
    """A second start brings the rest, a third posts nothing."""
    order = Order(url, office.address, ROOMS, LATER)
    assert await paper_round.run(order) == 0
    delivered_once(office)
    await finished(url)
    assert all(calls <= 2 for calls in office.model_calls.values())


NEEDS_MANY = ("before-intent:3", "after-intent:4", "after-reply:3", "after-sent:5", "after-done:2")


@pytest.mark.parametrize("point", [*(p for p in POINTS if p != "in-migration"), *NEEDS_MANY])
async def test_dying_at(point: str, url: str, office: PostOffice) -> None:
    await paper_round.stock(url, ROOMS)
    assert await paper_round.run(Order(url, office.address, ROOMS, MORNING, crash_at=point)) == 137
    await recovered(url, office)


async def test_dying_while_the_schema_is_made(url: str, office: PostOffice) -> None:
    order = Order(url, office.address, ROOMS, MORNING, crash_at="in-migration")
    assert await paper_round.run(order) == 137
    await paper_round.stock(url, ROOMS)
    await recovered(url, office)


@pytest.mark.parametrize("number", [0, 2])
async def test_dying_when_a_post_stands_but_its_answer_has_not_come(
    number: int, url: str, office: PostOffice
) -> None:
    await paper_round.stock(url, ROOMS)
    office.mishap("", times=number)
    office.mishap("silent")
    process = paper_round.begin(Order(url, office.address, ROOMS, MORNING))
    await asyncio.wait_for(office.silent.wait(), 20)
    process.kill()
    assert await paper_round.ended(process) == -signal.SIGKILL
    await recovered(url, office)


async def test_a_third_start_posts_nothing(url: str, office: PostOffice) -> None:
    await paper_round.stock(url, ROOMS)
    for start in (MORNING, LATER, LATER + timedelta(hours=1)):
        assert await paper_round.run(Order(url, office.address, ROOMS, start)) == 0
        delivered_once(office)
    assert set(office.model_calls.values()) == {1}


async def test_a_process_that_is_told_to_end_finishes_the_post_in_hand(url: str, office: PostOffice) -> None:
    await paper_round.stock(url, ROOMS)
    office.mishap("", times=2)
    office.mishap("silent")
    process = paper_round.begin(Order(url, office.address, ROOMS, MORNING))
    await asyncio.wait_for(office.silent.wait(), 20)
    os.kill(process.pid or 0, signal.SIGTERM)
    office.answer()
    assert await paper_round.ended(process, seconds=10) == 0
    assert len(office.letters) < 2 * (PAPERS + 1)
    await recovered(url, office)
