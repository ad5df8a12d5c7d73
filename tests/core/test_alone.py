from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.domain import ChannelId, Run
from bot.errors import Busy, Full
from storage.alone import alone
from storage.engine import Database, connect
from storage.runs import Runs
from tests.fakes.newsroom import MORNING

LEASE = timedelta(seconds=60)


async def test_a_second_process_on_one_file_is_told_so(tmp_path: Path) -> None:
    first, second = [await connect(f"sqlite:///{tmp_path}/p.db") for _ in range(2)]
    async with alone(first, Runs(first)):
        with pytest.raises(Busy, match="Another Paperboy delivers from"):
            async with alone(second, Runs(second)):
                pass
    async with alone(second, Runs(second)):
        pass
    await first.close()
    await second.close()


async def test_who_is_alone_takes_over_at_once(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path}/p.db")
    runs = Runs(database, now=lambda: MORNING)
    await runs.plan([Run(ChannelId("fake:a"), date(2026, 4, 15), MORNING)])
    await runs.claim("one that died", platforms=("fake",), lease=LEASE, limit=1)
    async with alone(database, runs):
        assert len(await runs.claim("me", platforms=("fake",), lease=LEASE, limit=1)) == 1
    await database.close()


async def test_several_may_deliver_from_a_server(database: Database) -> None:
    runs = Runs(database)
    async with alone(database, runs), alone(database, runs):
        pass


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path}/p.db")
    (tmp_path / "p.db.lock").mkdir()
    with pytest.raises(Full, match="permission"):
        async with alone(database, Runs(database)):
            pass
    await database.close()


async def test_a_lock_that_cannot_be_written_is_no_second_process(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path}/p.db")
    (tmp_path / "p.db.lock").write_bytes(b"x" * 5000)
    with pytest.raises(Full, match="cannot be written; free some space"):
        async with alone(database, Runs(database)):
            pass
    await database.close()
