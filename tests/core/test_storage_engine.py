"""One writer and many readers; faults of the database as our errors; a cancelled writer leaves no lock."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain import ChannelId, Paper, PaperId, Sighting, Thread
from bot.errors import Busy, Full, StorageError
from storage.engine import Database, connect
from storage.marks import Marks
from storage.papers import Papers
from storage.tables import mark
from storage.threads import Threads

NOW = datetime(2026, 4, 15, tzinfo=UTC)


def _many(count: int) -> list[Sighting]:
    return [Sighting(Paper(PaperId(f"arxiv:2604.{n:05}"), f"Paper {n}", "words " * 50)) for n in range(count)]


async def test_a_cancelled_writer_leaves_nothing_locked_and_nothing_written(database: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(mark.insert(), {"key": "half", "value": "done"})
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    marks = Marks(database)
    async with asyncio.timeout(5):
        await marks.put("after", "works")
    assert (await marks.get("half"), await marks.get("after")) == (None, "works")


@pytest.mark.parametrize("steps", range(20, 100, 9))
async def test_a_writer_cancelled_anywhere_leaves_nothing_locked(database: Database, steps: int) -> None:
    papers = Papers(database)
    task = asyncio.create_task(papers.add(_many(150), now=NOW))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        counts = await papers.add(_many(150), now=NOW)
    assert counts.seen == 150
    assert await papers.count() == 150


async def test_readers_do_not_wait_for_the_writer(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path / 'paperboy.db'}")
    marks = Marks(database)
    await marks.put("a", "before")
    async with database.writing() as connection:
        await connection.execute(mark.update().values(value="after"))
        async with asyncio.timeout(5):
            assert await marks.get("a") == "before"
    assert await marks.get("a") == "after"
    await database.close()


async def test_a_reader_sees_one_state_throughout(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path / 'paperboy.db'}")
    count = sa.select(sa.func.count()).select_from(mark)
    async with database.reading() as connection:
        before = await connection.scalar(count)
        await Marks(database).put("a", "b")
        assert await connection.scalar(count) == before
    await database.close()


async def test_a_reader_cannot_write(database: Database) -> None:
    if database.dialect == "postgresql":
        pytest.skip("on PostgreSQL readers and writers share a pool")
    with pytest.raises(StorageError):
        async with database.reading() as connection:
            await connection.execute(mark.insert(), {"key": "a", "value": "b"})


async def test_two_processes_can_write_one_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'paperboy.db'}"
    one, other = await connect(url), await connect(url)
    await asyncio.gather(*(Papers(database).add(_many(300), now=NOW) for database in (one, other)))
    assert await Papers(one).count() == 300
    assert await Papers(other).search("paper 17", limit=1)
    await one.close()
    await other.close()


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'paperboy.db'}"
    database = await connect(url)
    await Threads(database).open(Thread(ChannelId("slack:C1"), "1.0", ()), now=NOW)
    await database.close()
    database = await connect(url)
    assert await Threads(database).latest(ChannelId("slack:C1"))
    await database.close()


async def test_databases_in_memory_are_apart(database: Database) -> None:
    one, other = await connect("sqlite:///:memory:"), await connect("sqlite:///:memory:")
    await Marks(one).put("a", "b")
    assert await Marks(other).get("a") is None
    await one.close()
    await other.close()


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Full, match="its folder must exist"):
        await connect(f"sqlite:///{tmp_path / 'nowhere' / 'paperboy.db'}")


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "paperboy.db"
    file.write_bytes(b"this is no database " * 1000)
    with pytest.raises(StorageError, match="is no Paperboy database"):
        await connect(f"sqlite:///{file}")


async def test_damage_inside_is_told(tmp_path: Path) -> None:
    file = tmp_path / "paperboy.db"
    database = await connect(f"sqlite:///{file}")
    await Papers(database).add(_many(300), now=NOW)
    await database.close()
    content = bytearray(file.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(bytes(content))
    with pytest.raises(StorageError, match="restore it from a backup"):
        await (await connect(f"sqlite:///{file}")).close()


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: what a full disk is to SQLite."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    database = await connect(f"sqlite:///{tmp_path / 'paperboy.db'}")
    papers = Papers(database)
    await papers.add(_many(100), now=NOW)
    with _largest_file(600_000), pytest.raises(StorageError, match=r"full|room"):
        await papers.add(_many(20_000), now=NOW)
    kept = await papers.count()
    assert kept >= 100
    assert (kept - 100) % 250 in (0, 150)
    await papers.add(_many(kept + 100), now=NOW)
    assert await papers.count() == kept + 100
    await database.close()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[str]:
    """A database of which neither file nor folder may be written."""
    file = tmp_path / "paperboy.db"
    asyncio.run(_make(f"sqlite:///{file}"))
    file.chmod(0o444)
    tmp_path.chmod(0o555)
    yield f"sqlite:///{file}"
    tmp_path.chmod(0o755)


async def _make(url: str) -> None:
    await (await connect(url)).close()


async def _write(url: str) -> None:
    database = await connect(url)
    try:
        await Marks(database).put("a", "b")
    finally:
        await database.close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everything")
async def test_a_file_without_permission_to_write_is_told(read_only: str) -> None:
    with pytest.raises(Full, match="permission"):
        await _write(read_only)


async def test_a_file_locked_by_another_program_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.engine._BUSY_SECONDS", 0)
    url = f"sqlite:///{tmp_path / 'paperboy.db'}"
    one, other = await connect(url), await connect(url)
    async with one.writing():
        with pytest.raises(Busy, match="Another program"):
            await Marks(other).put("a", "b")
    await one.close()
    await other.close()


@pytest.mark.postgres
async def test_a_server_that_is_not_there_is_told(postgres_url: str) -> None:
    nobody = "postgresql://paperboy:secret@127.0.0.1:1/paperboy"
    with pytest.raises(StorageError, match="does not answer") as told:
        await connect(nobody)
    assert "secret" not in str(told.value)
    with pytest.raises(StorageError, match="There is no database"):
        await connect(postgres_url.rpartition("/")[0] + "/nowhere")


@pytest.mark.postgres
async def test_a_connection_cut_by_the_server_is_told_and_made_anew(postgres_url: str) -> None:
    database = await connect(postgres_url)
    marks = Marks(database)
    cut = sa.text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(StorageError, match=r"does not answer|starting or stopping"):
        async with database.writing() as connection:
            await connection.execute(cut)
    await marks.put("a", "b")
    assert await marks.get("a") == "b"
    await database.close()


@pytest.mark.postgres
async def test_a_connection_cut_while_it_rests_is_replaced_before_it_is_used(postgres_url: str) -> None:
    """As after a restart of the server: whoever comes next notices nothing."""
    database = await connect(postgres_url)
    other = await connect(postgres_url)
    marks = Marks(database)
    await marks.put("before", "there")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    here = " AND datname = current_database()"
    async with other.at_once() as connection:
        await connection.execute(sa.text(others + here))
    await asyncio.sleep(0.05)  # until this loop has read that the socket is closed
    assert await marks.get("before") == "there"
    await marks.put("after", "there")
    await other.close()
    await database.close()


@pytest.mark.postgres
async def test_a_statement_on_its_own_is_one_trip_to_the_server(postgres_url: str) -> None:
    database = await connect(postgres_url)
    asked = sa.text("SELECT now()")  # stands still within a transaction
    async with database.reading() as connection:
        assert await connection.scalar(asked) != await connection.scalar(asked)
    async with database.writing() as connection:
        assert await connection.scalar(asked) == await connection.scalar(asked)
    await database.close()
