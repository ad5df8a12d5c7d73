"""What channels get and were shown, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.doc import paragraph
from bot.domain import Channel, ChannelId, Note, Paper, PaperId, Sighting, Thread, Topic, Turn, UserId, Vote
from storage.channels import Channels
from storage.engine import Database
from storage.notes import Notes
from storage.papers import Papers
from storage.tables import digest_item, digest_run, outbox
from storage.threads import Threads

NOW = datetime(2026, 4, 15, 6, 0, tzinfo=UTC)
DAY = date(2026, 4, 15)
LAB, OTHER = ChannelId("slack:C1"), ChannelId("discord:2")
ADA, BOB = UserId("slack:U1"), UserId("slack:U2")
ONE, TWO, THREE = (PaperId(f"arxiv:2604.0000{n}") for n in (1, 2, 3))


@pytest.fixture
def channels(database: Database) -> Channels:
    return Channels(database)


async def _digest(database: Database, *papers: PaperId, state: str, sent: tuple[PaperId, ...] = ()) -> None:
    key = {"channel_id": LAB, "local_date": DAY}
    async with database.writing() as connection:
        await connection.execute(digest_run.insert(), key | {"due_utc": NOW, "state": state})
        for rank, name in enumerate(papers, start=1):
            row = {"rank": rank, "paper_id": name, "score": 0.5, "topic": "t", "why": "w"}
            await connection.execute(digest_item.insert(), key | row)
            parcel = {
                "seq": rank,
                "idem_key": f"k{rank}",
                "payload": {},
                "schema_version": 1,
                "papers": [name],
                "state": "sent" if name in sent else "pending",
            }
            await connection.execute(outbox.insert(), key | parcel)


async def test_a_channel_comes_back_as_it_was_saved(channels: Channels) -> None:
    lab = Channel(
        LAB,
        (Topic(("gaussian splatting", "3DGS"), ("survey",)), Topic(("Über-Netze",))),
        ("benchmark",),
        time(7, 45),
        "Europe/Berlin",
        ("sat", "sun"),
        3,
        "de",
        "silent",
        False,
        "paused by Ada",
        "T1",
        ADA,
    )
    await channels.save(Channel(LAB))
    await channels.save(lab)
    await channels.save(Channel(OTHER))
    assert await channels.get(LAB) == lab
    assert await channels.all() == [Channel(OTHER), lab]
    assert await channels.get(ChannelId("slack:C9")) is None
    assert await channels.own(ADA) == lab
    assert await channels.own(BOB) is None


@pytest.mark.parametrize("state", ["due", "posting", "delivered"])
async def test_shown_is_what_a_digest_brought_or_is_bringing(
    database: Database, channels: Channels, state: str
) -> None:
    await _digest(database, ONE, TWO, state=state)
    assert await channels.shown(LAB, [ONE, TWO, THREE]) == {ONE, TWO}
    assert await channels.shown(OTHER, [ONE]) == set()
    assert await channels.shown(LAB, []) == set()
    assert await channels.where_shown(TWO) == [(LAB, DAY)]


@pytest.mark.parametrize("state", ["failed", "skipped"])
async def test_of_a_failed_digest_only_what_was_sent_is_shown(
    database: Database, channels: Channels, state: str
) -> None:
    await _digest(database, ONE, TWO, state=state, sent=(TWO,))
    assert await channels.shown(LAB, [ONE, TWO]) == {TWO}


async def test_a_paper_shown_under_its_other_id_was_shown(database: Database, channels: Channels) -> None:
    journal = PaperId("doi:10.1038/x")
    await _digest(database, journal, state="delivered")
    paper = Paper(ONE, "A title that tells enough", authors=("A. B",), doi="10.1038/x")
    await Papers(database).add([Sighting(Paper(journal, "Another title")), Sighting(paper)], now=NOW)
    assert await channels.shown(LAB, [ONE, TWO]) == {ONE}
    assert await channels.shown(LAB, [journal]) == {journal}
    assert await channels.where_shown(ONE) == [(LAB, DAY)]
    assert await channels.keep(ADA, LAB, journal, NOW)
    assert not await channels.keep(ADA, LAB, ONE, NOW)


async def test_a_thousand_papers_can_be_asked_about(database: Database, channels: Channels) -> None:
    await _digest(database, ONE, state="delivered")
    many = [PaperId(f"arxiv:2603.{n:05}") for n in range(2500)]
    assert await channels.shown(LAB, [*many, ONE]) == {ONE}


async def test_people_keep_papers_once_latest_first(channels: Channels) -> None:
    assert await channels.keep(ADA, LAB, ONE, NOW)
    assert await channels.keep(ADA, LAB, TWO, NOW + timedelta(seconds=1))
    assert not await channels.keep(ADA, OTHER, ONE, NOW + timedelta(seconds=2))
    assert await channels.keep(BOB, LAB, ONE, NOW)
    assert await channels.kept(ADA) == [TWO, ONE]
    assert await channels.kept(UserId("slack:U3")) == []


async def test_a_later_thumb_replaces_the_earlier(channels: Channels) -> None:
    later = NOW + timedelta(hours=1)
    await channels.vote(Vote(ADA, LAB, ONE, True, NOW))
    await channels.vote(Vote(BOB, OTHER, ONE, True, NOW))
    await channels.vote(Vote(ADA, LAB, ONE, False, later))
    assert await channels.votes(LAB) == [Vote(ADA, LAB, ONE, False, later)]
    assert await channels.votes() == [Vote(BOB, OTHER, ONE, True, NOW), Vote(ADA, LAB, ONE, False, later)]
    assert await channels.votes(since=later) == [Vote(ADA, LAB, ONE, False, later)]


async def test_forgetting_a_person_leaves_nothing_of_them(database: Database, channels: Channels) -> None:
    threads = Threads(database)
    said = (Turn("person", "My question", "Ada", ADA), Turn("bot", "An answer"))
    await threads.open(Thread(LAB, "1.0", (ONE,), said), now=NOW)
    await channels.keep(ADA, LAB, ONE, NOW)
    await channels.keep(BOB, LAB, ONE, NOW)
    await channels.vote(Vote(ADA, LAB, ONE, True, NOW))
    assert await channels.forget(ADA) == 3
    assert await channels.forget(ADA) == 0
    assert (await channels.kept(ADA), await channels.kept(BOB), await channels.votes()) == ([], [ONE], [])
    thread = await threads.get(LAB, "1.0")
    assert thread is not None
    assert thread.turns == (Turn("bot", "An answer"),)


async def test_forgetting_a_person_takes_what_came_to_their_direct_messages(
    database: Database, channels: Channels
) -> None:
    threads, notes = Threads(database), Notes(database)
    await channels.save(Channel(LAB, (Topic(("splatting",)),), person=ADA))
    await channels.save(Channel(OTHER, person=BOB))
    await _digest(database, ONE, TWO, state="delivered", sent=(ONE,))
    for where in (LAB, OTHER):
        await threads.open(Thread(where, "1.0", (ONE,), (Turn("bot", "An answer"),)), now=NOW)
        await threads.first_time(where, "m1", now=NOW)
        await notes.add(Note(f"n {where}", where, (paragraph("Changed."),), NOW))
    # channel, run, two items, two parcels, thread, turn, message heard, note
    assert await channels.forget(ADA) == 10
    assert await channels.forget(ADA) == 0
    assert [await channels.own(ADA), await threads.get(LAB, "1.0")] == [None, None]
    assert await channels.shown(LAB, [ONE, TWO]) == set()
    assert [note.channel for note in await notes.waiting()] == [OTHER]
    assert await threads.get(OTHER, "1.0") is not None
    assert await channels.own(BOB) == Channel(OTHER, person=BOB)
