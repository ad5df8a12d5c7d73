from __future__ import annotations

import asyncio
import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import ChannelId, Run
from storage.engine import _Connection, connect
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
