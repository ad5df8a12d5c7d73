"""Copies and backups: everything goes over, cut off ones go on, differences are noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bot.doc import paragraph
from bot.domain import (
    Channel,
    ChannelId,
    Counts,
    Decision,
    FullText,
    Harvest,
    ModelCall,
    Note,
    Paper,
    PaperId,
    Sighting,
    Thread,
    Topic,
    Turn,
    UserId,
)
from bot.errors import Full, StorageError
from storage import care
from storage.backup import backup
from storage.channels import Channels
from storage.copy import copy
from storage.decisions import Decisions
from storage.engine import Database, connect
from storage.feeds import Feeds
from storage.ledger import Ledger
from storage.marks import Marks, Vault
from storage.notes import Notes
from storage.papers import Papers
from storage.readings import Readings
from storage.tables import digest_item, digest_run, metadata, outbox
from storage.threads import Threads
from storage.vectors import VectorIndex

NOW = datetime(2026, 4, 15, 6, 0, 0, 123456, tzinfo=UTC)
LAB = ChannelId("slack:C1")


def _papers(count: int) -> list[Sighting]:
    made = [
        Paper(
            PaperId(f"arxiv:2604.{n:05}"), f"Über paper {n}", "ü" * n, ("A. B",), published=date(2026, 4, 1)
        )
        for n in range(count)
    ]
    return [Sighting(paper) for paper in made]


async def _fill(database: Database) -> None:
    await Papers(database).add(_papers(600), now=NOW)
    changed = replace(_papers(3)[2].paper, version=2, title="Changed", doi="10.1/x")
    await Papers(database).add([Sighting(changed, "replace")], now=NOW)
    await Channels(database).save(Channel(LAB, (Topic(("splats",)),)))
    await Channels(database).keep(UserId("slack:U1"), LAB, PaperId("arxiv:2604.00001"), NOW)
    await Threads(database).open(Thread(LAB, "1.0", (PaperId("a"),), (Turn("bot", "Hi"),)), now=NOW)
    await Threads(database).first_time(LAB, "m", now=NOW)
    await Decisions(database).save([Decision(PaperId("a"), "t", 0.1 + 0.2, 0.5, False, "why")], now=NOW)
    await Readings(database).keep_text(FullText(PaperId("a"), 1, ()), now=NOW)
    await Feeds(database).remember(Harvest("arxiv", memory={"etag": "ü"}), Counts(), now=NOW)
    await Ledger(database).reserve(ModelCall("m", "answer", usd=0.125), now=NOW)
    await Marks(database).put("tree", "1")
    await Vault(database).put("slack:T1", b"\0secret")
    await VectorIndex(database).put("light", [PaperId("a")], np.ones((1, 4), np.float32))
    key = {"channel_id": LAB, "local_date": NOW.date()}
    async with database.writing() as connection:
        await connection.execute(digest_run.insert(), key | {"due_utc": NOW})
        item = {"rank": 1, "paper_id": "a", "score": 1.0, "topic": "t", "why": "w"}
        await connection.execute(digest_item.insert(), key | item)
        parcel = {"seq": 0, "idem_key": "k", "payload": {"a": [1]}, "schema_version": 1, "papers": []}
        await connection.execute(outbox.insert(), key | parcel | {"state": "sent"})


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await connect(f"sqlite:///{tmp_path / 'source.db'}")
    await _fill(opened)
    yield opened
    await opened.close()


async def test_everything_goes_over(source: Database, database: Database) -> None:
    told: list[tuple[str, int, int]] = []
    copied = await copy(source, database, progress=lambda *step: told.append(step))
    assert {table.table: table.rows for table in copied} | {"paper": 600, "vault": 1, "mark": 1} == {
        table.table: table.rows for table in copied
    }
    assert {table.name for table in metadata.sorted_tables} == {table.table for table in copied}
    assert told[-1][1] == told[-1][2]
    assert ("paper", 600, 600) in told
    theirs = Papers(database)
    assert await theirs.get(PaperId("doi:10.1/x")) == await Papers(source).get(PaperId("arxiv:2604.00002"))
    assert [found.paper.title for found in await theirs.search("changed", limit=3)] == ["Changed"]
    assert await Marks(database).beginning("copy:") == {}
    assert (await theirs.add([Sighting(Paper(PaperId("arxiv:1"), "Later"))], now=NOW)).new == 1
    await Threads(database).say(LAB, "1.0", Turn("bot", "Again"), now=NOW)


async def test_a_copy_that_was_cut_off_goes_on(source: Database, database: Database) -> None:
    def cut(table: str, done: int, _all: int) -> None:
        if table == "paper" and done >= 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy(source, database, progress=cut)
    told: list[tuple[str, int, int]] = []
    await copy(source, database, progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "paper"] == [("paper", 600, 600)]
    assert await Papers(database).count() == 600


async def test_a_target_with_something_in_it_is_refused(source: Database, database: Database) -> None:
    await Marks(database).put("a", "b")
    with pytest.raises(StorageError, match="is not empty"):
        await copy(source, database)


async def test_a_difference_is_noticed(source: Database, database: Database) -> None:
    def meddle(table: str, _done: int, _all: int) -> None:
        if table == "paper_vector":
            tasks.append(asyncio.create_task(Marks(database).put("meddled", "x")))

    tasks: list[asyncio.Task[None]] = []
    with pytest.raises(StorageError, match="table mark differs"):
        await copy(source, database, progress=meddle)
    await asyncio.gather(*tasks)


async def test_a_backup_is_whole_and_can_be_used(source: Database, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("an earlier one")
    writing = asyncio.create_task(Marks(source).put("meanwhile", "x"))
    await backup(source, file)
    await writing
    restored = await connect(f"sqlite:///{file}")
    assert await Papers(restored).count() == 600
    assert await Papers(restored).search("paper 17", limit=1)
    assert await Marks(restored).get("tree") == "1"
    await restored.close()
    assert not await asyncio.to_thread(lambda: list(tmp_path.glob("*.part*")))


async def test_a_backup_of_any_database_is_a_file(
    source: Database, database: Database, tmp_path: Path
) -> None:
    await copy(source, database)
    await backup(database, tmp_path / "backup.db")
    restored = await connect(f"sqlite:///{tmp_path / 'backup.db'}")
    assert await Papers(restored).count() == 600
    await restored.close()


async def test_a_backup_that_cannot_be_written_is_told(source: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        await backup(source, tmp_path / "nowhere" / "backup.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Full, match="name another file"):
        await backup(source, tmp_path / "folder")


async def test_what_has_outlived_its_use_goes(database: Database) -> None:
    decisions, readings = Decisions(database), Readings(database)
    await _fill(database)
    await decisions.save([Decision(PaperId("b"), "t", 0.9, 0.5, True, "why")], now=NOW)
    await Notes(database).add(Note("k", ChannelId("slack:C1"), (paragraph("Look."),), NOW))
    assert sum((await care.prune(database, now=NOW + timedelta(days=13))).values()) == 0
    gone = await care.prune(database, now=NOW + timedelta(days=200))
    assert gone == {
        "dropped": 0,
        "reading": 1,
        "ledger": 0,
        "turn": 0,
        "heard": 1,
        "duty": 0,
        "decision": 1,
        "paper_change": 2,
        "note": 1,
        "outbox": 0,
    }
    assert await readings.text(PaperId("a"), 1) is None
    assert await decisions.of(PaperId("b"))
    gone = await care.prune(database, now=NOW + timedelta(days=500))
    assert gone == {
        "dropped": 0,
        "reading": 0,
        "ledger": 1,
        "turn": 1,
        "heard": 0,
        "duty": 0,
        "decision": 1,
        "paper_change": 0,
        "note": 0,
        "outbox": 1,
    }
    assert await Papers(database).count() == 600


async def test_the_doctor_looks_at_the_database(source: Database, database: Database) -> None:
    engine = "SQLite" if database.dialect == "sqlite" else "PostgreSQL"
    for looked_at in (source, database):
        findings = await care.check(looked_at)
        assert all(finding.ok for finding in findings)
    assert engine in findings[0].detail
    assert "600 papers" in (await care.check(source))[0].detail
