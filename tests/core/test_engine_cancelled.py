from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import ChannelId, Run
from storage.engine import _Connection, _Thread, connect
from storage.runs import Runs
from tests.fakes.newsroom import MORNING

DAY = MORNING.date()


@pytest.mark.parametrize("where", ["file", "memory"])
async def test_a_task_cancelled_in_a_transaction_leaves_no_lock_behind(where: str, tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path}/p.db" if where == "file" else "sqlite:///:memory:")
    runs = Runs(database, now=lambda: MORNING)
    dice = random.Random(1)

    async def some_work() -> None:
        await runs.get(ChannelId("fake:1"), DAY)
        await runs.claim("me", platforms=("fake",), lease=timedelta(seconds=1), limit=3)
        await runs.digest(ChannelId("fake:1"), DAY)

    for number in range(30):
        task = asyncio.create_task(some_work())
        for _ in range(dice.randrange(60)):
            await asyncio.sleep(0)
        task.cancel()
        held = await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(20):
            await runs.plan([Run(ChannelId(f"fake:{number}"), DAY, MORNING)])
        del held
    await database.close()


def test_a_closed_connection_gives_up_its_lock_whoever_still_holds_a_cursor(tmp_path: Path) -> None:
    """The exception of a cancelled task holds the cursor of a half-read answer."""
    file = tmp_path / "p.db"
    cut_off = sqlite3.connect(file, isolation_level=None, factory=_Connection)
    cut_off.execute("CREATE TABLE t (n)")
    cut_off.execute("INSERT INTO t VALUES (1), (2)")
    cut_off.execute("BEGIN IMMEDIATE")
    half_read = cut_off.execute("SELECT n FROM t")
    half_read.fetchone()
    cut_off.close()
    cut_off.close()
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    other.close()
    assert half_read is not None


async def test_a_connection_that_is_closed_while_it_ends_keeps_nobody_waiting() -> None:
    """A task that is cancelled again while SQLAlchemy closes the connection of the first time: the writer's
    turn would never be given back."""
    connection = await _Thread.opening(":memory:")
    connection.stop()
    async with asyncio.timeout(10):
        await asyncio.gather(connection.close(), connection.close())


async def test_tasks_cancelled_twice_leave_the_writer_to_others(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path}/p.db")
    runs = Runs(database, now=lambda: MORNING)
    dice = random.Random(1)

    async def some_work() -> None:
        await runs.plan([Run(ChannelId("fake:1"), DAY, MORNING)])
        await runs.claim("me", platforms=("fake",), lease=timedelta(seconds=1), limit=3)

    async with asyncio.timeout(30):
        for _ in range(40):
            tasks = [asyncio.create_task(some_work()) for _ in range(6)]
            for _ in range(2):
                for _ in range(dice.randrange(40)):
                    await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_program_that_ends_leaves_no_connection_to_the_garbage_collector(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """Work goes on until the database is closed, and the loop ends right after: its last cancellation would
    reach SQLAlchemy's own tasks that give connections back. It warned in long benchmarks."""
    url = f"sqlite:///{tmp_path}/p.db" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    dice = random.Random(1)

    async def program() -> set[asyncio.Task[None]]:
        database = await connect(url)
        runs = Runs(database, now=lambda: MORNING)

        async def work() -> None:
            while True:
                await runs.plan([Run(ChannelId(f"fake:{dice.randrange(9)}"), DAY, MORNING)])
                await runs.claim("me", platforms=("fake",), lease=timedelta(seconds=1), limit=3)

        tasks = {asyncio.create_task(work()) for _ in range(6)}
        tasks.add(asyncio.create_task(runs.watch(lambda: None)))
        await asyncio.sleep(dice.random() / 20)
        await database.close()
        return tasks

    for _ in range(12):
        left = asyncio.run(program())
        del left
        gc.collect()
    assert "garbage collector" not in caplog.text
