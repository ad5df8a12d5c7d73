"""Papers that came as files, on both engines: found by their id, and by nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain import ChannelId, FullText, Paper, PaperId, Passage, Sighting, Summary, UserId
from storage import care
from storage.channels import Channels
from storage.drops import Drops
from storage.engine import Database
from storage.papers import Papers
from storage.readings import Readings

NOW = datetime(2026, 4, 15, 6, 0, tzinfo=UTC)
LAB, ADA = ChannelId("slack:C1"), UserId("slack:U1")
FILE = Paper(
    PaperId("file:0123456789abcdef"),
    "A manuscript on moss",
    "Moss is \0 studied.",
    authors=("Ada Lovelace",),
    published=date(2026, 4, 1),
    source="file",
    doi="10.1000/moss",
)
CLEAN = "Moss is \ufffd studied."


@pytest.fixture
async def drops(database: Database) -> Drops:
    found = Drops(database)
    await found.keep(FILE, LAB, ADA, now=NOW)
    text = FullText(FILE.id, 1, (Passage(FILE.id, 0, "Moss grows."),))
    await Readings(database).keep_text(text, now=NOW)
    await Readings(database).keep_summary(
        Summary(FILE.id, "Moss.", (), "embedded", "full text", prompt_version="1"), now=NOW
    )
    return found


async def test_it_is_found_by_its_id_and_by_no_list(database: Database, drops: Drops) -> None:
    papers = Papers(database)
    await papers.add([Sighting(Paper(PaperId("arxiv:2604.00001"), "Lichen", "Lichen."), "new")], now=NOW)
    (found,) = await papers.many([FILE.id])
    assert (found.title, found.abstract, found.authors) == (FILE.title, CLEAN, FILE.authors)
    assert (found.published, found.source, found.doi) == (FILE.published, "file", FILE.doi)
    assert [p.title for p in await papers.many([PaperId("arxiv:2604.00001"), FILE.id])] == [
        "Lichen",
        FILE.title,
    ]
    assert await papers.count() == 1
    assert await papers.search("moss manuscript", limit=5) == []
    assert await papers.matching("moss", limit=5) == []
    assert [p.title for p in await papers.dated(date(2026, 1, 1))] == []
    assert [p.title for p in await papers.news(NOW - timedelta(days=1), NOW)] == ["Lichen"]
    assert [some async for some in papers.titles()] == [["Lichen"]]


async def test_the_channel_is_known(drops: Drops) -> None:
    assert await drops.where(FILE.id) == LAB
    assert await drops.where(PaperId("file:0")) is None


async def test_who_is_forgotten_takes_their_files_along(database: Database, drops: Drops) -> None:
    assert await Channels(database).forget(UserId("slack:U2")) == 0
    assert await Channels(database).forget(ADA) == 1
    assert await Papers(database).get(FILE.id) is None
    assert await Readings(database).text(FILE.id, 1) is None


async def test_it_goes_altogether_after_half_a_year(database: Database, drops: Drops) -> None:
    assert (await care.prune(database, now=NOW + timedelta(days=179)))["dropped"] == 0
    assert await drops.where(FILE.id) == LAB
    assert (await care.prune(database, now=NOW + timedelta(days=181)))["dropped"] == 1
    readings = Readings(database)
    assert await Papers(database).get(FILE.id) is None
    assert await readings.text(FILE.id, 1) is None
    kept = await readings.summary(FILE.id, prompt_version="1", model="embedded", language="en")
    assert kept is None
