"""Several processes ask a host together no faster than one may."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from bot.app import assembled
from bot.config import parse
from bot.errors import StorageError, Throttled
from bot.web import Bounds, Share, Web
from storage import care
from storage.engine import Database
from storage.runs import Runs
from storage.tables import duty
from tests.fakes.clock import SetClock
from tests.fakes.web import Answer, Asked, Page, Site, throttled


@pytest.fixture
def runs(database: Database, clock: SetClock) -> Runs:
    return Runs(database, now=clock.now)


def polite(site: Site, clock: SetClock, share: Share | None) -> Web:
    return Web(clock, trusted=[site.url], pace={f"127.0.0.1:{site.port}": 3.0}, share=share)


def noting(clock: SetClock, times: list[datetime]) -> Page:
    def page(asked: Asked) -> Answer:
        times.append(clock.now())
        return Answer(b"x")

    return page


async def test_two_processes_keep_one_pace(site: Site, clock: SetClock, runs: Runs) -> None:
    times: list[datetime] = []
    site.on("/*", noting(clock, times))
    async with polite(site, clock, runs.reserve) as one, polite(site, clock, runs.reserve) as other:
        for number in range(3):
            await one.get(f"{site.url}/{number}")
            await other.get(f"{site.url}/{number}")
    apart = [later - earlier for earlier, later in pairwise(times)]
    assert apart == [timedelta(seconds=3)] * 5


async def test_alone_two_would_be_twice_as_fast(site: Site, clock: SetClock) -> None:
    times: list[datetime] = []
    site.on("/*", noting(clock, times))
    async with polite(site, clock, None) as one, polite(site, clock, None) as other:
        await one.get(f"{site.url}/")
        await other.get(f"{site.url}/")
    assert times[0] == times[1]


async def test_what_one_was_told_holds_for_all(site: Site, clock: SetClock, runs: Runs) -> None:
    times: list[datetime] = []
    site.on("/a", throttled("40"))
    site.on("/b", noting(clock, times))
    start = clock.now()
    async with polite(site, clock, runs.reserve) as one, polite(site, clock, runs.reserve) as other:
        with pytest.raises(Throttled):
            await one.get(f"{site.url}/a", bounds=Bounds(tries=1))
        with pytest.raises(Throttled, match="asked for patience"):
            await other.get(f"{site.url}/b", bounds=Bounds(patience=10, tries=1))
        await other.get(f"{site.url}/b")
    assert timedelta(seconds=40) <= times[0] - start <= timedelta(seconds=46)


async def test_who_gives_up_gives_the_place_back(site: Site, clock: SetClock, runs: Runs) -> None:
    place = f"web:127.0.0.1:{site.port}"
    await runs.reserve(place, 100.0, 1)
    async with polite(site, clock, runs.reserve) as web:
        for _ in range(5):
            with pytest.raises(Throttled):
                await web.get(f"{site.url}/", bounds=Bounds(patience=10, tries=1))
    assert await runs.reserve(place, 0.0, 1) == pytest.approx(100.0)


async def test_a_storage_that_is_away_is_no_reason_not_to_fetch(site: Site, clock: SetClock) -> None:
    async def away(lane: str, apart: float, count: int) -> float:
        raise StorageError("The database is away.")

    site.on("/*", Answer(b"x"))
    async with polite(site, clock, away) as web:
        await web.get(f"{site.url}/")
        await web.get(f"{site.url}/")
    assert clock.slept == [3.0]


async def test_lanes_that_nobody_uses_go(database: Database, clock: SetClock, runs: Runs) -> None:
    await asyncio.gather(*(runs.reserve(f"web:host{n}.example", 1.0, 1) for n in range(3)))
    assert (await care.prune(database, now=clock.now() + timedelta(days=7)))["duty"] == 0
    assert (await care.prune(database, now=clock.now() + timedelta(days=9)))["duty"] == 3


async def test_one_process_with_sqlite_asks_nobody(site: Site) -> None:
    site.on("/*", Answer(b"x"))
    config = parse(
        {
            "storage": {"url": "sqlite:///:memory:"},
            "sources": {"arxiv": {"api_url": site.url, "min_interval": 0.01}},
        }
    )
    async with assembled(config, environ={}, connect=False) as app:
        await app.web.get(f"{site.url}/")
        async with app.stores.database.reading() as connection:
            assert (await connection.execute(sa.select(duty))).all() == []
