from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.duty import Duty
from bot.errors import StorageError
from storage.engine import Database, connect
from storage.runs import Runs
from tests.fakes.newsroom import FakeClock


@pytest.fixture
async def memory() -> AsyncIterator[Database]:
    database = await connect("sqlite:///:memory:")
    yield database
    await database.close()


class Work:
    def __init__(self, error: Exception | None = None) -> None:
        self.done = 0
        self.error = error

    async def __call__(self) -> None:
        self.done += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error


def duty(database: Database, clock: FakeClock, work: Work) -> Duty:
    return Duty(
        "fetch",
        work,
        runs=Runs(database, now=clock.now),
        every=timedelta(minutes=10),
        lease=timedelta(minutes=5),
        ticks=clock.ticks,
        rest=clock.sleep,
        stopping=asyncio.Event(),
    )


async def test_it_is_done_once_for_everybody(memory: Database) -> None:
    clock, work = FakeClock(), Work()
    here, there = duty(memory, clock, work), duty(memory, clock, work)
    await asyncio.gather(*(one.done() for one in (here, there, here, there)))
    assert work.done == 1
    clock.forward(minutes=11)
    await there.done()
    await here.done()
    assert work.done == 2


async def test_who_waits_for_a_process_that_died_does_it_after_its_lease(memory: Database) -> None:
    clock, work = FakeClock(), Work()
    await Runs(memory, now=clock.now).turn("fetch", every=timedelta(minutes=10), lease=timedelta(minutes=5))
    await duty(memory, clock, work).done()
    assert work.done == 1
    assert sum(clock.slept) >= 298


async def test_failing_at_it_holds_nobody_up_but_a_broken_database_is_told(memory: Database) -> None:
    clock, work = FakeClock(), Work(RuntimeError("feed on fire"))
    await duty(memory, clock, work).done()
    assert work.done == 1
    clock.forward(hours=1)
    with pytest.raises(StorageError):
        await duty(memory, clock, Work(StorageError("cut"))).done()


async def test_a_program_that_ends_does_not_wait(memory: Database) -> None:
    clock, work = FakeClock(), Work()
    one = duty(memory, clock, work)
    one._stopping.set()
    await one.done()
    assert work.done == 0
