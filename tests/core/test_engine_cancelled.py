from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain import ChannelId, Run
from storage.engine import connect
from storage.runs import Runs
from tests.fakes.newsroom import MORNING

DAY = MORNING.date()


@pytest.mark.parametrize("where", ["file", "memory"])
async def test_a_task_cancelled_in_a_transaction_leaves_no_lock_behind(where: str, tmp_path: Path) -> None:
    """Not even while somebody holds the exception, and with it the cursor of a half-read answer."""
    database = await connect(f"sqlite:///{tmp_path}/p.db" if where == "file" else "sqlite:///:memory:")
    runs = Runs(database, now=lambda: MORNING)
    dice = random.Random(1)

    async def some_work() -> None:
        await runs.get(ChannelId("fake:1"), DAY)
        await runs.claim("me", platforms=("fake",), lease=timedelta(seconds=1), limit=3)
        await runs.digest(ChannelId("fake:1"), DAY)

    for number in range(60):
        task = asyncio.create_task(some_work())
        for _ in range(dice.randrange(60)):
            await asyncio.sleep(0)
        task.cancel()
        held = await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(20):
            await runs.plan([Run(ChannelId(f"fake:{number}"), DAY, MORNING)])
        del held
    await database.close()
