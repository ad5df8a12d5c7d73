"""The rounds: each chore when it is due, by one process, whatever the others do; they end when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.rounds import Chore, Rounds
from storage.engine import Database
from storage.runs import Runs
from tests.fakes.newsroom import FakeClock


class House:
    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        self.runs = Runs(database, now=self.clock.now)
        self.done: list[str] = []

    def rounds(self) -> Rounds:
        chores = [
            Chore("breaks", self._break, timedelta(minutes=5)),
            Chore("often", self._do("often"), timedelta(minutes=5)),
            Chore("daily", self._do("daily"), timedelta(days=1)),
        ]
        return Rounds(chores, runs=self.runs, clock=self.clock)

    def _do(self, name: str) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            self.done.append(name)

        return work

    async def _break(self) -> None:
        raise RuntimeError("a platform that does what it likes")


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


async def test_each_chore_is_done_when_it_is_due_by_one_of_two(house: House) -> None:
    one, other = house.rounds(), house.rounds()
    for _ in range(3):
        await one.once()
        await other.once()
        house.clock.forward(minutes=6)
    assert house.done == ["often", "daily", "often", "often"]
    house.clock.forward(days=1)
    await other.once()
    assert house.done.count("daily") == 2


async def test_they_go_on_until_they_are_stopped(house: House) -> None:
    rounds = house.rounds()
    running = asyncio.create_task(rounds.run())
    while house.done.count("often") < 3:
        await asyncio.wait([running], timeout=0.01)
    rounds.stop()
    await asyncio.wait_for(running, 5)
    house.clock.forward(days=2)
    before = list(house.done)
    await rounds.once()
    assert house.done == before, "nothing is begun any more"
