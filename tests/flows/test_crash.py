"""A process that brings digests dies at every named place; the next one brings the rest, each post once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.crash import Tally, stopped_at
from bot.crash import POINTS
from tests.fakes import paper_round, towns
from tests.fakes.newsroom import MORNING
from tests.fakes.paper_round import PAPERS
from tests.fakes.towns import Town

LATER = MORNING + timedelta(minutes=2)
AGAIN = ("before-intent:3", "after-intent:4", "after-reply:3", "after-sent:5", "after-done:2")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/paperboy.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that has no schema yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/paperboy.db"
    return str(request.getfixturevalue("bare_postgres_url"))


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with towns.plain() as town:
        yield town


@pytest.fixture
async def slack() -> AsyncIterator[Town]:
    async with towns.slack() as town:
        yield town


async def recovered(url: str, town: Town) -> None:
    """A second start brings the rest, each message once."""
    assert await paper_round.run(town.order(url, start=LATER)) == 0
    assert towns.faults(town) == []
    assert await towns.states(url, town) == ["delivered", "delivered"]


@pytest.mark.parametrize("point", [*(p for p in POINTS if p != "in-migration"), *AGAIN])
async def test_dying_at(point: str, url: str, town: Town) -> None:
    await paper_round.stock(url, town.rooms)
    assert await paper_round.run(town.order(url, crash_at=point)) == 137
    await recovered(url, town)


@pytest.mark.parametrize("point", ["after-intent", "after-reply", "after-reply:3", "before-done"])
async def test_dying_at_slack(point: str, url: str, slack: Town) -> None:
    await paper_round.stock(url, slack.rooms)
    assert await paper_round.run(slack.order(url, crash_at=point)) == 137
    await recovered(url, slack)


async def test_dying_while_the_schema_is_made(bare_url: str, town: Town) -> None:
    assert await paper_round.run(town.order(bare_url, crash_at="in-migration")) == 137
    await paper_round.stock(bare_url, town.rooms)
    await recovered(bare_url, town)


@pytest.mark.parametrize("number", [0, 2])
async def test_dying_when_a_post_stands_but_its_answer_has_not_come(
    number: int, url: str, town: Town
) -> None:
    await paper_round.stock(url, town.rooms)
    town.mishap("silent", after=number)
    process = paper_round.begin(town.order(url))
    await asyncio.wait_for(town.office.silent.wait(), 20)
    process.kill()
    assert await paper_round.ended(process) == -signal.SIGKILL
    await recovered(url, town)


@pytest.mark.parametrize("kind", ["late", "lost", "broken"])
async def test_an_answer_that_never_came(kind: str, url: str, town: Town) -> None:
    """The post stands there already, or lands only after the process that sent it has died."""
    await paper_round.stock(url, town.rooms)
    town.mishap(kind)
    assert await paper_round.run(town.order(url, once=True)) == 0
    stood = len(town.letters(town.rooms[0])) + len(town.letters(town.rooms[1]))
    early = MORNING + timedelta(seconds=59)  # it may still be travelling: nothing may be sent again yet
    assert await paper_round.run(town.order(url, once=True, start=early)) == 0
    assert len(town.letters(town.rooms[0])) + len(town.letters(town.rooms[1])) == stood
    await town.land()
    await recovered(url, town)


async def test_dying_while_the_request_is_travelling(url: str, town: Town) -> None:
    await paper_round.stock(url, town.rooms)
    town.mishap("hanging")
    process = paper_round.begin(town.order(url))
    await asyncio.wait_for(town.office.silent.wait(), 20)
    process.kill()
    await paper_round.ended(process)
    assert await paper_round.run(town.order(url, once=True, start=MORNING + timedelta(seconds=40))) == 0
    await town.land()
    await recovered(url, town)


async def test_a_third_start_posts_nothing(url: str, town: Town) -> None:
    await paper_round.stock(url, town.rooms)
    for start in (MORNING, LATER, LATER + timedelta(hours=1)):
        assert await paper_round.run(town.order(url, start=start)) == 0
        assert towns.faults(town) == []
    assert set(town.office.model_calls.values()) == {1}


async def test_a_process_that_is_told_to_end_finishes_the_post_in_hand(url: str, town: Town) -> None:
    await paper_round.stock(url, town.rooms)
    town.mishap("silent", after=2)
    process = paper_round.begin(town.order(url))
    await asyncio.wait_for(town.office.silent.wait(), 20)
    os.kill(process.pid or 0, signal.SIGTERM)
    town.office.answer()
    assert await paper_round.ended(process, seconds=10) == 0
    assert len(town.office.letters) < 2 * (PAPERS + 1)
    await recovered(url, town)


@pytest.mark.postgres
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a stopped process is seen in /proc")
@pytest.mark.parametrize("where", ["fake", "slack", "discord"])
async def test_standing_still_between_the_last_look_at_the_clock_and_the_write(
    where: str, postgres_url: str
) -> None:
    """Another worker takes over and sends; the one that wakes up writes nothing any more."""
    tally = Tally()
    await stopped_at(postgres_url, where, "after-intent:3", tally)
    assert tally.faults == []
    assert (tally.kills, tally.messages, tally.doubles) == (1, 8, 0)
